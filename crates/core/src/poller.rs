//! Waiting for readiness.

use std::collections::VecDeque;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Misuse, Result};
use crate::event::{Event, readiness, readiness_of};
use crate::handle::{Handle, Slab};
use crate::waker::{WAKER_TOKEN, WakeSignal, Waker};

/// A wait is cut into slices of this length, and between two of them the caller is asked whether
/// to go on: nothing else could end a poll in a thread that is told to stop (a worker that is
/// terminated, a process that exits). Ten wake-ups a second are not measurable.
const SLICE: Duration = Duration::from_millis(100);

/// What the system fills: lent to a [`Waiter`](crate::Waiter) as a whole.
#[derive(Debug)]
pub struct Driver {
    pub(crate) poll: mio::Poll,
    pub(crate) events: mio::Events,
    /// How long a waiter waits; `None`: until there is an event.
    pub(crate) timeout: Option<Duration>,
}

/// The token that a source was registered with, and the source.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) token: u64,
    pub(crate) source: Handle,
}

/// What happened to a poller since it was made.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    polls: u64,
    empty: u64,
    events: u64,
    wakes: u64,
    stale: u64,
}

/// One selector of the system, and what is registered with it.
#[derive(Debug)]
pub struct Poller {
    driver: Option<Driver>,
    /// The driver's descriptor, which is known while the driver is lent, too.
    #[cfg(unix)]
    raw: RawFd,
    registry: mio::Registry,
    pub(crate) registrations: Slab<Registration>,
    /// Made when first needed, since it costs a descriptor on some systems.
    signal: Option<Arc<WakeSignal>>,
    waker_token: Option<u64>,
    /// Events that the system gave and the program did not take yet.
    ready: VecDeque<Event>,
    tally: Tally,
}

