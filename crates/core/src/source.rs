//! The closed set of things that can be polled, and what is the same for all of them.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd};
#[cfg(windows)]
use std::os::windows::io::{AsRawSocket, IntoRawSocket};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token, event};

use crate::error::{Failure, Misuse, Result};
use crate::handle::Handle;
use crate::raw::{self, RawDescriptor, Role};
use crate::tcp;

/// A socket of any kind that this package knows.
#[derive(Debug)]
pub enum Io {
    /// A listening TCP socket.
    TcpListener(TcpListener),
    /// A TCP connection, or one that is being made.
    TcpStream(TcpStream),
}

macro_rules! each {
    ($io:expr, $socket:ident => $result:expr) => {
        match $io {
            Io::TcpListener($socket) => $result,
            Io::TcpStream($socket) => $result,
        }
    };
}

impl Io {
    /// The address that the socket is bound to.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        Ok(each!(self, socket => socket.local_addr())?)
    }

    /// `IP_TTL`: how many hops a packet may travel.
    pub fn ttl(&self) -> Result<u32> {
        Ok(each!(self, socket => socket.ttl())?)
    }

    /// Sets `IP_TTL`, 1 to 255; the system refuses other values (EINVAL).
    pub fn set_ttl(&self, ttl: u32) -> Result<()> {
        Ok(each!(self, socket => socket.set_ttl(ttl))?)
    }

    /// Reads and clears `SO_ERROR`.
    pub fn take_error(&self) -> Result<Option<io::Error>> {
        Ok(each!(self, socket => socket.take_error())?)
    }

    /// The descriptor, which stays this socket's.
    pub fn as_raw(&self) -> RawDescriptor {
        #[cfg(unix)]
        return each!(self, socket => socket.as_raw_fd());
        #[cfg(windows)]
        return each!(self, socket => socket.as_raw_socket());
    }

    fn into_raw(self) -> RawDescriptor {
        #[cfg(unix)]
        return each!(self, socket => socket.into_raw_fd());
        #[cfg(windows)]
        return each!(self, socket => socket.into_raw_socket());
    }

    /// Takes ownership of a listening TCP socket; its kind is checked before.
    pub fn adopt_listener(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::Listener)?;
        Ok(Self::TcpListener(TcpListener::from_std(socket.into())))
    }

    /// Takes ownership of a TCP socket that does not listen.
    pub fn adopt_stream(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::Stream)?;
        Ok(Self::TcpStream(TcpStream::from_std(socket.into())))
    }

    fn as_source(&mut self) -> &mut dyn event::Source {
        each!(self, socket => socket)
    }
}

/// Where a source is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) poller: Handle,
    pub(crate) registration: Handle,
}

/// A socket and what the package remembers about it.
#[derive(Debug)]
pub struct Source {
    pub(crate) io: Io,
    /// mio checks this in debug builds only, and kqueue not at all.
    pub(crate) place: Option<Place>,
    pub(crate) connect: Connect,
}

/// How far the connect of a stream is, as far as it was asked.
///
/// The system tells only once why it failed, to whichever call comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connect {
    /// Nobody knows: it may have succeeded meanwhile.
    Pending,
    /// It succeeded, or the stream was accepted.
    Done,
    /// It failed with this error of the system.
    Failed(i32),
}

impl Source {
    pub(crate) fn new(io: Io, connect: Connect) -> Self {
        Self {
            io,
            place: None,
            connect,
        }
    }

    /// The listener, if it is one.
    pub fn listener(&self) -> Result<&TcpListener> {
        match &self.io {
            Io::TcpListener(listener) => Ok(listener),
            Io::TcpStream(_) => Err(Misuse::WrongSource.into()),
        }
    }

    /// The stream, if it is one.
    pub fn stream(&self) -> Result<&TcpStream> {
        match &self.io {
            Io::TcpStream(stream) => Ok(stream),
            Io::TcpListener(_) => Err(Misuse::WrongSource.into()),
        }
    }

    /// Runs an operation of the stream.
    #[inline]
    pub fn with_stream<T>(&mut self, operation: impl FnOnce(&TcpStream) -> Result<T>) -> Result<T> {
        let outcome = operation(self.stream()?);
        if let Err(Failure::Io(error)) = &outcome {
            self.remember(error);
        }
        outcome
    }

    /// Reads and clears `SO_ERROR`.
    pub fn take_error(&mut self) -> Result<Option<io::Error>> {
        let error = self.io.take_error()?;
        if let Some(error) = &error {
            self.remember(error);
        }
        Ok(error)
    }

    /// Steps 4 and 5 of mio's connect handshake: whether the stream is connected by now.
    ///
    /// Errors: why connecting failed, each time it is asked, whichever call the system told first.
    pub fn finish_connect(&mut self) -> Result<bool> {
        self.stream()?;
        if self.connect == Connect::Done {
            return Ok(true);
        }
        if let Some(error) = self.take_error()? {
            return Err(error.into());
        }
        if let Connect::Failed(raw) = self.connect {
            return Err(io::Error::from_raw_os_error(raw).into());
        }
        let connected = tcp::stream::is_connected(self.stream()?)?;
        if connected {
            self.connect = Connect::Done;
        }
        Ok(connected)
    }

    #[cold]
    fn remember(&mut self, error: &io::Error) {
        if self.connect == Connect::Pending
            && error.kind() != io::ErrorKind::WouldBlock
            && !tcp::stream::is_pending(error)
            // What fails later than the connect has a peer, or had one.
            && self.stream().is_ok_and(|stream| stream.peer_addr().is_err())
            && let Some(raw) = error.raw_os_error()
        {
            self.connect = Connect::Failed(raw);
        }
    }

    /// The socket.
    pub fn io(&self) -> &Io {
        &self.io
    }

    pub(crate) fn into_raw(self) -> RawDescriptor {
        self.io.into_raw()
    }

    pub(crate) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> Result<()> {
        Ok(registry.register(self.io.as_source(), token, interest)?)
    }

    pub(crate) fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> Result<()> {
        Ok(registry.reregister(self.io.as_source(), token, interest)?)
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) -> Result<()> {
        Ok(registry.deregister(self.io.as_source())?)
    }
}
