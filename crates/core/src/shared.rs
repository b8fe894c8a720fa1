//! Sources on their way from one thread to another.
//!
//! Threads of JavaScript exchange copies of plain data, so what a program sends is a number, and the
//! source waits in one table of the process until somebody asks for that number. Whoever asks first
//! has it: the entry is taken out under the lock, so that no source ever has two owners.
//!
//! A number that is never asked for must not keep a socket open for ever. So an entry belongs to the
//! environment that made it, which can take it back, and which closes it when it ends. Nothing else
//! closes one: whether a message was lost or is only late, nobody can tell.
//!
//! The same table knows the descriptors of all sources that were ever shared, until they are closed or
//! given away: the thread that has one by now is not the one that is asked to adopt its number.
//!
//! A number must not name somebody else's source by mistake, as a count would. It is the hash of a
//! count under a key that no program knows, of 53 bits: a guess hits one of a million entries once in
//! ten billion times.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::error::{Misuse, Result};
use crate::io::Kind;
use crate::raw::RawDescriptor;
use crate::source::Source;

#[derive(Debug)]
struct Waiting {
    owner: u64,
    source: Source,
}

#[derive(Debug, Default)]
struct Table {
    waiting: HashMap<u64, Waiting>,
    descriptors: HashSet<RawDescriptor>,
    key: RandomState,
    count: u64,
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

/// The lock is held for operations of the table only: nothing is closed under it.
fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The entry of a source's descriptor. To be dropped before that is closed or given away, and not
/// under the lock.
#[derive(Debug)]
pub(crate) struct Known(RawDescriptor);

impl Drop for Known {
    fn drop(&mut self) {
        table().descriptors.remove(&self.0);
    }
}

/// The part of the table that is one environment's. Dropping it closes what nobody has asked for.
#[derive(Debug)]
pub(crate) struct Owner(u64);

impl Default for Owner {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Owner {
    /// Puts a source, which is registered nowhere, into the table: the number that names it.
    pub(crate) fn share(&self, mut source: Source) -> u64 {
        let table = &mut *table();
        let raw = source.io.as_raw();
        source.known.get_or_insert_with(|| {
            table.descriptors.insert(raw);
            Known(raw)
        });
        loop {
            table.count += 1;
            let id = table.key.hash_one(table.count) >> 11;
            if let Entry::Vacant(entry) = table.waiting.entry(id) {
                let owner = self.0;
                entry.insert(Waiting { owner, source });
                return id;
            }
        }
    }

    /// How many of this environment's sources nobody has asked for yet.
    pub(crate) fn count(&self) -> usize {
        let table = table();
        let waiting = table.waiting.values();
        waiting.filter(|waiting| waiting.owner == self.0).count()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let mut table = table();
        let orphans = table
            .waiting
            .extract_if(|_, waiting| waiting.owner == self.0)
            .collect::<Vec<_>>();
        drop(table);
        drop(orphans);
    }
}

/// Takes a source out of the table, for the thread that asks.
///
/// Errors: [`Misuse::SharedSourceGone`]; [`Misuse::SharedSourceKind`], which leaves it there.
pub(crate) fn take(id: u64, kind: Kind) -> Result<Source> {
    let mut table = table();
    let waiting = table.waiting.get(&id).ok_or(Misuse::SharedSourceGone)?;
    if waiting.source.io.kind() != kind {
        return Err(Misuse::SharedSourceKind.into());
    }
    let taken = table.waiting.remove(&id).ok_or(Misuse::SharedSourceGone)?;
    Ok(taken.source)
}

/// Whether a descriptor belongs to a source that was shared, wherever that is by now.
pub(crate) fn owns(raw: RawDescriptor) -> bool {
    table().descriptors.contains(&raw)
}
