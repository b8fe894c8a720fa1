//! Wakes: from any thread, never lost, never more than were made.

mod util;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mio_js_core::{Misuse, Waker};
use util::*;

#[test]
fn a_wake_before_the_poll_counts_once() {
    let (mut mirror, poller) = mirror();
    let waker = mirror.poller(poller).unwrap().open_waker(7).unwrap();
    no_event(&mut mirror, poller);
    waker.wake().unwrap();
    let events = poll(&mut mirror, poller, 8, Duration::ZERO);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].token, events[0].registration), (7, None));
    no_event(&mut mirror, poller);
}

#[test]
fn wakes_merge_into_at_least_one_event_and_at_most_as_many() {
    let (mut mirror, poller) = mirror();
    let waker = mirror.poller(poller).unwrap().open_waker(7).unwrap();
    for _ in 0..1000 {
        waker.wake().unwrap();
    }
    let mut reported = 0;
    loop {
        match poll(&mut mirror, poller, 8, SILENCE).len() {
            0 => break,
            count => reported += count,
        }
    }
    assert!((1..=1000).contains(&reported));
}

#[test]
fn a_poller_has_one_waker_at_a_time() {
    let (mut mirror, poller) = mirror();
    let selector = mirror.poller(poller).unwrap();
    selector.open_waker(1).unwrap();
    refused(selector.open_waker(2), Misuse::SecondWaker);
    refused(selector.open_waker(1), Misuse::SecondWaker);
    selector.close_waker();
    selector.close_waker();
    selector.open_waker(2).unwrap().wake().unwrap();
    assert_eq!(event_for(&mut mirror, poller, 2).registration, None);
}

#[test]
fn a_waker_and_a_source_have_different_tokens() {
    let (mut mirror, poller) = mirror();
    let other = mirror.open_poller().unwrap();
    let (client, server) = pair(&mut mirror);
    mirror.register(poller, client, 1, BOTH).unwrap();
    let selector = mirror.poller(poller).unwrap();
    refused(selector.open_waker(1), Misuse::TokenOfWaker);
    selector.open_waker(2).unwrap();
    let outcome = mirror.register(poller, server, 2, BOTH);
    refused(outcome, Misuse::TokenOfWaker);
    let outcome = mirror.reregister(poller, client, 2, BOTH);
    refused(outcome, Misuse::TokenOfWaker);
    mirror.register(other, server, 2, BOTH).unwrap();
    mirror.poller(poller).unwrap().close_waker();
    mirror.reregister(poller, client, 2, BOTH).unwrap();
}

#[test]
fn a_closed_waker_refuses_and_drops_what_is_pending() {
    let (mut mirror, poller) = mirror();
    let selector = mirror.poller(poller).unwrap();
    let waker = selector.open_waker(1).unwrap();
    waker.wake().unwrap();
    selector.close_waker();
    refused(waker.wake(), Misuse::WakerClosed);
    no_event(&mut mirror, poller);
    mirror.poller(poller).unwrap().open_waker(1).unwrap();
    no_event(&mut mirror, poller);
}

#[test]
fn a_wake_that_was_found_but_not_taken_is_dropped_by_close() {
    let (mut mirror, poller) = mirror();
    let selector = mirror.poller(poller).unwrap();
    selector.open_waker(1).unwrap().wake().unwrap();
    assert_eq!(selector.poll(8, Some(PATIENCE), || true).unwrap(), 1);
    selector.close_waker();
    no_event(&mut mirror, poller);
}

#[test]
fn a_waker_outlives_its_poller_but_wakes_no_more() {
    let (mut mirror, poller) = mirror();
    let waker = mirror.poller(poller).unwrap().open_waker(1).unwrap();
    let id = waker.id();
    mirror.close_poller(poller).unwrap();
    refused(waker.wake(), Misuse::WakerClosed);
    assert!(Waker::find(id).is_none());
}

#[test]
fn a_waker_is_found_by_its_number_from_any_thread() {
    let (mut mirror, poller) = mirror();
    let id = mirror.poller(poller).unwrap().open_waker(1).unwrap().id();
    let wake = move || Waker::find(id).unwrap().wake().unwrap();
    thread::spawn(wake).join().unwrap();
    assert_eq!(poll(&mut mirror, poller, 8, PATIENCE).len(), 1);
    assert!(Waker::find(u64::MAX).is_none());
}

#[test]
fn numbers_are_safe_integers_that_never_come_twice() {
    let (mut mirror, _) = mirror();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let poller = mirror.open_poller().unwrap();
        let id = mirror.poller(poller).unwrap().open_waker(1).unwrap().id();
        assert!(id < 1 << 53);
        assert!(seen.insert(id));
        mirror.close_poller(poller).unwrap();
    }
}

