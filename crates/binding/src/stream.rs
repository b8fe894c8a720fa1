//! The functions of a TCP stream.

use mio_js_core::tcp::stream;
use mio_js_core::{Io, Result};

use crate::address::address;
use crate::ffi::Call;
use crate::source::adopt;

/// `streamConnect(host, port, flowinfo, scopeId)`: a handle.
pub(crate) fn connect(call: &mut Call<'_>) -> Result<i64> {
    let stream = stream::connect(address(call, 0)?)?;
    let source = call.state().mirror()?.open_source(stream)?;
    Ok(source.bits() as i64)
}

/// `streamFromRaw(descriptor)`: a handle.
pub(crate) fn from_raw(call: &mut Call<'_>) -> Result<i64> {
    adopt(call, Io::adopt_tcp_stream)
}

/// `finishConnect(stream)`: 1 when it is connected, 0 when not yet.
pub(crate) fn finish_connect(call: &mut Call<'_>) -> Result<bool> {
    let source = call.handle(0)?;
    call.state().mirror()?.source(source)?.finish_connect()
}

/// `nodelay(stream)`.
pub(crate) fn nodelay(call: &mut Call<'_>) -> Result<bool> {
    let source = call.handle(0)?;
    let mut mirror = call.state().mirror()?;
    Ok(stream::of(mirror.source(source)?.io())?.nodelay()?)
}

/// `setNodelay(stream, 0 or 1)`.
pub(crate) fn set_nodelay(call: &mut Call<'_>) -> Result<()> {
    let (source, nodelay) = (call.handle(0)?, call.u32(1)? != 0);
    let mut mirror = call.state().mirror()?;
    Ok(stream::of(mirror.source(source)?.io())?.set_nodelay(nodelay)?)
}
