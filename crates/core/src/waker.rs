//! Waking a poller from any thread.
//!
//! mio allows one `Waker` for a poller, and two parties want it: the program's own waker, and the
//! package, which must interrupt a [`Waiter`](crate::Waiter). So there is one [`WakeSignal`] for a
//! poller, and a flag says whether the program asked. The flag also merges wakes, which Windows
//! would deliver one by one.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use crate::error::{Misuse, Result};

/// The kernel's token of the wake-up. No slab reaches it: its last index stays unused.
pub(crate) const WAKER_TOKEN: mio::Token = mio::Token(usize::MAX);

/// The shared half of a waker: may be used by any thread, as long as it lives.
#[derive(Debug)]
pub struct WakeSignal {
    waker: mio::Waker,
    /// The program called `wake` and no poll has reported it yet.
    woken: AtomicBool,
    /// There is a waker of the program's: it was made, and neither it nor its poller was closed.
    open: AtomicBool,
    /// What other threads find this signal by.
    id: u64,
}

impl WakeSignal {
    pub(crate) fn new(registry: &mio::Registry) -> io::Result<Arc<Self>> {
        let waker = mio::Waker::new(registry, WAKER_TOKEN)?;
        let mut shared = shared();
        let signal = Arc::new(Self {
            waker,
            woken: AtomicBool::new(false),
            open: AtomicBool::new(false),
            id: shared.next_id,
        });
        shared.next_id += 1;
        shared.signals.insert(signal.id, Arc::downgrade(&signal));
        Ok(signal)
    }

    /// The signal with this [`id`](Self::id), in whichever thread it was made.
    pub fn find(id: u64) -> Option<Arc<Self>> {
        shared().signals.get(&id)?.upgrade()
    }

    /// A number below 2^53 that no other signal of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Makes the current or the next poll report the waker's token. Several wakes may merge.
    ///
    /// Errors: [`Misuse::WakerClosed`]; what the system says, which then leaves nothing pending.
    pub fn wake(&self) -> Result<()> {
        if !self.open.load(Ordering::Acquire) {
            return Err(Misuse::WakerClosed.into());
        }
        if self.woken.swap(true, Ordering::AcqRel) {
            // Whoever set the flag wakes, or has woken, the poller; it is not reported yet.
            return Ok(());
        }
        let outcome = self.waker.wake();
        if outcome.is_err() {
            self.woken.store(false, Ordering::Release);
        }
        Ok(outcome?)
    }

    /// Ends a wait without an event of the program's.
    pub fn interrupt(&self) -> io::Result<()> {
        self.waker.wake()
    }

    /// Whether a wake is to be reported; asking takes it.
    pub(crate) fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::Release);
    }

    /// From here on `wake` is an error in every thread, and what was pending is dropped.
    pub(crate) fn close(&self) {
        self.open.store(false, Ordering::Release);
        self.woken.store(false, Ordering::Release);
    }
}

impl Drop for WakeSignal {
    fn drop(&mut self) {
        shared().signals.remove(&self.id);
    }
}

/// All signals of the process, so that a worker finds one by number. Holds no Node-API value.
#[derive(Debug)]
struct Shared {
    next_id: u64,
    signals: BTreeMap<u64, Weak<WakeSignal>>,
}

/// The lock is held for map operations only.
fn shared() -> MutexGuard<'static, Shared> {
    static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(|| {
        Mutex::new(Shared {
            // A random start keeps numbers of another process, or of a second copy of this
            // library, from naming a signal here by accident.
            next_id: RandomState::new().build_hasher().finish() >> 12,
            signals: BTreeMap::new(),
        })
    });
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}
