//! Descriptors whose numbers are on their way through JavaScript, from one owner to the next.
//!
//! A number owns nothing, and a worker may be terminated between any two calls. So whoever hands a
//! number out keeps it in mind until the next owner has it; what nobody has taken when the keeper goes
//! is closed, but for a number that is somebody else's by then. That can be told where each socket
//! has a number of its own, which is Linux; elsewhere such a descriptor stays open.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::raw::{RawDescriptor, SocketIdentity, close_socket, socket_identity};

#[derive(Debug)]
struct Entry {
    keeper: u64,
    identity: SocketIdentity,
}

static LENT: LazyLock<Mutex<HashMap<RawDescriptor, Entry>>> = LazyLock::new(Mutex::default);

fn lent() -> MutexGuard<'static, HashMap<RawDescriptor, Entry>> {
    LENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps descriptors in mind, and closes those that nobody has taken when it is dropped.
#[derive(Debug)]
pub struct Keeper(u64);

impl Default for Keeper {
    fn default() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

impl Keeper {
    /// Keeps in mind the descriptor of a socket, which nobody owns any more.
    pub fn lend(&self, raw: RawDescriptor) {
        if let Some(identity) = socket_identity(raw) {
            let keeper = self.0;
            lent().insert(raw, Entry { keeper, identity });
        }
    }

    /// Takes over what another keeper has lent.
    pub fn take_over(&self, raw: RawDescriptor) {
        if let Some(entry) = lent().get_mut(&raw) {
            entry.keeper = self.0;
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        lent().retain(|raw, entry| {
            let is_mine = entry.keeper == self.0;
            if is_mine && socket_identity(*raw) == Some(entry.identity) {
                close_socket(*raw);
            }
            !is_mine
        });
    }
}

/// A descriptor has an owner now.
pub fn taken(raw: RawDescriptor) {
    lent().remove(&raw);
}
