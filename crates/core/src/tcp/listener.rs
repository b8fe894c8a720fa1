//! Operations of a TCP listener.

use std::io;
use std::net::SocketAddr;

#[cfg(not(target_os = "wasi"))]
use mio::net::TcpListener;
use mio::net::TcpStream;
#[cfg(any(unix, windows))]
use socket2::{Domain, Protocol, Socket, Type};

use crate::error::{Misuse, Result};
use crate::io::Io;
#[cfg(any(unix, windows))]
use crate::option::reuse_port;

/// Binds and listens.
///
/// `SO_REUSEADDR` is set except on Windows, where it would let any process steal the port. The
/// operating system caps `backlog` (`somaxconn`). `IPV6_V6ONLY` is left at the system's default.
///
/// Errors: what `socket`, `bind` and `listen` say: EADDRINUSE, EACCES, EADDRNOTAVAIL, EMFILE, ….
#[cfg(any(unix, windows))]
pub fn bind(address: SocketAddr, backlog: i32) -> Result<Io> {
    open(address, backlog, |_| Ok(()))
}

/// As [`bind`], on a port that others may have that ask for it as well. Linux and FreeBSD spread
/// connections over the listeners; others with the option give them all to one.
///
/// Errors: [`Misuse::Unsupported`] where the system has no such option.
#[cfg(any(unix, windows))]
pub fn bind_reusing_port(address: SocketAddr, backlog: i32) -> Result<Io> {
    open(address, backlog, |socket| reuse_port::set(socket, true))
}

#[cfg(any(unix, windows))]
fn open(
    address: SocketAddr,
    backlog: i32,
    prepare: impl FnOnce(&Socket) -> Result<()>,
) -> Result<Io> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    prepare(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(Io::TcpListener(TcpListener::from_std(socket.into())))
}

/// Binds and listens, with a queue of the system's length.
///
/// Errors: what the system says.
#[cfg(target_os = "hermit")]
pub fn bind(address: SocketAddr) -> Result<Io> {
    Ok(Io::TcpListener(TcpListener::bind(address)?))
}

/// The next connection, non-blocking and close-on-exec.
///
/// Errors: would-block when the queue is empty; ECONNABORTED and others for a connection that died
/// in the queue, EMFILE and others when the process or the system is at its limit.
pub(crate) fn accept(io: &Io) -> Result<(TcpStream, SocketAddr)> {
    let Io::TcpListener(listener) = io else {
        return Err(Misuse::WrongSource.into());
    };
    loop {
        match listener.accept() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Some systems hand out a connection that is reset already with an empty address,
            // which std refuses to parse.
            Err(error)
                if error.raw_os_error().is_none()
                    && error.kind() == io::ErrorKind::InvalidInput =>
            {
                return Err(aborted().into());
            }
            other => return Ok(other?),
        }
    }
}

#[cfg(unix)]
fn aborted() -> io::Error {
    io::Error::from_raw_os_error(libc::ECONNABORTED)
}

#[cfg(windows)]
fn aborted() -> io::Error {
    io::Error::from_raw_os_error(windows_sys::Win32::Networking::WinSock::WSAECONNABORTED)
}

#[cfg(not(any(unix, windows)))]
fn aborted() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
