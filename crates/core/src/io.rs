//! The closed set of things that can be polled.

use std::io;
use std::net::SocketAddr;
#[cfg(not(windows))]
use std::os::fd::{AsRawFd, IntoRawFd};
#[cfg(windows)]
use std::os::windows::io::{AsRawHandle, AsRawSocket, IntoRawSocket};

#[cfg(any(unix, windows))]
use mio::net::UdpSocket;
use mio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use mio::net::{UnixDatagram, UnixListener, UnixStream};
#[cfg(unix)]
use mio::unix::pipe;
#[cfg(windows)]
use mio::windows::NamedPipe;
use mio::{Interest, Registry, Token, event};
#[cfg(any(unix, windows))]
use socket2::SockRef;

#[cfg(unix)]
use crate::borrowed::BorrowedDescriptor;
#[cfg(any(unix, windows))]
use crate::builder::Unbound;
use crate::error::{Misuse, Result};
use crate::raw::RawDescriptor;

/// Which kind of source something is; the numbers are shared with the facade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Io::TcpListener`]
    TcpListener = 0,
    /// [`Io::TcpStream`]
    TcpStream = 1,
    /// `Io::UdpSocket`
    UdpSocket = 2,
    /// `Io::UnixListener`
    UnixListener = 3,
    /// `Io::UnixStream`
    UnixStream = 4,
    /// `Io::UnixDatagram`
    UnixDatagram = 5,
    /// `Io::Sender`
    Sender = 6,
    /// `Io::Receiver`
    Receiver = 7,
    /// `Io::Borrowed`
    Borrowed = 8,
    /// `Io::NamedPipe`
    NamedPipe = 9,
    /// `Io::Unbound`
    Unbound = 10,
}

impl Kind {
    /// In the order of their numbers.
    const MOVING: [Self; 8] = [
        Self::TcpListener,
        Self::TcpStream,
        Self::UdpSocket,
        Self::UnixListener,
        Self::UnixStream,
        Self::UnixDatagram,
        Self::Sender,
        Self::Receiver,
    ];

    /// The kind with this number, of those that may move between threads and pollers.
    pub fn moving(number: u32) -> Option<Self> {
        Self::MOVING.get(number as usize).copied()
    }
}

/// A socket, or a thing that is polled like one, of any kind that this package knows.
#[derive(Debug)]
pub enum Io {
    /// A listening TCP socket.
    TcpListener(TcpListener),
    /// A TCP connection, or one that is being made.
    TcpStream(TcpStream),
    /// A UDP socket.
    #[cfg(any(unix, windows))]
    UdpSocket(UdpSocket),
    /// A listening Unix socket.
    #[cfg(unix)]
    UnixListener(UnixListener),
    /// A connection of Unix sockets.
    #[cfg(unix)]
    UnixStream(UnixStream),
    /// A Unix socket for datagrams.
    #[cfg(unix)]
    UnixDatagram(UnixDatagram),
    /// The writing end of a pipe.
    #[cfg(unix)]
    Sender(pipe::Sender),
    /// The reading end of a pipe.
    #[cfg(unix)]
    Receiver(pipe::Receiver),
    /// A descriptor of somebody else's.
    #[cfg(unix)]
    Borrowed(BorrowedDescriptor),
    /// One end of a named pipe.
    #[cfg(windows)]
    NamedPipe(NamedPipe),
    /// A socket that does not listen or connect yet. It cannot be polled.
    #[cfg(any(unix, windows))]
    Unbound(Unbound),
}

macro_rules! each {
    ($io:expr, $socket:ident => $result:expr) => {
        match $io {
            Io::TcpListener($socket) => $result,
            Io::TcpStream($socket) => $result,
            #[cfg(any(unix, windows))]
            Io::UdpSocket($socket) => $result,
            #[cfg(unix)]
            Io::UnixListener($socket) => $result,
            #[cfg(unix)]
            Io::UnixStream($socket) => $result,
            #[cfg(unix)]
            Io::UnixDatagram($socket) => $result,
            #[cfg(unix)]
            Io::Sender($socket) => $result,
            #[cfg(unix)]
            Io::Receiver($socket) => $result,
            #[cfg(unix)]
            Io::Borrowed($socket) => $result,
            #[cfg(windows)]
            Io::NamedPipe($socket) => $result,
            #[cfg(any(unix, windows))]
            Io::Unbound($socket) => $result,
        }
    };
}

