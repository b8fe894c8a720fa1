//! The functions that every kind of source has.

use mio_js_core::{Failure, Io, Kind, Misuse, RawDescriptor, Result};

use crate::address::put_address;
use crate::ffi::Call;

/// `sourceClose(source)`: deregisters and closes.
pub(crate) fn close(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    call.state().mirror()?.close_source(source)
}

/// `sourceKind(source)`: a `mio_js_core::Kind`.
pub(crate) fn kind(call: &mut Call<'_>) -> Result<i64> {
    let source = call.handle(0)?;
    Ok(call.state().mirror()?.source(source)?.io().kind() as i64)
}

/// `sourceRaw(source)`: the descriptor, which stays the source's.
pub(crate) fn raw(call: &mut Call<'_>) -> Result<i64> {
    let source = call.handle(0)?;
    Ok(number(call.state().mirror()?.source(source)?.io().as_raw()))
}

/// `sourceIntoRaw(source)`: the descriptor, which is the caller's from now on.
pub(crate) fn into_raw(call: &mut Call<'_>) -> Result<i64> {
    let source = call.handle(0)?;
    Ok(number(call.state().mirror()?.into_raw(source)?))
}

/// `sourceShare(source, kind)`: the number by which any thread takes it.
pub(crate) fn share(call: &mut Call<'_>) -> Result<i64> {
    let (source, kind) = (call.handle(0)?, kind_of(call, 1)?);
    Ok(call.state().mirror()?.share(source, kind)? as i64)
}

/// `sourceTake(number, kind)`: the handle of a source that a thread has shared.
pub(crate) fn take(call: &mut Call<'_>) -> Result<i64> {
    let (id, kind) = (call.u53(0)?, kind_of(call, 1)?);
    Ok(call.state().mirror()?.take_shared(id, kind)?.bits() as i64)
}

/// The `mio_js_core::Kind` in an argument, of those that may move.
fn kind_of(call: &Call<'_>, index: usize) -> Result<Kind> {
    Ok(Kind::moving(call.u32(index)?).ok_or(Misuse::Range)?)
}

fn number(raw: RawDescriptor) -> i64 {
    // A SOCKET has 64 bits, of which Windows uses 32.
    raw as i64
}

/// The descriptor in an argument.
pub(crate) fn descriptor(call: &Call<'_>, index: usize) -> Result<RawDescriptor> {
    let last = if cfg!(windows) {
        f64::from(u32::MAX)
    } else {
        f64::from(i32::MAX)
    };
    let number = call.integer(index, 0.0..=last)?;
    Ok(number as RawDescriptor)
}

/// Takes ownership of the descriptor in the first argument: a handle.
pub(crate) fn adopt(
    call: &mut Call<'_>,
    take: impl FnOnce(RawDescriptor) -> Result<Io>,
) -> Result<i64> {
    let descriptor = descriptor(call, 0)?;
    let source = call.state().mirror()?.adopt(descriptor, take)?;
    Ok(source.bits() as i64)
}

/// Writes the handles of two sources that belong together to the first argument.
#[cfg(unix)]
pub(crate) fn open_pair(
    call: &mut Call<'_>,
    open: impl FnOnce() -> Result<(Io, Io)>,
) -> Result<()> {
    let pair = call.state().mirror()?.open_pair(open()?)?;
    let written = call.put_floats(0, pair.into_iter().map(|handle| handle.bits() as f64));
    if written.is_err() {
        for handle in pair {
            call.state().mirror()?.close_source(handle)?;
        }
    }
    written
}

/// `localAddr(source, out)`.
pub(crate) fn local_addr(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let address = call.state().mirror()?.source(source)?.io().local_addr()?;
    put_address(call, 1, &address)
}

/// `peerAddr(source, out)`.
pub(crate) fn peer_addr(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let address = call.state().mirror()?.source(source)?.io().peer_addr()?;
    put_address(call, 1, &address)
}

/// `ttl(source)`.
pub(crate) fn ttl(call: &mut Call<'_>) -> Result<i64> {
    let source = call.handle(0)?;
    Ok(call.state().mirror()?.source(source)?.io().ttl()?.into())
}

/// `setTtl(source, ttl)`.
pub(crate) fn set_ttl(call: &mut Call<'_>) -> Result<()> {
    let (source, ttl) = (call.handle(0)?, call.u32(1)?);
    call.state().mirror()?.source(source)?.io().set_ttl(ttl)
}

/// `takeError(source)`: 0 for none, otherwise the negated code, so that it is told apart from a
/// failure to ask.
pub(crate) fn take_error(call: &mut Call<'_>) -> Result<i64> {
    let source = call.handle(0)?;
    let error = call.state().mirror()?.source(source)?.take_error()?;
    Ok(error.map_or(0, |error| -i64::from(Failure::from(error).code())))
}

/// `rearm(source)`: an operation on the bare descriptor would have blocked.
pub(crate) fn rearm(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    call.state().mirror()?.source(source)?.io().rearm();
    Ok(())
}
