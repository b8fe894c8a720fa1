//! Anything that a program and its peers may do, in any order, and what must be true of it.
//!
//! The tests and the fuzzer share it: see `engine_model.rs` and `fuzz/`.

use std::net::Shutdown;
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Instant;

use mio_js_core::engine::{Command, Completions, Id, Io, Lane, Limits, Profile, Stream};

use super::place::{FIRST, Place};
use super::{Block, Ledger, PATIENCE, Story, Submission, op, pattern};

/// Connections at a time.
const PLACES: usize = 4;
/// What some connections may have waiting at most.
const MOST: u64 = 100_000;

/// One thing that happens: what, where, and how much. Any numbers will do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step(pub(crate) [u8; 4]);

impl Step {
    fn amount(self) -> usize {
        const AMOUNTS: [usize; 8] = [0, 1, 3, 64, 1000, 20_000, 70_000, 300_000];
        AMOUNTS[self.0[2] as usize % AMOUNTS.len()]
    }
}

struct World {
    lane: Lane<Block>,
    batch: Completions<Block>,
    ledger: Ledger,
    places: [Place; PLACES],
    /// Those that have ended.
    retired: Vec<Place>,
    next_block: u32,
    opened: u64,
}

impl World {
    fn new(io: Io) -> Self {
        let place = |index| Place::new(Id::chosen(index as u32, FIRST - 1));
        Self {
            lane: Lane::new(io, Limits::default(), || ()).expect("a lane"),
            batch: Completions::default(),
            ledger: Ledger::default(),
            places: std::array::from_fn(place),
            retired: Vec::new(),
            next_block: 0,
            opened: 0,
        }
    }

    fn story(&self, place: usize) -> Option<&Story> {
        self.ledger.stories.get(&self.places[place].id)
    }

    fn has_ended(&self, place: usize) -> bool {
        let ended = |story: &Story| story.end().is_some();
        !self.places[place].is_begun() || self.story(place).is_some_and(ended)
    }

    /// A new connection, where there is none.
    fn open(&mut self, place: usize, flags: u8) {
        if !self.has_ended(place) {
            return;
        }
        let (peer, socket) = UnixStream::pair().expect("two sockets");
        peer.set_nonblocking(true).expect("a socket");
        let mut id = self.places[place].id;
        id.generation += 1;
        let mut old = std::mem::replace(&mut self.places[place], Place::new(id));
        while old.hear(32 << 10) {}
        self.retired.push(old);
        let entry = &mut self.places[place];
        entry.peer = Some(peer);
        let mut profile = Profile::default();
        if flags & 1 != 0 {
            (profile.max_pending, entry.is_limited) = (MOST, true);
        }
        if flags & 2 != 0 {
            profile.read_budget = 1000;
        }
        if flags & 12 == 12 {
            (profile.idle_timeout, entry.is_limited) = (1, true);
        }
        self.opened += 1;
        self.lane.command(Command::Adopt {
            id,
            stream: Stream::adopt(socket.into_raw_fd()).expect("a connection"),
            profile: Arc::new(profile),
        });
    }

    fn submit(&mut self, submission: &Submission) {
        for (id, count) in &submission.writes {
            self.ledger.write(*id, *count);
        }
        let outcome = self.lane.submit(&submission.words, &submission.data);
        outcome.expect("a well-formed submission");
    }

    fn write(&mut self, place: usize, amount: usize, is_large: bool) {
        let entry = &mut self.places[place];
        let bytes = pattern(entry.written.len() as u64 + 7, amount);
        if !entry.is_finishing {
            entry.written.extend_from_slice(&bytes);
        }
        let id = entry.id;
        if is_large {
            self.ledger.write(id, amount as u64);
            self.lane.write(id, &bytes).expect("a lane");
        } else {
            self.submit(&Submission::default().write(id, &bytes));
        }
    }

    fn broadcast(&mut self, amount: usize) {
        let bytes = pattern(amount as u64, amount);
        let mut ids = vec![Id::chosen(1, 1)];
        for entry in &mut self.places {
            ids.push(entry.id);
            if !entry.is_finishing {
                entry.written.extend_from_slice(&bytes);
            }
        }
        self.submit(&Submission::default().broadcast(&ids, &bytes));
    }

    fn ask(&mut self, place: usize, op: u32) {
        let is_open = !self.has_ended(place);
        let entry = &mut self.places[place];
        match op {
            op::SHUTDOWN => entry.is_finishing = true,
            op::CLOSE => (entry.is_finishing, entry.is_closing) = (true, true),
            op::RESET | op::CONDEMN | op::DETACH | op::DESTROY => entry.kill(),
            op::WANT_DRAIN => entry.wants_drain |= is_open,
            _ => {}
        }
        let id = entry.id;
        self.submit(&Submission::default().ask(op, id));
    }

