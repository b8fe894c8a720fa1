//! Servers: one listener for all lanes of an engine.
//!
//! Where the system spreads connections over sockets that share a port (`SO_REUSEPORT` on Linux)
//! every lane accepts for itself, and no connection changes its thread. The option would also let
//! a second process listen on the port unnoticed, so unless the program asked for that, the port is
//! bound without it once: that is how a program learns of EADDRINUSE. Windows spreads connections
//! over all ends of a named pipe. Elsewhere, and for Unix sockets, the first lane accepts and deals
//! out to all in turn. That holds for FreeBSD as well, whose `SO_REUSEPORT_LB` would spread, but was never tried here with an engine.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(unix)]
use mio_js_core::engine::bind_only;
use mio_js_core::engine::{
    BindOptions, Bound, Command, Listen, ListenerShared, Refusal, Target, Watched,
    bind as bind_one, listen_on,
};
use mio_js_core::option::Settings;
use mio_js_core::{Failure, Misuse, RawDescriptor, Result};

use super::Engine;
use super::calls::descriptor_number;
use super::numbers::Numbers;
use crate::address::put_address;
use crate::ffi::Call;

const SYSTEM_SPREADS: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// The core makes room for all numbers up to the largest.
const MAX_LISTENER: f64 = 65_535.0;

/// How often a port that the system chose may be taken away again before all lanes have it.
const ATTEMPTS: u32 = 8;

/// The result of listening.
type Outcome<T> = std::result::Result<T, Refusal>;

/// What is known of a server, also after it was closed.
#[derive(Debug)]
pub(super) struct Server {
    address: Option<SocketAddr>,
    /// Of a Unix socket: its path, or NUL and its abstract name. The name of a pipe.
    path: Option<Vec<u8>>,
    shared: Arc<ListenerShared>,
}

impl Server {
    /// Whether it listens at a path.
    #[cfg(windows)]
    pub(super) const fn is_at_path(&self) -> bool {
        self.path.is_some()
    }
}

/// `engineListen(engine, listener, text, options, numbers)`; `numbers` tell whether an option was
/// refused.
pub(crate) fn listen(call: &mut Call<'_>) -> Result<()> {
    let (engine, listener) = (call.handle(0)?, listener_of(call)?);
    let mut numbers = Numbers::of(call, 4)?;
    let place = match numbers.descriptor()? {
        Some(descriptor) if call.state().mirror()?.owns(descriptor) => {
            return Err(Misuse::DescriptorOwned.into());
        }
        Some(descriptor) => Place::Descriptor(descriptor),
        None => Place::Target(numbers.target(&call.text(2)?)?),
    };
    let options = BindOptions {
        options: Settings::parse(call.whole(3)?)?,
        ..numbers.bind_options()
    };
    let outcome = call
        .state()
        .engine(engine)?
        .listen(listener, &place, &numbers, &options);
    let Err(refusal) = outcome else { return Ok(()) };
    numbers.tell_refusal(refusal.is_of_option);
    call.put_floats(4, numbers.values())?;
    Err(refusal.failure)
}

/// `streamBind(text, numbers)`: the descriptor of a socket that is bound, the caller's. `numbers` tell
/// the port.
pub(crate) fn stream_bind(call: &mut Call<'_>) -> Result<i64> {
    let mut numbers = Numbers::of(call, 1)?;
    let target = numbers.target(&call.text(0)?)?;
    #[cfg(windows)]
    {
        // Its number would mean nothing to a program.
        let _ = (&mut numbers, target);
        Err(Misuse::Unsupported.into())
    }
    #[cfg(unix)]
    {
        let (socket, local) = bind_only(&target, &numbers.bind_options())?;
        numbers.tell_port(local.map_or(0, |address| address.port()));
        call.put_floats(1, numbers.values())?;
        Ok(lend(call, socket))
    }
}

