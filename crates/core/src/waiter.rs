//! A thread that waits for readiness in place of another.
//!
//! The thread that owns a poller lends its [`Driver`] and is told when to collect it: see [`Hand`].

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::hand::{Hand, Returned};
use crate::poller::Driver;

/// A thread named `mio-js-wait` that polls a [`Driver`] for whoever owns it.
#[derive(Debug)]
pub struct Waiter {
    hand: Arc<Hand<Driver>>,
    thread: Option<JoinHandle<()>>,
}

impl Waiter {
    /// Starts the thread. `notify` is called by it each time that a driver can be collected.
    ///
    /// Errors: EAGAIN when the system has no thread left.
    pub fn spawn(notify: impl Fn() + Send + 'static) -> io::Result<Self> {
        let hand = Arc::new(Hand::default());
        let thread = std::thread::Builder::new()
            .name("mio-js-wait".into())
            .spawn({
                let hand = Arc::clone(&hand);
                move || run(&hand, notify)
            })?;
        Ok(Self {
            hand,
            thread: Some(thread),
        })
    }

    /// Starts a wait. The driver of the wait before must have been collected.
    pub fn start(&self, driver: Driver) {
        self.hand.request(driver);
    }

    /// Takes the driver back if its wait is over.
    pub fn collect(&self) -> Option<Returned<Driver>> {
        self.hand.collect()
    }

    /// Ends the wait and takes the driver back; `None` if none was lent. `interrupt` must make
    /// the driver's poll return. Blocks for as long as the thread needs to notice.
    pub fn cancel(&self, interrupt: impl FnOnce()) -> Option<Returned<Driver>> {
        self.hand.cancel(interrupt)
    }
}

impl Drop for Waiter {
    /// Ends the thread. Cancel a wait first: this does not interrupt it.
    fn drop(&mut self) {
        self.hand.stop();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the panic hook; there is nothing to add.
            drop(thread.join());
        }
    }
}

fn run(hand: &Hand<Driver>, notify: impl Fn()) {
    // However the thread ends, nobody may wait for it.
    let _ending = Ending(hand);
    while let Some(mut driver) = hand.receive() {
        let outcome = wait(&mut driver);
        if !hand.give_back(driver, outcome) {
            return;
        }
        notify();
    }
}

struct Ending<'a>(&'a Hand<Driver>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.stop();
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
