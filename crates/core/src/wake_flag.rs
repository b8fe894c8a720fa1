//! Whether a poller was woken by its program: the synchronisation of a waker, small enough for loom to
//! try every interleaving (`crates/core/tests/wake_flag.rs`).
//!
//! The flag is raised *before* the poller is rung for, and lowered by whoever looks *after* a ring. So
//! who finds it raised may leave the ringing to the one who raised it, and no wake is lost.

use std::io;

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Misuse, Result};

/// The state of a poller's waker, for any thread.
#[derive(Debug)]
pub struct WakeFlag {
    /// The program called `wake` and no poll has reported it yet.
    woken: AtomicBool,
    /// The number of the program's waker; [`NO_WAKER`] when there is none.
    open: AtomicU64,
}

/// No waker has this number, as they are below 2^53.
const NO_WAKER: u64 = u64::MAX;

impl Default for WakeFlag {
    fn default() -> Self {
        Self {
            woken: AtomicBool::new(false),
            open: AtomicU64::new(NO_WAKER),
        }
    }
}

impl WakeFlag {
    /// The waker with this number may wake.
    pub fn open(&self, id: u64) {
        self.open.store(id, Ordering::Release);
    }

    /// No waker may from here on, and what was pending is dropped. Returns the one that could.
    pub fn close(&self) -> u64 {
        let id = self.open.swap(NO_WAKER, Ordering::AcqRel);
        self.woken.store(false, Ordering::Release);
        id
    }

    /// Has the current or the next poll find the flag; `ring` makes it look.
    ///
    /// Errors: [`Misuse::WakerClosed`]; that of `ring`, which then leaves nothing pending.
    pub fn wake(&self, id: u64, ring: impl FnOnce() -> io::Result<()>) -> Result<()> {
        if self.open.load(Ordering::Acquire) != id {
            return Err(Misuse::WakerClosed.into());
        }
        if self.woken.swap(true, Ordering::AcqRel) {
            // Whoever set the flag rings, or has rung; it is not reported yet.
            return Ok(());
        }
        let outcome = ring();
        if outcome.is_err() {
            self.woken.store(false, Ordering::Release);
        }
        Ok(outcome?)
    }

    /// Whether a wake is to be reported; asking takes it.
    pub fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }
}
