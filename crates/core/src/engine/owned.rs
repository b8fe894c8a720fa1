//! Which descriptors the engines of this process own, and who has them.
//!
//! A number is all that a program has to say to adopt a descriptor, and a number that an engine owns
//! already would get two owners: the first that closes it takes away whatever has the number by then.
//! So numbers are written down while they are owned, with the name of their owner, by which a program
//! reaches the options of a socket whose machine is on another thread. An entry is gone before its
//! descriptor is closed, and the lock is held as long as an option is asked for or set: no option can
//! meet a descriptor that another socket has by now. Whoever resets a connection hides it before
//! ([`Owned::hide`]), so that no option of the program's undoes that. That costs a lock for each connection, a
//! hundredth of what accepting it costs; reading and writing never come here.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use socket2::SockRef;

use super::id::Id;
use crate::raw::{RawDescriptor, borrow_socket};

#[derive(Debug, Default)]
struct Table {
    descriptors: HashSet<RawDescriptor>,
    owners: HashMap<Owner, RawDescriptor>,
}

static OWNED: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

fn owned() -> MutexGuard<'static, Table> {
    OWNED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lane, told from all others of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LaneKey(u64);

impl LaneKey {
    pub(super) fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) const fn connection(self, id: Id) -> Owner {
        Owner(self, Part::Connection(id))
    }

    pub(super) const fn listener(self, listener: u32) -> Owner {
        Owner(self, Part::Listener(listener))
    }
}

/// Who has a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Owner(LaneKey, Part);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Connection(Id),
    Listener(u32),
}

/// Whether an engine of this process owns a descriptor.
pub(crate) fn is_owned(raw: RawDescriptor) -> bool {
    owned().descriptors.contains(&raw)
}

/// Does something with the socket of an owner: `None` if it has none, or none any more. Nothing else
/// is opened or closed by any engine meanwhile, so it should not take long.
pub(super) fn with_socket<R>(owner: Owner, operation: impl FnOnce(&SockRef<'_>) -> R) -> Option<R> {
    let table = owned();
    let raw = *table.owners.get(&owner)?;
    Some(borrow_socket(raw, operation))
}

/// The descriptor of an owner: `None` if it has none, or none any more.
pub(super) fn descriptor(owner: Owner) -> Option<RawDescriptor> {
    owned().owners.get(&owner).copied()
}

/// A descriptor is on its way to an engine, which will have an [`Owned`] for it.
pub(super) fn announce(owner: Owner, raw: RawDescriptor) {
    let mut table = owned();
    table.descriptors.insert(raw);
    // An id that is in use stays that of the socket that has it.
    table.owners.entry(owner).or_insert(raw);
}

/// A descriptor has not reached the engine, or is about to be closed or given away.
pub(super) fn withdraw(owner: Owner, raw: RawDescriptor) {
    let mut table = owned();
    table.descriptors.remove(&raw);
    if table.owners.get(&owner) == Some(&raw) {
        table.owners.remove(&owner);
    }
}

/// The entry of one descriptor. To be dropped before that is closed: afterwards the number may be
/// somebody else's.
#[derive(Debug)]
pub(super) struct Owned(Owner, RawDescriptor);

impl Owned {
    pub(super) fn new(owner: Owner, raw: RawDescriptor) -> Self {
        announce(owner, raw);
        Self(owner, raw)
    }

    /// The socket is not found by its owner's name any more, but has an owner all the same. Waits for
    /// an operation that is under way.
    pub(super) fn hide(&self) {
        let mut table = owned();
        if table.owners.get(&self.0) == Some(&self.1) {
            table.owners.remove(&self.0);
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        withdraw(self.0, self.1);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::os::fd::AsRawFd;
    #[cfg(windows)]
    use std::os::windows::io::AsRawSocket;

    use socket2::{Domain, Socket, Type};

    use super::*;

    fn socket() -> (Socket, RawDescriptor) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        #[cfg(unix)]
        let raw = socket.as_raw_fd();
        #[cfg(windows)]
        let raw = socket.as_raw_socket();
        (socket, raw)
    }

    #[test]
    fn an_owner_is_found_until_its_entry_is_dropped() {
        let (first, raw) = socket();
        let owner = LaneKey::new().connection(Id::chosen(1, 2));
        let size = |socket: &SockRef<'_>| socket.recv_buffer_size().unwrap();
        assert_eq!(with_socket(owner, size), None);
        announce(owner, raw);
        let owned = Owned::new(owner, raw);
        assert!(is_owned(raw));
        assert_eq!(with_socket(owner, size), first.recv_buffer_size().ok());
        assert_eq!(descriptor(owner), Some(raw));
        let stale = LaneKey::new().connection(Id::chosen(1, 2));
        assert_eq!(with_socket(stale, size), None);
        drop(owned);
        assert!(!is_owned(raw));
        assert_eq!(with_socket(owner, size), None);
        assert_eq!(descriptor(owner), None);
    }

    #[test]
    fn what_is_hidden_is_not_found_and_still_owned() {
        let (_first, raw) = socket();
        let owner = LaneKey::new().listener(1);
        let owned = Owned::new(owner, raw);
        let (_second, other) = socket();
        // It has no name of its own, as that is taken.
        let nameless = Owned::new(owner, other);
        nameless.hide();
        assert_eq!(with_socket(owner, |_| ()), Some(()));
        owned.hide();
        assert_eq!(with_socket(owner, |_| ()), None);
        assert!(is_owned(raw));
        drop(owned);
        assert!(!is_owned(raw));
    }

    #[test]
    fn a_name_that_is_taken_stays_with_its_socket() {
        let ((first, raw), (_second, other)) = (socket(), socket());
        first.set_keepalive(true).unwrap();
        let owner = LaneKey::new().listener(3);
        let keepalive = |socket: &SockRef<'_>| socket.keepalive().unwrap();
        let owned = Owned::new(owner, raw);
        drop(Owned::new(owner, other));
        assert_eq!(with_socket(owner, keepalive), Some(true));
        assert!(is_owned(raw) && !is_owned(other));
        drop(owned);
        assert_eq!(with_socket(owner, keepalive), None);
    }
}