impl Poller {
    pub(crate) fn new() -> Result<Self> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let events = mio::Events::with_capacity(1);
        Ok(Self {
            #[cfg(unix)]
            raw: poll.as_raw_fd(),
            driver: Some(Driver {
                poll,
                events,
                timeout: None,
            }),
            registry,
            registrations: Slab::default(),
            signal: None,
            waker_token: None,
            ready: VecDeque::new(),
            tally: Tally::default(),
        })
    }

    /// Waits until something is ready, the time is over, or `keep_waiting` says no, and returns
    /// how many events are there for [`Poller::take`], at most `capacity`.
    ///
    /// `None` waits for ever; zero does not wait. It never returns 0 before the time is over, and
    /// it hides EINTR. `keep_waiting` is asked at least every 100 ms, and after every signal.
    ///
    /// Errors: [`Misuse::Busy`] while a [`Waiter`](crate::Waiter) has the driver; the system's.
    pub fn poll(
        &mut self,
        capacity: usize,
        timeout: Option<Duration>,
        mut keep_waiting: impl FnMut() -> bool,
    ) -> Result<usize> {
        if self.driver.is_none() {
            return Err(Misuse::Busy.into());
        }
        self.discard_stale();
        if !self.ready.is_empty() {
            return Ok(self.ready.len().min(capacity));
        }
        let deadline = match timeout {
            Some(Duration::ZERO) | None => None,
            Some(timeout) => Instant::now().checked_add(timeout),
        };
        loop {
            let remaining = match (timeout, deadline) {
                (Some(Duration::ZERO), _) => Duration::ZERO,
                (_, Some(deadline)) => deadline.saturating_duration_since(Instant::now()),
                (_, None) => SLICE,
            };
            self.select(capacity, remaining.min(SLICE))?;
            if !self.ready.is_empty()
                || (remaining.is_zero() && !self.is_batch_full(capacity))
                || !keep_waiting()
            {
                return Ok(self.ready.len().min(capacity));
            }
        }
    }

    /// Takes the next event; [`Poller::poll`] says how many there are.
    pub fn take(&mut self) -> Option<Event> {
        let event = self.ready.pop_front()?;
        self.tally.events += 1;
        self.tally.wakes += u64::from(event.registration.is_none());
        Some(event)
    }

    /// Since it was made: how often the system was asked, and how often it had nothing of the
    /// program's; events that were taken, and wakes among them; events whose source left before that.
    /// Last, how many sources are registered now.
    pub fn stats(&self) -> [u64; 6] {
        let Tally {
            polls,
            empty,
            events,
            wakes,
            stale,
        } = self.tally;
        let sources = self.registrations.len() as u64;
        [polls, empty, events, wakes, stale, sources]
    }

    /// Asks the system once.
    fn select(&mut self, capacity: usize, timeout: Duration) -> Result<()> {
        let Some(mut driver) = self.driver.take() else {
            return Err(Misuse::Busy.into());
        };
        driver.resize(capacity);
        let outcome = driver.poll.poll(&mut driver.events, Some(timeout));
        self.put_back(driver, outcome)
    }

    /// Whether the system filled all the room. If nothing of it was the program's (an interrupt of
    /// the package's own took its place), that says nothing about what else is ready.
    fn is_batch_full(&self, capacity: usize) -> bool {
        let driver = self.driver.as_ref();
        driver.is_some_and(|driver| driver.events.iter().count() >= capacity)
    }

    /// Gives the driver away, for a wait in another thread. Until it is put back, `poll` is busy.
    pub fn lend(&mut self, capacity: usize) -> Result<Driver> {
        let mut driver = self.driver.take().ok_or(Misuse::Busy)?;
        driver.resize(capacity);
        Ok(driver)
    }

    /// Takes the driver back, with the outcome of its wait and the events that it brings.
    pub fn put_back(&mut self, driver: Driver, outcome: io::Result<()>) -> Result<()> {
        let before = self.ready.len();
        self.tally.polls += 1;
        match outcome {
            Ok(()) => {
                for event in &driver.events {
                    self.ready.extend(translate(
                        event,
                        &self.registrations,
                        self.signal.as_deref(),
                        self.waker_token,
                    ));
                }
                self.driver = Some(driver);
                self.tally.empty += u64::from(self.ready.len() == before);
                Ok(())
            }
            Err(error) => {
                self.driver = Some(driver);
                self.tally.empty += 1;
                if error.kind() == io::ErrorKind::Interrupted {
                    return Ok(());
                }
                Err(error.into())
            }
        }
    }

    /// Whether events wait to be taken, so that a wait would not have to.
    pub fn has_ready(&mut self) -> bool {
        self.discard_stale();
        !self.ready.is_empty()
    }

    /// Whether the driver is lent.
    pub fn is_lent(&self) -> bool {
        self.driver.is_none()
    }

    /// Events of sources that left between the wait and now belong to nobody.
    fn discard_stale(&mut self) {
        let registrations = &self.registrations;
        let before = self.ready.len();
        self.ready.retain(|event| {
            event
                .registration
                .is_none_or(|key| registrations.get(key).is_some())
        });
        self.tally.stale += (before - self.ready.len()) as u64;
    }

    /// Forgets what was found under a registration that changes: the system reports it anew.
    pub(crate) fn forget(&mut self, registration: Handle) {
        self.ready
            .retain(|event| event.registration != Some(registration));
    }

    /// Whether the source behind an event is still registered as it was then.
    pub fn is_current(&self, registration: Handle) -> bool {
        self.registrations.get(registration).is_some()
    }

    pub(crate) fn registry(&self) -> &mio::Registry {
        &self.registry
    }

    /// The signal of this poller, made on the first call.
    pub fn signal(&mut self) -> Result<&Arc<WakeSignal>> {
        if self.signal.is_none() {
            self.signal = Some(WakeSignal::new(&self.registry)?);
        }
        Ok(self.signal.as_ref().expect("made above"))
    }

    /// Opens the program's waker.
    ///
    /// Errors: [`Misuse::SecondWaker`]; [`Misuse::TokenOfWaker`] when a source has the token.
    pub fn open_waker(&mut self, token: u64) -> Result<Waker> {
        if self.waker_token.is_some() {
            return Err(Misuse::SecondWaker.into());
        }
        if self
            .registrations
            .iter()
            .any(|(_, registration)| registration.token == token)
        {
            return Err(Misuse::TokenOfWaker.into());
        }
        let waker = self.signal()?.open();
        self.waker_token = Some(token);
        Ok(waker)
    }

    /// Closes the program's waker, after which another may be opened.
    pub fn close_waker(&mut self) {
        self.waker_token = None;
        self.ready.retain(|event| event.registration.is_some());
        if let Some(signal) = &self.signal {
            signal.close();
        }
    }

    pub(crate) fn check_token(&self, token: u64) -> Result<()> {
        if self.waker_token == Some(token) {
            return Err(Misuse::TokenOfWaker.into());
        }
        Ok(())
    }

    /// The selector's descriptor, which is itself pollable.
    #[cfg(unix)]
    pub fn as_raw(&self) -> RawFd {
        self.raw
    }

    /// Another descriptor of the same selector, for those who watch it and would not survive that a
    /// program closes the one that it knows (libuv aborts).
    #[cfg(unix)]
    pub fn watched_raw(&self) -> RawFd {
        self.registry.as_raw_fd()
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        // Handles in other threads keep the signal, but not the poller that it would wake.
        self.close_waker();
    }
}

impl Driver {
    /// The kernel never hands out more than the program has room for, so what it keeps stays fair.
    fn resize(&mut self, capacity: usize) {
        if self.events.capacity() != capacity {
            self.events = mio::Events::with_capacity(capacity);
        }
    }
}

fn translate(
    event: &mio::event::Event,
    registrations: &Slab<Registration>,
    signal: Option<&WakeSignal>,
    waker_token: Option<u64>,
) -> Option<Event> {
    if event.token() == WAKER_TOKEN {
        // An interrupt of the package's own is no event, nor a wake that was merged. The flag is
        // taken even without a waker: one that was woken while it was closed would else silence
        // the next.
        let woken = signal.is_some_and(WakeSignal::take);
        let token = waker_token.filter(|_| woken)?;
        return Some(Event {
            token,
            readiness: readiness::READABLE,
            registration: None,
        });
    }
    // A token that nobody has: the kernel still knew a descriptor that was duplicated.
    let (key, registration) = registrations.find(event.token())?;
    Some(Event {
        token: registration.token,
        readiness: readiness_of(event),
        registration: Some(key),
    })
}