impl Io {
    /// Which kind this is.
    #[inline]
    pub fn kind(&self) -> Kind {
        match self {
            Self::TcpListener(_) => Kind::TcpListener,
            Self::TcpStream(_) => Kind::TcpStream,
            #[cfg(any(unix, windows))]
            Self::UdpSocket(_) => Kind::UdpSocket,
            #[cfg(unix)]
            Self::UnixListener(_) => Kind::UnixListener,
            #[cfg(unix)]
            Self::UnixStream(_) => Kind::UnixStream,
            #[cfg(unix)]
            Self::UnixDatagram(_) => Kind::UnixDatagram,
            #[cfg(unix)]
            Self::Sender(_) => Kind::Sender,
            #[cfg(unix)]
            Self::Receiver(_) => Kind::Receiver,
            #[cfg(unix)]
            Self::Borrowed(_) => Kind::Borrowed,
            #[cfg(windows)]
            Self::NamedPipe(_) => Kind::NamedPipe,
            #[cfg(any(unix, windows))]
            Self::Unbound(_) => Kind::Unbound,
        }
    }

    /// The socket, for options and addresses.
    ///
    /// Errors: [`Misuse::WrongSource`] for what is no socket.
    #[cfg(any(unix, windows))]
    pub fn socket(&self) -> Result<SockRef<'_>> {
        Ok(match self {
            Self::TcpListener(socket) => SockRef::from(socket),
            Self::TcpStream(socket) => SockRef::from(socket),
            Self::UdpSocket(socket) => SockRef::from(socket),
            Self::Unbound(socket) => SockRef::from(socket.socket()),
            #[cfg(unix)]
            Self::UnixListener(socket) => SockRef::from(socket),
            #[cfg(unix)]
            Self::UnixStream(socket) => SockRef::from(socket),
            #[cfg(unix)]
            Self::UnixDatagram(socket) => SockRef::from(socket),
            #[cfg(unix)]
            Self::Sender(_) | Self::Receiver(_) | Self::Borrowed(_) => {
                return Err(Misuse::WrongSource.into());
            }
            #[cfg(windows)]
            Self::NamedPipe(_) => return Err(Misuse::WrongSource.into()),
        })
    }

    /// Reads and clears `SO_ERROR`; of a named pipe, why connecting failed.
    pub(crate) fn take_error(&self) -> Result<Option<io::Error>> {
        match self {
            #[cfg(windows)]
            Self::NamedPipe(pipe) => Ok(pipe.take_error()?),
            #[cfg(any(unix, windows))]
            _ => Ok(self.socket()?.take_error()?),
            #[cfg(not(any(unix, windows)))]
            Self::TcpListener(socket) => Ok(socket.take_error()?),
            #[cfg(not(any(unix, windows)))]
            Self::TcpStream(socket) => Ok(socket.take_error()?),
        }
    }

    /// Whether the system knows a peer, of whatever family.
    pub(crate) fn find_peer(&self) -> Result<io::Result<()>> {
        #[cfg(any(unix, windows))]
        return Ok(self.socket()?.peer_addr().map(drop));
        #[cfg(not(any(unix, windows)))]
        return match self {
            Self::TcpStream(socket) => Ok(socket.peer_addr().map(drop)),
            Self::TcpListener(_) => Err(Misuse::WrongSource.into()),
        };
    }

    /// The IP address that the socket is bound to.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        match self {
            Self::TcpListener(socket) => Ok(socket.local_addr()?),
            Self::TcpStream(socket) => Ok(socket.local_addr()?),
            #[cfg(any(unix, windows))]
            Self::UdpSocket(socket) => Ok(socket.local_addr()?),
            #[cfg(any(unix, windows))]
            Self::Unbound(socket) => socket.local_addr(),
            #[cfg(any(unix, windows))]
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// The IP address that the socket is connected to.
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        match self {
            Self::TcpStream(socket) => Ok(socket.peer_addr()?),
            #[cfg(any(unix, windows))]
            Self::UdpSocket(socket) => Ok(socket.peer_addr()?),
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// `IP_TTL`: how many hops a packet may travel.
    pub fn ttl(&self) -> Result<u32> {
        match self {
            Self::TcpListener(socket) => Ok(socket.ttl()?),
            Self::TcpStream(socket) => Ok(socket.ttl()?),
            #[cfg(any(unix, windows))]
            Self::UdpSocket(socket) => Ok(socket.ttl()?),
            #[cfg(any(unix, windows))]
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// Sets `IP_TTL`, 1 to 255; the system refuses other values (EINVAL).
    pub fn set_ttl(&self, ttl: u32) -> Result<()> {
        match self {
            Self::TcpListener(socket) => Ok(socket.set_ttl(ttl)?),
            Self::TcpStream(socket) => Ok(socket.set_ttl(ttl)?),
            #[cfg(any(unix, windows))]
            Self::UdpSocket(socket) => Ok(socket.set_ttl(ttl)?),
            #[cfg(any(unix, windows))]
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// The descriptor, which stays this source's.
    pub fn as_raw(&self) -> RawDescriptor {
        #[cfg(not(windows))]
        return each!(self, socket => socket.as_raw_fd());
        #[cfg(windows)]
        return match self {
            Self::TcpListener(socket) => socket.as_raw_socket(),
            Self::TcpStream(socket) => socket.as_raw_socket(),
            Self::UdpSocket(socket) => socket.as_raw_socket(),
            Self::Unbound(socket) => socket.as_raw_socket(),
            // A HANDLE, of which Windows uses 32 bits, too.
            Self::NamedPipe(pipe) => pipe.as_raw_handle() as RawDescriptor,
        };
    }

    /// Whether closing this closes its descriptor.
    pub(crate) fn is_owner(&self) -> bool {
        #[cfg(unix)]
        return !matches!(self, Self::Borrowed(_));
        #[cfg(not(unix))]
        true
    }

    /// Whether the number still stands for what it did when this source was made. Always, for a
    /// descriptor of our own.
    pub(crate) fn is_same(&self) -> bool {
        match self {
            #[cfg(unix)]
            Self::Borrowed(descriptor) => descriptor.is_same(),
            _ => true,
        }
    }

    /// Whether the descriptor can be had without the source: not from mio's named pipe, which the
    /// system may be filling the buffers of.
    pub(crate) fn is_separable(&self) -> bool {
        self.kind() != Kind::NamedPipe
    }

    /// The descriptor; `None` where there is none without the source.
    pub(crate) fn into_raw(self) -> Option<RawDescriptor> {
        #[cfg(not(windows))]
        return Some(each!(self, socket => socket.into_raw_fd()));
        #[cfg(windows)]
        return match self {
            Self::TcpListener(socket) => Some(socket.into_raw_socket()),
            Self::TcpStream(socket) => Some(socket.into_raw_socket()),
            Self::UdpSocket(socket) => Some(socket.into_raw_socket()),
            Self::Unbound(socket) => Some(socket.into_raw_socket()),
            Self::NamedPipe(_) => None,
        };
    }

    /// Tells mio that an operation on the bare descriptor would have blocked, so that it asks the
    /// system for events again where that is needed (Windows).
    #[cfg(any(unix, windows))]
    pub fn rearm(&self) {
        // The outcome is the would-block that the closure makes.
        let blocked = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
        match self {
            Self::TcpListener(_) | Self::Unbound(_) => {}
            Self::TcpStream(socket) => drop(socket.try_io(blocked)),
            Self::UdpSocket(socket) => drop(socket.try_io(blocked)),
            // Here nothing is needed.
            _ => {}
        }
    }

    pub(crate) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> Result<()> {
        #[cfg(unix)]
        if let Self::Borrowed(descriptor) = self {
            descriptor.refresh()?;
        }
        let outcome = registry.register(self.as_source(), token, interest);
        #[cfg(windows)]
        if let (Self::NamedPipe(_), Err(error)) = (&*self, &outcome)
            && error.kind() == io::ErrorKind::AlreadyExists
            && error.raw_os_error().is_none()
        {
            // It belongs to the completion port of the poller that it was registered with first.
            return Err(Misuse::RegisteredElsewhere.into());
        }
        Ok(outcome?)
    }

    pub(crate) fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> Result<()> {
        Ok(registry.reregister(self.as_source(), token, interest)?)
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) -> Result<()> {
        Ok(registry.deregister(self.as_source())?)
    }

    fn as_source(&mut self) -> &mut dyn event::Source {
        each!(self, socket => socket)
    }
}
