//! Engines: lanes of the core, delivered to one function of JavaScript's.
//!
//! An engine has some lanes and belongs to one environment. What a lane has to tell it collects in
//! batches; each is copied into two typed arrays that JavaScript lent for good, and then a function
//! is called, again and again, until it has delivered the batch. Each call is an entry of its own,
//! with its nextTicks and microtasks. See `deliver` for the order of it all, and `bell` for how an
//! I/O thread reaches the event loop.
//!
//! While JavaScript runs nothing of an engine is borrowed: handlers submit, donate, listen and even
//! close the engine whose batch they are delivered. So after each entry the engine is looked up
//! anew, by its handle, and everything ends if it is gone.
//!
//! An engine ends in this order, whoever ends it: what waits for a selector, then the lane with its
//! selector and thread, then the bell that this thread rang, then the references to JavaScript's
//! memory that it wrote to. It is the order of the fields of [`EngineLane`]. When the environment
//! ends, a hook that was added last, and so runs first, does the same.

mod bell;
mod calls;
mod deliver;
mod donations;
mod lane;
mod listen;
mod numbers;
mod watch;

use std::collections::HashMap;
use std::rc::Rc;

use mio_js_core::engine::{Id, Io, Limits, MAX_DATA, MAX_RECORDS, RECORD};
use mio_js_core::option::SockRef;
use mio_js_core::{Handle, Misuse, Result};

pub(crate) use calls::{
    adopt, close, connect, descriptor_keep, descriptor_taken, donate, keep_alive, mode, open, raw,
    stats, submit, turn, wake, write,
};
pub(crate) use listen::{
    listen, listener_addr, listener_duplicate, listener_path, listener_raw, listener_stats,
    stream_bind,
};

use self::bell::Kind;
use self::deliver::Progress;
use self::lane::EngineLane;
use self::listen::Server;
use crate::env::Environment;
use crate::ffi::{Call, Dispatch, EnvironmentHook, KeptArray, Scope};

/// Words before the records: their number, milliseconds until a deadline, how many buffers would be
/// of use, the lane's mode, and room for more.
const HEADER: usize = 8;

/// More than any machine has use for, and a bound for what a number can make us allocate.
const MAX_LANES: usize = 64;

/// All engines of an environment.
#[derive(Debug, Default)]
pub(crate) struct Engines {
    open: HashMap<Handle, Engine>,
    last: u64,
}

impl Engines {
    /// A handle that was never given out.
    fn reserve(&mut self) -> Handle {
        self.last += 1;
        Handle::from_bits(self.last)
    }

    pub(crate) fn get_mut(&mut self, engine: Handle) -> Option<&mut Engine> {
        self.open.get_mut(&engine)
    }

    pub(crate) fn remove(&mut self, engine: Handle) -> Option<Engine> {
        self.open.remove(&engine)
    }
}

/// One engine. Dropping it ends everything.
#[derive(Debug)]
pub(crate) struct Engine {
    lanes: Vec<EngineLane>,
    dispatch: Rc<Dispatch>,
    arrays: Arrays,
    servers: HashMap<u32, Server>,
    progress: Progress,
    _hook: EnvironmentHook,
}

/// Where JavaScript reads batches.
#[derive(Debug)]
struct Arrays {
    records: KeptArray<u32>,
    data: KeptArray<u8>,
}

impl Arrays {
    fn write(&self, scope: &Scope, head: [u32; HEADER], words: &[u32], data: &[u8]) -> Result<()> {
        self.records.write(scope, &[&head, words])?;
        self.data.write(scope, &[data])
    }
}

/// What names a lane where only a number goes.
#[derive(Clone, Copy, Debug)]
struct Tag {
    engine: Handle,
    lane: usize,
}

impl Tag {
    fn bits(self) -> u64 {
        self.engine.bits() * MAX_LANES as u64 + self.lane as u64
    }

    fn from_bits(bits: u64) -> Self {
        Self {
            engine: Handle::from_bits(bits / MAX_LANES as u64),
            lane: (bits % MAX_LANES as u64) as usize,
        }
    }
}

impl Engine {
    /// Opens an engine: `engineOpen(io, wake, threads, limits, records, data, dispatch)`.
    ///
    /// Nothing may be borrowed: threadsafe functions are resources of async hooks, so a program's
    /// JavaScript may run here.
    fn open(call: &Call<'_>, io: Io, kind: Kind, lanes: usize, limits: Limits) -> Result<Handle> {
        let state = call.state();
        let arrays = Arrays {
            records: KeptArray::new(call, 4, HEADER + RECORD * MAX_RECORDS)?,
            data: KeptArray::new(call, 5, MAX_DATA)?,
        };
        let dispatch = Rc::new(Dispatch::new(call.env(), call.value(6))?);
        let engine = state.engines()?.reserve();
        let lanes = (0..lanes)
            .map(|lane| EngineLane::open(call, io, kind, limits, Tag { engine, lane }))
            .collect::<Result<Vec<_>>>()?;
        let opened = Self {
            lanes,
            dispatch,
            arrays,
            servers: HashMap::new(),
            progress: Progress::default(),
            _hook: EnvironmentHook::new(call.env(), state, engine.bits(), end),
        };
        state.engines()?.open.insert(engine, opened);
        Ok(engine)
    }

    fn lane(&mut self, lane: u32) -> Result<&mut EngineLane> {
        Ok(self.lanes.get_mut(lane as usize).ok_or(Misuse::Range)?)
    }

    /// Does something short with the socket of a connection.
    pub(crate) fn with_socket<R>(
        &mut self,
        lane: u32,
        id: Id,
        operation: impl FnOnce(&SockRef<'_>) -> Result<R>,
    ) -> Result<R> {
        self.lane(lane)?.core().with_socket(id, operation)
    }

    /// Calls `operation` with the listening sockets of a server, as long as it wants more.
    ///
    /// Errors: [`Misuse::ServerClosed`] if there is none; ENOTSOCK for a named pipe.
    pub(crate) fn with_listeners(
        &mut self,
        listener: u32,
        mut operation: impl FnMut(&SockRef<'_>) -> bool,
    ) -> Result<()> {
        #[cfg(windows)]
        if self.server(listener)?.is_at_path() {
            return Err(mio_js_core::engine::not_a_socket());
        }
        let mut is_closed = true;
        for lane in &mut self.lanes {
            let wants_more = lane.core().with_listener(listener, &mut operation);
            is_closed &= wants_more.is_none();
            if wants_more == Some(false) {
                break;
            }
        }
        if is_closed {
            return Err(Misuse::ServerClosed.into());
        }
        Ok(())
    }

    /// Does something with a lane, and sees to what comes of it.
    fn with_lane<R>(
        &mut self,
        lane: u32,
        operation: impl FnOnce(&mut EngineLane) -> Result<R>,
    ) -> Result<R> {
        let is_delivering = self.progress.is_delivering();
        let lane = self.lane(lane)?;
        let result = operation(lane)?;
        lane.was_changed(is_delivering)?;
        Ok(result)
    }
}

/// The environment ends.
fn end(state: &Environment, engine: u64) {
    // Nothing to do for an engine that is closed already.
    drop(state.remove_engine(Handle::from_bits(engine)));
}

/// As [`end`], for a handle of a lane.
#[cfg(unix)]
fn end_lane(state: &Environment, tag: u64) {
    end(state, Tag::from_bits(tag).engine.bits());
}
