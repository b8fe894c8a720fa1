//! The functions of a UDP socket.

use mio_js_core::{Io, Misuse, Result, datagrams, parse_ip, udp};

use crate::address::{address, put_address};
use crate::ffi::Call;
use crate::source::adopt;

/// Bits of `how` a datagram is received.
const PEEK: u32 = 1;
const ADDRESS: u32 = 2;

/// `udpBind(host, port, flowinfo, scopeId)`: a handle.
pub(crate) fn bind(call: &mut Call<'_>) -> Result<i64> {
    let socket = udp::bind(address(call, 0)?)?;
    let source = call.state().mirror()?.open_source(socket)?;
    Ok(source.bits() as i64)
}

/// `udpFromRaw(descriptor)`: a handle.
pub(crate) fn from_raw(call: &mut Call<'_>) -> Result<i64> {
    adopt(call, Io::adopt_udp_socket)
}

/// `udpConnect(socket, host, port, flowinfo, scopeId)`.
pub(crate) fn connect(call: &mut Call<'_>) -> Result<()> {
    let (source, address) = (call.handle(0)?, address(call, 1)?);
    let mut mirror = call.state().mirror()?;
    udp::connect(mirror.source(source)?.io(), address)
}

/// `udpSend(socket, bytes[, offset, length])`: the number of bytes.
pub(crate) fn send(call: &mut Call<'_>) -> Result<usize> {
    let source = call.handle(0)?;
    let state = call.state();
    let bytes = call.bytes(1)?;
    let mut mirror = state.mirror()?;
    udp::send(mirror.source(source)?.io(), bytes, None)
}

/// `udpSendTo(socket, host, port, flowinfo, scopeId, bytes[, offset, length])`: the number of bytes.
pub(crate) fn send_to(call: &mut Call<'_>) -> Result<usize> {
    let (source, address) = (call.handle(0)?, address(call, 1)?);
    let state = call.state();
    let bytes = call.bytes(5)?;
    let mut mirror = state.mirror()?;
    udp::send(mirror.source(source)?.io(), bytes, Some(address))
}

/// `udpReceive(socket, how, out, buffer[, offset, length])`: the length of the datagram, see
/// `mio_js_core::udp`. `how` is 1 to peek, 2 for the sender's address in `out`, 3 for both.
#[inline]
pub(crate) fn receive(call: &mut Call<'_>) -> Result<usize> {
    let (source, how) = (call.handle(0)?, call.u32(1)?);
    let state = call.state();
    let buffer = call.bytes_mut(3)?;
    let mut mirror = state.mirror()?;
    let io = mirror.source(source)?.io();
    let (count, from) = udp::receive(io, buffer, how & PEEK != 0)?;
    if how & ADDRESS != 0 {
        // Some systems tell nothing where it can only be the peer.
        let from = match from {
            Some(address) => address,
            None => io.peer_addr()?,
        };
        drop(mirror);
        put_address(call, 2, &from)?;
    }
    Ok(count)
}

/// `udpReceiveMany(socket, size, memory, lengths, peers)`: how many datagrams; see
/// `mio_js_core::datagrams`.
pub(crate) fn receive_many(call: &mut Call<'_>) -> Result<usize> {
    let (source, size) = (call.handle(0)?, call.u32(1)?);
    let state = call.state();
    let [memory, lengths, peers] = call.wholes_mut([2, 3, 4])?;
    let mut mirror = state.mirror()?;
    datagrams::receive(
        mirror.source(source)?,
        size as usize,
        memory,
        lengths,
        peers,
    )
}

/// `udpSendMany(socket, size, start, count, memory, lengths, peers)`: how many datagrams.
pub(crate) fn send_many(call: &mut Call<'_>) -> Result<usize> {
    let (source, size) = (call.handle(0)?, call.u32(1)? as usize);
    let part = (call.u32(2)? as usize, call.u32(3)? as usize);
    let (memory, lengths, peers) = (call.whole(4)?, call.whole(5)?, call.whole(6)?);
    let mut mirror = call.state().mirror()?;
    datagrams::send(mirror.source(source)?, size, part, memory, lengths, peers)
}

/// `peerAddress(peers, index, out)`: whether there is an address, which goes to `out`.
pub(crate) fn peer_address(call: &mut Call<'_>) -> Result<bool> {
    let index = call.u32(1)? as usize;
    let record = *record(call.whole(0)?.as_chunks().0.get(index))?;
    match datagrams::decode_peer(&record)? {
        Some(address) => put_address(call, 2, &address).map(|()| true),
        None => Ok(false),
    }
}

/// `setPeerAddress(peers, index[, host, port, flowinfo, scopeId])`: none without an address.
pub(crate) fn set_peer_address(call: &mut Call<'_>) -> Result<()> {
    let index = call.u32(1)? as usize;
    let peer = call.has(2).then(|| address(call, 2)).transpose()?;
    let [peers] = call.wholes_mut([0])?;
    let record = record(peers.as_chunks_mut().0.get_mut(index))?;
    datagrams::encode_peer(peer, record);
    Ok(())
}

fn record<R>(found: Option<R>) -> Result<R> {
    Ok(found.ok_or(Misuse::BytesRange)?)
}

/// `udpMembership(socket, join 0 or 1, group, interface)`: the interface is the text of an IPv4
/// address for a group of IPv4, and the text of an index for one of IPv6.
pub(crate) fn membership(call: &mut Call<'_>) -> Result<()> {
    let (source, join) = (call.handle(0)?, call.u32(1)? != 0);
    let group = parse_ip(&call.address(2)?)?;
    let interface = call.address(3)?;
    let mut mirror = call.state().mirror()?;
    let io = mirror.source(source)?.io();
    match group {
        std::net::IpAddr::V4(group) => {
            let interface = interface.parse().map_err(|_| Misuse::Address)?;
            udp::set_membership_v4(io, join, group, interface)
        }
        std::net::IpAddr::V6(group) => {
            let interface = interface.parse().map_err(|_| Misuse::Range)?;
            udp::set_membership_v6(io, join, group, interface)
        }
    }
}
