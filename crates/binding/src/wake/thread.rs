//! The portable wake-up: a thread of our own waits, and signals the event loop.

use mio_js_core::{Driver, Handle, Result, Waiter};

use super::Wake;
use crate::env::Environment;
use crate::ffi::{Call, Callback, EnvironmentHook, Signal};

/// The thread, the signal, and the callback of the wait that is going on.
#[derive(Debug)]
pub(crate) struct ThreadWake {
    callback: Option<Callback>,
    /// The order matters: the thread is joined before the signal that it sends is released.
    waiter: Waiter,
    signal: Signal,
    /// Registered after the signal, so that it runs before Node-API's own hook for it.
    _hook: EnvironmentHook,
}

impl ThreadWake {
    pub(super) fn new(call: &Call<'_>, poller: Handle) -> Result<Self> {
        let state = call.state();
        // Interrupting needs it, and must not fail for lack of a descriptor then.
        state.mirror()?.poller(poller)?.signal()?;
        let signal = Signal::new(call.env(), state, poller.bits(), receive)?;
        Ok(Self {
            callback: None,
            waiter: Waiter::spawn(signal.sender())?,
            _hook: EnvironmentHook::new(call.env(), state, poller.bits(), end),
            signal,
        })
    }

    pub(super) fn start(&mut self, driver: Driver, callback: Callback) {
        self.callback = Some(callback);
        self.signal.keep_alive(true);
        self.waiter.start(driver);
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.callback.is_some()
    }

    pub(super) fn stop(&mut self, state: &Environment, poller: Handle) -> Result<()> {
        if self.callback.take().is_none() {
            return Ok(());
        }
        self.signal.keep_alive(false);
        let mut mirror = state.mirror()?;
        let poller = mirror.poller(poller)?;
        let interrupt = poller.signal()?.clone();
        let done = self.waiter.cancel(|| {
            // Fails only if the kernel's counter is full, and then the poll returns anyway.
            drop(interrupt.interrupt());
        });
        match done {
            // What the wait found stays with the poller for the next one; an error of the wait is
            // the next one's, too.
            Some((driver, outcome)) => poller.put_back(driver, outcome),
            None => Ok(()),
        }
    }

    /// The wait is over: the callback to call and the number for it.
    fn finish(&mut self, state: &Environment, poller: Handle) -> Option<(Callback, i32)> {
        let (driver, outcome) = self.waiter.collect()?;
        let outcome = state
            .mirror()
            .and_then(|mut mirror| mirror.poller(poller)?.put_back(driver, outcome));
        self.signal.keep_alive(false);
        let number = outcome.map_or_else(|failure| failure.code(), |()| 0);
        Some((self.callback.take()?, number))
    }
}

/// The event loop got the signal. It may be an old one, of a wait that was stopped.
fn receive(state: &Environment, poller: u64) {
    let poller = Handle::from_bits(poller);
    let finished = match state
        .wakes()
        .ok()
        .as_mut()
        .and_then(|wakes| wakes.get_mut(&poller))
    {
        Some(Wake::Thread(wake)) => wake.finish(state, poller),
        _ => None,
    };
    // Nothing is borrowed any more: the callback polls.
    if let Some((callback, number)) = finished {
        callback.call(number);
    }
}

/// The environment ends.
fn end(state: &Environment, poller: u64) {
    // Fails only for a poller that is closed, and then there is nothing left to end.
    drop(state.remove_wake(Handle::from_bits(poller)));
}
