//! Waking a poller from any thread.
//!
//! mio allows one `Waker` for a poller, and two parties want it: the program's own waker, and the
//! package, which must interrupt a [`Waiter`](crate::Waiter). So there is one [`WakeSignal`] for a
//! poller, and a flag ([`WakeFlag`]) says whether the program asked. The flag also merges wakes, which
//! Windows would deliver one by one.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

#[cfg(not(target_os = "wasi"))]
use mio::Waker as SystemWaker;

use crate::error::Result;
use crate::wake_flag::WakeFlag;

/// The kernel's token of the wake-up. No slab reaches it: its last index stays unused.
pub(crate) const WAKER_TOKEN: mio::Token = mio::Token(usize::MAX);

/// What wakes one poller, from any thread.
#[derive(Debug)]
pub struct WakeSignal {
    waker: SystemWaker,
    flag: WakeFlag,
}

/// Nothing ends a wait of WASI before its time, so there is never one of these.
#[cfg(target_os = "wasi")]
#[derive(Debug)]
enum SystemWaker {}

#[cfg(target_os = "wasi")]
impl SystemWaker {
    fn new(_: &mio::Registry, _: mio::Token) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn wake(&self) -> io::Result<()> {
        match *self {}
    }
}

impl WakeSignal {
    pub(crate) fn new(registry: &mio::Registry) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            waker: SystemWaker::new(registry, WAKER_TOKEN)?,
            flag: WakeFlag::default(),
        }))
    }

    /// Opens a waker of the program's.
    pub(crate) fn open(self: &Arc<Self>) -> Waker {
        let mut shared = shared();
        let id = shared.next_id;
        shared.next_id += 1;
        shared.signals.insert(id, Arc::downgrade(self));
        self.flag.open(id);
        Waker {
            signal: Arc::clone(self),
            id,
        }
    }

    /// Closes the program's waker: `wake` is an error in every thread from here on, and what was
    /// pending is dropped.
    pub(crate) fn close(&self) {
        let id = self.flag.close();
        shared().signals.remove(&id);
    }

    fn wake(&self, id: u64) -> Result<()> {
        self.flag.wake(id, || self.waker.wake())
    }

    /// Ends a wait without an event of the program's.
    pub fn interrupt(&self) -> io::Result<()> {
        self.waker.wake()
    }

    /// Whether a wake is to be reported; asking takes it.
    pub(crate) fn take(&self) -> bool {
        self.flag.take()
    }
}

/// The program's waker of a poller. Any number of copies, in any thread, are one waker.
#[derive(Clone, Debug)]
pub struct Waker {
    signal: Arc<WakeSignal>,
    id: u64,
}

impl Waker {
    /// The open waker with this number, in whichever thread it was made.
    pub fn find(id: u64) -> Option<Self> {
        let signal = shared().signals.get(&id)?.upgrade()?;
        Some(Self { signal, id })
    }

    /// A number below 2^53 that no other waker of this process has, or had.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Makes the current or the next poll report the waker's token. Several wakes may merge.
    ///
    /// Errors: [`Misuse::WakerClosed`](crate::error::Misuse::WakerClosed); what the system says, which then leaves nothing pending.
    pub fn wake(&self) -> Result<()> {
        self.signal.wake(self.id)
    }
}

/// The open wakers of the process, so that any thread finds one by number. Holds no Node-API value.
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
