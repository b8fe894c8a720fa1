//! The functions of pipes, and of descriptors that are somebody else's.

use mio_js_core::{Io, RawDescriptor, Result, pipe as pipes};

use crate::ffi::Call;
use crate::source::{adopt, open_pair};

/// `pipe(out)`: the handles of a sender and its receiver, in `out`.
pub(crate) fn pipe(call: &mut Call<'_>) -> Result<()> {
    open_pair(call, pipes::new)
}

/// `senderFromRaw(descriptor)`: a handle.
pub(crate) fn sender_from_raw(call: &mut Call<'_>) -> Result<i64> {
    adopt(call, Io::adopt_sender)
}

/// `receiverFromRaw(descriptor)`: a handle.
pub(crate) fn receiver_from_raw(call: &mut Call<'_>) -> Result<i64> {
    adopt(call, Io::adopt_receiver)
}

/// `setNonblocking(pipe, 0 or 1)`.
pub(crate) fn set_nonblocking(call: &mut Call<'_>) -> Result<()> {
    let (source, nonblocking) = (call.handle(0)?, call.u32(1)? != 0);
    let mut mirror = call.state().mirror()?;
    pipes::set_nonblocking(mirror.source(source)?.io(), nonblocking)
}

/// `borrow(descriptor)`: a handle of a source that never closes it.
pub(crate) fn borrow(call: &mut Call<'_>) -> Result<i64> {
    // Whatever is no descriptor, the system says so.
    let raw = call.integer(0, i32::MIN.into()..=i32::MAX.into())?;
    let io = Io::borrow(raw as RawDescriptor)?;
    let source = call.state().mirror()?.open_source(io)?;
    Ok(source.bits() as i64)
}
