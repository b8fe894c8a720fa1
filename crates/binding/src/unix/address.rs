//! Addresses of Unix sockets in arguments and results.

use mio_js_core::unix::address::{SockAddr, decode, encode};
use mio_js_core::{Misuse, Result};

use crate::ffi::Call;

/// The address in an argument: the bytes of a path, or of an abstract name after a NUL.
pub(super) fn address(call: &Call<'_>, index: usize) -> Result<SockAddr> {
    encode(call.whole(index)?)
}

/// Writes an address: its length in the first byte, then its bytes.
pub(super) fn put_address(call: &mut Call<'_>, index: usize, address: &SockAddr) -> Result<()> {
    let bytes = decode(address);
    let (head, rest) = call
        .bytes_mut(index)?
        .split_first_mut()
        .ok_or(Misuse::Range)?;
    let place = rest.get_mut(..bytes.len()).ok_or(Misuse::Range)?;
    // At most 108.
    *head = bytes.len() as u8;
    place.copy_from_slice(&bytes);
    Ok(())
}
