//! Named pipes of Windows, as connections and listeners of a lane.
//!
//! A server has no socket that others queue at: each of its ends takes one client, so it keeps some
//! that wait, and makes a new one for each that was taken, as libuv does. A client that finds none
//! waiting tries again until there is one.
//!
//! Neither end can be moved to another lane once it was watched, so each lane has ends of its own, and
//! the system spreads clients over all of them.
//!
//! There is no FIN: an end is open or closed. See [`EOF_DELAY`] for what `shutdown` does.

use std::io::{self, IoSlice, Read, Write};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use mio::event::Source;
use mio::windows::NamedPipe;
use mio::{Interest, Registry, Token};
use windows_sys::Win32::Foundation::{ERROR_PIPE_BUSY, ERROR_SEM_TIMEOUT};
use windows_sys::Win32::Networking::WinSock::WSAENOTSOCK;

use crate::error::{Failure, Misuse, Result};
use crate::named_pipe::{Writer, code, make, reach};
use crate::raw::{self, Instance, RawDescriptor};

/// How many ends of a server wait for clients: libuv's number.
const WAITING: usize = 4;
/// Milliseconds that a client waits for an end to be free: libuv's number.
const PATIENCE: u64 = 30_000;
/// Milliseconds until such a client tries again, at first, and at most.
const RETRY: (u64, u64) = (4, 64);
/// Whoever has ended, and hears nothing for so many milliseconds, takes the peer to have ended, too:
/// nothing but a close could tell the peer. libuv's number.
pub(super) const EOF_DELAY: u64 = 50;

/// When an end was dropped, mio closes it once the selector has told it that nothing is under way any
/// more. A wait that had begun before may have missed that; the one after it does not.
pub(super) const LINGERS_FOR: u64 = 2;

/// One end of a connection, or a client's wish to have one.
#[derive(Debug)]
pub struct Pipe {
    end: End,
    is_registered: bool,
    /// The first event was told, which comes with the registration and says that it is writable.
    is_greeted: bool,
    /// Bytes of the write that is under way.
    in_flight: usize,
}

#[derive(Debug)]
enum End {
    Open(NamedPipe),
    /// All ends of the server have clients.
    Busy {
        name: PathBuf,
        /// When it was tried first, and when it is to be tried again.
        since: u64,
        retry_at: u64,
    },
}

impl Pipe {
    /// A client's end. `now` is the lane's clock.
    ///
    /// Errors: ENOENT for a name that nobody has, and others of the system's; ENOTSOCK for what is no
    /// pipe.
    pub(super) fn connect(name: &Path, now: u64) -> Result<Self> {
        let end = End::try_open(name)?.unwrap_or_else(|| End::Busy {
            name: name.to_path_buf(),
            since: now,
            retry_at: now + RETRY.0,
        });
        Ok(Self::new(end, false))
    }

    const fn new(end: End, is_registered: bool) -> Self {
        Self {
            end,
            is_registered,
            is_greeted: false,
            in_flight: 0,
        }
    }

    /// When [`Pipe::retry`] is to be called; `None` for an end that is open.
    pub(super) const fn retry_at(&self) -> Option<u64> {
        match self.end {
            End::Open(_) => None,
            End::Busy { retry_at, .. } => Some(retry_at),
        }
    }

    /// Tries again to open a client's end. Says whether it is open.
    ///
    /// Errors: as [`Pipe::connect`], with ETIMEDOUT.
    pub(super) fn retry(&mut self, now: u64) -> Result<bool> {
        let End::Busy {
            name,
            since,
            retry_at,
        } = &mut self.end
        else {
            return Ok(true);
        };
        if let Some(end) = End::try_open(name)? {
            self.end = end;
            return Ok(true);
        }
        let waited = now.saturating_sub(*since);
        if waited >= PATIENCE {
            return Err(system(ERROR_SEM_TIMEOUT.cast_signed()).into());
        }
        *retry_at = now + (waited / 4).clamp(RETRY.0, RETRY.1);
        Ok(false)
    }

    fn open(&self) -> io::Result<&NamedPipe> {
        match &self.end {
            End::Open(pipe) => Ok(pipe),
            End::Busy { .. } => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// An event tells that it is writable. The first may come behind a write, of which it knows nothing;
    /// each further one tells that a write is done.
    pub(super) const fn is_writable_now(&mut self) -> bool {
        std::mem::replace(&mut self.is_greeted, true) || self.in_flight == 0
    }

    /// So many bytes are under way.
    pub(super) const fn sent(&mut self, count: usize) {
        self.in_flight = count;
    }

    /// How many bytes are under way.
    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many bytes were under way, and are not any more.
    pub(super) const fn landed(&mut self) -> usize {
        std::mem::replace(&mut self.in_flight, 0)
    }

    pub(super) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.open()?.take_error()
    }

    /// Watches it, under this token from here on. An event tells at once that it is writable.
    pub(super) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let End::Open(pipe) = &mut self.end else {
            return Ok(());
        };
        if std::mem::replace(&mut self.is_registered, true) {
            pipe.reregister(registry, token, interest)
        } else {
            pipe.register(registry, token, interest)
        }
    }

