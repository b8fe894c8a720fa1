//! The functions of a TCP listener.

use mio_js_core::{Io, Result, tcp};

use crate::address::{address, put_address};
use crate::ffi::Call;
use crate::source::adopt;

/// `listenerBind(host, port, flowinfo, scopeId, backlog, reusePort? 0 or 1)`: a handle.
pub(crate) fn bind(call: &mut Call<'_>) -> Result<i64> {
    let address = address(call, 0)?;
    let backlog = call.integer(4, 0.0..=i32::MAX.into())? as i32;
    let reuses_port = call.has(5) && call.u32(5)? != 0;
    let listener = if reuses_port {
        tcp::listener::bind_reusing_port(address, backlog)?
    } else {
        tcp::listener::bind(address, backlog)?
    };
    let source = call.state().mirror()?.open_source(listener)?;
    Ok(source.bits() as i64)
}

/// `listenerFromRaw(descriptor)`: a handle.
pub(crate) fn from_raw(call: &mut Call<'_>) -> Result<i64> {
    adopt(call, Io::adopt_tcp_listener)
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
