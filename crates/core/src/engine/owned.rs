//! Which descriptors the engines of this process own.
//!
//! A number is all that a program has to say to adopt a descriptor, and a number that an engine owns
//! already would get two owners: the first that closes it takes away whatever has the number by then.
//! So numbers are written down while they are owned. That costs a lock for each connection, a hundredth
//! of what accepting it costs.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::raw::RawDescriptor;

static OWNED: LazyLock<Mutex<HashSet<RawDescriptor>>> = LazyLock::new(Mutex::default);

fn owned() -> MutexGuard<'static, HashSet<RawDescriptor>> {
    OWNED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether an engine of this process owns a descriptor.
pub(crate) fn is_owned(raw: RawDescriptor) -> bool {
    owned().contains(&raw)
}

/// A descriptor is on its way to an engine, which will have an [`Owned`] for it.
pub(super) fn announce(raw: RawDescriptor) {
    owned().insert(raw);
}

/// A descriptor has not reached the engine.
pub(super) fn withdraw(raw: RawDescriptor) {
    owned().remove(&raw);
}

/// The entry of one descriptor. To be dropped before that is closed: afterwards the number may be
/// somebody else's.
#[derive(Debug)]
pub(super) struct Owned(RawDescriptor);

impl Owned {
    pub(super) fn new(raw: RawDescriptor) -> Self {
        owned().insert(raw);
        Self(raw)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        owned().remove(&self.0);
    }
}
