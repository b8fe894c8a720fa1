//! One connection: what it is doing, reading, writing, and how it ends.
//!
//! It ends in one of five ways. Both directions have ended: the peer's by its FIN, ours by
//! [`Connection::shutdown`]. The program closes: then what is queued is written, a FIN sent, and what
//! the peer still sends is read and dropped until it has ended, too, as a close with unread input
//! would reset the connection and take away what the peer has not read yet. A failure: then what had
//! arrived before is delivered first, if the program has paused it when it reads again. Or a limit or a reset, at
//! once. Or the program lets go of it: then the system keeps what it has taken, and nothing is waited
//! for but that it takes what must not be dropped, for the time of a close.

mod deadline;
mod read;
mod write;

use std::io;
use std::sync::Arc;

use mio::Interest;

use crate::engine::command::Profile;
use crate::engine::completion::{Kind, Syscall};
use crate::engine::context::{Context, Ends};
use crate::engine::id::Id;
use crate::engine::listener::ListenerShared;
use crate::engine::owned::{Owned, Owner};
use crate::engine::queue::Queue;
use crate::engine::stream::{INPUT, Stream};
use crate::error::{ECONNREFUSED, Failure, Misuse};

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(in crate::engine) enum Flag {
    /// Not connected yet.
    Connecting = 1,
    /// There may be something to read.
    Readable = 1 << 1,
    /// The system may take something.
    Writable = 1 << 2,
    /// The system hinted that the peer has closed: a short read is not the end of it.
    Hint = 1 << 3,
    /// The program does not want to read.
    Paused = 1 << 4,
    /// The peer has ended.
    Ended = 1 << 5,
    /// A FIN is to follow what is queued.
    Finishing = 1 << 6,
    /// The FIN was sent.
    Finished = 1 << 7,
    /// The program wants no more of it.
    Closing = 1 << 8,
    /// The program wants its descriptor.
    Detaching = 1 << 9,
    /// The program waits for the queue to be empty.
    WantDrain = 1 << 10,
    /// It is on the list of those with something to do.
    Scheduled = 1 << 11,
    /// It is on the list of those with bytes to report.
    Unreported = 1 << 12,
    /// It has not sent anything yet.
    Silent = 1 << 13,
    /// The program was told that nothing happens.
    TimedOut = 1 << 14,
    /// It was written to in the submission that is being applied.
    Dirty = 1 << 15,
    /// The selector watches for room to write: only from the first time on that there was none, as
    /// every new connection would be writable at once, for nothing.
    WatchesWrite = 1 << 16,
    /// It is closing, and goes as soon as everything is written.
    LetGo = 1 << 17,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Cause {
    pub(in crate::engine) code: i32,
    pub(in crate::engine) syscall: Syscall,
}

impl Cause {
    pub(in crate::engine) const NONE: Self = Self {
        code: 0,
        syscall: Syscall::None,
    };

    pub(in crate::engine) fn misuse(misuse: Misuse) -> Self {
        Self {
            code: misuse.code(),
            syscall: Syscall::None,
        }
    }

    pub(in crate::engine) fn failure(failure: &Failure, syscall: Syscall) -> Self {
        let code = match failure {
            // A Unix socket whose queue is full: nothing tells when to go on, so it is an error.
            #[cfg(unix)]
            Failure::Io(error) if error.kind() == io::ErrorKind::WouldBlock => -libc::EAGAIN,
            failure => failure.code(),
        };
        Self { code, syscall }
    }

    pub(in crate::engine) fn io(error: io::Error, syscall: Syscall) -> Self {
        Self::failure(&error.into(), syscall)
    }
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Fate {
    /// It goes on.
    Lives,
    /// It has ended.
    Ends(Cause),
    /// It is to be closed as it is, whatever the system makes of that.
    Goes,
    /// Its descriptor is to be given away.
    Leaves,
}

/// Bytes of the submission that is being applied, not copied yet.
pub(in crate::engine) type Loose = (usize, usize);

#[derive(Debug)]
pub(in crate::engine) struct Connection {
    /// First, as it is to be dropped before the stream. `None` before there is a descriptor.
    owned: Option<Owned>,
    pub(in crate::engine) stream: Stream,
    pub(in crate::engine) profile: Arc<Profile>,
    /// The server that accepted it, and counts it.
    pub(in crate::engine) server: Option<Arc<ListenerShared>>,
    flags: u32,
    pub(in crate::engine) queue: Queue,
    /// Follows what is queued. Empty between submissions.
    pub(in crate::engine) loose: Loose,
    /// Bytes that the system took and no record has said so.
    pub(in crate::engine) acked: u64,
    /// It failed, and what had arrived before is still being read.
    pub(in crate::engine) failed: Option<Cause>,
    /// The tick of its entry in the wheel, 0 for none.
    pub(in crate::engine) timer: u64,
    opened_at: u64,
    /// When a byte was last read or written.
    active_at: u64,
    /// When it last got on.
    progress_at: u64,
    trickle: u32,
    /// What the program set, in milliseconds.
    timeout: u32,
    linger_until: u64,
    /// It ends with bytes that were not written.
    pub(in crate::engine) loses_bytes: bool,
}

impl Connection {
    pub(in crate::engine) fn new(
        owner: Owner,
        stream: Stream,
        profile: Arc<Profile>,
        server: Option<Arc<ListenerShared>>,
        now: u64,
    ) -> Self {
        let mut flags = Flag::Writable as u32 | Flag::Silent as u32;
        if stream.writes_later() {
            flags |= Flag::WatchesWrite as u32;
        }
        if profile.paused {
            flags |= Flag::Paused as u32;
        }
        Self {
            owned: stream.as_raw().map(|raw| Owned::new(owner, raw)),
            stream,
            profile,
            server,
            flags,
            queue: Queue::default(),
            loose: (0, 0),
            acked: 0,
            failed: None,
            timer: 0,
            opened_at: now,
            active_at: now,
            progress_at: now,
            trickle: 0,
            timeout: 0,
            linger_until: 0,
            loses_bytes: false,
        }
    }

    #[inline]
    pub(in crate::engine) fn has(&self, flag: Flag) -> bool {
        self.flags & flag as u32 != 0
    }

    #[inline]
    pub(in crate::engine) fn set(&mut self, flag: Flag) {
        self.flags |= flag as u32;
    }

    #[inline]
    pub(in crate::engine) fn unset(&mut self, flag: Flag) {
        self.flags &= !(flag as u32);
    }

    /// Bytes that wait to be written, or are being written.
    pub(in crate::engine) fn pending(&self) -> usize {
        self.queue.len() + (self.loose.1 - self.loose.0) + self.stream.in_flight()
    }

    /// What a record has to acknowledge, which counts as said then.
    pub(in crate::engine) fn take_acked(&mut self) -> u32 {
        take_acked(&mut self.acked)
    }

    /// Closing, which is to come next, shall reset the connection instead of ending it: so that the
    /// peer does not take what it got for all there was. No option of the program's comes between.
    pub(in crate::engine) fn set_reset(&self) {
        if let Some(owned) = &self.owned {
            owned.hide();
        }
        // Fails only for a connection that is gone, and then nothing is left to reset.
        drop(self.stream.set_reset());
    }

    /// Reports something about this connection.
    pub(in crate::engine) fn emit<B>(&mut self, id: Id, context: &mut Context<B>, kind: Kind) {
        let acked = self.take_acked();
        context.emit(kind, id, 0, 0, acked);
    }

    /// Whether the connection is made by now.
    ///
    /// Errors: why it will not be.
    pub(in crate::engine) fn connected(&mut self) -> Result<bool, Cause> {
        match self.stream.take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Err(Cause::io(error, Syscall::Connect)),
        }
        match self.stream.is_connected() {
            Ok(true) => {}
            Ok(false) => {
                // The event was a false alarm.
                self.unset(Flag::Writable);
                return Ok(false);
            }
            Err(error) => return Err(Cause::io(error, Syscall::Connect)),
        }
        let (peer, local) = self.stream.addresses();
        if peer.is_some() && peer == local {
            // A connect to a port that nobody listens on may meet itself (simultaneous open).
            let refused = io::Error::from_raw_os_error(ECONNREFUSED);
            return Err(Cause::io(refused, Syscall::Connect));
        }
        Ok(true)
    }

    /// A client that found no place tries again; then it is watched as any other.
    fn retry<B>(&mut self, id: Id, context: &Context<B>) -> Result<(), Cause> {
        let is_open = self.stream.retry(context.now);
        if !is_open.map_err(|failure| Cause::failure(&failure, Syscall::Connect))? {
            return Ok(());
        }
        let owner = context.key.connection(id);
        self.owned = self.stream.as_raw().map(|raw| Owned::new(owner, raw));
        let interest = INPUT | Interest::WRITABLE;
        self.stream
            .register(&context.registry, id.token(), interest)
            .map_err(|error| Cause::io(error, Syscall::Register))
    }

    /// The connection is made: what is timed begins now.
    pub(in crate::engine) fn opened<B>(&mut self, id: Id, context: &mut Context<B>) {
        self.unset(Flag::Connecting);
        self.opened_at = context.now;
        self.active_at = context.now;
        self.progress_at = context.now;
        context.arm(id, self);
    }

    /// Both ends, as the system knows them.
    pub(in crate::engine) fn ends(&self) -> Ends {
        let (peer, local) = self.stream.addresses();
        Ends {
            peer,
            local,
            is_unix: self.stream.is_unix(),
        }
    }

    /// Of two failures the first is the one that matters.
    fn cause(&self, error: io::Error, syscall: Syscall) -> Cause {
        // Whoever closes, and has written all, has seen what it wanted to see.
        if syscall == Syscall::Read && self.has(Flag::Closing) && self.queue.is_empty() {
            return Cause::NONE;
        }
        self.failed.unwrap_or_else(|| Cause::io(error, syscall))
    }

    /// The program wants no more of it.
    pub(in crate::engine) fn close<B>(&mut self, id: Id, context: &mut Context<B>) {
        self.set(Flag::Finishing);
        self.set(Flag::Closing);
        // What there is to read is dropped from here on.
        self.set(Flag::Readable);
        self.linger_until = context.now + self.profile.linger;
        context.schedule(id, self);
        context.arm(id, self);
    }
}

fn take_acked(acked: &mut u64) -> u32 {
    let said = u32::try_from(*acked).unwrap_or(u32::MAX);
    *acked -= u64::from(said);
    said
}
