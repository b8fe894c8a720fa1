//! What the package remembers about a source.

use std::io;

#[cfg(any(unix, windows))]
use crate::error::ECONNREFUSED;
use crate::error::{Failure, Misuse, Result};
use crate::handle::Handle;
use crate::io::Io;
use crate::shared::Known;

/// Where a source is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) poller: Handle,
    pub(crate) registration: Handle,
}

/// A socket and what the package remembers about it.
#[derive(Debug)]
pub struct Source {
    /// If it was ever shared. Before the descriptor, as it is to be dropped before.
    pub(crate) known: Option<Known>,
    pub(crate) io: Io,
    /// mio checks this in debug builds only, and kqueue not at all.
    pub(crate) place: Option<Place>,
    pub(crate) connect: Connect,
    /// Why receiving many datagrams ended after some of them, for the next call to report.
    #[cfg(any(unix, windows))]
    pub(crate) deferred: Option<io::Error>,
}

/// How far the connect of a stream is, as far as it was asked.
///
/// The system tells only once why it failed, to whichever call comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connect {
    /// Nobody knows: it may have succeeded meanwhile.
    Pending,
    /// It succeeded, the stream was accepted, or there is nothing to connect.
    Done,
    /// It failed with this error of the system.
    Failed(i32),
}

impl Source {
    pub(crate) fn new(io: Io, connect: Connect) -> Self {
        Self {
            known: None,
            io,
            place: None,
            connect,
            #[cfg(any(unix, windows))]
            deferred: None,
        }
    }

    /// Runs an operation of the stream, and remembers if it told why connecting failed.
    #[inline]
    pub fn transfer<T>(&mut self, operation: impl FnOnce(&Io) -> Result<T>) -> Result<T> {
        let outcome = operation(&self.io);
        if let Err(Failure::Io(error)) = &outcome {
            self.remember(error);
        }
        outcome
    }

    /// Reads and clears `SO_ERROR`; of a named pipe, why connecting failed.
    pub fn take_error(&mut self) -> Result<Option<io::Error>> {
        #[cfg(any(unix, windows))]
        if let Some(error) = self.deferred.take() {
            return Ok(Some(error));
        }
        let error = self.io.take_error()?;
        if let Some(error) = &error {
            self.remember(error);
        }
        Ok(error)
    }

    /// Steps 4 and 5 of mio's connect handshake: whether the stream is connected by now.
    ///
    /// Errors: why connecting failed, each time it is asked, whichever call the system told first;
    /// ECONNREFUSED for a stream that has met itself.
    pub fn finish_connect(&mut self) -> Result<bool> {
        self.check_stream()?;
        if self.connect == Connect::Done {
            return Ok(true);
        }
        if let Some(error) = self.take_error()? {
            return Err(error.into());
        }
        if let Connect::Failed(raw) = self.connect {
            return Err(io::Error::from_raw_os_error(raw).into());
        }
        match self.io.find_peer()? {
            Ok(()) => {}
            Err(error) if is_pending(&error) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        // A connect to a port that nobody listens on may meet itself, if the system chooses just that
        // port for it (simultaneous open). Unix sockets without names are alike, and no such case.
        #[cfg(any(unix, windows))]
        if let Io::TcpStream(stream) = &self.io
            && let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr())
            && local == peer
        {
            self.connect = Connect::Failed(ECONNREFUSED);
            return Err(io::Error::from_raw_os_error(ECONNREFUSED).into());
        }
        self.connect = Connect::Done;
        Ok(true)
    }

    fn check_stream(&self) -> Result<()> {
        match &self.io {
            Io::TcpStream(_) => Ok(()),
            #[cfg(unix)]
            Io::UnixStream(_) => Ok(()),
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    #[cold]
    fn remember(&mut self, error: &io::Error) {
        if self.connect == Connect::Pending
            && error.kind() != io::ErrorKind::WouldBlock
            && !is_pending(error)
            // What fails later than the connect has a peer, or had one.
            && self.io.find_peer().is_ok_and(|found| found.is_err())
            && let Some(raw) = error.raw_os_error()
        {
            self.connect = Connect::Failed(raw);
        }
    }

    /// The socket.
    pub fn io(&self) -> &Io {
        &self.io
    }
}

/// Whether an error says that a stream is not connected yet, and no more.
fn is_pending(error: &io::Error) -> bool {
    #[cfg(unix)]
    let in_progress = error.raw_os_error() == Some(libc::EINPROGRESS);
    #[cfg(not(unix))]
    let in_progress = false;
    in_progress || error.kind() == io::ErrorKind::NotConnected
}
