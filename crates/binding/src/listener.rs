//! The functions of a TCP listener.

use mio_js_core::{Io, Result, parse_address, tcp};

use crate::ffi::Call;
use crate::source::{descriptor, put_address};

/// `listenerBind(host, port, flowinfo, scopeId, backlog)`: a handle.
pub(crate) fn bind(call: &mut Call<'_>) -> Result<i64> {
    let address = address(call)?;
    let backlog = call.integer(4, 0.0..=i32::MAX.into())? as i32;
    let listener = tcp::listener::bind(address, backlog)?;
    let source = call
        .state()
        .mirror()?
        .open_source(Io::TcpListener(listener))?;
    Ok(source.bits() as i64)
}

/// The address in the first four arguments.
pub(crate) fn address(call: &Call<'_>) -> Result<std::net::SocketAddr> {
    let port = call.integer(1, 0.0..=u16::MAX.into())? as u16;
    let (flowinfo, scope_id) = (call.u32(2)?, call.u32(3)?);
    parse_address(&call.address(0)?, port, flowinfo, scope_id)
}

/// `listenerFromRaw(descriptor)`: a handle.
pub(crate) fn from_raw(call: &mut Call<'_>) -> Result<i64> {
    let descriptor = descriptor(call, 0)?;
    let source = call
        .state()
        .mirror()?
        .adopt(descriptor, Io::adopt_listener)?;
    Ok(source.bits() as i64)
}

/// `accept(listener, out)`: the handle of the stream; its peer's address goes to `out`.
pub(crate) fn accept(call: &mut Call<'_>) -> Result<i64> {
    let listener = call.handle(0)?;
    let mut mirror = call.state().mirror()?;
    let (stream, peer) = mirror.accept(listener)?;
    if let Err(error) = put_address(call, 1, &peer) {
        mirror.close_source(stream)?;
        return Err(error);
    }
    Ok(stream.bits() as i64)
}