    /// Both directions are watched at all times.
    pub(super) fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match &mut self.end {
            End::Open(pipe) => pipe.deregister(registry),
            End::Busy { .. } => Ok(()),
        }
    }

    pub(super) fn as_raw(&self) -> Option<RawDescriptor> {
        Some(self.open().ok()?.as_raw_handle() as RawDescriptor)
    }
}

impl Read for &Pipe {
    /// As of a socket: 0 is the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.open()?;
        match pipe.read(buffer)? {
            // A peer may write nothing at all, which is read as such. Only the end stays.
            0 => pipe.read(buffer),
            count => Ok(count),
        }
    }
}

impl Write for &Pipe {
    /// Begins to write: see [`Pipe::sent`].
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Writer::new(self.open()?).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Writer::new(self.open()?).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pipe {
    /// What the peer has not made room for is lost, as it would be held for as long as the peer likes.
    fn drop(&mut self) {
        if let End::Open(pipe) = &self.end
            && self.in_flight > 0
        {
            raw::cancel(pipe);
        }
    }
}

impl End {
    /// `None`: all ends of the server have clients.
    fn try_open(name: &Path) -> Result<Option<Self>> {
        match reach(name) {
            Ok(pipe) => Ok(Some(Self::Open(pipe))),
            Err(Failure::Io(error)) if code(&error) == Some(ERROR_PIPE_BUSY) => Ok(None),
            Err(Failure::Misuse(Misuse::PipeType)) => Err(not_a_socket()),
            Err(failure) => Err(failure),
        }
    }
}

/// ENOTSOCK: a file that is no pipe, and a pipe that is asked for options.
pub fn not_a_socket() -> Failure {
    system(WSAENOTSOCK).into()
}

fn system(raw: i32) -> io::Error {
    io::Error::from_raw_os_error(raw)
}

/// The ends of a server that wait for clients.
#[derive(Debug)]
pub(super) struct Waiting {
    name: PathBuf,
    ends: Vec<NamedPipe>,
    /// Once it is watched.
    token: Option<Token>,
}

impl Waiting {
    /// The first end of a name, and what everybody may do with all of them.
    ///
    /// Errors: EADDRINUSE for a name that exists, EACCES for what is no name of a pipe; others of the
    /// system's.
    pub(super) fn bind(name: &Path, reads: bool, writes: bool) -> Result<Self> {
        let first = Self::make(name, Instance::First)?;
        if reads || writes {
            raw::allow_everyone(&first.ends[0], reads, writes)?;
        }
        Ok(first)
    }

    /// As many for another lane.
    pub(super) fn another(&self) -> Result<Self> {
        Self::make(&self.name, Instance::Further)
    }

    fn make(name: &Path, instance: Instance) -> Result<Self> {
        let end = make(name, instance)?;
        Ok(Self {
            name: name.to_path_buf(),
            ends: vec![end],
            token: None,
        })
    }

    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// Begins to wait for clients, of whom events tell.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.token = Some(token);
        for end in &mut self.ends {
            wait(end, registry, token)?;
        }
        self.refill(registry)
    }

    /// The end that has a client, if one has.
    ///
    /// Errors: would-block; what the system says if there is no end left that could wait.
    pub(super) fn accept(&mut self, registry: &Registry) -> io::Result<Pipe> {
        let mut found = None;
        let mut at = 0;
        while at < self.ends.len() && found.is_none() {
            let end = &self.ends[at];
            let outcome = match end.take_error()? {
                Some(error) => Err(error),
                None => end.connect(),
            };
            match outcome {
                Ok(()) => found = Some(self.ends.remove(at)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => at += 1,
                // Of no use any more.
                Err(_) => drop(self.ends.remove(at)),
            }
        }
        let refilled = self.refill(registry);
        if let Some(pipe) = found {
            return Ok(Pipe::new(End::Open(pipe), true));
        }
        // As long as some wait, another client brings us back here.
        if self.ends.is_empty() {
            refilled?;
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn refill(&mut self, registry: &Registry) -> io::Result<()> {
        let Some(token) = self.token else {
            return Ok(());
        };
        while self.ends.len() < WAITING {
            let mut end = raw::create_pipe(&self.name, Instance::Further)?;
            wait(&mut end, registry, token)?;
            self.ends.push(end);
        }
        Ok(())
    }
}

/// Has an end wait for a client. One that is there already makes an event, too.
fn wait(end: &mut NamedPipe, registry: &Registry, token: Token) -> io::Result<()> {
    end.register(registry, token, Interest::READABLE | Interest::WRITABLE)?;
    match end.connect() {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}
