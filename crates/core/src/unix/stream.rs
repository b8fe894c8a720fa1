//! Operations of a Unix stream; its bytes are the business of [`crate::transfer`].

use std::os::fd::OwnedFd;

use mio::net::UnixStream;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::error::Result;
use crate::io::Io;

/// Connects, without waiting.
///
/// Errors: ECONNREFUSED, ENOENT, EACCES; would-block when the listener's queue is full: try again
/// with a new call, as nothing tells when; EMFILE.
pub fn connect(address: &SockAddr) -> Result<Io> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(address) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error.into()),
        _ => {}
    }
    Ok(Io::UnixStream(UnixStream::from_std(
        OwnedFd::from(socket).into(),
    )))
}

/// Two streams that are connected to each other.
///
/// Errors: EMFILE, ENFILE.
pub fn pair() -> Result<(Io, Io)> {
    let (first, second) = UnixStream::pair()?;
    Ok((Io::UnixStream(first), Io::UnixStream(second)))
}
