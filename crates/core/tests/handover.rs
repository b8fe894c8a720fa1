//! Every interleaving of what the engine's two threads hand each other: nothing is lost or
//! reordered, and nobody sleeps through it. A wake-up that is lost is a deadlock, which loom reports.
//!
//! `npm run test:loom`
#![cfg(loom)]

#[path = "util/bell.rs"]
mod bell;

use bell::{Bell, every_interleaving};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use mio_js_core::engine::handover::{Inbox, Merge, Outbox, Parcel, Published};

/// What a batch holds at most, where that matters.
const ROOM: usize = 2;

/// A batch of numbers.
#[derive(Debug, Default)]
struct Batch<const MOST: usize>(Vec<u32>);

impl<const MOST: usize> Merge for Batch<MOST> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn merge(&mut self, other: &mut Self) -> bool {
        let fits = self.is_empty() || self.0.len() + other.0.len() <= MOST;
        if fits {
            self.0.append(&mut other.0);
        }
        fits
    }
}

type Unbounded = Batch<{ usize::MAX }>;

/// Takes until so many numbers have come, and sleeps between as the machine's thread does. Returns
/// them, and how often it slept.
fn receive(inbox: &Inbox<Unbounded>, bell: &Bell, count: usize) -> (Vec<u32>, usize) {
    let (mut found, mut batch, mut dozes) = (Vec::new(), Unbounded::default(), 0);
    while found.len() < count {
        dozes += 1;
        if inbox.doze() {
            bell.wait();
        }
        inbox.rouse();
        inbox.take(&mut batch);
        found.append(&mut batch.0);
    }
    (found, dozes)
}

#[test]
fn what_is_sent_wakes_the_machine_and_arrives_in_order() {
    every_interleaving(5, || {
        let (inbox, bell) = <(Arc<Inbox<Unbounded>>, Arc<Bell>)>::default();
        let sender = {
            let (inbox, bell) = (Arc::clone(&inbox), Arc::clone(&bell));
            thread::spawn(move || {
                for number in 1..=3 {
                    inbox.send(|queue| queue.0.push(number), || bell.ring());
                }
            })
        };
        let (found, dozes) = receive(&inbox, &bell, 3);
        assert_eq!(found, [1, 2, 3]);
        sender.join().unwrap();
        assert!(bell.rings() <= dozes, "who is awake is not woken");
    });
}

#[test]
fn each_of_two_senders_keeps_its_order() {
    every_interleaving(4, || {
        let (inbox, bell) = <(Arc<Inbox<Unbounded>>, Arc<Bell>)>::default();
        let senders = [1, 11].map(|first| {
            let (inbox, bell) = (Arc::clone(&inbox), Arc::clone(&bell));
            thread::spawn(move || {
                for number in [first, first + 1] {
                    inbox.send(|queue| queue.0.push(number), || bell.ring());
                }
            })
        });
        let (found, dozes) = receive(&inbox, &bell, 4);
        for first in [1, 11] {
            let place = |number| found.iter().position(|&other| other == number).unwrap();
            assert!(place(first) < place(first + 1), "{found:?}");
        }
        for sender in senders {
            sender.join().unwrap();
        }
        assert!(bell.rings() <= dozes);
    });
}

#[test]
fn a_machine_that_something_else_woke_hears_of_what_comes_then() {
    every_interleaving(None, || {
        let (inbox, bell) = <(Arc<Inbox<Unbounded>>, Arc<Bell>)>::default();
        bell.ring();
        let sender = {
            let (inbox, bell) = (Arc::clone(&inbox), Arc::clone(&bell));
            thread::spawn(move || inbox.send(|queue| queue.0.push(1), || bell.ring()))
        };
        assert_eq!(receive(&inbox, &bell, 1).0, [1]);
        sender.join().unwrap();
    });
}

