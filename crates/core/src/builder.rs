//! Sockets whose options are set before they are bound, listen, or connect.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
#[cfg(windows)]
use std::os::windows::io::{AsRawSocket, IntoRawSocket, RawSocket};

use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Interest, Registry, Token, event};
use socket2::{Domain, Protocol, Socket, Type};

use crate::error::{Misuse, Result};
use crate::io::Io;

/// A socket that is nothing yet, of TCP or UDP. Non-blocking and close-on-exec.
#[derive(Debug)]
pub struct Unbound {
    socket: Socket,
    protocol: Protocol,
}

/// Makes a socket of TCP, or of UDP. No option is set.
///
/// Errors: what `socket` says: EAFNOSUPPORT, EMFILE, ….
pub fn open(is_udp: bool, is_v6: bool) -> Result<Io> {
    let domain = if is_v6 { Domain::IPV6 } else { Domain::IPV4 };
    let (kind, protocol) = if is_udp {
        (Type::DGRAM, Protocol::UDP)
    } else {
        (Type::STREAM, Protocol::TCP)
    };
    let socket = Socket::new(domain, kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    Ok(Io::Unbound(Unbound { socket, protocol }))
}

impl Unbound {
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn local_addr(&self) -> Result<SocketAddr> {
        let address = self.socket.local_addr()?;
        // Windows knows no address of a socket that is not bound, others say that it is all zeros.
        Ok(address.as_socket().ok_or(Misuse::Address)?)
    }

    /// Errors: what `bind` says: EADDRINUSE, EACCES, EADDRNOTAVAIL, EINVAL when it is bound already
    /// or the address is of the other family.
    pub fn bind(&self, address: SocketAddr) -> Result<()> {
        Ok(self.socket.bind(&address.into())?)
    }

    fn check(&self, protocol: Protocol) -> Result<()> {
        if self.protocol == protocol {
            Ok(())
        } else {
            Err(Misuse::WrongSource.into())
        }
    }

    /// Listens; the system caps `backlog`.
    ///
    /// Errors: what `listen` says: EADDRINUSE, EINVAL.
    pub fn listen(&self, backlog: i32) -> Result<fn(Self) -> Io> {
        self.check(Protocol::TCP)?;
        self.socket.listen(backlog)?;
        Ok(|unbound| Io::TcpListener(TcpListener::from_std(unbound.socket.into())))
    }

    /// Starts to connect, without waiting.
    ///
    /// Errors: what shows at once: ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, ….
    pub fn connect(&self, address: SocketAddr) -> Result<fn(Self) -> Io> {
        self.check(Protocol::TCP)?;
        match self.socket.connect(&address.into()) {
            Err(error) if !is_in_progress(&error) => return Err(error.into()),
            _ => {}
        }
        Ok(|unbound| Io::TcpStream(TcpStream::from_std(unbound.socket.into())))
    }

    /// Binds, which is all that a socket of UDP needs.
    ///
    /// Errors: as [`Unbound::bind`].
    pub fn bind_udp(&self, address: SocketAddr) -> Result<fn(Self) -> Io> {
        self.check(Protocol::UDP)?;
        self.bind(address)?;
        Ok(|unbound| Io::UdpSocket(UdpSocket::from_std(unbound.socket.into())))
    }
}

#[cfg(unix)]
fn is_in_progress(error: &io::Error) -> bool {
    // A signal does not end it either.
    matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR))
}

#[cfg(windows)]
fn is_in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

#[cfg(unix)]
impl AsRawFd for Unbound {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

#[cfg(unix)]
impl IntoRawFd for Unbound {
    fn into_raw_fd(self) -> RawFd {
        self.socket.into_raw_fd()
    }
}

#[cfg(windows)]
impl AsRawSocket for Unbound {
    fn as_raw_socket(&self) -> RawSocket {
        self.socket.as_raw_socket()
    }
}

#[cfg(windows)]
impl IntoRawSocket for Unbound {
    fn into_raw_socket(self) -> RawSocket {
        self.socket.into_raw_socket()
    }
}

/// What is nothing yet has no events: mio is never asked.
impl event::Source for Unbound {
    fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn deregister(&mut self, _: &Registry) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
