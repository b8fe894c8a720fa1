//! How connections and listeners come to a machine.

use std::mem::ManuallyDrop;
use std::net::SocketAddr;
use std::sync::Arc;

use mio::Interest;

use super::bound::Watched;
use super::command::{Dealt, Listen, Profile, Target};
use super::completion::{Kind, Syscall};
use super::connection::{Cause, Connection, Flag};
use super::context::Ends;
use super::id::Id;
use super::listener::{Listener, Mishap};
use super::machine::Machine;
use super::reader::Buffer;
use super::stream::{INPUT, Stream};
use super::unconnected::Unconnected;
use crate::option::Settings;

impl<B: Buffer> Machine<B> {
    pub(super) fn listen(&mut self, listen: Listen<B>) {
        let Listen {
            listener: index,
            socket,
            ports,
            profile,
            shared,
        } = listen;
        let slot = index as usize;
        while self.listeners.len() <= slot {
            self.listeners.push(None);
        }
        let bound = socket.map(|Watched(bound)| bound);
        // What came before now was told to nobody.
        let ready = bound.is_some();
        self.acceptance.wanted |= ready;
        self.listeners[slot] = Some(Listener {
            is_wildcard: bound.as_ref().is_some_and(|bound| bound.is_wildcard()),
            bound,
            profile,
            shared,
            ports,
            next_port: 0,
            ready,
            closed: false,
        });
    }

    pub(super) fn close_listener(&mut self, index: u32) {
        let Some(slot) = self.listeners.get_mut(index as usize) else {
            return;
        };
        let Some(listener) = slot else { return };
        if std::mem::replace(&mut listener.closed, true) {
            return;
        }
        let mut waits = 0;
        if let Some(mut bound) = listener.bound.take() {
            waits = bound.lingers_for();
            drop(bound.deregister(&self.context.registry));
        }
        listener.ready = false;
        let id = Id::accepted(index, 0);
        self.retire(waits, Kind::ListenerClosed, id, Cause::NONE, 0);
    }

    pub(super) fn connect(
        &mut self,
        id: Id,
        socket: Option<Unconnected>,
        target: &Target,
        local: Option<SocketAddr>,
        options: &Settings,
        profile: Arc<Profile>,
    ) {
        // In this order: what is declared last is dropped first.
        let (stream, owned) =
            match Stream::connect(socket, target, local, options, self.context.now) {
                Ok(parts) => parts,
                Err(cause) => return self.refuse(id, cause),
            };
        if profile.nodelay
            && let Err(error) = stream.set_nodelay(true)
        {
            return self.refuse(id, Cause::io(error, Syscall::SetOption));
        }
        if let Some(times) = &profile.keepalive
            && let Err(error) = stream.set_keepalive(Some(times))
        {
            return self.refuse(id, Cause::io(error, Syscall::SetOption));
        }
        let owner = self.context.key.connection(id);
        let mut connection = Connection::new(owner, stream, profile, None, self.context.now);
        // The connection's has taken its place.
        let _ = owned.map(ManuallyDrop::new);
        connection.set(Flag::Connecting);
        connection.unset(Flag::Writable);
        self.place(id, connection);
    }

    pub(super) fn adopt(&mut self, id: Id, stream: Stream, profile: Arc<Profile>) {
        let owner = self.context.key.connection(id);
        let mut connection = Connection::new(owner, stream, profile, None, self.context.now);
        // It is connected, most likely, and the next turn finds out.
        connection.set(Flag::Connecting);
        self.place(id, connection);
        if let Some(connection) = self.table.get_mut(id) {
            self.context.schedule(id, connection);
        }
    }

    fn place(&mut self, id: Id, mut connection: Connection) {
        // A connection that is being made is told by becoming writable.
        let interest = INPUT | Interest::WRITABLE;
        connection.set(Flag::WatchesWrite);
        let registry = &self.context.registry;
        if let Err(error) = connection.stream.register(registry, id.token(), interest) {
            return self.refuse(id, Cause::io(error, Syscall::Register));
        }
        self.context.arm(id, &mut connection);
        if let Err(mut connection) = self.table.place(id, connection) {
            drop(connection.stream.deregister(&self.context.registry));
        }
    }

    /// A connection of the program's that could not even begin.
    fn refuse(&mut self, id: Id, cause: Cause) {
        if self.table.get_mut(id).is_some() {
            return;
        }
        self.context.counters.errors.add(1);
        let (code, syscall) = (cause.code as u32, cause.syscall as u32);
        self.context.emit(Kind::Closed, id, code, syscall, 0);
    }

    /// A connection of a listener.
    pub(super) fn open(&mut self, dealt: Dealt) {
        let Dealt {
            listener: index,
            shared,
            mut stream,
            peer,
            is_wildcard,
        } = dealt;
        let Some(listener) = self
            .listeners
            .get(index as usize)
            .and_then(Option::as_ref)
            .filter(|listener| !listener.closed && Arc::ptr_eq(&listener.shared, &shared))
        else {
            // The server was closed while it was on its way: it ends as those in the queue do.
            drop(stream.set_reset());
            return shared.leave();
        };
        let ends = Ends {
            peer,
            local: is_wildcard.then(|| stream.addresses().1).flatten(),
            is_unix: stream.is_unix(),
        };
        let profile = Arc::clone(&listener.profile);
        let id = self.table.next_id();
        let registered = id.map(|id| stream.register(&self.context.registry, id.token(), INPUT));
        let (Some(id), Some(Ok(()))) = (id, registered) else {
            // The peer must not take it for an answer.
            drop(stream.set_reset());
            shared.count(Mishap::Error);
            return shared.leave();
        };
        let owner = self.context.key.connection(id);
        let mut connection =
            Connection::new(owner, stream, profile, Some(shared), self.context.now);
        self.context.arm(id, &mut connection);
        self.table.insert(connection);
        self.context.counters.accepted.add(1);
        self.context.emit_open(Kind::Open, id, index, ends);
    }
}
