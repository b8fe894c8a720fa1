//! From a lane that has something to tell to the handlers that are told.
//!
//! Whatever calls (a descriptor that is readable, a timer, a bell), the lane becomes *due*, and if
//! JavaScript is not being entered already, a round begins. It takes the lanes that are due in turn:
//! the lane makes its turn, if it is inline, and what it has to tell goes into the arrays; then
//! JavaScript is entered until it says that all of it is delivered. What handlers asked for may have
//! brought new completions, so the lane is collected again, until there is nothing; then it settles.
//!
//! A round ends, too, when it has lasted long enough, so that timers and other sockets of the
//! program get their turn: it is postponed, and the bell rings for a later turn of the loop. A batch
//! is never interrupted in this way, since the arrays are one for all lanes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use mio_js_core::{Failure, Handle, Misuse, Result};

use super::lane::EngineLane;
use super::{Engine, Tag};
use crate::env::Environment;
use crate::ffi::{Dispatch, Outcome, Scope};

/// What one round delivers at most, but for the batch that has begun.
const BATCHES: u32 = 8;
const TIME: Duration = Duration::from_millis(5);

/// How far a round is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// JavaScript is being entered.
    is_entered: bool,
    /// The lane whose batch is in the arrays, and what the next entry is told about it: the number
    /// of records the first time, then 0.
    current: Option<(usize, u32)>,
    /// The lane that is looked at first.
    next: usize,
    /// The batches that were delivered in this turn of the event loop, and when the first was.
    batches: u32,
    begun: Option<Instant>,
    /// The next round is to begin in a later turn of the event loop.
    is_postponed: bool,
    /// JavaScript was entered, and calls when its nextTicks and microtasks have run.
    awaits_turn: bool,
}

impl Progress {
    pub(super) fn is_delivering(&self) -> bool {
        self.is_entered
    }

    fn is_over(&self) -> bool {
        self.batches >= BATCHES || self.begun.is_some_and(|begun| begun.elapsed() >= TIME)
    }

    fn end_round(&mut self) {
        self.batches = 0;
        self.begun = None;
    }
}

/// The selector of a lane that is inline has events.
#[cfg(unix)]
pub(super) fn ready(state: &Environment, tag: u64, _status: i32) {
    begin(state, Tag::from_bits(tag), |lane, _| lane.note());
}

/// The time of a lane's timer is over.
#[cfg(unix)]
pub(super) fn over(state: &Environment, tag: u64, _status: i32) {
    begin(state, Tag::from_bits(tag), |lane, _| lane.note_deadline());
}

/// A lane has signalled, perhaps within the turn of the event loop that it signalled in before.
pub(super) fn signalled(state: &Environment, tag: u64) {
    begin(state, Tag::from_bits(tag), |lane, _| lane.note_signal());
}

/// A bell has rung for a later turn of the event loop, which is now. Rounds ring the first lane's.
pub(super) fn rung(state: &Environment, tag: u64, _status: i32) {
    let tag = Tag::from_bits(tag);
    begin(state, tag, |lane, progress| {
        lane.note();
        if tag.lane == 0 {
            progress.is_postponed = false;
            progress.end_round();
        }
    });
}

/// The turn of the event loop has come that JavaScript waited for after an entry.
pub(super) fn turned(state: &Environment, engine: Handle) {
    // Any lane does for all.
    begin(state, Tag { engine, lane: 0 }, |_, progress| {
        progress.awaits_turn = false;
    });
}

fn begin(state: &Environment, tag: Tag, note: impl FnOnce(&mut EngineLane, &mut Progress)) {
    let Tag { engine, lane } = tag;
    let dispatch = match state.engine(engine) {
        Ok(mut found) => {
            let Engine {
                lanes, progress, ..
            } = &mut *found;
            note(&mut lanes[lane], progress);
            if progress.is_entered || progress.is_postponed || progress.awaits_turn {
                // What is due is seen to then, or (an event loop within a handler) when the
                // handler has returned.
                return;
            }
            Rc::clone(&found.dispatch)
        }
        // It was closed since.
        Err(_) => return,
    };
    let round = AssertUnwindSafe(|| run(state, engine, &dispatch));
    let failure = match catch_unwind(round) {
        Ok(Ok(())) => return,
        Ok(Err(failure)) => failure,
        // Else the descriptor would be readable, and this would panic, for ever.
        Err(_) => Misuse::Panic.into(),
    };
    fail(state, engine, lane, &failure, &dispatch);
}

