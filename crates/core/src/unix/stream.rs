//! Operations of a Unix stream; its bytes are the business of [`crate::transfer`].

use std::os::fd::OwnedFd;

use mio::net::UnixStream;
#[cfg(target_vendor = "apple")]
use socket2::SockRef;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::error::Result;
use crate::io::Io;

/// Connects, without waiting, and tells whether that is over already, as it is nearly everywhere.
///
/// Errors: ECONNREFUSED, ENOENT, EACCES; would-block when the listener's queue is full: try again
/// with a new call, as nothing tells when; EMFILE.
pub fn connect(address: &SockAddr) -> Result<(Io, bool)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    let connected = match socket.connect(address) {
        Ok(()) => true,
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => false,
        Err(error) => return Err(error.into()),
    };
    let stream = UnixStream::from_std(OwnedFd::from(socket).into());
    Ok((Io::UnixStream(stream), connected))
}

/// Two streams that are connected to each other.
///
/// Errors: EMFILE, ENFILE.
pub fn pair() -> Result<(Io, Io)> {
    let (first, second) = UnixStream::pair()?;
    #[cfg(target_vendor = "apple")]
    for socket in [&first, &second] {
        SockRef::from(socket).set_nosigpipe(true)?;
    }
    Ok((Io::UnixStream(first), Io::UnixStream(second)))
}