/// Inline, the machine is awake only while the program has it turn.
#[test]
fn what_another_thread_sends_to_an_inline_machine_makes_it_turn() {
    every_interleaving(None, || {
        let (inbox, bell) = <(Arc<Inbox<Unbounded>>, Arc<Bell>)>::default();
        assert!(inbox.doze());
        let sender = {
            let (inbox, bell) = (Arc::clone(&inbox), Arc::clone(&bell));
            thread::spawn(move || {
                for number in 1..=2 {
                    inbox.send(|queue| queue.0.push(number), || bell.ring());
                }
            })
        };
        let (mut found, mut batch) = (Vec::new(), Unbounded::default());
        while found.len() < 2 {
            bell.wait();
            inbox.take(&mut batch);
            found.append(&mut batch.0);
            if !inbox.doze() {
                bell.ring();
            }
        }
        assert_eq!(found, [1, 2]);
        sender.join().unwrap();
    });
}

#[test]
fn a_machine_that_may_not_sleep_looks_again() {
    every_interleaving(None, || {
        let inbox = Arc::new(Inbox::<Unbounded>::default());
        let bell = Arc::new(Bell::default());
        inbox.send(|queue| queue.0.push(1), || panic!("it is awake"));
        assert!(!inbox.doze());
        inbox.send(|queue| queue.0.push(2), || panic!("it has looked"));
        assert_eq!(receive(&inbox, &bell, 2).0, [1, 2]);
    });
}

/// Both directions' ends of an outbox, and what rings at each.
#[derive(Default)]
struct Way {
    outbox: Outbox<Batch<ROOM>>,
    to_program: Bell,
    to_machine: Bell,
}

impl Way {
    /// As the machine does: what finds no room waits for the program to take. Returns what became of
    /// each number.
    fn publish(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<(u32, Published)> {
        let mut batch = Batch::default();
        numbers
            .into_iter()
            .map(|number| {
                batch.0.push(number);
                loop {
                    match self.outbox.publish(&mut batch, || self.to_program.ring()) {
                        Published::NoRoom => self.to_machine.wait(),
                        published => return (number, published),
                    }
                }
            })
            .collect()
    }

    /// The next batch, when the program was told of one; it may have been taken before.
    fn next(&self) -> Vec<u32> {
        self.to_program.wait();
        self.outbox.heard();
        let mut batch = Batch::default();
        self.outbox.take(&mut batch, || self.to_machine.ring());
        batch.0
    }
}

#[test]
fn what_is_published_is_announced_and_taken_in_order() {
    every_interleaving(None, || {
        let way = Arc::new(Way::default());
        let machine = {
            let way = Arc::clone(&way);
            thread::spawn(move || way.publish(1..=2))
        };
        let mut found = Vec::new();
        while found.len() < 2 {
            found.append(&mut way.next());
        }
        assert_eq!(found, [1, 2]);
        machine.join().unwrap();
    });
}

#[test]
fn what_finds_no_room_waits_until_the_program_takes() {
    every_interleaving(None, || {
        let way = Arc::new(Way::default());
        let machine = {
            let way = Arc::clone(&way);
            thread::spawn(move || way.publish(1..=4))
        };
        let mut batches: Vec<Vec<u32>> = Vec::new();
        while batches.concat().len() < 4 {
            batches.push(way.next());
        }
        assert_eq!(batches.concat(), [1, 2, 3, 4]);
        assert!(batches.iter().all(|batch| batch.len() <= ROOM));
        // A number that was published alone begins a batch: all before it were taken. The others
        // came into the batch of the one before.
        for (number, published) in machine.join().unwrap() {
            let begins = batches.iter().any(|batch| batch.first() == Some(&number));
            assert_eq!(
                begins,
                published == Published::Alone,
                "{number} {batches:?}"
            );
        }
    });
}

#[test]
fn nothing_is_not_published() {
    every_interleaving(None, || {
        let way = Way::default();
        let outcome = way.outbox.publish(&mut Batch::default(), || panic!());
        assert_eq!(outcome, Published::Nothing);
        let mut batch = Batch::default();
        assert!(!way.outbox.take(&mut batch, || panic!("nobody waits")));
    });
}

/// A machine that counts its turns, and says when it is dropped.
struct Machine {
    turns: u32,
    dropped: Arc<AtomicUsize>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// What both threads of a lane have.
#[derive(Default)]
struct Lane {
    way: Way,
    parcel: Parcel<Machine>,
    dropped: Arc<AtomicUsize>,
}

impl Lane {
    fn machine(&self) -> Machine {
        let dropped = Arc::clone(&self.dropped);
        Machine { turns: 0, dropped }
    }

