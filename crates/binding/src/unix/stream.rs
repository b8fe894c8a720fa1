//! The functions of a Unix stream.

use mio_js_core::{Io, Result, unix};

use super::address::address;
use crate::ffi::Call;
use crate::source::{adopt, open_pair};

/// `unixConnect(address)`: a handle.
pub(crate) fn connect(call: &mut Call<'_>) -> Result<i64> {
    let (stream, connected) = unix::stream::connect(&address(call, 0)?)?;
    let mut mirror = call.state().mirror()?;
    let source = if connected {
        mirror.open_connected(stream)?
    } else {
        mirror.open_source(stream)?
    };
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
