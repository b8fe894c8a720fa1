//! Addresses in arguments and results.

use std::net::SocketAddr;

use mio_js_core::{ENCODED_ADDRESS_LEN, Misuse, Result, encode_address, parse_address};

use crate::ffi::Call;

/// The address in four arguments from `index` on: text, port, flow information, scope.
pub(crate) fn address(call: &Call<'_>, index: usize) -> Result<SocketAddr> {
    let port = call.integer(index + 1, 0.0..=u16::MAX.into())? as u16;
    let (flowinfo, scope_id) = (call.u32(index + 2)?, call.u32(index + 3)?);
    parse_address(&call.address(index)?, port, flowinfo, scope_id)
}

/// Writes an address in the form of `mio_js_core::encode_address`.
pub(crate) fn put_address(call: &mut Call<'_>, index: usize, address: &SocketAddr) -> Result<()> {
    // Whole, as the arguments after it are not its offset and length.
    let [out] = call.wholes_mut([index])?;
    let out = out.first_chunk_mut::<ENCODED_ADDRESS_LEN>();
    encode_address(address, out.ok_or(Misuse::Range)?);
    Ok(())
}
