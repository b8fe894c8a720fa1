//! Lending the selector to a thread: exactly one side has it, and no event is lost on the way.

mod util;

use std::io;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use mio_js_core::{Event, Handle, Mirror, Waiter};
use util::*;

/// What a finished wait has left for the program.
fn found(mirror: &mut Mirror, poller: Handle) -> Vec<Event> {
    poll(mirror, poller, 64, Duration::ZERO)
}

#[test]
fn a_wait_ends_with_the_events_that_end_it() {
    let (mut mirror, poller) = mirror();
    let (client, server) = pair(&mut mirror);
    mirror.register(poller, server, 1, READABLE).unwrap();
    let (waiter, notified) = TestWaiter::spawn();
    for _ in 0..100 {
        waiter.lend(&mut mirror, poller);
        write(&mut mirror, client, b"x");
        notified.recv_timeout(PATIENCE).unwrap();
        assert!(waiter.collect(&mut mirror, poller));
        let events = found(&mut mirror, poller);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].token, 1);
        assert_eq!(read(&mut mirror, server), Some(b"x".to_vec()));
        assert_eq!(read(&mut mirror, server), None);
    }
    assert!(notified.try_recv().is_err());
}

#[test]
fn what_is_registered_during_a_wait_ends_it() {
    let (mut mirror, poller) = mirror();
    let (waiter, notified) = TestWaiter::spawn();
    waiter.lend(&mut mirror, poller);
    let (client, _) = pair(&mut mirror);
    mirror.register(poller, client, 1, WRITABLE).unwrap();
    notified.recv_timeout(PATIENCE).unwrap();
    assert!(waiter.collect(&mut mirror, poller));
    assert_eq!(found(&mut mirror, poller).len(), 1);
}

#[test]
fn a_wake_ends_a_wait() {
    let (mut mirror, poller) = mirror();
    let waker = mirror.poller(poller).unwrap().open_waker(5).unwrap();
    let (waiter, notified) = TestWaiter::spawn();
    for _ in 0..100 {
        waiter.lend(&mut mirror, poller);
        let waker = waker.clone();
        let waking = thread::spawn(move || waker.wake().unwrap());
        notified.recv_timeout(PATIENCE).unwrap();
        assert!(waiter.collect(&mut mirror, poller));
        let events = found(&mut mirror, poller);
        assert_eq!((events.len(), events[0].token), (1, 5));
        waking.join().unwrap();
    }
}

#[test]
fn nothing_can_be_collected_before_the_wait_is_over() {
    let (mut mirror, poller) = mirror();
    let (waiter, notified) = TestWaiter::spawn();
    assert!(!waiter.collect(&mut mirror, poller));
    waiter.lend(&mut mirror, poller);
    assert!(notified.recv_timeout(SILENCE).is_err());
    assert!(!waiter.collect(&mut mirror, poller));
    assert!(mirror.poller(poller).unwrap().is_lent());
    assert!(waiter.end(&mut mirror, poller));
    assert!(!mirror.poller(poller).unwrap().is_lent());
    assert!(!waiter.collect(&mut mirror, poller));
}

#[test]
fn there_is_nothing_to_cancel_without_a_wait() {
    let (mut mirror, poller) = mirror();
    let (waiter, _notified) = TestWaiter::spawn();
    let done = waiter.cancel(|| panic!("nothing to interrupt"));
    assert!(done.is_none());
    waiter.lend(&mut mirror, poller);
    assert!(waiter.end(&mut mirror, poller));
    assert!(!waiter.end(&mut mirror, poller));
}

#[test]
fn cancelling_a_wait_that_is_over_keeps_its_events() {
    let (mut mirror, poller) = mirror();
    let (client, _) = pair(&mut mirror);
    mirror.register(poller, client, 1, WRITABLE).unwrap();
    let (waiter, notified) = TestWaiter::spawn();
    waiter.lend(&mut mirror, poller);
    notified.recv_timeout(PATIENCE).unwrap();
    let done = waiter.cancel(|| panic!("it is over already"));
    assert!(put_back(&mut mirror, poller, done));
    assert_eq!(found(&mut mirror, poller).len(), 1);
}

#[test]
fn an_interrupted_wait_is_no_event() {
    let (mut mirror, poller) = mirror();
    let (waiter, notified) = TestWaiter::spawn();
    for _ in 0..200 {
        waiter.lend(&mut mirror, poller);
        assert!(waiter.end(&mut mirror, poller));
        assert_eq!(found(&mut mirror, poller), []);
    }
    no_event(&mut mirror, poller);
    drop(waiter);
    // A cancelled wait may have been announced, at most once each.
    assert!(notified.iter().count() <= 200);
}

