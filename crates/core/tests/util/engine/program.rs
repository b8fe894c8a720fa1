//! A program with an event loop: what the binding and JavaScript are to a lane.
//!
//! It looks at a lane only when it was told to, by the selector's descriptor, the lane's delay or
//! its notification: what would be lost there is lost here.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::Token;
use mio_js_core::engine::{Counters, Id, Io, Lane, Limits};

use super::station::Station;
use super::{Block, Event, Ledger, PATIENCE, Peer, Story, op};

const BELL: Token = Token(usize::MAX);

pub(crate) struct Program {
    io: Io,
    poll: mio::Poll,
    events: mio::Events,
    pub(super) stations: Vec<Station>,
    /// The slot of the next connection that it makes.
    pub(super) next: u32,
    /// Whether it collects.
    pub(crate) is_attentive: bool,
}

impl Program {
    pub(crate) fn new(io: Io) -> Self {
        Self::with(io, 1, Limits::default())
    }

    pub(crate) fn with(io: Io, lanes: usize, limits: Limits) -> Self {
        let poll = mio::Poll::new().expect("a selector");
        let bell = mio::Waker::new(poll.registry(), BELL).expect("a waker");
        let bell = Arc::new(bell);
        let station = |_| Station::new(io, limits, Arc::clone(&bell));
        Self {
            io,
            poll,
            events: mio::Events::with_capacity(16),
            stations: (0..lanes).map(station).collect(),
            next: 0,
            is_attentive: true,
        }
    }

    /// From now on the lane gets as many buffers as it would like.
    pub(crate) fn donating(mut self) -> Self {
        for station in &mut self.stations {
            station.donate();
        }
        self
    }

    pub(crate) fn lane(&mut self) -> &mut Lane<Block> {
        &mut self.stations[0].lane
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.stations[0].ledger
    }

    pub(crate) fn ledger_of(&self, lane: usize) -> &Ledger {
        &self.stations[lane].ledger
    }

    pub(crate) fn story(&self, id: Id) -> &Story {
        self.ledger().story(id)
    }

    /// What happened in the first lane.
    pub(crate) fn counters(&self) -> &Counters {
        self.counters_of(0)
    }

    pub(crate) fn counters_of(&self, lane: usize) -> &Counters {
        self.stations[lane].lane.counters()
    }

    /// Whether there is something to collect that nobody has looked for.
    pub(crate) fn was_told(&self, lane: usize) -> bool {
        self.stations[lane].was_told()
    }

    /// One turn of an inline lane, and of no other.
    pub(crate) fn turn(&mut self, lane: usize) {
        self.stations[lane].turn();
    }

    pub(crate) fn is_inline(&self, lane: usize) -> bool {
        self.stations[lane].lane.is_inline()
    }

    /// Goes on until it is so.
    #[track_caller]
    pub(crate) fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "it did not happen");
            // The condition may be about something that no lane tells.
            self.step(Duration::from_millis(10));
        }
    }

    /// Goes on until this was told of the connection.
    #[track_caller]
    pub(crate) fn until_event(&mut self, id: Id, event: &Event) {
        self.until(|program| {
            program
                .ledger()
                .stories
                .get(&id)
                .is_some_and(|story| story.has(event))
        });
    }

    /// Goes on until the connection has ended; returns how.
    #[track_caller]
    pub(crate) fn until_end(&mut self, id: Id) -> Event {
        self.until(|program| {
            let story = program.ledger().stories.get(&id);
            story.is_some_and(|story| story.end().is_some())
        });
        self.story(id).end().expect("an end").clone()
    }

    /// Goes on until so many bytes have come.
    #[track_caller]
    pub(crate) fn until_received(&mut self, id: Id, count: usize) -> &[u8] {
        self.until(|program| program.story(id).received.len() >= count);
        &self.story(id).received
    }

    /// Goes on until the lane has done what it was asked before.
    #[track_caller]
    pub(crate) fn settle(&mut self, id: Id) {
        let drained = |program: &Self| {
            let events = program.story(id).events.iter();
            events.filter(|event| **event == Event::Drained).count()
        };
        let before = drained(self);
        self.ask(op::WANT_DRAIN, id);
        self.until(|program| drained(program) > before);
    }

    /// Goes on until the peer has got so many bytes.
    #[track_caller]
    pub(crate) fn until_read(&mut self, peer: &Peer, count: usize) -> Vec<u8> {
        let (mut bytes, deadline) = (Vec::new(), Instant::now() + PATIENCE);
        while bytes.len() < count {
            assert!(
                Instant::now() < deadline,
                "{} bytes of {count}",
                bytes.len()
            );
            bytes.append(&mut peer.read_now(count - bytes.len()));
            if bytes.len() < count {
                self.step(Duration::from_millis(1));
            }
        }
        bytes
    }

    /// Goes on for some time, in which anything may happen.
    pub(crate) fn pass(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        while let Some(rest) = deadline.checked_duration_since(Instant::now()) {
            self.step(rest.min(Duration::from_millis(10)));
        }
    }

    /// One turn of the event loop, which waits for at most so long.
    pub(crate) fn step(&mut self, most: Duration) {
        let mut timeout = most;
        for (index, station) in self.stations.iter_mut().enumerate() {
            station.watch(&self.poll, Token(index));
            if station.is_due && self.is_attentive {
                timeout = Duration::ZERO;
            }
            timeout = timeout.min(station.lane.delay().unwrap_or(most));
        }
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => panic!("{error}"),
            _ => {}
        }
        for (index, station) in self.stations.iter_mut().enumerate() {
            let token = Token(index);
            let is_readable = self.events.iter().any(|event| event.token() == token);
            let is_over = station.lane.delay() == Some(Duration::ZERO);
            if is_readable || is_over {
                station.turn();
            }
            if self.is_attentive {
                station.deliver();
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if thread::panicking() {
            for station in &self.stations {
                eprintln!("{:?} {:?}", self.io, station.lane);
                for (id, story) in station.ledger.stories.iter().take(20) {
                    let last = story.events.len().saturating_sub(12);
                    eprintln!("{id:?} {:?}", &story.events[last..]);
                }
            }
        }
    }
}
