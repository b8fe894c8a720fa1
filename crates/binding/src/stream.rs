//! The functions of a TCP stream.

use std::net::Shutdown;

use mio_js_core::tcp::stream::{self, TcpStream};
use mio_js_core::{Io, Misuse, Result};

use crate::ffi::{Call, Views, ViewsMut};
use crate::listener::address;
use crate::source::{descriptor, put_address};

/// `streamConnect(host, port, flowinfo, scopeId)`: a handle.
pub(crate) fn connect(call: &mut Call<'_>) -> Result<i64> {
    let stream = stream::connect(address(call)?)?;
    let source = call.state().mirror()?.open_source(Io::TcpStream(stream))?;
    Ok(source.bits() as i64)
}

/// `streamFromRaw(descriptor)`: a handle.
pub(crate) fn from_raw(call: &mut Call<'_>) -> Result<i64> {
    let descriptor = descriptor(call, 0)?;
    let source = call.state().mirror()?.adopt(descriptor, Io::adopt_stream)?;
    Ok(source.bits() as i64)
}

/// `finishConnect(stream)`: 1 when it is connected, 0 when not yet.
pub(crate) fn finish_connect(call: &mut Call<'_>) -> Result<bool> {
    let source = call.handle(0)?;
    call.state().mirror()?.source(source)?.finish_connect()
}

/// `read(stream, buffer[, offset, length])`: the number of bytes, 0 at the end.
#[inline]
pub(crate) fn read(call: &mut Call<'_>) -> Result<usize> {
    receive(call, stream::read)
}

/// `peek(stream, buffer[, offset, length])`: as `read`, without consuming.
#[inline]
pub(crate) fn peek(call: &mut Call<'_>) -> Result<usize> {
    receive(call, stream::peek)
}

#[inline]
fn receive(
    call: &mut Call<'_>,
    operation: impl FnOnce(&TcpStream, &mut [u8]) -> Result<usize>,
) -> Result<usize> {
    let source = call.handle(0)?;
    let state = call.state();
    let bytes = call.bytes_mut(1)?;
    let mut mirror = state.mirror()?;
    mirror
        .source(source)?
        .with_stream(|stream| operation(stream, bytes))
}

/// `write(stream, bytes[, offset, length])`: the number of bytes.
#[inline]
pub(crate) fn write(call: &mut Call<'_>) -> Result<usize> {
    let source = call.handle(0)?;
    let state = call.state();
    let bytes = call.bytes(1)?;
    let mut mirror = state.mirror()?;
    mirror
        .source(source)?
        .with_stream(|stream| stream::write(stream, bytes))
}

/// `readVectored(stream, buffers)`.
pub(crate) fn read_vectored(call: &mut Call<'_>) -> Result<usize> {
    let source = call.handle(0)?;
    let state = call.state();
    // An array with accessors runs JavaScript here, so nothing may be borrowed yet.
    let mut buffers: ViewsMut<'_> = call.views_mut(1)?;
    let mut mirror = state.mirror()?;
    mirror
        .source(source)?
        .with_stream(|stream| stream::read_vectored(stream, &mut buffers))
}

/// `writeVectored(stream, buffers)`.
pub(crate) fn write_vectored(call: &mut Call<'_>) -> Result<usize> {
    let source = call.handle(0)?;
    let state = call.state();
    // An array with accessors runs JavaScript here, so nothing may be borrowed yet.
    let buffers: Views<'_> = call.views(1)?;
    let mut mirror = state.mirror()?;
    mirror
        .source(source)?
        .with_stream(|stream| stream::write_vectored(stream, &buffers))
}

/// `shutdown(stream, how)`: 0 reads, 1 writes, 2 both.
pub(crate) fn shutdown(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let how = match call.u32(1)? {
        0 => Shutdown::Read,
        1 => Shutdown::Write,
        2 => Shutdown::Both,
        _ => return Err(Misuse::Range.into()),
    };
    Ok(call
        .state()
        .mirror()?
        .source(source)?
        .stream()?
        .shutdown(how)?)
}

/// `peerAddr(stream, out)`.
pub(crate) fn peer_addr(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let address = call
        .state()
        .mirror()?
        .source(source)?
        .stream()?
        .peer_addr()?;
    put_address(call, 1, &address)
}

/// `nodelay(stream)`.
pub(crate) fn nodelay(call: &mut Call<'_>) -> Result<bool> {
    let source = call.handle(0)?;
    Ok(call.state().mirror()?.source(source)?.stream()?.nodelay()?)
}

/// `setNodelay(stream, 0 or 1)`.
pub(crate) fn set_nodelay(call: &mut Call<'_>) -> Result<()> {
    let (source, nodelay) = (call.handle(0)?, call.u32(1)? != 0);
    Ok(call
        .state()
        .mirror()?
        .source(source)?
        .stream()?
        .set_nodelay(nodelay)?)
}

/// `flush(stream)`: nothing, but for the checks.
pub(crate) fn flush(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    call.state()
        .mirror()?
        .source(source)?
        .with_stream(stream::flush)
}

/// `rearm(stream)`: an operation on the bare descriptor would have blocked.
pub(crate) fn rearm(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    stream::rearm(call.state().mirror()?.source(source)?.stream()?);
    Ok(())
}
