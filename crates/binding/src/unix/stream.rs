//! The functions of a Unix stream, and those that all Unix sockets have.

use mio_js_core::{Io, Result, unix};

use super::address::{address, put_address};
use crate::ffi::Call;
use crate::source::{adopt, open_pair};

/// `unixConnect(address)`: a handle.
pub(crate) fn connect(call: &mut Call<'_>) -> Result<i64> {
    let stream = unix::stream::connect(&address(call, 0)?)?;
    let source = call.state().mirror()?.open_source(stream)?;
    Ok(source.bits() as i64)
}

/// `unixStreamFromRaw(descriptor)`: a handle.
pub(crate) fn from_raw(call: &mut Call<'_>) -> Result<i64> {
    adopt(call, Io::adopt_unix_stream)
}

/// `unixPair(out)`: two handles, in `out`.
pub(crate) fn pair(call: &mut Call<'_>) -> Result<()> {
    open_pair(call, unix::stream::pair)
}

/// `unixLocalAddr(socket, out)`.
pub(crate) fn local_addr(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let address = {
        let mut mirror = call.state().mirror()?;
        mirror.source(source)?.io().socket()?.local_addr()?
    };
    put_address(call, 1, &address)
}

/// `unixPeerAddr(socket, out)`.
pub(crate) fn peer_addr(call: &mut Call<'_>) -> Result<()> {
    let source = call.handle(0)?;
    let address = {
        let mut mirror = call.state().mirror()?;
        mirror.source(source)?.io().socket()?.peer_addr()?
    };
    put_address(call, 1, &address)
}
