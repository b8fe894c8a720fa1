//! All pollers and sources of one JavaScript environment: how they come and go, and who owns them.

use std::net::SocketAddr;

#[cfg(any(unix, windows))]
use crate::builder::Unbound;
#[cfg(any(unix, windows))]
use crate::engine::is_owned;
use crate::error::{Misuse, Result};
use crate::handle::{Handle, Slab};
use crate::io::{Io, Kind};
use crate::poller::Poller;
use crate::raw::RawDescriptor;
use crate::shared::{self, Owner};
use crate::source::{Connect, Source};
use crate::tcp;

/// The state behind the mirror of mio's API. Single-threaded; dropping it closes everything.
#[derive(Debug, Default)]
pub struct Mirror {
    /// Dropped before the pollers, as mio wants it.
    pub(crate) sources: Slab<Source>,
    /// Those of them that are borrowed: a few, if any.
    pub(crate) borrowed: Vec<Handle>,
    pub(crate) pollers: Slab<Poller>,
    shared: Owner,
}

impl Mirror {
    /// Makes a selector.
    ///
    /// Errors: EMFILE and others of the system.
    pub fn open_poller(&mut self) -> Result<Handle> {
        let poller = Poller::new()?;
        Ok(self
            .pollers
            .insert(poller)
            .map_err(|_| Misuse::TooManyHandles)?)
    }

    /// Closes a selector. Its sources stay open and become unregistered.
    pub fn close_poller(&mut self, poller: Handle) -> Result<()> {
        let closed = self.pollers.remove(poller).ok_or(Misuse::PollClosed)?;
        for (_, registration) in closed.registrations.iter() {
            if let Some(source) = self.sources.get_mut(registration.source) {
                source.place = None;
                // Fails only for a descriptor that was closed behind our back, and then the
                // kernel has forgotten it already.
                drop(source.io.deregister(closed.registry()));
            }
        }
        Ok(())
    }

    /// The poller of a handle.
    pub fn poller(&mut self, poller: Handle) -> Result<&mut Poller> {
        Ok(self.pollers.get_mut(poller).ok_or(Misuse::PollClosed)?)
    }

    /// Stores a socket that was just made, and may be connecting; or a borrowed descriptor.
    pub fn open_source(&mut self, io: Io) -> Result<Handle> {
        self.insert_new(Source::new(io, Connect::Pending))
    }

    /// Stores a socket that connects no longer, or never does.
    pub fn open_connected(&mut self, io: Io) -> Result<Handle> {
        self.insert_new(Source::new(io, Connect::Done))
    }

    /// Stores two sources that belong together, or neither.
    pub fn open_pair(&mut self, (first, second): (Io, Io)) -> Result<[Handle; 2]> {
        let first = self.insert_new(Source::new(first, Connect::Done))?;
        match self.insert_new(Source::new(second, Connect::Done)) {
            Ok(second) => Ok([first, second]),
            Err(failure) => {
                self.close_source(first)?;
                Err(failure)
            }
        }
    }

    /// As [`Mirror::insert`], of a descriptor that the system has just made: whoever had its number
    /// before has closed it.
    fn insert_new(&mut self, source: Source) -> Result<Handle> {
        if source.io.is_owner() {
            self.forget_borrowed(source.io.as_raw(), |_| true);
        }
        self.insert(source)
    }

    fn insert(&mut self, source: Source) -> Result<Handle> {
        let is_owner = source.io.is_owner();
        let inserted = self.sources.insert(source);
        let handle = inserted.map_err(|_| Misuse::TooManyHandles)?;
        if !is_owner {
            self.borrowed.push(handle);
        }
        Ok(handle)
    }

    /// Unregisters what is borrowed under a number that was closed since, of that what `is_stale`
    /// says: the system's registration went with the open file, and to deregister the number would
    /// take another's away.
    fn forget_borrowed(&mut self, raw: RawDescriptor, is_stale: impl Fn(&Io) -> bool) {
        let has_number = |&handle: &Handle| {
            let source = self.sources.get(handle);
            source.is_some_and(|source| source.io.as_raw() == raw && is_stale(&source.io))
        };
        // Without an allocation where there are none.
        let stale: Vec<Handle> = self.borrowed.iter().copied().filter(has_number).collect();
        for source in stale {
            self.forget(source);
        }
    }

    /// Unregisters a source that the system has forgotten.
    pub(crate) fn forget(&mut self, source: Handle) {
        if let Some(source) = self.sources.get_mut(source)
            && let Some(place) = source.place.take()
            && let Some(poller) = self.pollers.get_mut(place.poller)
        {
            poller.registrations.remove(place.registration);
        }
    }

    /// The source of a handle.
    pub fn source(&mut self, source: Handle) -> Result<&mut Source> {
        Ok(self.sources.get_mut(source).ok_or(Misuse::SourceClosed)?)
    }

    /// Accepts a connection and stores it.
    ///
    /// Errors: would-block when the queue is empty; ECONNABORTED and others for a connection that
    /// died in the queue, EMFILE and others when the process or the system is at its limit.
    pub fn accept(&mut self, listener: Handle) -> Result<(Handle, SocketAddr)> {
        let listener = self.sources.get(listener).ok_or(Misuse::SourceClosed)?;
        let (stream, address) = tcp::listener::accept(&listener.io)?;
        let source = Source::new(Io::TcpStream(stream), Connect::Done);
        Ok((self.insert_new(source)?, address))
    }

