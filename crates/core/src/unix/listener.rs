//! Operations of a Unix listener.

use std::io;
use std::os::fd::OwnedFd;

use mio::net::{UnixListener, UnixStream};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use crate::error::{Misuse, Result};
use crate::io::Io;
use crate::transfer::retry;

/// Binds and listens. A file that is in the way is left alone, and so is the socket's own file when
/// it is closed. The operating system caps `backlog` (`somaxconn`).
///
/// Errors: EADDRINUSE, EACCES, ENOENT, ENOTDIR, ELOOP, EROFS, EMFILE, ….
pub fn bind(address: &SockAddr, backlog: i32) -> Result<Io> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(address)?;
    socket.listen(backlog)?;
    Ok(Io::UnixListener(UnixListener::from_std(
        OwnedFd::from(socket).into(),
    )))
}

/// The next connection, non-blocking and close-on-exec, and its peer.
///
/// Errors: would-block when the queue is empty; EMFILE and others when the process or the system is
/// at its limit.
pub(crate) fn accept(io: &Io) -> Result<(UnixStream, SockAddr)> {
    let Io::UnixListener(listener) = io else {
        return Err(Misuse::WrongSource.into());
    };
    retry(|| accept_from(listener))
}

/// As mio's, which panics at a peer whose path fills all the room there is, and which takes an
/// abstract name for none.
pub(crate) fn accept_from(listener: &UnixListener) -> io::Result<(UnixStream, SockAddr)> {
    let (socket, peer) = SockRef::from(listener).accept()?;
    let stream = std::os::unix::net::UnixStream::from(OwnedFd::from(socket));
    // One system call, where socket2 needs two.
    stream.set_nonblocking(true)?;
    Ok((UnixStream::from_std(stream), peer))
}
