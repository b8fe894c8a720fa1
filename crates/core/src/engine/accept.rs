//! Accepting, in bounds: how many at a time, and what to do when there is no descriptor left.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use super::accept_error::{AcceptError, classify};
use super::command::{Command, Dealt};
use super::completion::ADDRESS;
use super::listener::Mishap;
use super::machine::Machine;
use super::reader::Buffer;

/// Connections accepted from one listener in one turn.
const BATCH: usize = 64;
/// Milliseconds to wait when there is no descriptor or memory: the clients stay in the queue, and
/// as they are not new, no event will tell of them.
const BACKOFF: u64 = 100;

/// What accepting needs to remember.
#[derive(Debug, Default)]
pub(super) struct Acceptance {
    /// Some listener is ready.
    pub(super) wanted: bool,
    /// There was no descriptor; not before this time again.
    retry_at: Option<u64>,
    /// A descriptor kept for when there is none left: with it the queue is emptied, so that clients
    /// are told now instead of after their timeout.
    spare: Option<File>,
    /// What other lanes have accepted for this one, and no batch has had room for.
    pub(super) dealt: VecDeque<Dealt>,
}

impl Acceptance {
    pub(super) fn can_go_on(&self) -> bool {
        !self.dealt.is_empty() || (self.wanted && self.retry_at.is_none())
    }

    pub(super) fn retry_at(&self) -> Option<u64> {
        self.retry_at
    }

    fn restock(&mut self) {
        if cfg!(unix) && self.spare.is_none() {
            // Without a spare one, clients wait in the queue.
            self.spare = File::open("/dev/null").ok();
        }
    }
}

impl<B: Buffer> Machine<B> {
    /// Takes what was dealt here, and accepts from all listeners that are ready.
    pub(super) fn accept(&mut self) {
        while !self.acceptance.dealt.is_empty() && self.context.has_room(2 * ADDRESS) {
            if let Some(dealt) = self.acceptance.dealt.pop_front() {
                self.open(dealt);
            }
        }
        if let Some(at) = self.acceptance.retry_at {
            if at > self.context.now {
                return;
            }
            self.acceptance.retry_at = None;
        }
        if !self.acceptance.wanted {
            return;
        }
        let mut left = false;
        for index in 0..self.listeners.len() {
            left |= self.accept_from(index);
        }
        self.acceptance.wanted = left;
    }

    /// Whether there may be more.
    fn accept_from(&mut self, index: usize) -> bool {
        for _ in 0..BATCH {
            let Some(Some(listener)) = self.listeners.get_mut(index) else {
                return false;
            };
            let Some(bound) = listener.bound.as_mut().filter(|_| listener.ready) else {
                return false;
            };
            if !self.context.has_room(2 * ADDRESS) {
                return true;
            }
            match bound.accept(&self.context.registry) {
                Ok((stream, peer)) => {
                    self.acceptance.restock();
                    if !listener.shared.enter() {
                        continue;
                    }
                    if listener.prepare(&stream).is_err() {
                        // It is dead already; the next may be alive.
                        listener.shared.leave();
                        listener.shared.count(Mishap::Aborted);
                        continue;
                    }
                    let dealt = Dealt {
                        listener: index as u32,
                        shared: Arc::clone(&listener.shared),
                        stream,
                        peer,
                        is_wildcard: listener.is_wildcard,
                    };
                    match listener.next_port() {
                        Some(port) => port.send(Command::Deal(dealt)),
                        None => self.open(dealt),
                    }
                }
                Err(error) => match classify(&error) {
                    AcceptError::Empty => {
                        listener.ready = false;
                        return false;
                    }
                    AcceptError::Gone => listener.shared.count(Mishap::Aborted),
                    AcceptError::Exhausted if self.acceptance.spare.take().is_some() => {
                        // Closed at once, to make room for the spare one.
                        let outcome = bound.accept(&self.context.registry).map(drop);
                        self.acceptance.restock();
                        match outcome.map_err(|error| classify(&error)) {
                            Ok(()) => listener.shared.count(Mishap::Shed),
                            Err(AcceptError::Gone) => listener.shared.count(Mishap::Aborted),
                            Err(AcceptError::Empty) => {
                                // Linux wants the descriptor before it looks at the queue.
                                listener.ready = false;
                                return false;
                            }
                            Err(AcceptError::Exhausted | AcceptError::Other) => {
                                // It was no descriptor that was missing, or somebody took it.
                                listener.shared.count(Mishap::Backoff);
                                self.acceptance.retry_at = Some(self.context.now + BACKOFF);
                                return true;
                            }
                        }
                    }
                    kind => {
                        listener.shared.count(if kind == AcceptError::Other {
                            Mishap::Error
                        } else {
                            Mishap::Backoff
                        });
                        self.acceptance.retry_at = Some(self.context.now + BACKOFF);
                        return true;
                    }
                },
            }
        }
        true
    }
}
