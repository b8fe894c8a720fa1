//! A server's part in a lane, and what its lanes share.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bind::INHERITS_OPTIONS;
use super::bound::Bound;
use super::command::Profile;
use super::port::Port;
use super::stream::Stream;
use crate::raw::descriptor_limit;

/// How many connections a server has that was not told: ten thousand, or half of the descriptors
/// that the process may have, so that there are some for everything else.
pub fn default_max_connections() -> u64 {
    descriptor_limit().map_or(MAX_CONNECTIONS, |limit| (limit / 2).min(MAX_CONNECTIONS))
}

const MAX_CONNECTIONS: u64 = 10_000;

/// What all lanes of one server have in common.
#[derive(Debug, Default)]
pub struct ListenerShared {
    /// Connections that are open, and how many may be.
    open: AtomicU64,
    max_connections: u64,
    accepted: AtomicU64,
    dropped: AtomicU64,
    shed: AtomicU64,
    backoffs: AtomicU64,
    aborted: AtomicU64,
    accept_errors: AtomicU64,
}

impl ListenerShared {
    /// For a server with at most this many connections.
    pub fn new(max_connections: u64) -> Arc<Self> {
        Arc::new(Self {
            max_connections,
            ..Self::default()
        })
    }

    /// Makes room for one more connection, or counts that there is none.
    pub(super) fn enter(&self) -> bool {
        if self.open.fetch_add(1, Ordering::AcqRel) < self.max_connections {
            self.accepted.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        self.leave();
        self.dropped.fetch_add(1, Ordering::Relaxed);
        false
    }

    pub(super) fn leave(&self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }

    /// accepted, dropped, shed, backoffs, aborted, open, accept errors.
    pub fn values(&self) -> [u64; 7] {
        [
            &self.accepted,
            &self.dropped,
            &self.shed,
            &self.backoffs,
            &self.aborted,
            &self.open,
            &self.accept_errors,
        ]
        .map(|counter| counter.load(Ordering::Relaxed))
    }

    pub(super) fn count(&self, what: Mishap) {
        let counter = match what {
            Mishap::Shed => &self.shed,
            Mishap::Backoff => &self.backoffs,
            Mishap::Aborted => &self.aborted,
            Mishap::Error => &self.accept_errors,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Why a connection was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    /// It was closed, as there was no descriptor for it.
    Shed,
    /// No descriptor or memory: trying again later.
    Backoff,
    /// It was gone already.
    Aborted,
    /// Something else.
    Error,
}

/// A listener of this lane.
#[derive(Debug)]
pub(super) struct Listener<B> {
    /// `None` in a lane that is only dealt to.
    pub(super) bound: Option<Bound>,
    pub(super) profile: Arc<Profile>,
    pub(super) shared: Arc<ListenerShared>,
    pub(super) ports: Vec<Port<B>>,
    /// Whose turn it is.
    pub(super) next_port: usize,
    /// `false` in a lane that is only dealt to.
    pub(super) is_wildcard: bool,
    /// There may be connections to accept.
    pub(super) ready: bool,
    /// It accepts no more; what was accepted goes on.
    pub(super) closed: bool,
}

impl<B> Listener<B> {
    /// Whom the next connection is dealt to; `None` if it stays here.
    pub(super) fn next_port(&mut self) -> Option<&Port<B>> {
        let count = self.ports.len().max(1);
        self.next_port = (self.next_port + 1) % count;
        self.ports.get(self.next_port)
    }

    /// Prepares an accepted connection.
    pub(super) fn prepare(&self, stream: &Stream) -> io::Result<()> {
        if INHERITS_OPTIONS {
            return Ok(());
        }
        if self.profile.nodelay {
            stream.set_nodelay(true)?;
        }
        match &self.profile.keepalive {
            Some(times) => stream.set_keepalive(Some(times)),
            None => Ok(()),
        }
    }
}
