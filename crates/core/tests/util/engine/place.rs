//! One connection of the model: what both sides did, and what must come of it.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use mio_js_core::engine::{Id, Stream};

use super::event::WELL;
use super::{Event, Story, pattern, same_bytes};

/// Generations begin here; no arbitrary word reaches it.
pub(super) const FIRST: u32 = 1000;

/// Where a connection can be, and what both sides did to it.
pub(super) struct Place {
    pub(super) id: Id,
    pub(super) peer: Option<UnixStream>,
    /// Bytes of the peer, and of the program.
    pub(super) sent: Vec<u8>,
    pub(super) written: Vec<u8>,
    /// What the peer has read.
    pub(super) read: Vec<u8>,
    pub(super) has_ended: bool,
    /// The program has asked for a FIN, a close, or worse.
    pub(super) is_finishing: bool,
    pub(super) is_closing: bool,
    pub(super) is_killed: bool,
    /// The program has let go of it, and nothing worse: the peer gets so much at least.
    owed: Option<usize>,
    /// There is a limit that may end it.
    pub(super) is_limited: bool,
    /// The program wants to know when everything is written.
    pub(super) wants_drain: bool,
}

impl Place {
    pub(super) fn new(id: Id) -> Self {
        Self {
            id,
            peer: None,
            sent: Vec::new(),
            written: Vec::new(),
            read: Vec::new(),
            has_ended: false,
            is_finishing: false,
            is_closing: false,
            is_killed: false,
            owed: None,
            is_limited: false,
            wants_drain: false,
        }
    }

    /// The program ends it at once.
    pub(super) fn kill(&mut self) {
        self.is_killed = true;
        self.owed = None;
    }

    /// The program lets go of it, and may lose so many bytes.
    pub(super) fn let_go(&mut self, droppable: u32) {
        let owed = self.written.len().saturating_sub(droppable as usize);
        self.owed = (!self.is_killed).then_some(owed).filter(|owed| *owed > 0);
        self.is_killed = true;
    }

    /// The peer writes what fits.
    pub(super) fn send(&mut self, amount: usize) {
        let Some(peer) = self.peer.as_mut().filter(|_| !self.has_ended) else {
            return;
        };
        let bytes = pattern(self.sent.len() as u64, amount);
        if let Ok(count) = peer.write(&bytes) {
            self.sent.extend_from_slice(&bytes[..count]);
        }
    }

    /// The peer reads. Returns whether there may be more.
    pub(super) fn hear(&mut self, most: usize) -> bool {
        let (Some(peer), mut buffer) = (&mut self.peer, vec![0; most]) else {
            return false;
        };
        match peer.read(&mut buffer) {
            Ok(count) => {
                self.read.extend_from_slice(&buffer[..count]);
                count > 0
            }
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }

    pub(super) fn is_begun(&self) -> bool {
        self.id.generation >= FIRST
    }

    /// What must be true at any time.
    pub(super) fn check(&self, story: &Story) {
        let received = &story.received;
        let count = received.len().min(self.sent.len());
        same_bytes(received, &self.sent[..count]);
        let count = self.read.len().min(self.written.len());
        same_bytes(&self.read, &self.written[..count]);
        let Some(Event::Closed(code, _)) = story.end() else {
            return;
        };
        if *code == 0 {
            let both = self.is_finishing && story.has(&Event::End);
            assert!(self.is_closing || self.is_killed || both, "{:?}", self.id);
        } else {
            let may_fail = self.peer.is_none() || self.is_killed || self.is_limited;
            assert!(may_fail, "{:?}: {code}", self.id);
        }
    }

    /// Whether nothing but the two sides themselves could have ended it.
    fn is_clean(&self) -> bool {
        self.peer.is_some() && !self.is_killed && !self.is_limited
    }

    /// Whether all that was asked is done, as far as that can be said.
    pub(super) fn is_settled(&self, story: &Story) -> bool {
        if !self.is_clean() {
            return true;
        }
        let is_drained = !self.wants_drain || story.has(&Event::Drained);
        let has_heard = self.read.len() == self.written.len();
        let has_told =
            story.received.len() == self.sent.len() && self.has_ended == story.has(&Event::End);
        is_drained && has_heard && (self.is_closing || has_told)
    }

    /// What must be true in the end.
    pub(super) fn check_end(&self, story: &Story) {
        self.check(story);
        let end = story.end().expect("an end");
        if self.peer.is_some() {
            // Whatever has ended it, the peer gets what the system took, and nothing else.
            assert_eq!(story.acked, self.read.len() as u64, "{:?}", self.id);
            if let Some(owed) = self.owed.filter(|_| !self.is_limited) {
                assert!(self.read.len() >= owed, "{:?}: {owed} bytes", self.id);
            }
        }
        if let Event::Detached(raw) = end {
            self.check_rest(story, *raw);
        } else if self.is_clean() {
            assert_eq!(end, &WELL, "{:?}", self.id);
            same_bytes(&self.read, &self.written);
            assert_eq!(story.acked, self.written.len() as u64);
        }
    }

    /// Nothing was lost or read twice when the descriptor was given away.
    fn check_rest(&self, story: &Story, raw: u64) {
        let raw = i32::try_from(raw).expect("a descriptor");
        let Ok(Stream::Unix(mut socket)) = Stream::adopt(raw) else {
            panic!("{raw} is no Unix socket");
        };
        let mut received = story.received.clone();
        let outcome = socket.read_to_end(&mut received);
        let is_all = outcome.map_or_else(|error| error.kind() == ErrorKind::WouldBlock, |_| true);
        // Closing drops what comes in, and giving away does not undo that.
        if is_all && !self.is_closing {
            same_bytes(&received, &self.sent);
        }
    }
}
