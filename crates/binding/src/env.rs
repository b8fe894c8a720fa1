//! The state behind one JavaScript environment (the main thread's, or a worker's).
//!
//! Each environment has its own, reached by the pointer that every function carries, so nothing is
//! shared between workers and nothing is looked up. It is dropped by a clean-up hook that was
//! registered first and therefore runs last: wake-ups have hooks of their own (see `wake`), which
//! come before it.

use std::cell::{RefCell, RefMut};
use std::collections::HashMap;

use mio_js_core::lent::Keeper;
use mio_js_core::{Handle, Mirror, Misuse, Result};

use crate::engine::{Engine, Engines};
use crate::wake::Wake;

/// What the functions of one environment work on.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// How waits of each poller reach JavaScript. Dropped first: a wake-up may have a driver.
    wakes: RefCell<HashMap<Handle, Wake>>,
    engines: RefCell<Engines>,
    mirror: RefCell<Mirror>,
    /// Descriptors that are on their way from one owner to the next. Dropped last.
    pub(crate) keeper: Keeper,
}

impl Environment {
    /// The core. Not held while JavaScript runs.
    pub(crate) fn mirror(&self) -> Result<RefMut<'_, Mirror>> {
        self.mirror
            .try_borrow_mut()
            .map_err(|_| Misuse::Busy.into())
    }

    /// The wake-ups. Held while one is made, when async hooks of the program's can run: what they
    /// do with a Poll then is an error.
    pub(crate) fn wakes(&self) -> Result<RefMut<'_, HashMap<Handle, Wake>>> {
        self.wakes.try_borrow_mut().map_err(|_| Misuse::Busy.into())
    }

    /// Ends what a poller has to do with the event loop, waits included.
    pub(crate) fn remove_wake(&self, poller: Handle) -> Result<()> {
        let wake = self.wakes()?.remove(&poller);
        if let Some(wake) = wake {
            wake.close(self, poller);
        }
        Ok(())
    }

    /// The engines. Not held while JavaScript runs, nor while one is dropped.
    pub(crate) fn engines(&self) -> Result<RefMut<'_, Engines>> {
        self.engines
            .try_borrow_mut()
            .map_err(|_| Misuse::Busy.into())
    }

    /// The engine of a handle.
    pub(crate) fn engine(&self, engine: Handle) -> Result<RefMut<'_, Engine>> {
        RefMut::filter_map(self.engines()?, |engines| engines.get_mut(engine))
            .map_err(|_| Misuse::EngineClosed.into())
    }

    /// Takes an engine out, for whoever drops it.
    pub(crate) fn remove_engine(&self, engine: Handle) -> Result<Option<Engine>> {
        Ok(self.engines()?.remove(engine))
    }
}
