//! Sources that come from outside: inherited, received, or made by other code.

#[cfg(any(unix, windows))]
use mio::net::UdpSocket;
use mio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use mio::net::{UnixDatagram, UnixListener, UnixStream};
#[cfg(unix)]
use mio::unix::pipe;

#[cfg(unix)]
use crate::borrowed::BorrowedDescriptor;
use crate::error::Result;
use crate::io::Io;
use crate::raw::{self, RawDescriptor, Role};

impl Io {
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
    #[cfg(any(unix, windows))]
    pub fn adopt_udp_socket(raw: RawDescriptor) -> Result<Self> {
        let socket = raw::adopt(raw, Role::UdpSocket)?;
        Ok(Self::UdpSocket(UdpSocket::from_std(socket.into())))
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

/// Sources that only Windows has.
#[cfg(windows)]
impl Io {
    /// Takes ownership of one end of a named pipe, which must have been opened for overlapped
    /// operations and must not belong to a completion port: registering it says EINVAL otherwise.
    pub fn adopt_named_pipe(raw: RawDescriptor) -> Result<Self> {
        Ok(Self::NamedPipe(raw::adopt_named_pipe(raw)?))
    }
}
