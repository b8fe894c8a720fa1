//! One machine and the thread that it may run on.
//!
//! The program's side is [`Lane`]. While the machine is *inline* the lane owns it: submissions are
//! carried out at once, and a turn is made when the selector's descriptor turns readable. While it is
//! on its *thread*, submissions go into an inbox and completions come out of an outbox (see
//! `handover`). The machine is one value, so moving it from one to the other is handing over a box,
//! at the end of a turn and after everything that came before: nothing is lost or reordered.

use std::io;
#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::auto::Auto;
use super::bound::{Bound, Watched};
use super::command::Command;
use super::completion::Completions;
use super::counters::Counters;
use super::handover::{Inbox, Merge, Outbox, Parcel};
use super::id::{Id, listener_token};
use super::machine::{Limits, Machine};
use super::owned::{self, LaneKey};
use super::port::{Port, Shared};
use super::reader::Buffer;
use super::submission::{Submissions, check};
use super::thread;
use crate::error::{Misuse, Result};
use crate::poller::Driver;

/// Where a lane's machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Io {
    /// On the program's thread.
    Inline,
    /// On a thread of its own.
    Thread,
    /// Where it is cheaper: see `auto`.
    Auto,
}

type Notify = Arc<dyn Fn() + Send + Sync>;

/// The program's side of a machine.
pub struct Lane<B> {
    io: Io,
    pub(super) key: LaneKey,
    /// Here while it is inline.
    machine: Option<Box<Machine<B>>>,
    shared: Arc<Shared<B>>,
    thread: Option<JoinHandle<()>>,
    notify: Notify,
    counters: Arc<Counters>,
    /// A registry of its own, so that the selector's descriptor stays open wherever the machine is.
    registry: mio::Registry,
    auto: Auto,
    is_recalled: bool,
    /// Inline: the selector is readable already for what is left to do.
    is_woken: bool,
    scratch: Submissions<B>,
}

impl<B> std::fmt::Debug for Lane<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane")
            .field("io", &self.io)
            .field("is_inline", &self.machine.is_some())
            .finish_non_exhaustive()
    }
}

impl<B: Buffer> Lane<B> {
    /// `notify` is called from the machine's thread: there is something to collect.
    ///
    /// Errors: EMFILE and others for the selector, EAGAIN for the thread.
    pub fn new(io: Io, limits: Limits, notify: impl Fn() + Send + Sync + 'static) -> Result<Self> {
        let machine = Box::new(Machine::new(limits)?);
        let shared = Arc::new(Shared {
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            parcel: Parcel::default(),
            waker: Arc::clone(machine.waker()),
        });
        let mut lane = Self {
            io,
            key: machine.key(),
            counters: Arc::clone(machine.counters()),
            registry: machine.registry().try_clone()?,
            machine: Some(machine),
            shared,
            thread: None,
            notify: Arc::new(notify),
            auto: Auto::default(),
            is_recalled: false,
            is_woken: false,
            scratch: Submissions::default(),
        };
        if io == Io::Thread {
            lane.leave()?;
        } else {
            lane.shared.inbox.doze();
        }
        Ok(lane)
    }

    /// Where other lanes deal connections to.
    pub fn port(&self) -> Port<B> {
        Port(Arc::clone(&self.shared))
    }

    /// What happened so far.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Whether the machine runs on the calling thread.
    pub fn is_inline(&self) -> bool {
        self.machine.is_some()
    }

    /// Asks for what records say, with the bytes that belong to them.
    ///
    /// Errors: [`Misuse::Range`] when they are malformed, and then nothing is done.
    pub fn submit(&mut self, words: &[u32], data: &[u8]) -> Result<()> {
        if let Some(machine) = &mut self.machine {
            check(words, data)?;
            machine.apply_parts(words, data, &mut self.scratch.commands);
            self.go_on();
            return Ok(());
        }
        let shared = &self.shared;
        shared
            .inbox
            .send(|inbox| inbox.extend(words, data), || shared.wake())
    }

    /// Writes much at once: copied at most once, and not at all if the system takes it.
    pub fn write(&mut self, id: Id, bytes: &[u8]) -> Result<()> {
        if let Some(machine) = &mut self.machine {
            machine.write_now(id, bytes);
            self.go_on();
            return Ok(());
        }
        self.command(Command::Write {
            id,
            bytes: bytes.to_vec(),
        });
        Ok(())
    }

    /// Watches a listening socket of this lane: the first half of [`Command::Listen`], which must
    /// follow. Done here, wherever the machine is, so that the program learns at once when it fails.
    ///
    /// Errors: ENOMEM, ENOSPC; with the socket, which is watched by nobody then.
    pub fn watch(
        &self,
        listener: u32,
        mut bound: Bound,
    ) -> std::result::Result<Watched, (Bound, io::Error)> {
        match bound.register(&self.registry, listener_token(listener)) {
            Ok(()) => Ok(Watched(bound)),
            Err(error) => Err((bound, error)),
        }
    }

    /// Asks for what does not fit into a record.
    pub fn command(&mut self, mut command: Command<B>) {
        match &mut command {
            Command::Adopt { id, stream, .. } => {
                if let Some(raw) = stream.as_raw() {
                    owned::announce(self.key.connection(*id), raw);
                }
            }
            Command::Connect {
                id,
                socket: Some(socket),
                ..
            } => socket.belong_to(self.key.connection(*id)),
            Command::Listen(listen) => {
                if let Some(Watched(bound)) = &mut listen.socket {
                    bound.belong_to(self.key.listener(listen.listener));
                }
            }
            _ => {}
        }
        if let Some(machine) = &mut self.machine {
            self.scratch.command(command);
            machine.apply(&mut self.scratch);
            self.go_on();
            return;
        }
        let shared = &self.shared;
        shared
            .inbox
            .send(|inbox| inbox.command(command), || shared.wake());
    }

