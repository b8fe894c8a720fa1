//! The functions of a waker.

use mio_js_core::{Misuse, Result, Waker};

use crate::ffi::Call;

/// `wakerOpen(poller, token)`: the number by which any thread wakes it.
pub(crate) fn open(call: &mut Call<'_>) -> Result<i64> {
    let (poller, token) = (call.handle(0)?, call.u53(1)?);
    let waker = call.state().mirror()?.poller(poller)?.open_waker(token)?;
    Ok(waker.id() as i64)
}

/// `wakerClose(poller)`.
pub(crate) fn close(call: &mut Call<'_>) -> Result<()> {
    let poller = call.handle(0)?;
    call.state().mirror()?.poller(poller)?.close_waker();
    Ok(())
}

/// `wakerExists(id)`: whether a poller of this process has this waker.
pub(crate) fn exists(call: &mut Call<'_>) -> Result<bool> {
    Ok(Waker::find(call.u53(0)?).is_some())
}

/// `wake(id)`: from any thread.
pub(crate) fn wake(call: &mut Call<'_>) -> Result<()> {
    Waker::find(call.u53(0)?).ok_or(Misuse::WakerClosed)?.wake()
}