#[test]
fn a_copy_of_a_closed_waker_does_not_wake_its_successor() {
    let (mut mirror, poller) = mirror();
    let old = mirror.poller(poller).unwrap().open_waker(1).unwrap();
    mirror.poller(poller).unwrap().close_waker();
    let new = mirror.poller(poller).unwrap().open_waker(1).unwrap();
    refused(old.wake(), Misuse::WakerClosed);
    no_event(&mut mirror, poller);
    new.wake().unwrap();
    event_for(&mut mirror, poller, 1);
}

#[test]
fn an_interrupt_and_a_wake_are_one_event() {
    let (mut mirror, poller) = mirror();
    let waker = mirror.poller(poller).unwrap().open_waker(1).unwrap();
    let signal = Arc::clone(mirror.poller(poller).unwrap().signal().unwrap());
    for _ in 0..100 {
        signal.interrupt().unwrap();
        waker.wake().unwrap();
        signal.interrupt().unwrap();
        assert_eq!(poll(&mut mirror, poller, 8, PATIENCE).len(), 1);
    }
    no_event(&mut mirror, poller);
}

/// Each thread adds to the sum and then wakes: whoever polls sees the whole sum in the end.
#[test]
fn no_wake_of_many_threads_is_lost() {
    const THREADS: usize = 4;
    const WAKES: usize = 5_000;
    let (mut mirror, poller) = mirror();
    let waker = mirror.poller(poller).unwrap().open_waker(1).unwrap();
    let sum = AtomicUsize::new(0);
    let mut reported = 0;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..WAKES {
                    sum.fetch_add(1, Ordering::SeqCst);
                    waker.wake().unwrap();
                }
            });
        }
        while sum.load(Ordering::SeqCst) < THREADS * WAKES {
            let count = poll(&mut mirror, poller, 8, PATIENCE).len();
            assert_ne!(count, 0, "a wake was lost");
            reported += count;
        }
    });
    reported += poll(&mut mirror, poller, 8, Duration::ZERO).len();
    assert!((1..=THREADS * WAKES).contains(&reported));
    no_event(&mut mirror, poller);
}

/// Bursts that end, so that each last wake must end a poll that blocks.
#[test]
fn the_last_wake_of_a_burst_is_not_lost_either() {
    let (mut mirror, poller) = mirror();
    let waker = mirror.poller(poller).unwrap().open_waker(1).unwrap();
    let (asked, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = StopOnDrop(&stop);
        scope.spawn(|| {
            for burst in 1..=2_000 {
                while asked.load(Ordering::Acquire) < burst {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    thread::yield_now();
                }
                for _ in 0..burst % 4 {
                    waker.wake().unwrap();
                }
                answered.store(burst, Ordering::Release);
                waker.wake().unwrap();
            }
        });
        for burst in 1..=2_000 {
            asked.store(burst, Ordering::Release);
            while answered.load(Ordering::Acquire) < burst {
                let count = poll(&mut mirror, poller, 8, PATIENCE).len();
                assert_ne!(count, 0, "a wake was lost in burst {burst}");
            }
        }
    });
}

/// Another thread wakes all the time while the waker is closed and opened: whatever it hits, a wake
/// of the new waker is reported.
#[test]
fn a_wake_that_races_with_close_does_not_swallow_later_ones() {
    let (mut mirror, poller) = mirror();
    let opened = mirror.poller(poller).unwrap().open_waker(1).unwrap();
    let current = Mutex::new(opened);
    let stop = AtomicBool::new(false);
    let racing = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = StopOnDrop(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                racing.store(true, Ordering::SeqCst);
                let waker = current.lock().unwrap().clone();
                while waker.wake().is_ok() && !stop.load(Ordering::Relaxed) {}
                racing.store(false, Ordering::SeqCst);
                thread::yield_now();
            }
        });
        for round in 0..20_000 {
            mirror.poller(poller).unwrap().close_waker();
            // A wake that was under way is over now, and what it left is for nobody.
            while racing.load(Ordering::SeqCst) {
                std::hint::spin_loop();
            }
            poll(&mut mirror, poller, 8, Duration::ZERO);
            let opened = mirror.poller(poller).unwrap().open_waker(1).unwrap();
            *current.lock().unwrap() = opened.clone();
            opened.wake().unwrap();
            let found = poll(&mut mirror, poller, 8, PATIENCE).len();
            assert_ne!(found, 0, "the wake of round {round} was lost");
        }
    });
}