    /// Inline: one turn, without waiting. Elsewhere it turns by itself.
    pub fn turn(&mut self) -> Result<()> {
        let Some(machine) = &mut self.machine else {
            return Ok(());
        };
        self.is_woken = false;
        machine.select(Some(Duration::ZERO))?;
        self.work();
        Ok(())
    }

    /// What an inline lane does after its selector was asked.
    fn work(&mut self) {
        let Some(machine) = &mut self.machine else {
            return;
        };
        self.shared.inbox.take(&mut self.scratch);
        machine.apply(&mut self.scratch);
        machine.work();
        if !self.shared.inbox.doze() {
            self.shared.wake();
        }
        self.go_on();
    }

    /// What is left to do makes the selector readable, so that other work of the thread comes
    /// between. Once is enough until the next turn.
    fn go_on(&mut self) {
        let has_work = self
            .machine
            .as_ref()
            .is_some_and(|machine| machine.has_work());
        if has_work && !self.is_woken {
            self.is_woken = true;
            self.shared.wake();
        }
    }

    /// Moves what there is to tell into `batch`. False if there is nothing.
    pub fn collect(&mut self, batch: &mut Completions<B>) -> bool {
        batch.clear();
        if let Some(machine) = &mut self.machine {
            batch.merge(machine.out());
            machine.taken(true);
            // Who had waited for room goes on.
            self.go_on();
        } else {
            let shared = &self.shared;
            // In this order: what comes after the first is announced again, and a machine that is
            // back has published everything before.
            shared.outbox.heard();
            let machine = shared.parcel.collect();
            shared.outbox.take(batch, || shared.wake());
            if machine.is_some() {
                self.machine = machine;
                self.arrive();
            }
        }
        if self.io == Io::Auto && !batch.is_empty() {
            self.auto.observe(batch);
        }
        !batch.is_empty()
    }

    /// The machine has come back: what was sent after it is carried out, and it is awake from now.
    fn arrive(&mut self) {
        self.is_recalled = false;
        self.auto.moved();
        self.counters.moves.add(1);
        self.work();
        // Whatever it has to tell is collected by the turn that this makes.
        self.shared.wake();
    }

    /// After a batch was delivered: moves the machine if that is better. Returns whether it has gone
    /// to its thread; coming back takes until a later [`Lane::collect`].
    pub fn settle(&mut self) -> bool {
        if self.io != Io::Auto {
            return false;
        }
        if self.machine.is_some() {
            // Without a thread to be had, inline is not wrong, only slower.
            let has_left = self.auto.is_busy() && self.leave().is_ok();
            self.counters.moves.add(has_left.into());
            return has_left;
        }
        if self.auto.is_quiet() && !self.is_recalled {
            self.is_recalled = true;
            self.shared.parcel.recall();
            self.shared.wake();
        }
        false
    }

    /// Sends the machine to its thread.
    fn leave(&mut self) -> Result<()> {
        if self.thread.is_none() {
            let shared = Arc::clone(&self.shared);
            let notify = Arc::clone(&self.notify);
            let thread = std::thread::Builder::new()
                .name("mio-js-io".into())
                .spawn(move || thread::run(&shared, &*notify))?;
            self.thread = Some(thread);
        }
        if let Some(machine) = self.machine.take() {
            self.auto.moved();
            self.is_woken = false;
            self.shared.inbox.rouse();
            self.shared.parcel.give(machine);
        }
        Ok(())
    }

    /// Inline: how long until [`Lane::turn`] must be called although nothing is ready.
    pub fn delay(&self) -> Option<Duration> {
        self.machine.as_ref().and_then(|machine| machine.delay())
    }

    /// The selector's descriptor, open as long as the lane.
    #[cfg(unix)]
    pub fn watched_raw(&self) -> RawFd {
        self.registry.as_raw_fd()
    }

    /// Inline: gives the selector away, for a wait in another thread.
    ///
    /// Errors: [`Misuse::Busy`] when it is away already, or on the machine's thread.
    pub fn lend(&mut self) -> Result<Driver> {
        match &mut self.machine {
            Some(machine) => machine.lend(),
            None => Err(Misuse::Busy.into()),
        }
    }

    /// Takes the selector back, and does what its wait has brought.
    pub fn put_back(&mut self, driver: Driver, outcome: io::Result<()>) -> Result<()> {
        let Some(machine) = &mut self.machine else {
            return Ok(());
        };
        self.is_woken = false;
        machine.put_back(driver, outcome)?;
        self.work();
        Ok(())
    }

    /// Makes whoever waits for the selector come around.
    pub fn interrupt(&self) {
        self.shared.wake();
    }
}

impl<B> Drop for Lane<B> {
    /// Ends the thread, and closes everything.
    fn drop(&mut self) {
        drop(self.shared.parcel.stop());
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the panic hook; there is nothing to add.
            drop(thread.join());
        }
        // Listeners have ports, also to their own lane: what is on the way would keep itself alive.
        drop(self.shared.parcel.collect());
        let mut submissions = Submissions::default();
        self.shared.inbox.take(&mut submissions);
        for command in &submissions.commands {
            if let Command::Adopt { id, stream, .. } = command
                && let Some(raw) = stream.as_raw()
            {
                owned::withdraw(self.key.connection(*id), raw);
            }
        }
    }
}
