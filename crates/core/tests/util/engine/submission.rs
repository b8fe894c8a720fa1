//! What a program asks, in the form in which JavaScript writes it.

use mio_js_core::engine::Id;

/// The operations that are about one connection and carry nothing.
pub(crate) mod op {
    pub(crate) const SHUTDOWN: u32 = 3;
    pub(crate) const CLOSE: u32 = 4;
    pub(crate) const RESET: u32 = 5;
    pub(crate) const PAUSE: u32 = 6;
    pub(crate) const RESUME: u32 = 7;
    pub(crate) const WANT_DRAIN: u32 = 8;
    pub(crate) const DETACH: u32 = 12;
    pub(crate) const CONDEMN: u32 = 14;
    pub(crate) const DESTROY: u32 = 15;
}

/// Records and their bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Submission {
    pub(crate) words: Vec<u32>,
    pub(crate) data: Vec<u8>,
    /// What is written to whom.
    pub(crate) writes: Vec<(Id, u64)>,
}

impl Submission {
    fn record(mut self, op: u32, id: Id, value: u32) -> Self {
        let record = [op, id.index, id.generation, value];
        self.words.extend_from_slice(&record);
        self
    }

    /// One of [`op`].
    pub(crate) fn ask(self, op: u32, id: Id) -> Self {
        // Only to DESTROY does it matter: everything that is queued may be dropped.
        self.record(op, id, u32::MAX)
    }

    /// DESTROY, which may drop so many bytes at the end of what is queued.
    pub(crate) fn let_go(self, id: Id, droppable: u32) -> Self {
        self.record(op::DESTROY, id, droppable)
    }

    pub(crate) fn write(mut self, id: Id, bytes: &[u8]) -> Self {
        self.data.extend_from_slice(bytes);
        self.writes.push((id, bytes.len() as u64));
        self.record(1, id, bytes.len() as u32)
    }

    pub(crate) fn broadcast(mut self, ids: &[Id], bytes: &[u8]) -> Self {
        let head = [2, ids.len() as u32, bytes.len() as u32, 0];
        self.words.extend_from_slice(&head);
        for id in ids {
            self.words.extend_from_slice(&[id.index, id.generation]);
            self.writes.push((*id, bytes.len() as u64));
        }
        self.data.extend_from_slice(bytes);
        self
    }

    pub(crate) fn nodelay(self, id: Id, on: bool) -> Self {
        self.record(9, id, on.into())
    }

    /// Delay and interval in seconds, and the number of probes.
    pub(crate) fn keepalive(mut self, id: Id, on: bool, times: [u32; 3]) -> Self {
        let bytes = times.iter().flat_map(|time| time.to_le_bytes());
        self.data.extend(bytes);
        self.record(10, id, on.into())
    }

    pub(crate) fn timeout(self, id: Id, milliseconds: u32) -> Self {
        self.record(11, id, milliseconds)
    }

    pub(crate) fn close_listener(self, listener: u32) -> Self {
        let id = Id {
            index: listener,
            generation: 0,
        };
        self.record(13, id, 0)
    }
}