/// The number of a descriptor that nobody owns until somebody takes it.
#[cfg(unix)]
fn lend(call: &Call<'_>, descriptor: impl std::os::fd::IntoRawFd) -> i64 {
    let raw = descriptor.into_raw_fd();
    call.state().keeper.lend(raw);
    i64::from(raw)
}

/// Where to listen.
#[derive(Debug)]
enum Place {
    Target(Target),
    /// A socket that the program had.
    Descriptor(RawDescriptor),
}

fn listener_of(call: &Call<'_>) -> Result<u32> {
    Ok(call.integer(1, 0.0..=MAX_LISTENER)? as u32)
}

/// `engineListenerAddr(engine, listener, out)`.
pub(crate) fn listener_addr(call: &mut Call<'_>) -> Result<()> {
    let (engine, listener) = (call.handle(0)?, listener_of(call)?);
    let address = call.state().engine(engine)?.server(listener)?.address;
    put_address(call, 2, &address.ok_or(Misuse::Unsupported)?)
}

/// `engineListenerPath(engine, listener, out)`: how many bytes the path has.
pub(crate) fn listener_path(call: &mut Call<'_>) -> Result<usize> {
    let (engine, listener) = (call.handle(0)?, listener_of(call)?);
    let path = call.state().engine(engine)?.server(listener)?.path.clone();
    let path = path.ok_or(Misuse::Unsupported)?;
    let out = call.bytes_mut(2)?;
    let room = out.get_mut(..path.len()).ok_or(Misuse::BytesRange)?;
    room.copy_from_slice(&path);
    Ok(path.len())
}

/// `engineListenerRaw(engine, listener)`: the descriptor of the first lane that has one.
///
/// Errors: as `engineRaw`, with [`Misuse::ServerClosed`].
pub(crate) fn listener_raw(call: &mut Call<'_>) -> Result<i64> {
    let (engine, listener) = (call.handle(0)?, listener_of(call)?);
    let mut engine = call.state().engine(engine)?;
    let descriptor = engine
        .lanes
        .iter_mut()
        .find_map(|lane| lane.core().listener_descriptor(listener));
    descriptor_number(descriptor, Misuse::ServerClosed)
}

/// `engineListenerDuplicate(engine, listener)`: another descriptor, the caller's.
///
/// Errors: [`Misuse::ServerClosed`], [`Misuse::Unsupported`] on Windows, the system's.
pub(crate) fn listener_duplicate(call: &mut Call<'_>) -> Result<i64> {
    let (engine, listener) = (call.handle(0)?, listener_of(call)?);
    let mut engine = call.state().engine(engine)?;
    #[cfg(windows)]
    {
        let _ = (&mut engine, listener);
        Err(Misuse::Unsupported.into())
    }
    #[cfg(unix)]
    {
        let duplicate = engine
            .lanes
            .iter_mut()
            .find_map(|lane| lane.core().duplicate_listener(listener))
            .ok_or(Misuse::ServerClosed)??;
        Ok(lend(call, duplicate))
    }
}

/// `listenerStats(engine, listener, out)`.
pub(crate) fn listener_stats(call: &mut Call<'_>) -> Result<()> {
    let (engine, listener) = (call.handle(0)?, listener_of(call)?);
    let values = call
        .state()
        .engine(engine)?
        .server(listener)?
        .shared
        .values();
    call.put_floats(2, values.into_iter().map(|value| value as f64))
}

impl Engine {
    pub(super) fn server(&self, listener: u32) -> Result<&Server> {
        Ok(self.servers.get(&listener).ok_or(Misuse::ServerClosed)?)
    }

