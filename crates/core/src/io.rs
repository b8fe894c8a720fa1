//! The closed set of things that can be polled.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd};
#[cfg(windows)]
use std::os::windows::io::{AsRawSocket, IntoRawSocket};

use mio::net::{TcpListener, TcpStream, UdpSocket};
#[cfg(unix)]
use mio::net::{UnixDatagram, UnixListener, UnixStream};
#[cfg(unix)]
use mio::unix::pipe;
use mio::{Interest, Registry, Token, event};
use socket2::SockRef;

#[cfg(unix)]
use crate::borrowed::BorrowedDescriptor;
use crate::error::{Misuse, Result};
use crate::raw::{self, RawDescriptor, Role};

/// Which kind of source something is; the numbers are shared with the facade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Io::TcpListener`]
    TcpListener = 0,
    /// [`Io::TcpStream`]
    TcpStream = 1,
    /// [`Io::UdpSocket`]
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
}

/// A socket, or a thing that is polled like one, of any kind that this package knows.
#[derive(Debug)]
pub enum Io {
    /// A listening TCP socket.
    TcpListener(TcpListener),
    /// A TCP connection, or one that is being made.
    TcpStream(TcpStream),
    /// A UDP socket.
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
}

macro_rules! each {
    ($io:expr, $socket:ident => $result:expr) => {
        match $io {
            Io::TcpListener($socket) => $result,
            Io::TcpStream($socket) => $result,
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
        }
    };
}

impl Io {
    /// Which kind this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::TcpListener(_) => Kind::TcpListener,
            Self::TcpStream(_) => Kind::TcpStream,
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
        }
    }

    /// The socket, for options and addresses.
    ///
    /// Errors: [`Misuse::WrongSource`] for what is no socket.
    pub fn socket(&self) -> Result<SockRef<'_>> {
        Ok(match self {
            Self::TcpListener(socket) => SockRef::from(socket),
            Self::TcpStream(socket) => SockRef::from(socket),
            Self::UdpSocket(socket) => SockRef::from(socket),
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
        })
    }

    /// The IP address that the socket is bound to.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        match self {
            Self::TcpListener(socket) => Ok(socket.local_addr()?),
            Self::TcpStream(socket) => Ok(socket.local_addr()?),
            Self::UdpSocket(socket) => Ok(socket.local_addr()?),
            #[cfg(unix)]
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// The IP address that the socket is connected to.
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        match self {
            Self::TcpStream(socket) => Ok(socket.peer_addr()?),
            Self::UdpSocket(socket) => Ok(socket.peer_addr()?),
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// `IP_TTL`: how many hops a packet may travel.
    pub fn ttl(&self) -> Result<u32> {
        match self {
            Self::TcpListener(socket) => Ok(socket.ttl()?),
            Self::TcpStream(socket) => Ok(socket.ttl()?),
            Self::UdpSocket(socket) => Ok(socket.ttl()?),
            #[cfg(unix)]
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// Sets `IP_TTL`, 1 to 255; the system refuses other values (EINVAL).
    pub fn set_ttl(&self, ttl: u32) -> Result<()> {
        match self {
            Self::TcpListener(socket) => Ok(socket.set_ttl(ttl)?),
            Self::TcpStream(socket) => Ok(socket.set_ttl(ttl)?),
            Self::UdpSocket(socket) => Ok(socket.set_ttl(ttl)?),
            #[cfg(unix)]
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// The descriptor, which stays this source's.
    pub fn as_raw(&self) -> RawDescriptor {
        #[cfg(unix)]
        return each!(self, socket => socket.as_raw_fd());
        #[cfg(windows)]
        return each!(self, socket => socket.as_raw_socket());
    }

    /// Whether closing this closes its descriptor.
    pub(crate) fn is_owner(&self) -> bool {
        #[cfg(unix)]
        return !matches!(self, Self::Borrowed(_));
        #[cfg(windows)]
        true
    }

    pub(crate) fn into_raw(self) -> RawDescriptor {
        #[cfg(unix)]
        return each!(self, socket => socket.into_raw_fd());
        #[cfg(windows)]
        return each!(self, socket => socket.into_raw_socket());
    }

    /// Takes ownership of a listening TCP socket; its kind is checked before.
    pub fn adopt_tcp_listener(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::TcpListener)?;
        Ok(Self::TcpListener(TcpListener::from_std(socket.into())))
    }

    /// Takes ownership of a TCP socket that does not listen.
    pub fn adopt_tcp_stream(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::TcpStream)?;
        Ok(Self::TcpStream(TcpStream::from_std(socket.into())))
    }

    /// Takes ownership of a UDP socket.
    pub fn adopt_udp_socket(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::UdpSocket)?;
        Ok(Self::UdpSocket(UdpSocket::from_std(socket.into())))
    }

    /// Tells mio that an operation on the bare descriptor would have blocked, so that it asks the
    /// system for events again where that is needed (Windows).
    pub fn rearm(&self) {
        // The outcome is the would-block that the closure makes.
        let blocked = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
        match self {
            Self::TcpListener(_) => {}
            Self::TcpStream(socket) => drop(socket.try_io(blocked)),
            Self::UdpSocket(socket) => drop(socket.try_io(blocked)),
            // Here nothing is needed.
            #[cfg(unix)]
            _ => {}
        }
    }

    pub(crate) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> Result<()> {
        Ok(registry.register(self.as_source(), token, interest)?)
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

/// Sources that only Unix has.
#[cfg(unix)]
impl Io {
    /// Takes ownership of a listening Unix socket.
    pub fn adopt_unix_listener(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::UnixListener)?;
        Ok(Self::UnixListener(UnixListener::from_std(socket.into())))
    }

    /// Takes ownership of a Unix stream socket that does not listen.
    pub fn adopt_unix_stream(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::UnixStream)?;
        Ok(Self::UnixStream(UnixStream::from_std(socket.into())))
    }

    /// Takes ownership of a Unix datagram socket.
    pub fn adopt_unix_datagram(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::UnixDatagram)?;
        Ok(Self::UnixDatagram(UnixDatagram::from_std(socket.into())))
    }

    /// Takes ownership of the writing end of a pipe, and leaves its modes as they are.
    pub fn adopt_sender(raw: RawDescriptor) -> Result<Self> {
        let file = raw::adopt_pipe(raw, raw::End::Writing)?;
        Ok(Self::Sender(pipe::Sender::from(file)))
    }

    /// Takes ownership of the reading end of a pipe, and leaves its modes as they are.
    pub fn adopt_receiver(raw: RawDescriptor) -> Result<Self> {
        let file = raw::adopt_pipe(raw, raw::End::Reading)?;
        Ok(Self::Receiver(pipe::Receiver::from(file)))
    }

    /// A descriptor that stays its owner's.
    pub fn borrow(raw: RawDescriptor) -> Result<Self> {
        Ok(Self::Borrowed(BorrowedDescriptor::new(raw)?))
    }
}
