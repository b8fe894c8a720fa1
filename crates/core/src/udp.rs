//! Operations of a UDP socket.
//!
//! A datagram that is longer than the buffer for it is cut, and the rest is lost. That shows in the
//! count: it is larger than the buffer. On Linux it is the datagram's length; elsewhere, where nobody
//! tells, it is one more than the buffer's. Windows' WSAEMSGSIZE is no error here: it says just that.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use mio::net::UdpSocket;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};

use crate::error::{Misuse, Result};
use crate::io::Io;
use crate::raw;
use crate::transfer::retry;

/// Binds. Neither `SO_REUSEADDR` nor anything else is set.
///
/// Errors: what `socket` and `bind` say: EADDRINUSE, EACCES, EADDRNOTAVAIL, EMFILE, ….
pub fn bind(address: SocketAddr) -> Result<Io> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(Io::UdpSocket(UdpSocket::from_std(socket.into())))
}

/// The UDP socket, if it is one.
pub fn of(io: &Io) -> Result<&UdpSocket> {
    match io {
        Io::UdpSocket(socket) => Ok(socket),
        _ => Err(Misuse::WrongSource.into()),
    }
}

/// Sets the peer that `send` sends to and that alone is received from.
pub fn connect(io: &Io, address: SocketAddr) -> Result<()> {
    Ok(of(io)?.connect(address)?)
}

/// Joins or leaves a multicast group at the interface with an address, 0.0.0.0 for the system's
/// choice.
///
/// Errors: ENODEV, EADDRINUSE for a group that was joined, EADDRNOTAVAIL for one that was not.
pub fn set_membership_v4(io: &Io, join: bool, group: Ipv4Addr, interface: Ipv4Addr) -> Result<()> {
    let socket = of(io)?;
    Ok(if join {
        socket.join_multicast_v4(&group, &interface)
    } else {
        socket.leave_multicast_v4(&group, &interface)
    }?)
}

/// As [`set_membership_v4`], at the interface with an index, 0 for the system's choice.
pub fn set_membership_v6(io: &Io, join: bool, group: Ipv6Addr, interface: u32) -> Result<()> {
    let socket = of(io)?;
    Ok(if join {
        socket.join_multicast_v6(&group, interface)
    } else {
        socket.leave_multicast_v6(&group, interface)
    }?)
}

/// Sends one datagram, to the given address or to the peer.
///
/// Errors: would-block; EDESTADDRREQ without either; EMSGSIZE for one that is too long.
pub fn send(io: &Io, bytes: &[u8], to: Option<SocketAddr>) -> Result<usize> {
    let socket = of(io)?;
    match to {
        Some(address) => retry(|| socket.send_to(bytes, address)),
        None => retry(|| socket.send(bytes)),
    }
}

/// Receives one datagram; see the head of this file for the count. The address is `None` where the
/// system has not told it.
pub fn receive(io: &Io, buffer: &mut [u8], peek: bool) -> Result<(usize, Option<SocketAddr>)> {
    let socket = of(io)?;
    let (count, address) =
        retry(|| socket.try_io(|| receive_from(&SockRef::from(socket), buffer, peek)))?;
    Ok((count, address.as_socket()))
}

/// As [`receive`], on any datagram socket.
pub(crate) fn receive_from(
    socket: &SockRef<'_>,
    buffer: &mut [u8],
    peek: bool,
) -> io::Result<(usize, SockAddr)> {
    let flags = if peek { raw::MSG_PEEK } else { 0 };
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return socket.recv_from_with_flags(raw::uninit(buffer), flags | libc::MSG_TRUNC);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let room = buffer.len();
        let mut slices = [socket2::MaybeUninitSlice::new(raw::uninit(buffer))];
        let (count, outcome, address) = socket.recv_from_vectored_with_flags(&mut slices, flags)?;
        let count = if outcome.is_truncated() {
            room + 1
        } else {
            count
        };
        Ok((count, address))
    }
}