    /// Accepts a connection of Unix sockets and stores it.
    ///
    /// Errors: as [`Mirror::accept`].
    #[cfg(unix)]
    pub fn accept_unix(&mut self, listener: Handle) -> Result<(Handle, socket2::SockAddr)> {
        let listener = self.sources.get(listener).ok_or(Misuse::SourceClosed)?;
        let (stream, address) = crate::unix::listener::accept(&listener.io)?;
        let source = Source::new(Io::UnixStream(stream), Connect::Done);
        Ok((self.insert_new(source)?, address))
    }

    /// Takes ownership of a descriptor that no source of this environment owns, no engine, and none
    /// that was ever shared.
    ///
    /// Errors: [`Misuse::DescriptorOwned`], and what `adopt` says.
    pub fn adopt(
        &mut self,
        raw: RawDescriptor,
        adopt: impl FnOnce(RawDescriptor) -> Result<Io>,
    ) -> Result<Handle> {
        if self.owns(raw) || is_owned(raw) {
            return Err(Misuse::DescriptorOwned.into());
        }
        if !self.sources.has_room() {
            return Err(Misuse::TooManyHandles.into());
        }
        let io = adopt(raw)?;
        self.insert(Source::new(io, Connect::Pending))
    }

    /// Whether a descriptor is one of the sources', or of those that were shared between threads.
    pub fn owns(&self, raw: RawDescriptor) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|(_, source)| source.io.is_owner() && source.io.as_raw() == raw)
            || shared::owns(raw)
    }

    /// Lets a socket of `builder` become what it was made for, under a new handle, if
    /// `operation` succeeds; else it stays as it is.
    ///
    /// Errors: [`Misuse::WrongSource`] for what is no such socket; what `operation` says.
    #[cfg(any(unix, windows))]
    pub fn build(
        &mut self,
        builder: Handle,
        operation: impl FnOnce(&Unbound) -> Result<fn(Unbound) -> Io>,
    ) -> Result<Handle> {
        let Io::Unbound(unbound) = &self.source(builder)?.io else {
            return Err(Misuse::WrongSource.into());
        };
        let finish = operation(unbound)?;
        match self.take_source(builder)?.io {
            Io::Unbound(unbound) => self.open_source(finish(unbound)),
            _ => Err(Misuse::WrongSource.into()),
        }
    }

    /// Deregisters and closes a source, in this order: a descriptor that is duplicated elsewhere
    /// would go on to deliver events.
    pub fn close_source(&mut self, source: Handle) -> Result<()> {
        self.take_source(source).map(drop)
    }

    /// Deregisters a source and gives its descriptor away.
    ///
    /// Errors: [`Misuse::WrongSource`] for a named pipe, which stays.
    pub fn into_raw(&mut self, source: Handle) -> Result<RawDescriptor> {
        if !self.source(source)?.io.is_separable() {
            return Err(Misuse::WrongSource.into());
        }
        // What is known of it ends here, before anybody else has the number.
        let raw = self.take_source(source)?.io.into_raw();
        Ok(raw.ok_or(Misuse::WrongSource)?)
    }

    /// Deregisters a source and offers it to every mirror of the process, under a number below 2^53.
    /// It stays this mirror's, which closes it when it is dropped, until one of them takes it.
    ///
    /// Errors: [`Misuse::WrongSource`] for another kind, and for what belongs to somebody else.
    pub fn share(&mut self, handle: Handle, kind: Kind) -> Result<u64> {
        let io = &self.source(handle)?.io;
        if io.kind() != kind || !io.is_owner() {
            return Err(Misuse::WrongSource.into());
        }
        let source = self.take_source(handle)?;
        Ok(self.shared.share(source))
    }

    /// Takes a source that a mirror of this process has shared; the next one that asks comes late.
    ///
    /// Errors: [`Misuse::SharedSourceGone`] for a number that names none, or none any longer;
    /// [`Misuse::SharedSourceKind`] for another kind, and then it can still be taken.
    pub fn take_shared(&mut self, id: u64, kind: Kind) -> Result<Handle> {
        if !self.sources.has_room() {
            return Err(Misuse::TooManyHandles.into());
        }
        let source = shared::take(id, kind)?;
        // It may be new to the process, or have been borrowed before it came here.
        self.forget_borrowed(source.io.as_raw(), |io| !io.is_same());
        self.insert(source)
    }

    fn take_source(&mut self, handle: Handle) -> Result<Source> {
        let mut source = self.sources.remove(handle).ok_or(Misuse::SourceClosed)?;
        if !source.io.is_owner() {
            self.borrowed.retain(|&other| other != handle);
        }
        if let Some(place) = source.place.take()
            && let Some(poller) = self.pollers.get_mut(place.poller)
        {
            poller.registrations.remove(place.registration);
            // What has its number by now may be registered.
            if source.io.is_same() {
                // Fails only for a descriptor that was closed behind our back.
                drop(source.io.deregister(poller.registry()));
            }
        }
        Ok(source)
    }

    /// How many pollers and sources are open, with those that were shared and not taken yet.
    pub fn census(&self) -> (usize, usize) {
        let sources = self.sources.len() + self.shared.count();
        (self.pollers.len(), sources)
    }
}

/// No engine is there to own any.
#[cfg(not(any(unix, windows)))]
fn is_owned(_: RawDescriptor) -> bool {
    false
}
