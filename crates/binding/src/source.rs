//! The functions that every kind of source has.

use mio_js_core::{ENCODED_ADDRESS_LEN, Failure, Misuse, RawDescriptor, Result, encode_address};

use crate::ffi::Call;

/// `sourceClose(source)`: deregisters and closes.
pub(crate) fn close(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    call.state().mirror()?.close_source(source)
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

/// `localAddr(source, out)`.
pub(crate) fn local_addr(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let address = call.state().mirror()?.source(source)?.io().local_addr()?;
    put_address(call, 1, &address)
}

/// Writes an address in the form of `mio_js_core::encode_address`.
pub(crate) fn put_address(
    call: &mut Call<'_>,
    index: usize,
    address: &std::net::SocketAddr,
) -> Result<()> {
    let out = call
        .bytes_mut(index)?
        .first_chunk_mut::<ENCODED_ADDRESS_LEN>();
    encode_address(address, out.ok_or(Misuse::Range)?);
    Ok(())
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
