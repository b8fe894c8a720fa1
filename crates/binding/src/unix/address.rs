//! Addresses of Unix sockets: in arguments and results, and the functions that ask for them.

use mio_js_core::unix::address::{self as addresses, SockAddr, decode, encode};
use mio_js_core::{Misuse, Result};

use crate::ffi::Call;

/// The address in an argument: the bytes of a path, or of an abstract name after a NUL.
pub(super) fn address(call: &Call<'_>, index: usize) -> Result<SockAddr> {
    encode(call.whole(index)?)
}

/// `unixCheckAddress(address)`: whether it can be an address.
pub(crate) fn check(call: &mut Call<'_>) -> Result<()> {
    address(call, 0).map(drop)
}

/// `unixLocalAddr(socket, out)`.
pub(crate) fn local(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let address = addresses::local(call.state().mirror()?.source(source)?.io())?;
    put_address(call, 1, &address)
}

/// `unixPeerAddr(socket, out)`.
pub(crate) fn peer(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let address = addresses::peer(call.state().mirror()?.source(source)?.io())?;
    put_address(call, 1, &address)
}

/// Writes an address: its length in the first byte, then its bytes.
pub(super) fn put_address(call: &mut Call<'_>, index: usize, address: &SockAddr) -> Result<()> {
    let bytes = decode(address);
    let len = u8::try_from(bytes.len()).map_err(|_| Misuse::Range)?;
    // Whole, as the arguments after it are not its offset and length.
    let [out] = call.wholes_mut([index])?;
    let (head, rest) = out.split_first_mut().ok_or(Misuse::Range)?;
    let place = rest.get_mut(..bytes.len()).ok_or(Misuse::Range)?;
    *head = len;
    place.copy_from_slice(bytes);
    Ok(())
}
