//! What a lane's two threads have in common, and the way into it for other lanes.

use std::sync::Arc;

use super::command::Command;
use super::completion::Completions;
use super::handover::{Inbox, Outbox, Parcel};
use super::machine::Machine;
use super::submission::Submissions;

/// What both threads have.
#[derive(Debug)]
pub(super) struct Shared<B> {
    pub(super) inbox: Inbox<Submissions<B>>,
    pub(super) outbox: Outbox<Completions<B>>,
    pub(super) parcel: Parcel<Box<Machine<B>>>,
    pub(super) waker: Arc<mio::Waker>,
}

impl<B> Shared<B> {
    /// Fails only if the kernel's counter is full, and then the machine is awake.
    pub(super) fn wake(&self) {
        drop(self.waker.wake());
    }
}

/// Where other lanes deal connections to, from any thread.
#[derive(Debug)]
pub struct Port<B>(pub(super) Arc<Shared<B>>);

impl<B> Clone for Port<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B> Port<B> {
    pub(super) fn send(&self, command: Command<B>) {
        self.0
            .inbox
            .send(|inbox| inbox.command(command), || self.0.wake());
    }
}
