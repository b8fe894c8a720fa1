//! The functions of sockets that are being built.

use mio_js_core::builder::{self, Unbound};
use mio_js_core::{Io, Misuse, Result};

use crate::address::address;
use crate::ffi::Call;

/// `builderOpen(protocol, family)`: a handle. 0 is TCP, 1 is UDP; the family is 4 or 6.
pub(crate) fn open(call: &mut Call<'_>) -> Result<i64> {
    let is_udp = call.integer(0, 0.0..=1.0)? != 0.0;
    let is_v6 = match call.u32(1)? {
        4 => false,
        6 => true,
        _ => return Err(Misuse::Range.into()),
    };
    let socket = builder::open(is_udp, is_v6)?;
    Ok(call.state().mirror()?.open_source(socket)?.bits() as i64)
}

/// `builderBind(builder, host, port, flowinfo, scopeId)`.
pub(crate) fn bind(call: &mut Call<'_>) -> Result<()> {
    let (builder, address) = (call.handle(0)?, address(call, 1)?);
    let mut mirror = call.state().mirror()?;
    match mirror.source(builder)?.io() {
        Io::Unbound(unbound) => unbound.bind(address),
        _ => Err(Misuse::WrongSource.into()),
    }
}

/// `builderListen(builder, backlog)`: the handle of a listener, instead of that of the builder.
pub(crate) fn listen(call: &mut Call<'_>) -> Result<i64> {
    let backlog = call.integer(1, 0.0..=i32::MAX.into())? as i32;
    finish(call, |unbound| unbound.listen(backlog))
}

/// `builderConnect(builder, host, port, flowinfo, scopeId)`: the handle of a stream, likewise.
pub(crate) fn connect(call: &mut Call<'_>) -> Result<i64> {
    let address = address(call, 1)?;
    finish(call, |unbound| unbound.connect(address))
}

/// `builderBindUdp(builder, host, port, flowinfo, scopeId)`: the handle of a UDP socket, likewise.
pub(crate) fn bind_udp(call: &mut Call<'_>) -> Result<i64> {
    let address = address(call, 1)?;
    finish(call, |unbound| unbound.bind_udp(address))
}

fn finish(
    call: &Call<'_>,
    operation: impl FnOnce(&Unbound) -> Result<fn(Unbound) -> Io>,
) -> Result<i64> {
    let builder = call.handle(0)?;
    let built = call.state().mirror()?.build(builder, operation)?;
    Ok(built.bits() as i64)
}
