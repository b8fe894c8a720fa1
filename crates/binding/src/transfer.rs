//! The functions that move bytes in and out of streams.

use std::net::Shutdown;

use mio_js_core::{Io, Misuse, Result, transfer};

use crate::ffi::{Call, Views, ViewsMut};

/// `read(stream, buffer[, offset, length])`: the number of bytes, 0 at the end.
#[inline]
pub(crate) fn read(call: &mut Call<'_>) -> Result<usize> {
    receive(call, transfer::read)
}

/// `peek(stream, buffer[, offset, length])`: as `read`, without consuming.
#[inline]
pub(crate) fn peek(call: &mut Call<'_>) -> Result<usize> {
    receive(call, transfer::peek)
}

#[inline]
fn receive(
    call: &mut Call<'_>,
    operation: impl FnOnce(&Io, &mut [u8]) -> Result<usize>,
) -> Result<usize> {
    let source = call.handle(0)?;
    let state = call.state();
    let bytes = call.bytes_mut(1)?;
    let mut mirror = state.mirror()?;
    mirror.source(source)?.transfer(|io| operation(io, bytes))
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
        .transfer(|io| transfer::write(io, bytes))
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
        .transfer(|io| transfer::read_vectored(io, &mut buffers))
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
        .transfer(|io| transfer::write_vectored(io, &buffers))
}

/// `flush(stream)`: nothing, but for the checks.
pub(crate) fn flush(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    call.state()
        .mirror()?
        .source(source)?
        .transfer(transfer::flush)
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
    let mut mirror = call.state().mirror()?;
    transfer::shutdown(mirror.source(source)?.io(), how)
}