    /// As the machine's thread does. Each turn publishes its number.
    fn run(&self) {
        while let Some(mut machine) = self.parcel.receive() {
            loop {
                if self.parcel.is_stopped() {
                    return;
                }
                if self.parcel.is_recalled() {
                    machine.turns += 1;
                    self.way.publish([machine.turns]);
                    self.parcel.give_back(machine);
                    self.way.outbox.notify(|| self.way.to_program.ring());
                    break;
                }
                self.way.to_machine.wait();
            }
        }
    }

    fn recall(&self) {
        self.parcel.recall();
        self.way.to_machine.ring();
    }

    /// As the program does: the machine if it is back, and then what it has published.
    fn collect(&self) -> (Option<Machine>, Vec<u32>) {
        self.way.outbox.heard();
        let machine = self.parcel.collect();
        let mut batch = Batch::default();
        self.way
            .outbox
            .take(&mut batch, || self.way.to_machine.ring());
        (machine, batch.0)
    }

    fn stop(&self) {
        self.parcel.stop();
        self.way.to_machine.ring();
    }
}

fn run(lane: &Arc<Lane>) -> thread::JoinHandle<()> {
    let lane = Arc::clone(lane);
    thread::spawn(move || lane.run())
}

#[test]
fn a_recalled_machine_comes_back_after_what_it_published() {
    every_interleaving(5, || {
        let lane = Arc::new(Lane::default());
        let thread = run(&lane);
        let (mut machine, mut published) = (lane.machine(), Vec::new());
        for turn in 1..=2 {
            lane.parcel.give(machine);
            lane.recall();
            machine = loop {
                lane.way.to_program.wait();
                let (machine, mut batch) = lane.collect();
                published.append(&mut batch);
                if let Some(machine) = machine {
                    break machine;
                }
            };
            assert_eq!(machine.turns, turn);
            assert_eq!(published.len(), turn as usize, "and all it had to tell");
        }
        lane.stop();
        thread.join().unwrap();
        drop(machine);
        assert_eq!(lane.dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_machine_that_is_not_recalled_stays() {
    every_interleaving(4, || {
        let lane = Arc::new(Lane::default());
        let thread = run(&lane);
        lane.parcel.give(lane.machine());
        lane.recall();
        let machine = loop {
            lane.way.to_program.wait();
            if let (Some(machine), _) = lane.collect() {
                break machine;
            }
        };
        lane.parcel.give(machine);
        lane.stop();
        thread.join().unwrap();
        assert!(lane.collect().0.is_none(), "nobody asked for it");
    });
}

#[test]
fn the_thread_ends_whatever_it_is_doing() {
    every_interleaving(None, || {
        let lane = Arc::new(Lane::default());
        let thread = run(&lane);
        lane.parcel.give(lane.machine());
        lane.recall();
        lane.stop();
        thread.join().unwrap();
        // It ended in the thread, or had come back, or had never left.
        let back = lane.parcel.collect().is_some();
        let dropped = Arc::clone(&lane.dropped);
        assert!(usize::from(back) <= dropped.load(Ordering::Relaxed));
        drop(lane);
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_thread_without_a_machine_ends_as_well() {
    every_interleaving(None, || {
        let lane = Arc::new(Lane::default());
        let thread = run(&lane);
        assert!(lane.collect().0.is_none());
        lane.stop();
        thread.join().unwrap();
    });
}
