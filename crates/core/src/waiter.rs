//! A thread that waits for readiness in place of another.
//!
//! The thread that owns a poller lends its [`Driver`] and is told when to collect it. At every
//! moment exactly one side has the driver, so nothing about it needs a lock but the hand-over.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::poller::Driver;

#[derive(Debug)]
enum Hand {
    /// The waiter sleeps.
    Empty,
    /// The waiter shall wait with this driver.
    Requested(Driver),
    /// The waiter is inside the system call.
    Waiting,
    /// The driver can be collected.
    Done(Driver, io::Result<()>),
    /// The thread shall end.
    Stopped,
}

#[derive(Debug)]
struct Shared {
    hand: Mutex<Hand>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread named `mio-js-wait` that polls a [`Driver`] for whoever owns it.
#[derive(Debug)]
pub struct Waiter {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Waiter {
    /// Starts the thread. `notify` is called by it each time that a driver can be collected.
    ///
    /// Errors: EAGAIN when the system has no thread left.
    pub fn spawn(notify: impl Fn() + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            hand: Mutex::new(Hand::Empty),
            changed: Condvar::new(),
        });
        let thread = std::thread::Builder::new()
            .name("mio-js-wait".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || run(&shared, notify)
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Starts a wait. The driver of the wait before must have been collected.
    pub fn start(&self, driver: Driver) {
        let mut hand = self.shared.lock();
        debug_assert!(matches!(*hand, Hand::Empty), "one wait at a time");
        *hand = Hand::Requested(driver);
        self.shared.changed.notify_all();
    }

    /// Takes the driver back if its wait is over.
    pub fn collect(&self) -> Option<(Driver, io::Result<()>)> {
        take_done(&mut self.shared.lock())
    }

    /// Ends the wait and takes the driver back; `None` if none was lent. `interrupt` must make
    /// the driver's poll return. Blocks for as long as the thread needs to notice.
    pub fn cancel(&self, interrupt: impl FnOnce()) -> Option<(Driver, io::Result<()>)> {
        let mut hand = self.shared.lock();
        match std::mem::replace(&mut *hand, Hand::Empty) {
            Hand::Empty | Hand::Stopped => return None,
            Hand::Requested(driver) => {
                return Some((driver, Err(io::ErrorKind::Interrupted.into())));
            }
            Hand::Done(driver, outcome) => return Some((driver, outcome)),
            Hand::Waiting => *hand = Hand::Waiting,
        }
        interrupt();
        loop {
            if let Some(done) = take_done(&mut hand) {
                return Some(done);
            }
            if matches!(*hand, Hand::Stopped) {
                return None;
            }
            hand = self
                .shared
                .changed
                .wait(hand)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Waiter {
    /// Ends the thread. Cancel a wait first: this does not interrupt it.
    fn drop(&mut self) {
        *self.shared.lock() = Hand::Stopped;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the panic hook; there is nothing to add.
            drop(thread.join());
        }
    }
}

fn take_done(hand: &mut Hand) -> Option<(Driver, io::Result<()>)> {
    match std::mem::replace(hand, Hand::Empty) {
        Hand::Done(driver, outcome) => Some((driver, outcome)),
        other => {
            *hand = other;
            None
        }
    }
}

fn run(shared: &Shared, notify: impl Fn()) {
    // However the thread ends, nobody may wait for it.
    let _ending = Ending(shared);
    while let Some(mut driver) = next_request(shared) {
        let outcome = wait(&mut driver);
        let mut hand = shared.lock();
        if matches!(*hand, Hand::Stopped) {
            return;
        }
        *hand = Hand::Done(driver, outcome);
        drop(hand);
        shared.changed.notify_all();
        notify();
    }
}

struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        *self.0.lock() = Hand::Stopped;
        self.0.changed.notify_all();
    }
}

fn next_request(shared: &Shared) -> Option<Driver> {
    let mut hand = shared.lock();
    loop {
        match std::mem::replace(&mut *hand, Hand::Empty) {
            Hand::Requested(driver) => {
                *hand = Hand::Waiting;
                return Some(driver);
            }
            Hand::Stopped => return None,
            other => *hand = other,
        }
        hand = shared
            .changed
            .wait(hand)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

fn wait(driver: &mut Driver) -> io::Result<()> {
    loop {
        match driver.poll.poll(&mut driver.events, driver.timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}