#[test]
fn the_thread_ends_with_its_waiter() {
    let (mut mirror, poller) = mirror();
    let (client, _) = pair(&mut mirror);
    mirror.register(poller, client, 1, WRITABLE).unwrap();
    for wait in [false, true] {
        let (sender, notified) = mpsc::channel();
        let waiter = Waiter::spawn(move || sender.send(()).unwrap()).unwrap();
        assert_eq!(notified.try_recv(), Err(TryRecvError::Empty));
        if wait {
            waiter.start(mirror.poller(poller).unwrap().lend(64).unwrap());
            notified.recv_timeout(PATIENCE).unwrap();
            assert!(put_back(&mut mirror, poller, waiter.collect()));
        }
        drop(waiter);
        assert_eq!(notified.try_recv(), Err(TryRecvError::Disconnected));
    }
}

#[test]
fn a_driver_that_was_not_collected_is_dropped_with_the_waiter() {
    let (mut mirror, poller) = mirror();
    let (client, _) = pair(&mut mirror);
    mirror.register(poller, client, 1, WRITABLE).unwrap();
    let (sender, notified) = mpsc::channel();
    let waiter = Waiter::spawn(move || sender.send(()).unwrap()).unwrap();
    waiter.start(mirror.poller(poller).unwrap().lend(64).unwrap());
    notified.recv_timeout(PATIENCE).unwrap();
    drop(waiter);
    assert!(mirror.poller(poller).unwrap().is_lent());
    mirror.close_poller(poller).unwrap();
    assert_eq!(mirror.census(), (0, 2));
}

#[test]
fn one_waiter_serves_pollers_in_turn() {
    let (mut mirror, first) = mirror();
    let second = mirror.open_poller().unwrap();
    let (waiter, notified) = TestWaiter::spawn();
    for poller in [first, second, first] {
        let (client, _) = pair(&mut mirror);
        waiter.lend(&mut mirror, poller);
        mirror.register(poller, client, 1, WRITABLE).unwrap();
        notified.recv_timeout(PATIENCE).unwrap();
        assert!(waiter.collect(&mut mirror, poller));
        assert_eq!(found(&mut mirror, poller).len(), 1);
        mirror.close_source(client).unwrap();
    }
}

/// A cheap source of variety that is the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Starts, collects and cancels in every order that time allows, while another thread writes: each
/// byte is announced by an event, before or after the wait ends.
#[test]
fn no_event_is_lost_between_start_collect_and_cancel() {
    const ROUNDS: usize = 5_000;
    let (mut mirror, poller) = mirror();
    let (client, server) = std_pair();
    let server = adopt(&mut mirror, server);
    mirror.register(poller, server, 1, READABLE).unwrap();
    let (waiter, notified) = TestWaiter::spawn();
    let (ask, asked) = mpsc::channel::<u64>();
    let writer = thread::spawn(move || {
        for spins in asked {
            for _ in 0..spins {
                std::hint::spin_loop();
            }
            io::Write::write_all(&mut &client, b"x").unwrap();
        }
        client
    });
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..ROUNDS {
        ask.send(random.below(2_000)).unwrap();
        let mut waits = 0;
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(
                Instant::now() < deadline,
                "round {round} after {waits} waits"
            );
            waiter.lend(&mut mirror, poller);
            waits += 1;
            match random.below(3) {
                0 => {}
                1 => (0..random.below(2_000)).for_each(|_| std::hint::spin_loop()),
                _ => {
                    // A byte ends the wait at the latest; the message may be an old one.
                    notified.recv_timeout(PATIENCE).unwrap();
                }
            }
            if !waiter.collect(&mut mirror, poller) {
                assert!(waiter.end(&mut mirror, poller));
            }
            let events = found(&mut mirror, poller);
            assert!(events.len() <= 1);
            if !events.is_empty() {
                break;
            }
        }
        assert_eq!(read(&mut mirror, server), Some(b"x".to_vec()));
        assert_eq!(read(&mut mirror, server), None);
    }
    drop(ask);
    let _client = writer.join().unwrap();
    assert_eq!(found(&mut mirror, poller), []);
}

/// The same with wakes of many threads, which must all be seen.
#[test]
fn no_wake_is_lost_between_waits() {
    const THREADS: u64 = 3;
    const WAKES: u64 = 3_000;
    let (mut mirror, poller) = mirror();
    let waker = mirror.poller(poller).unwrap().open_waker(5).unwrap();
    let sum = std::sync::atomic::AtomicU64::new(0);
    let order = std::sync::atomic::Ordering::SeqCst;
    let (waiter, notified) = TestWaiter::spawn();
    let mut random = Random(7);
    let mut reported = 0;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..WAKES {
                    sum.fetch_add(1, order);
                    waker.wake().unwrap();
                }
            });
        }
        while sum.load(order) < THREADS * WAKES {
            waiter.lend(&mut mirror, poller);
            if random.below(4) == 0 {
                assert!(waiter.end(&mut mirror, poller));
            } else {
                while !waiter.collect(&mut mirror, poller) {
                    notified.recv_timeout(PATIENCE).expect("a wake was lost");
                }
            }
            reported += found(&mut mirror, poller).len() as u64;
        }
    });
    reported += found(&mut mirror, poller).len() as u64;
    assert!((1..=THREADS * WAKES).contains(&reported));
    no_event(&mut mirror, poller);
}
