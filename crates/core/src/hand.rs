//! What one thread lends another, which gives it back when something has happened: the synchronisation
//! of a [`Waiter`](crate::Waiter), small enough for loom to try every interleaving
//! (`crates/core/tests/hand.rs`).
//!
//! At every moment exactly one side has it, so nothing about it needs a lock but the hand-over.

use std::io;

#[cfg(loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex, MutexGuard};

use std::sync::PoisonError;

#[derive(Debug)]
enum Place<D> {
    /// The waiter sleeps.
    Empty,
    /// The waiter shall wait with this driver.
    Requested(D),
    /// The waiter is inside the system call.
    Waiting,
    /// The driver can be collected.
    Done(D, io::Result<()>),
    /// The thread shall end, or has ended.
    Stopped,
}

/// Where a driver is on its way between the one who owns it and the one who waits with it.
#[derive(Debug)]
pub struct Hand<D> {
    place: Mutex<Place<D>>,
    changed: Condvar,
}

impl<D> Default for Hand<D> {
    fn default() -> Self {
        Self {
            place: Mutex::new(Place::Empty),
            changed: Condvar::new(),
        }
    }
}

/// A driver, and how its wait has ended.
pub type Returned<D> = (D, io::Result<()>);

impl<D> Hand<D> {
    fn lock(&self) -> MutexGuard<'_, Place<D>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The owner starts a wait. The driver of the wait before must have been collected.
    pub fn request(&self, driver: D) {
        let mut place = self.lock();
        debug_assert!(matches!(*place, Place::Empty), "one wait at a time");
        *place = Place::Requested(driver);
        self.changed.notify_all();
    }

    /// The owner takes the driver back if its wait is over.
    pub fn collect(&self) -> Option<Returned<D>> {
        take_done(&mut self.lock())
    }

    /// The owner ends the wait and takes the driver back; `None` if none was lent. `interrupt` must
    /// make the wait end. Blocks for as long as the other thread needs to notice.
    pub fn cancel(&self, interrupt: impl FnOnce()) -> Option<Returned<D>> {
        let mut place = self.lock();
        match std::mem::replace(&mut *place, Place::Empty) {
            Place::Empty | Place::Stopped => return None,
            Place::Requested(driver) => {
                return Some((driver, Err(io::ErrorKind::Interrupted.into())));
            }
            Place::Done(driver, outcome) => return Some((driver, outcome)),
            Place::Waiting => *place = Place::Waiting,
        }
        interrupt();
        loop {
            if let Some(done) = take_done(&mut place) {
                return Some(done);
            }
            if matches!(*place, Place::Stopped) {
                return None;
            }
            place = self
                .changed
                .wait(place)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The other thread shall end, or says that it does. A wait is not interrupted by it.
    pub fn stop(&self) {
        *self.lock() = Place::Stopped;
        self.changed.notify_all();
    }

    /// The other thread waits for a driver to wait with; `None` when it shall end.
    pub fn receive(&self) -> Option<D> {
        let mut place = self.lock();
        loop {
            match std::mem::replace(&mut *place, Place::Empty) {
                Place::Requested(driver) => {
                    *place = Place::Waiting;
                    return Some(driver);
                }
                Place::Stopped => {
                    *place = Place::Stopped;
                    return None;
                }
                other => *place = other,
            }
            place = self
                .changed
                .wait(place)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The other thread gives the driver back. False when it shall end: nobody collects it any more.
    pub fn give_back(&self, driver: D, outcome: io::Result<()>) -> bool {
        let mut place = self.lock();
        if matches!(*place, Place::Stopped) {
            return false;
        }
        *place = Place::Done(driver, outcome);
        drop(place);
        self.changed.notify_all();
        true
    }
}

fn take_done<D>(place: &mut Place<D>) -> Option<Returned<D>> {
    match std::mem::replace(place, Place::Empty) {
        Place::Done(driver, outcome) => Some((driver, outcome)),
        other => {
            *place = other;
            None
        }
    }
}
