//! The functions of a Unix datagram socket.

use mio_js_core::unix::datagram;
use mio_js_core::{Io, Result};

use super::address::{address, put_address};
use crate::ffi::Call;
use crate::source::{adopt, open_pair};

/// `unixDatagramOpen([address])`: a handle; unbound without an address.
pub(crate) fn open(call: &mut Call<'_>) -> Result<i64> {
    let address = if call.has(0) {
        Some(address(call, 0)?)
    } else {
        None
    };
    let socket = datagram::open(address.as_ref())?;
    let source = call.state().mirror()?.open_source(socket)?;
    Ok(source.bits() as i64)
}

/// `unixDatagramPair(out)`: two handles, in `out`.
pub(crate) fn pair(call: &mut Call<'_>) -> Result<()> {
    open_pair(call, datagram::pair)
}

/// `unixDatagramFromRaw(descriptor)`: a handle.
pub(crate) fn from_raw(call: &mut Call<'_>) -> Result<i64> {
    adopt(call, Io::adopt_unix_datagram)
}

/// `unixDatagramConnect(socket, address)`.
pub(crate) fn connect(call: &mut Call<'_>) -> Result<()> {
    let (source, address) = (call.handle(0)?, address(call, 1)?);
    let mut mirror = call.state().mirror()?;
    datagram::connect(mirror.source(source)?.io(), &address)
}

/// `unixDatagramSend(socket, bytes[, offset, length])`: the number of bytes.
pub(crate) fn send(call: &mut Call<'_>) -> Result<usize> {
    let source = call.handle(0)?;
    let state = call.state();
    let bytes = call.bytes(1)?;
    let mut mirror = state.mirror()?;
    datagram::send(mirror.source(source)?.io(), bytes, None)
}

/// `unixDatagramSendTo(socket, address, bytes[, offset, length])`: the number of bytes.
pub(crate) fn send_to(call: &mut Call<'_>) -> Result<usize> {
    let (source, address) = (call.handle(0)?, address(call, 1)?);
    let state = call.state();
    let bytes = call.bytes(2)?;
    let mut mirror = state.mirror()?;
    datagram::send(mirror.source(source)?.io(), bytes, Some(&address))
}

/// `unixDatagramReceive(socket, out, buffer[, offset, length])`: as `udpReceive`.
pub(crate) fn receive(call: &mut Call<'_>) -> Result<usize> {
    let source = call.handle(0)?;
    let state = call.state();
    let (count, from) = {
        let buffer = call.bytes_mut(2)?;
        let mut mirror = state.mirror()?;
        datagram::receive(mirror.source(source)?.io(), buffer)?
    };
    put_address(call, 1, &from)?;
    Ok(count)
}
