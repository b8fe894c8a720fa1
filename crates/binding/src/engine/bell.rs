//! How a lane makes the event loop come to it.
//!
//! Two kinds, as for a `Poll` (see `wake`): functions of libuv where they are, Node-API's threadsafe
//! functions elsewhere. They differ in what is open when they call. libuv calls from the event loop
//! itself, so one call can make any number of entries into JavaScript, each with its nextTicks and
//! microtasks. A threadsafe function calls within an entry of its own, and all nextTicks wait for
//! the end of that; so one call makes one entry, and then sends itself again.
//!
//! A threadsafe function that is sent while it is called is called again in the same turn of the
//! event loop, up to a thousand times in a row, and timers wait. So there is a second one, which is
//! sent at the end of a round: when it is called a new turn has begun. Work that has taken its time
//! waits for that, and the first one delivers nothing meanwhile.
//!
//! Deno calls all threadsafe functions that were sent, those that are sent meanwhile as well, and
//! only then runs nextTicks and microtasks. There one call makes one entry, too, but JavaScript calls
//! for the next one, from a `setImmediate` of its own: nothing else has the rest run before.

use mio_js_core::Result;

use super::{Tag, deliver};
use crate::env::Environment;
use crate::ffi::{Call, Signal};
#[cfg(unix)]
use crate::wake::libuv::{Calls, UvSignal};

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    #[cfg(unix)]
    Uv,
    Portable,
    /// As `Portable`, and JavaScript calls for each entry after the first.
    Turns,
}

/// Rung from the lane's threads, and by the lane itself.
#[derive(Debug)]
pub(super) enum Bell {
    #[cfg(unix)]
    Uv(UvSignal),
    Portable {
        signal: Signal,
        later: Signal,
        has_turns: bool,
    },
}

impl Bell {
    pub(super) fn new(call: &Call<'_>, kind: Kind, tag: Tag) -> Result<Self> {
        let (env, state, tag) = (call.env(), call.state(), tag.bits());
        match kind {
            #[cfg(unix)]
            Kind::Uv => {
                let calls = Calls {
                    ready: deliver::rung,
                    end: super::end_lane,
                };
                Ok(Self::Uv(UvSignal::new(env, state, tag, calls)?))
            }
            Kind::Portable | Kind::Turns => Ok(Self::Portable {
                signal: Signal::new(env, state, tag, deliver::signalled)?,
                later: Signal::new(env, state, tag, called_later)?,
                has_turns: kind == Kind::Turns,
            }),
        }
    }

    /// What other threads ring with, as long as they end before the bell is dropped.
    pub(super) fn sender(&self) -> Box<dyn Fn() + Send + Sync> {
        match self {
            #[cfg(unix)]
            Self::Uv(signal) => Box::new(signal.sender()),
            Self::Portable { signal, .. } => Box::new(signal.sender()),
        }
    }

    /// Whether calls come from within an entry, and perhaps many in one turn of the event loop.
    pub(super) fn is_nested(&self) -> bool {
        matches!(self, Self::Portable { .. })
    }

    /// Whether JavaScript calls for the entries after the first one of a call.
    pub(super) fn has_turns(&self) -> bool {
        matches!(
            self,
            Self::Portable {
                has_turns: true,
                ..
            }
        )
    }

    /// Rings for a later turn of the event loop.
    pub(super) fn ring_later(&self) {
        match self {
            #[cfg(unix)]
            Self::Uv(signal) => signal.send(),
            Self::Portable { later, .. } => later.send(),
        }
    }

    /// Rings for the next entry, where calls are nested.
    pub(super) fn ring_for_next_entry(&self) {
        match self {
            #[cfg(unix)]
            Self::Uv(_) => {}
            Self::Portable { signal, .. } => signal.send(),
        }
    }

    /// Whether the event loop stays alive for what may come.
    pub(super) fn keep_alive(&self, alive: bool) {
        match self {
            #[cfg(unix)]
            Self::Uv(signal) => signal.keep_alive(alive),
            Self::Portable { signal, .. } => signal.keep_alive(alive),
        }
    }
}

fn called_later(state: &Environment, tag: u64) {
    deliver::rung(state, tag, 0);
}
