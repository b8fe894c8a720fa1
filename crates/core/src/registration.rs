//! The rules by which pollers watch sources, which mio itself only checks in debug builds.

use mio::Interest;

use crate::error::{Misuse, Result};
use crate::handle::Handle;
use crate::mirror::Mirror;
use crate::poller::{Poller, Registration};
use crate::source::{Place, Source};

impl Mirror {
    /// Starts to watch a source.
    ///
    /// Errors: [`Misuse::AlreadyRegistered`], whatever the poller, and for another source of this
    /// poller with the same descriptor; [`Misuse::TokenOfWaker`]; the system's, after which the
    /// source is not registered.
    pub fn register(
        &mut self,
        poller: Handle,
        source: Handle,
        token: u64,
        interest: Interest,
    ) -> Result<()> {
        let (at, watched) = (poller, source);
        let (poller, source) = self.pair(at, watched)?;
        if source.place.is_some() {
            return Err(Misuse::AlreadyRegistered.into());
        }
        poller.check_token(token)?;
        self.make_way(at, watched)?;
        let (poller, source) = self.pair(at, watched)?;
        let registration = Registration {
            token,
            source: watched,
        };
        let place = Place {
            poller: at,
            registration: poller
                .registrations
                .insert(registration)
                .map_err(|_| Misuse::TooManyHandles)?,
        };
        let token = place.registration.token();
        if let Err(error) = source.io.register(poller.registry(), token, interest) {
            poller.registrations.remove(place.registration);
            return Err(error);
        }
        source.place = Some(place);
        Ok(())
    }

    /// Sees to it that no other source of the poller has the number of this one. epoll would refuse
    /// the second, kqueue would silently give it the first one's place.
    fn make_way(&mut self, poller: Handle, source: Handle) -> Result<()> {
        let Some(rival) = self.rival(poller, source) else {
            return Ok(());
        };
        if self.source(rival)?.io.is_same() {
            return Err(Misuse::AlreadyRegistered.into());
        }
        self.forget(rival);
        Ok(())
    }

    /// The source with the same number in this poller. One of the two is borrowed, as no number has
    /// two owners.
    fn rival(&self, poller: Handle, source: Handle) -> Option<Handle> {
        let io = &self.sources.get(source)?.io;
        let raw = io.as_raw();
        let is_rival = |other: &Handle| {
            self.sources.get(*other).is_some_and(|other| {
                other.io.as_raw() == raw && other.place.is_some_and(|place| place.poller == poller)
            })
        };
        if io.is_owner() {
            return self.borrowed.iter().copied().find(is_rival);
        }
        let registrations = self.pollers.get(poller)?.registrations.iter();
        registrations
            .map(|(_, registration)| registration.source)
            .find(is_rival)
    }

    /// Replaces token and interest, and re-arms.
    ///
    /// Events of the registration before stay current: it is the same source.
    ///
    /// Errors: [`Misuse::NotRegistered`], also for a borrowed descriptor whose number stands for
    /// something else by now; [`Misuse::RegisteredElsewhere`], [`Misuse::TokenOfWaker`]; the system's,
    /// after which the registration is as it was.
    pub fn reregister(
        &mut self,
        poller: Handle,
        source: Handle,
        token: u64,
        interest: Interest,
    ) -> Result<()> {
        let (at, watched) = (poller, source);
        let (poller, source) = self.pair(at, watched)?;
        let place = source.place.ok_or(Misuse::NotRegistered)?;
        if !source.io.is_same() {
            self.forget(watched);
            return Err(Misuse::NotRegistered.into());
        }
        if place.poller != at {
            return Err(Misuse::RegisteredElsewhere.into());
        }
        poller.check_token(token)?;
        let registration = place.registration.token();
        source
            .io
            .reregister(poller.registry(), registration, interest)?;
        if let Some(registration) = poller.registrations.get_mut(place.registration) {
            registration.token = token;
        }
        poller.forget(place.registration);
        Ok(())
    }

    /// Stops to watch a source.
    ///
    /// Errors: [`Misuse::NotRegistered`], also when it is registered with another poller, and for a
    /// borrowed descriptor whose number stands for something else by now.
    pub fn deregister(&mut self, poller: Handle, source: Handle) -> Result<()> {
        let at = poller;
        let (poller, source) = self.pair(at, source)?;
        let place = source.place.filter(|place| place.poller == at);
        let place = place.ok_or(Misuse::NotRegistered)?;
        source.place = None;
        poller.registrations.remove(place.registration);
        if !source.io.is_same() {
            return Err(Misuse::NotRegistered.into());
        }
        source.io.deregister(poller.registry())
    }

    fn pair(&mut self, poller: Handle, source: Handle) -> Result<(&mut Poller, &mut Source)> {
        let poller = self.pollers.get_mut(poller).ok_or(Misuse::PollClosed)?;
        let source = self.sources.get_mut(source).ok_or(Misuse::SourceClosed)?;
        Ok((poller, source))
    }
}
