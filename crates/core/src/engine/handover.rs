//! How two threads hand each other batches, and a whole machine: the only synchronisation of the
//! engine, small enough for loom to try every interleaving (`crates/core/tests/handover.rs`).
//!
//! Nobody waits for a lock longer than a swap takes. Nobody wakes anybody who is awake: a wake-up is
//! a system call, which costs more than a hundred records. Each direction has a flag for it, and the
//! order in which flag and queue are touched makes sure that none is lost:
//!
//! - towards the machine, `asleep` is raised *before* the inbox is looked at for the last time;
//! - towards the program, `signalled` is lowered *before* parcel and outbox are looked at.

#[cfg(loom)]
use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};
#[cfg(not(loom))]
use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};

use std::sync::PoisonError;

/// A batch that can take in the next one.
pub trait Merge {
    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool;

    /// Moves everything from `other` to the end of this, or nothing if that would be too much.
    fn merge(&mut self, other: &mut Self) -> bool;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From any thread towards the machine.
#[derive(Debug)]
pub struct Inbox<S> {
    queue: Mutex<S>,
    asleep: AtomicBool,
}

impl<S: Default> Default for Inbox<S> {
    fn default() -> Self {
        Self {
            queue: Mutex::new(S::default()),
            asleep: AtomicBool::new(false),
        }
    }
}

impl<S: Merge> Inbox<S> {
    /// Adds to the queue, and wakes the machine if it sleeps.
    pub fn send<R>(&self, add: impl FnOnce(&mut S) -> R, wake: impl FnOnce()) -> R {
        let result = add(&mut lock(&self.queue));
        if self.asleep.swap(false, Ordering::AcqRel) {
            wake();
        }
        result
    }

    /// Takes everything. `into` must be empty; its memory becomes the queue's.
    pub fn take(&self, into: &mut S) {
        debug_assert!(into.is_empty(), "what is there would be lost");
        std::mem::swap(&mut *lock(&self.queue), into);
    }

    /// Whether the machine may sleep: from here on, who sends wakes it. False if something is
    /// there.
    pub fn doze(&self) -> bool {
        self.asleep.swap(true, Ordering::AcqRel);
        if lock(&self.queue).is_empty() {
            return true;
        }
        self.rouse();
        false
    }

    /// The machine is awake, and will look.
    pub fn rouse(&self) {
        self.asleep.swap(false, Ordering::AcqRel);
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// There was nothing to hand over.
    Nothing,
    /// It is handed over, and everything before it was taken.
    Alone,
    /// It is handed over, together with one that was not taken yet.
    Merged,
    /// It stays with the machine.
    NoRoom,
}

/// From the machine's thread towards the program's.
#[derive(Debug)]
pub struct Outbox<C> {
    slot: Mutex<C>,
    signalled: AtomicBool,
    /// The machine has more than fits, and waits for the slot to be taken.
    starving: AtomicBool,
}

impl<C: Default> Default for Outbox<C> {
    fn default() -> Self {
        Self {
            slot: Mutex::new(C::default()),
            signalled: AtomicBool::new(false),
            starving: AtomicBool::new(false),
        }
    }
}

impl<C: Merge> Outbox<C> {
    /// Hands `batch` over and leaves it empty, or says that there is no room: then [`Outbox::take`]
    /// wakes the machine. `notify` tells the program, unless it was told and has not looked yet.
    pub fn publish(&self, batch: &mut C, notify: impl FnOnce()) -> Published {
        if batch.is_empty() {
            return Published::Nothing;
        }
        let alone = {
            let mut slot = lock(&self.slot);
            let alone = slot.is_empty();
            if !slot.merge(batch) {
                self.starving.store(true, Ordering::Release);
                return Published::NoRoom;
            }
            alone
        };
        self.notify(notify);
        if alone {
            Published::Alone
        } else {
            Published::Merged
        }
    }

    /// Whether the program was told and has not looked yet, so that what is published now costs no
    /// wake-up.
    pub fn is_signalled(&self) -> bool {
        self.signalled.load(Ordering::Acquire)
    }

    /// Tells the program that there is something to collect.
    pub fn notify(&self, notify: impl FnOnce()) {
        if !self.signalled.swap(true, Ordering::AcqRel) {
            notify();
        }
    }

    /// The program has heard, and is about to look: whoever has something new from here on tells it.
    pub fn heard(&self) {
        self.signalled.swap(false, Ordering::AcqRel);
    }

    /// Takes what there is. `into` must be empty; its memory becomes the slot's.
    pub fn take(&self, into: &mut C, wake: impl FnOnce()) -> bool {
        debug_assert!(into.is_empty(), "what is there would be lost");
        let starving = {
            let mut slot = lock(&self.slot);
            std::mem::swap(&mut *slot, into);
            self.starving.swap(false, Ordering::AcqRel)
        };
        if starving {
            wake();
        }
        !into.is_empty()
    }
}

/// The machine itself, on its way from one thread to the other. At every moment exactly one side
/// has it.
#[derive(Debug)]
pub struct Parcel<M> {
    down: Mutex<Down<M>>,
    changed: Condvar,
    up: Mutex<Option<M>>,
    recall: AtomicBool,
    stop: AtomicBool,
}

#[derive(Debug)]
struct Down<M> {
    machine: Option<M>,
    stop: bool,
}

impl<M> Default for Parcel<M> {
    fn default() -> Self {
        Self {
            down: Mutex::new(Down {
                machine: None,
                stop: false,
            }),
            changed: Condvar::new(),
            up: Mutex::new(None),
            recall: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        }
    }
}

impl<M> Parcel<M> {
    /// The program gives the machine to the thread.
    pub fn give(&self, machine: M) {
        self.recall.store(false, Ordering::Release);
        lock(&self.down).machine = Some(machine);
        self.changed.notify_one();
    }

    /// The thread waits for the machine; `None` when it shall end.
    pub fn receive(&self) -> Option<M> {
        let mut down = lock(&self.down);
        loop {
            if down.stop {
                return None;
            }
            if let Some(machine) = down.machine.take() {
                return Some(machine);
            }
            down = self
                .changed
                .wait(down)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The program wants the machine back. Wake the machine afterwards.
    pub fn recall(&self) {
        self.recall.store(true, Ordering::Release);
    }

    /// Whether the thread shall give the machine back at the end of its turn.
    pub fn is_recalled(&self) -> bool {
        self.recall.load(Ordering::Acquire)
    }

    /// The thread gives the machine back, after everything that came before it.
    pub fn give_back(&self, machine: M) {
        *lock(&self.up) = Some(machine);
    }

    /// The program takes the machine, if it has come back.
    pub fn collect(&self) -> Option<M> {
        lock(&self.up).take()
    }

    /// The thread shall end. Wake the machine afterwards. Returns a machine that was on its way to
    /// the thread.
    pub fn stop(&self) -> Option<M> {
        self.stop.store(true, Ordering::Release);
        let mut down = lock(&self.down);
        down.stop = true;
        self.changed.notify_one();
        down.machine.take()
    }

    /// Whether the thread shall end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}