    fn listen(
        &mut self,
        listener: u32,
        place: &Place,
        numbers: &Numbers,
        options: &BindOptions,
    ) -> Outcome<()> {
        let bounds = match place {
            Place::Target(target) => bind(target, options, self.lanes.len())?,
            Place::Descriptor(descriptor) => vec![listen_on(*descriptor, options)?],
        };
        let (address, path) = match bounds.first() {
            Some(bound) => (bound.local_addr()?, bound.local_path()?),
            None => (None, None),
        };
        let ports = if bounds.len() < self.lanes.len() {
            self.lanes
                .iter_mut()
                .map(|lane| lane.core().port())
                .collect()
        } else {
            Vec::new()
        };
        let shared = ListenerShared::new(numbers.max_connections());
        let profile = numbers.profile();
        let mut sockets = self.watch(listener, bounds, place)?;
        sockets.resize_with(self.lanes.len(), || None);
        // The first lane last: what it deals out must come to lanes that know the server.
        for (lane, socket) in sockets.into_iter().enumerate().rev() {
            let listen = Listen {
                listener,
                ports: if lane == 0 { ports.clone() } else { Vec::new() },
                socket,
                profile: Arc::clone(&profile),
                shared: Arc::clone(&shared),
            };
            self.with_lane(lane as u32, |lane| {
                lane.core().command(Command::Listen(listen));
                Ok(())
            })?;
        }
        self.servers.insert(
            listener,
            Server {
                address,
                path,
                shared,
            },
        );
        Ok(())
    }

    /// Has the lanes watch their sockets, all of them or none.
    fn watch(
        &mut self,
        listener: u32,
        bounds: Vec<Bound>,
        place: &Place,
    ) -> Outcome<Vec<Option<Watched>>> {
        let mut sockets = Vec::with_capacity(self.lanes.len());
        for (lane, bound) in self.lanes.iter_mut().zip(bounds) {
            match lane.core().watch(listener, bound) {
                Ok(watched) => sockets.push(Some(watched)),
                Err((bound, error)) => {
                    if let Place::Descriptor(_) = place {
                        give_back(bound);
                    }
                    return Err(error.into());
                }
            }
        }
        Ok(sockets)
    }
}

/// The descriptor is the program's again.
fn give_back(bound: Bound) {
    #[cfg(unix)]
    let _ = bound.into_raw();
    #[cfg(windows)]
    drop(bound);
}

/// One listening socket for each lane, or a single one.
fn bind(target: &Target, options: &BindOptions, lanes: usize) -> Outcome<Vec<Bound>> {
    let Target::Ip(wanted) = target else {
        return bind_path(target, options, lanes);
    };
    if lanes == 1 || !SYSTEM_SPREADS {
        return Ok(vec![bind_one(target, options)?]);
    }
    let mut attempt = 1;
    loop {
        match bind_all(*wanted, options, lanes) {
            Err(refusal)
                if wanted.port() == 0 && attempt < ATTEMPTS && is_taken(&refusal.failure) =>
            {
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Of a path there is one listener, or one for each lane where the system spreads connections over
/// them.
fn bind_path(target: &Target, options: &BindOptions, lanes: usize) -> Outcome<Vec<Bound>> {
    let first = bind_one(target, options)?;
    let mut bounds = vec![first];
    while bounds.len() < lanes
        && let Some(next) = bounds[0].another()?
    {
        bounds.push(next);
    }
    Ok(bounds)
}

fn bind_all(wanted: SocketAddr, options: &BindOptions, lanes: usize) -> Outcome<Vec<Bound>> {
    let mut address = wanted;
    if !options.reuse_port {
        let alone = bind_one(&Target::Ip(address), options)?;
        address.set_port(port_of(&alone)?);
    }
    let shared = BindOptions {
        reuse_port: true,
        ..options.clone()
    };
    let mut bounds = Vec::with_capacity(lanes);
    for _ in 0..lanes {
        let bound = bind_one(&Target::Ip(address), &shared)?;
        address.set_port(port_of(&bound)?);
        bounds.push(bound);
    }
    Ok(bounds)
}

fn port_of(bound: &Bound) -> Result<u16> {
    Ok(bound.local_addr()?.map_or(0, |address| address.port()))
}

fn is_taken(failure: &Failure) -> bool {
    matches!(failure, Failure::Io(error) if error.kind() == io::ErrorKind::AddrInUse)
}