/// The selector failed, or the arrays are not what they were: closes the engine, and tells
/// JavaScript by a negative count.
#[cold]
fn fail(state: &Environment, engine: Handle, lane: usize, failure: &Failure, dispatch: &Dispatch) {
    drop(state.remove_engine(engine));
    if let Some(scope) = dispatch.scope() {
        dispatch.call(&scope, lane as u32, failure.code());
    }
}

/// Delivers until there is nothing, or it is enough.
fn run(state: &Environment, engine: Handle, dispatch: &Dispatch) -> Result<()> {
    let mut has_entered = false;
    while let Some(scope) = dispatch.scope() {
        let entry = match state.engine(engine) {
            Ok(mut engine) => engine.next_entry(&scope, has_entered)?,
            // A handler closed it.
            Err(_) => return Ok(()),
        };
        let Some((lane, count)) = entry else {
            return Ok(());
        };
        // Nothing is borrowed any more.
        let outcome = dispatch.call(&scope, lane as u32, count as i32);
        has_entered = true;
        if outcome == Outcome::CannotRun {
            drop(state.remove_engine(engine));
            return Ok(());
        }
        if let Ok(mut engine) = state.engine(engine) {
            engine.entry_is_over(outcome);
        }
    }
    Ok(())
}

impl Engine {
    /// The lane and the count of the next entry; `None` if there is none, or if it comes with a
    /// call of its own.
    fn next_entry(&mut self, scope: &Scope, has_entered: bool) -> Result<Option<(usize, u32)>> {
        // Any bell does: all ring for the same engine.
        let bell = self.lanes[0].bell();
        if has_entered && bell.is_nested() {
            if bell.has_turns() {
                self.progress.awaits_turn = true;
            } else {
                bell.ring_for_next_entry();
            }
            return Ok(None);
        }
        if self.progress.current.is_none() {
            self.progress.current = self.next_batch(scope)?;
        }
        let Some((lane, count)) = self.progress.current else {
            return Ok(None);
        };
        self.progress.current = Some((lane, 0));
        self.progress.is_entered = true;
        Ok(Some((lane, count)))
    }

    fn next_batch(&mut self, scope: &Scope) -> Result<Option<(usize, u32)>> {
        let count = self.lanes.len();
        for step in 0..count {
            let at = (self.progress.next + step) % count;
            let lane = &mut self.lanes[at];
            if !lane.is_due {
                continue;
            }
            if self.progress.is_over() {
                self.postpone()?;
                break;
            }
            if let Some(records) = lane.prepare(scope, &self.arrays)? {
                self.progress.next = (at + 1) % count;
                self.progress.batches += 1;
                self.progress.begun.get_or_insert_with(Instant::now);
                return Ok(Some((at, records)));
            }
            lane.rest()?;
        }
        self.end_round();
        Ok(None)
    }

    fn end_round(&mut self) {
        let bell = self.lanes[0].bell();
        if !bell.is_nested() {
            self.progress.end_round();
        } else if self.progress.begun.is_some() {
            // The next may begin in the same turn of the event loop, and then it goes on with what
            // is left of this one's time.
            bell.ring_later();
        }
    }

    /// What is due comes in a later turn of the event loop.
    fn postpone(&mut self) -> Result<()> {
        for lane in self.lanes.iter_mut().filter(|lane| lane.is_due) {
            lane.rest()?;
            lane.note();
        }
        self.progress.is_postponed = true;
        self.lanes[0].bell().ring_later();
        Ok(())
    }

    fn entry_is_over(&mut self, outcome: Outcome) {
        self.progress.is_entered = false;
        // After an exception nobody knows whether something is left, and asking costs little.
        if outcome == Outcome::Number(0) {
            self.progress.current = None;
        }
    }
}
