//! Every interleaving of one who lends a driver and the thread that waits with it: it comes back, once,
//! and nobody waits for somebody who has gone.
//!
//! `npm run test:loom`
#![cfg(loom)]

#[path = "util/bell.rs"]
mod bell;

use std::io;

use bell::{Bell, every_interleaving};
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};
use mio_js_core::hand::Hand;

/// What is lent.
#[derive(Debug, PartialEq)]
struct Driver(u32);

/// The owner's side: what it shares with the thread, and how that waits and tells.
#[derive(Default)]
struct Desk {
    hand: Hand<Driver>,
    /// The selector: rung by events and interrupts.
    selector: Bell,
    /// The owner is told.
    told: Bell,
}

/// What the thread of a waiter does.
fn wait(desk: &Arc<Desk>) -> JoinHandle<()> {
    let desk = Arc::clone(desk);
    thread::spawn(move || {
        while let Some(driver) = desk.hand.receive() {
            desk.selector.wait();
            if !desk.hand.give_back(driver, Ok(())) {
                break;
            }
            desk.told.ring();
        }
        desk.hand.stop();
    })
}

#[test]
fn what_is_lent_comes_back_when_something_happens() {
    every_interleaving(5, || {
        let desk = Arc::<Desk>::default();
        let waiter = wait(&desk);
        for number in 1..=2 {
            desk.hand.request(Driver(number));
            desk.selector.ring();
            desk.told.wait();
            let (driver, outcome) = desk.hand.collect().expect("it was told");
            assert_eq!(driver, Driver(number));
            assert!(outcome.is_ok());
        }
        desk.hand.stop();
        waiter.join().unwrap();
    });
}

#[test]
fn a_wait_that_is_cancelled_gives_back_what_was_lent_whenever_that_is() {
    every_interleaving(5, || {
        let desk = Arc::<Desk>::default();
        let waiter = wait(&desk);
        let event = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.selector.ring())
        };
        desk.hand.request(Driver(1));
        let cancelled = desk.hand.cancel(|| desk.selector.ring());
        let (driver, outcome) = cancelled.expect("it was lent");
        assert_eq!(driver, Driver(1));
        let is_interrupted = outcome.is_err_and(|error| error.kind() == io::ErrorKind::Interrupted);
        // It was never waited with, if so.
        assert!(!is_interrupted || desk.hand.collect().is_none());
        assert!(desk.hand.cancel(|| ()).is_none(), "it came back twice");
        event.join().unwrap();
        desk.hand.stop();
        waiter.join().unwrap();
    });
}

#[test]
fn what_was_cancelled_can_be_lent_again() {
    every_interleaving(4, || {
        let desk = Arc::<Desk>::default();
        let waiter = wait(&desk);
        desk.hand.request(Driver(1));
        let (driver, _) = desk
            .hand
            .cancel(|| desk.selector.ring())
            .expect("it was lent");
        desk.hand.request(driver);
        desk.selector.ring();
        loop {
            // It may be told of the first wait still.
            desk.told.wait();
            if let Some((driver, _)) = desk.hand.collect() {
                assert_eq!(driver, Driver(1));
                break;
            }
        }
        desk.hand.stop();
        waiter.join().unwrap();
    });
}

#[test]
fn a_thread_that_is_stopped_ends_and_what_it_had_is_dropped() {
    every_interleaving(5, || {
        let desk = Arc::<Desk>::default();
        let waiter = wait(&desk);
        desk.hand.request(Driver(1));
        desk.hand.stop();
        // It may have begun to wait.
        desk.selector.ring();
        waiter.join().unwrap();
        assert!(desk.hand.collect().is_none());
    });
}
