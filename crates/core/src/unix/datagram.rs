//! Operations of a Unix datagram socket. Counts are as in [`crate::udp`].

use std::os::fd::OwnedFd;

use mio::net::UnixDatagram;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use crate::error::{Misuse, Result};
use crate::io::Io;
use crate::transfer::{NO_SIGNAL, retry};
use crate::udp;

/// A socket that is bound to an address, or without one to none.
///
/// Errors: EADDRINUSE, EACCES, ENOENT, EMFILE, …. A file that is in the way is left alone.
pub fn open(address: Option<&SockAddr>) -> Result<Io> {
    let socket = Socket::new(Domain::UNIX, Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    if let Some(address) = address {
        socket.bind(address)?;
    }
    Ok(Io::UnixDatagram(UnixDatagram::from_std(
        OwnedFd::from(socket).into(),
    )))
}

/// Two sockets that are connected to each other.
///
/// Errors: EMFILE, ENFILE.
pub fn pair() -> Result<(Io, Io)> {
    let (first, second) = UnixDatagram::pair()?;
    #[cfg(target_vendor = "apple")]
    for socket in [&first, &second] {
        SockRef::from(socket).set_nosigpipe(true)?;
    }
    Ok((Io::UnixDatagram(first), Io::UnixDatagram(second)))
}

fn of(io: &Io) -> Result<&UnixDatagram> {
    match io {
        Io::UnixDatagram(socket) => Ok(socket),
        _ => Err(Misuse::WrongSource.into()),
    }
}

/// Sets the peer that `send` sends to and that alone is received from.
///
/// Errors: ECONNREFUSED, ENOENT, EACCES, EPROTOTYPE.
pub fn connect(io: &Io, address: &SockAddr) -> Result<()> {
    Ok(SockRef::from(of(io)?).connect(address)?)
}

/// Sends one datagram, to the given address or to the peer.
///
/// Errors: would-block when the receiver's queue is full (BSD, Apple: ENOBUFS); ENOTCONN,
/// ECONNREFUSED, EMSGSIZE, EPIPE.
pub fn send(io: &Io, bytes: &[u8], to: Option<&SockAddr>) -> Result<usize> {
    let socket = of(io)?;
    let descriptor = SockRef::from(socket);
    retry(|| {
        socket.try_io(|| match to {
            Some(address) => descriptor.send_to_with_flags(bytes, address, NO_SIGNAL),
            None => descriptor.send_with_flags(bytes, NO_SIGNAL),
        })
    })
}

/// Receives one datagram and the sender's address.
pub fn receive(io: &Io, buffer: &mut [u8]) -> Result<(usize, SockAddr)> {
    let socket = of(io)?;
    retry(|| socket.try_io(|| udp::receive_from(&SockRef::from(socket), buffer, false)))
}
