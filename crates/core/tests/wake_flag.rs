//! Every interleaving of those who wake a poller and the one who polls: no wake is lost. One that is
//! would leave the poller waiting, which loom reports as a deadlock.
//!
//! `npm run test:loom`
#![cfg(loom)]

#[path = "util/bell.rs"]
mod bell;

use std::io;

use bell::{Bell, every_interleaving};
use loom::sync::{Arc, Mutex};
use loom::thread;
use mio_js_core::Misuse;
use mio_js_core::wake_flag::WakeFlag;

/// A poller, and what is left for it before it is woken.
#[derive(Default)]
struct Desk {
    flag: WakeFlag,
    bell: Bell,
    letters: Mutex<Vec<u32>>,
}

impl Desk {
    fn open(id: u64) -> Arc<Self> {
        let desk = Self::default();
        desk.flag.open(id);
        Arc::new(desk)
    }

    fn ring(&self) -> io::Result<()> {
        self.bell.ring();
        Ok(())
    }

    /// Leaves something and wakes the poller.
    fn leave(&self, id: u64, letter: u32) -> mio_js_core::Result<()> {
        self.letters.lock().expect("no panic").push(letter);
        self.flag.wake(id, || self.ring())
    }

    /// Polls until so many letters were found after a wake; returns them.
    fn receive(&self, count: usize) -> Vec<u32> {
        let mut found = Vec::new();
        while found.len() < count {
            self.bell.wait();
            if self.flag.take() {
                found.append(&mut self.letters.lock().expect("no panic"));
            }
        }
        found
    }
}

#[test]
fn each_of_two_wakes_is_heard() {
    every_interleaving(5, || {
        let desk = Desk::open(1);
        let wakers = [10, 20].map(|letter| {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.leave(1, letter).expect("an open waker"))
        });
        let mut found = desk.receive(2);
        found.sort_unstable();
        assert_eq!(found, [10, 20]);
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

#[test]
fn wakes_in_a_row_are_heard_and_merge() {
    every_interleaving(5, || {
        let desk = Desk::open(1);
        let waker = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || {
                for letter in 1..=3 {
                    desk.leave(1, letter).expect("an open waker");
                }
            })
        };
        assert_eq!(desk.receive(3), [1, 2, 3]);
        waker.join().unwrap();
        assert!(desk.bell.rings() <= 3);
    });
}

#[test]
fn an_interrupt_is_no_wake_and_hides_none() {
    every_interleaving(5, || {
        let desk = Desk::open(1);
        let interrupter = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.bell.ring())
        };
        let waker = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.leave(1, 7).expect("an open waker"))
        };
        assert_eq!(desk.receive(1), [7]);
        interrupter.join().unwrap();
        waker.join().unwrap();
        // A ring of the interrupt may be left, and reports nothing.
        assert!(!desk.flag.take());
    });
}

#[test]
fn a_waker_that_is_closed_takes_nothing_from_the_next() {
    every_interleaving(5, || {
        let desk = Desk::open(1);
        let old = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || {
                // Too late, perhaps: then it is told.
                if let Err(failure) = desk.flag.wake(1, || desk.ring()) {
                    assert_eq!(failure.code(), Misuse::WakerClosed.code());
                }
            })
        };
        assert_eq!(desk.flag.close(), 1);
        desk.flag.open(2);
        let new = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.leave(2, 9).expect("an open waker"))
        };
        assert_eq!(desk.receive(1), [9]);
        old.join().unwrap();
        new.join().unwrap();
    });
}

#[test]
fn a_ring_that_fails_leaves_nothing_in_the_way_of_the_next() {
    every_interleaving(None, || {
        let desk = Desk::open(1);
        let waker = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || {
                let refused = || Err(io::Error::from_raw_os_error(libc::ENOMEM));
                let failure = desk.flag.wake(1, refused).expect_err("refused");
                assert_eq!(failure.code(), -libc::ENOMEM);
                desk.leave(1, 5).expect("an open waker");
            })
        };
        assert_eq!(desk.receive(1), [5]);
        waker.join().unwrap();
    });
}
