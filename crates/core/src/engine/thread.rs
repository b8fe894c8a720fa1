//! The thread of a lane.
//!
//! The dearest thing that it does is to wake the program: a system call here, a pass of the event loop
//! there, and two switches of context, together about as much as ten small messages cost. Under load
//! a wake-up for every other message would eat what the thread has saved. So, as network cards do, it
//! holds back a little. As long as the batches of late had more than one record, it does not wake the
//! program with the first that comes, but looks for more: until there are [`ENOUGH`], or
//! [`GATHERING`] is over. Between two looks it offers the processor to whoever is to send the next
//! message. A program that is awake already finds what there is without being woken, and a connection
//! that is alone is never held back.

use std::time::{Duration, Instant};

use super::handover::Published;
use super::machine::Machine;
use super::port::Shared;
use super::reader::Buffer;
use super::submission::Submissions;

/// How long the first record of a batch may be held back.
const GATHERING: Duration = Duration::from_micros(15);
/// Records that are worth a wake-up.
const ENOUGH: usize = 64;
/// Records of a batch, averaged, from which on there is a load.
const LOAD: f32 = 2.0;
/// How much of the average the newest batch makes up.
const WEIGHT: f32 = 1.0 / 8.0;
/// How long the thread rests when the selector itself fails, which must not become a spin.
const REST: Duration = Duration::from_millis(100);

/// Runs machines as long as there is a lane.
pub(super) fn run<B: Buffer>(shared: &Shared<B>, notify: &(dyn Fn() + Send + Sync)) {
    let mut worker = Worker {
        shared,
        notify,
        submissions: Submissions::default(),
        load: 0.0,
    };
    while let Some(mut machine) = shared.parcel.receive() {
        // The program may have sent it away with something to tell, and nothing else would end a sleep.
        worker.publish(&mut machine);
        loop {
            if shared.parcel.is_stopped() {
                return;
            }
            if shared.parcel.is_recalled() && worker.publish(&mut machine) {
                shared.parcel.give_back(machine);
                shared.outbox.notify(notify);
                break;
            }
            worker.turn(&mut machine);
        }
    }
}

struct Worker<'a, B> {
    shared: &'a Shared<B>,
    notify: &'a (dyn Fn() + Send + Sync),
    submissions: Submissions<B>,
    /// Records of a batch, averaged.
    load: f32,
}

impl<B: Buffer> Worker<'_, B> {
    fn turn(&mut self, machine: &mut Machine<B>) {
        let may_sleep = !machine.has_work() && self.shared.inbox.doze();
        let timeout = if may_sleep {
            None
        } else {
            Some(Duration::ZERO)
        };
        if machine.select(timeout).is_err() {
            std::thread::park_timeout(REST);
        }
        self.shared.inbox.rouse();
        self.work(machine);
        if self.load >= LOAD {
            self.gather(machine);
        }
        self.publish(machine);
    }

    fn work(&mut self, machine: &mut Machine<B>) {
        // First what the program wants: it may make room, and it was there first.
        self.shared.inbox.take(&mut self.submissions);
        machine.apply(&mut self.submissions);
        machine.work();
    }

    /// Looks for more before the program is woken.
    fn gather(&mut self, machine: &mut Machine<B>) {
        let begun = Instant::now();
        while (1..ENOUGH).contains(&machine.out().len())
            && !self.shared.outbox.is_signalled()
            && begun.elapsed() < GATHERING
        {
            if machine.select(Some(Duration::ZERO)).unwrap_or(false) || machine.has_work() {
                self.work(machine);
            } else {
                std::thread::yield_now();
            }
        }
    }

    /// Hands over what there is to tell. False if it did not fit.
    fn publish(&mut self, machine: &mut Machine<B>) -> bool {
        // What did not fit into one batch comes with the next.
        loop {
            let records = machine.out().len() as f32;
            match self.shared.outbox.publish(machine.out(), self.notify) {
                Published::Nothing => return true,
                Published::Alone => {
                    self.load += (records - self.load) * WEIGHT;
                    machine.taken(true);
                }
                Published::Merged => machine.taken(false),
                Published::NoRoom => return false,
            }
        }
    }
}
