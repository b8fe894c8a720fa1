//! One lane, and what the program knows of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::unix::SourceFd;
use mio::{Interest, Token};
use mio_js_core::engine::{Command, Completions, Io, Lane, Limits};

use super::{Block, Ledger, Submission};

pub(crate) struct Station {
    pub(crate) lane: Lane<Block>,
    pub(crate) ledger: Ledger,
    told: Arc<AtomicBool>,
    is_watched: bool,
    /// It was asked for something, or had its turn, which may have had an effect at once.
    pub(crate) is_due: bool,
    batch: Completions<Block>,
    /// Slots of buffers that are the program's; none if it does not donate.
    blocks: Vec<u32>,
}

impl Station {
    pub(crate) fn new(io: Io, limits: Limits, bell: Arc<mio::Waker>) -> Self {
        let told = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&told);
        let notify = move || {
            flag.store(true, Ordering::SeqCst);
            bell.wake().expect("an open waker");
        };
        Self {
            lane: Lane::new(io, limits, notify).expect("a lane"),
            ledger: Ledger::default(),
            told,
            is_watched: false,
            is_due: false,
            batch: Completions::default(),
            blocks: Vec::new(),
        }
    }

    pub(crate) fn donate(&mut self) {
        self.blocks = (0..64).collect();
    }

    pub(crate) fn command(&mut self, command: Command<Block>) {
        self.lane.command(command);
        self.is_due |= self.lane.is_inline();
    }

    pub(crate) fn submit(&mut self, submission: &Submission) {
        for (id, count) in &submission.writes {
            self.ledger.write(*id, *count);
        }
        let outcome = self.lane.submit(&submission.words, &submission.data);
        outcome.expect("a well-formed submission");
        self.is_due |= self.lane.is_inline();
    }

    /// Has the loop woken by what an inline lane waits for.
    pub(crate) fn watch(&mut self, poll: &mio::Poll, token: Token) {
        let raw = self.lane.watched_raw();
        let (mut source, registry) = (SourceFd(&raw), poll.registry());
        let outcome = match (self.lane.is_inline(), self.is_watched) {
            // Again, as mio tells of edges and a loop asks for levels.
            (true, true) => registry.reregister(&mut source, token, Interest::READABLE),
            (true, false) => registry.register(&mut source, token, Interest::READABLE),
            (false, true) => registry.deregister(&mut source),
            (false, false) => Ok(()),
        };
        outcome.expect("an open selector");
        self.is_watched = self.lane.is_inline();
    }

    pub(crate) fn was_told(&self) -> bool {
        self.told.load(Ordering::SeqCst)
    }

    pub(crate) fn turn(&mut self) {
        self.lane.turn().expect("a turn");
        self.is_due = true;
    }

    /// Takes what there is to tell, until there is nothing, if the program has a reason to look.
    pub(crate) fn deliver(&mut self) {
        let was_told = self.told.swap(false, Ordering::SeqCst);
        if !std::mem::take(&mut self.is_due) && !was_told {
            return;
        }
        while self.lane.collect(&mut self.batch) {
            let wanted = self.batch.wanted as usize;
            let mut back = self.ledger.take(&mut self.batch);
            self.blocks.append(&mut back);
            let kept = self.blocks.len().saturating_sub(wanted);
            for slot in self.blocks.drain(kept..) {
                self.lane.command(Command::Donate(Block::new(slot)));
            }
        }
        self.lane.settle();
    }
}
