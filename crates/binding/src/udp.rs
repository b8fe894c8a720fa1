//! The functions of a UDP socket.

use mio_js_core::{Io, Misuse, Result, parse_ip, udp};

use crate::address::{address, put_address, put_no_address};
use crate::ffi::Call;
use crate::source::adopt;

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

/// `udpReceive(socket, peek, out, buffer[, offset, length])`: the length of the datagram, see
/// `mio_js_core::udp`; the sender's address goes to `out`.
pub(crate) fn receive(call: &mut Call<'_>) -> Result<usize> {
    let (source, peek) = (call.handle(0)?, call.u32(1)? != 0);
    let state = call.state();
    let (count, from) = {
        let buffer = call.bytes_mut(3)?;
        let mut mirror = state.mirror()?;
        udp::receive(mirror.source(source)?.io(), buffer, peek)?
    };
    match from {
        Some(address) => put_address(call, 2, &address)?,
        None => put_no_address(call, 2)?,
    }
    Ok(count)
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