    /// A write, and in the same submission the last that is asked.
    fn let_go(&mut self, place: usize, amount: usize, choice: u8) {
        let entry = &mut self.places[place];
        let bytes = pattern(entry.written.len() as u64 + 7, amount);
        if !entry.is_finishing {
            entry.written.extend_from_slice(&bytes);
        }
        let droppable = match choice % 4 {
            0 => 0,
            1 => 1,
            2 => amount as u32,
            _ => u32::MAX,
        };
        entry.let_go(droppable);
        let id = entry.id;
        let submission = Submission::default().write(id, &bytes);
        self.submit(&submission.let_go(id, droppable));
    }

    /// A write, and behind it something that makes the whole submission malformed.
    fn ask_nonsense(&mut self, place: usize, step: Step) {
        let Id { index, generation } = self.places[place].id;
        let [_, _, a, b] = step.0.map(u32::from);
        let tail: &[u32] = match a % 5 {
            0 => &[16 + b, index, generation, 0],
            1 => &[1, index, generation, b + 1],
            2 => &[4, index, generation],
            3 => &[2, b + 1, 0, 0, index],
            _ => &[0, 0, 0, 0],
        };
        let words = [&[1, index, generation, 3], tail].concat();
        assert!(self.lane.submit(&words, b"abc").is_err(), "{words:?}");
        // And anything that is about nobody.
        let words: Vec<u32> = (0..b % 24).map(|n| (a * n + b) % 16).collect();
        drop(self.lane.submit(&words, &[7; 40][..(a % 40) as usize]));
    }

    fn take(&mut self) {
        while self.lane.collect(&mut self.batch) {
            self.ledger.take(&mut self.batch);
        }
        self.lane.settle();
        for place in 0..PLACES {
            if let Some(story) = self.story(place) {
                self.places[place].check(story);
            }
        }
    }

    fn run(&mut self, step: Step) {
        let [what, place, value, _] = step.0;
        let place = place as usize % PLACES;
        let entry = &mut self.places[place];
        match what % 24 {
            0 | 1 => self.open(place, value),
            2 | 3 => self.write(place, step.amount(), false),
            4 => self.write(place, step.amount(), true),
            5 => self.broadcast(step.amount()),
            6 => self.ask(place, op::SHUTDOWN),
            7 => self.ask(place, op::CLOSE),
            8 => self.ask(place, op::RESET),
            9 => self.ask(place, op::PAUSE),
            10 => self.ask(place, op::RESUME),
            11 => self.ask(place, op::WANT_DRAIN),
            12 => self.ask(place, op::DETACH),
            13 if value < 64 => self.ask(place, op::CONDEMN),
            13 if value < 160 => self.let_go(place, step.amount(), step.0[3]),
            13 => {
                let asked = Submission::default().nodelay(entry.id, value % 2 == 0);
                let asked = asked.keepalive(entry.id, value % 2 == 0, [1, 1, 1]);
                let asked = asked.timeout(entry.id, u32::from(value % 4));
                self.submit(&asked);
            }
            14 => self.ask_nonsense(place, step),
            15 | 16 => entry.send(step.amount()),
            17 | 18 => _ = entry.hear(step.amount()),
            19 => {
                entry.has_ended = true;
                if let Some(peer) = &entry.peer {
                    drop(peer.shutdown(Shutdown::Write));
                }
            }
            20 => entry.peer = None,
            21 => {
                self.lane
                    .command(Command::Donate(Block::new(self.next_block)));
                self.next_block += 1;
            }
            _ => {
                self.lane.turn().expect("a turn");
                self.take();
            }
        }
    }

    /// Goes on until it is so.
    fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.lane.turn().expect("a turn");
            self.take();
            for entry in &mut self.places {
                while entry.hear(32 << 10) {}
            }
            if is_so(self) {
                return;
            }
            assert!(Instant::now() < deadline, "it does not come to rest");
            std::thread::yield_now();
        }
    }

    fn all(&self, is_so: impl Fn(&Place, &Story) -> bool) -> bool {
        (0..PLACES).all(|place| {
            let ended = self.has_ended(place);
            ended
                || self
                    .story(place)
                    .is_some_and(|story| is_so(&self.places[place], story))
        })
    }

    /// Lets everything come to its end, and looks at it.
    fn finish(mut self) {
        for place in 0..PLACES {
            self.ask(place, op::RESUME);
        }
        self.until(|world| world.all(Place::is_settled));
        for place in 0..PLACES {
            self.ask(place, op::CLOSE);
            if let Some(peer) = &self.places[place].peer {
                drop(peer.shutdown(Shutdown::Write));
            }
        }
        self.until(|world| world.all(|_, _| false));
        self.until(|world| world.lane.counters().pending_bytes.get() == 0);
        let retired = std::mem::take(&mut self.retired);
        for entry in retired.iter().chain(&self.places) {
            if entry.is_begun() {
                entry.check_end(self.ledger.story(entry.id));
            }
        }
        let counters = self.lane.counters();
        assert_eq!(counters.closed.get(), self.opened);
        assert!(
            !self.lane.collect(&mut self.batch),
            "nothing is left to tell"
        );
    }
}

/// Has all of it happen, and checks what comes of it.
pub(crate) fn run(io: Io, steps: impl IntoIterator<Item = Step>) {
    let mut world = World::new(io);
    for step in steps {
        world.run(step);
    }
    world.finish();
}
