//! The functions of a poller and of its registry.

use std::time::Duration;

use mio_js_core::{Misuse, Result, interest_from_bits};

use crate::ffi::Call;

/// The bytes of one event: token, readiness and registration, each a double.
const EVENT_LEN: usize = 24;

/// The most events of one batch: an allocation that cannot fail.
pub(crate) const MAX_CAPACITY: usize = 1 << 20;

/// What an event of the waker has for a registration.
const NO_REGISTRATION: f64 = -1.0;

/// `pollOpen()`: a handle.
pub(crate) fn open(call: &mut Call<'_>) -> Result<i64> {
    Ok(call.state().mirror()?.open_poller()?.bits() as i64)
}

/// `pollClose(poller)`: ends its wait, if any, and unregisters all sources.
pub(crate) fn close(call: &mut Call<'_>) -> Result<()> {
    let poller = call.handle(0)?;
    let state = call.state();
    // Fails only while a wait of it begins, and then the poller must stay.
    state.remove_wake(poller)?;
    state.mirror()?.close_poller(poller)
}

/// `poll(poller, timeout, events)`: waits for `timeout` milliseconds (`Infinity`: for ever), fills
/// `events` and returns how many there are.
pub(crate) fn poll(call: &mut Call<'_>) -> Result<usize> {
    let poller = call.handle(0)?;
    let timeout = duration(call.number(1)?)?;
    let capacity = call.bytes(2)?.len() / EVENT_LEN;
    if !(1..=MAX_CAPACITY).contains(&capacity) {
        return Err(Misuse::Range.into());
    }
    let mut mirror = call.state().mirror()?;
    let poller = mirror.poller(poller)?;
    let count = poller.poll(capacity, timeout, || call.can_run_js())?;
    // Only now, as the wait may have been long: see the rule "bytes".
    let (events, _) = call.bytes_mut(2)?.as_chunks_mut::<EVENT_LEN>();
    let count = count.min(events.len());
    for slot in events.iter_mut().take(count) {
        let Some(event) = poller.take() else { break };
        let registration = event
            .registration
            .map_or(NO_REGISTRATION, |key| key.bits() as f64);
        slot[..8].copy_from_slice(&(event.token as f64).to_ne_bytes());
        slot[8..16].copy_from_slice(&f64::from(event.readiness).to_ne_bytes());
        slot[16..].copy_from_slice(&registration.to_ne_bytes());
    }
    Ok(count)
}

/// Milliseconds, fractions allowed. A wait that is too short to represent still is one, and a wait
/// that is too long to represent is for ever.
fn duration(milliseconds: f64) -> Result<Option<Duration>> {
    if milliseconds.is_nan() || milliseconds < 0.0 {
        return Err(Misuse::Range.into());
    }
    if milliseconds == 0.0 {
        return Ok(Some(Duration::ZERO));
    }
    let duration = Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    Ok(duration.map(|duration| duration.max(Duration::from_nanos(1))))
}

/// `pollIsCurrent(poller, registration)`: whether the source of an event is still registered as it
/// was then.
pub(crate) fn is_current(call: &mut Call<'_>) -> Result<bool> {
    let poller = call.handle(0)?;
    let registration = call.handle(1)?;
    Ok(call
        .state()
        .mirror()?
        .poller(poller)?
        .is_current(registration))
}

/// `pollRaw(poller)`: the selector's descriptor.
pub(crate) fn raw(call: &mut Call<'_>) -> Result<i64> {
    let poller = call.handle(0)?;
    let mut mirror = call.state().mirror()?;
    let poller = mirror.poller(poller)?;
    #[cfg(unix)]
    return Ok(poller.as_raw().into());
    #[cfg(not(unix))]
    {
        let _ = poller;
        Err(Misuse::Unsupported.into())
    }
}

/// `pollStats(poller, out)`: what happened to it, in the order of [`mio_js_core::Poller::stats`].
pub(crate) fn stats(call: &mut Call<'_>) -> Result<()> {
    let poller = call.handle(0)?;
    let values = call.state().mirror()?.poller(poller)?.stats();
    call.put_floats(1, values.into_iter().map(|value| value as f64))
}

/// `register(poller, source, token, interest)`.
pub(crate) fn register(call: &mut Call<'_>) -> Result<()> {
    let (poller, source) = (call.handle(0)?, call.handle(1)?);
    let (token, interest) = (call.u53(2)?, interest_from_bits(call.u32(3)?)?);
    call.state()
        .mirror()?
        .register(poller, source, token, interest)
}

/// `reregister(poller, source, token, interest)`.
pub(crate) fn reregister(call: &mut Call<'_>) -> Result<()> {
    let (poller, source) = (call.handle(0)?, call.handle(1)?);
    let (token, interest) = (call.u53(2)?, interest_from_bits(call.u32(3)?)?);
    call.state()
        .mirror()?
        .reregister(poller, source, token, interest)
}

/// `deregister(poller, source)`.
pub(crate) fn deregister(call: &mut Call<'_>) -> Result<()> {
    let (poller, source) = (call.handle(0)?, call.handle(1)?);
    call.state().mirror()?.deregister(poller, source)
}

/// `noop()`: what crossing alone costs, for the benchmark.
pub(crate) fn noop(_call: &mut Call<'_>) -> Result<()> {
    Ok(())
}

/// `panic()`: proves that a panic becomes an error.
pub(crate) fn panic(_call: &mut Call<'_>) -> Result<()> {
    panic!("asked to");
}

/// `census()`: open pollers times 2^32 and open sources, for tests of leaks.
pub(crate) fn census(call: &mut Call<'_>) -> Result<i64> {
    let (pollers, sources) = call.state().mirror()?.census();
    Ok(((pollers as i64) << 32) | sources as i64)
}
