//! Everything that touches Node-API: all of this crate's `unsafe` but libuv's is here.
//!
//! The rules that the SAFETY lines refer to:
//!
//! - **call**: a callback runs on the thread of its environment, and `napi_env`, the callback info
//!   and every `napi_value` made from them are valid until it returns.
//! - **state**: the data pointer of every function is the [`Environment`](crate::env::Environment)
//!   that `install` leaked; its clean-up hook frees it when no JavaScript can run any more.
//! - **bytes**: pointers into JavaScript's memory are fetched after every other argument, no
//!   JavaScript runs until they are dropped, and so nothing can detach, shrink or move them.
//! - **donated**: see `kept`, the one exception.
#![expect(unsafe_code, reason = "Node-API is a C interface")]

use std::panic::{AssertUnwindSafe, catch_unwind};

mod bytes;
mod call;
mod callback;
mod hook;
mod install;
mod kept;
mod numbers;
mod scope;
mod threadsafe;

pub(crate) use bytes::{Views, ViewsMut};
pub(crate) use call::Call;
pub(crate) use callback::{Callback, Dispatch, Outcome};
#[cfg(unix)]
pub(crate) use hook::AsyncHook;
pub(crate) use hook::EnvironmentHook;
pub(crate) use install::{Function, Number, Row, functions, install, row};
pub(crate) use kept::{Donated, KeptArray};
pub(crate) use scope::{Reference, Scope};
pub(crate) use threadsafe::Signal;

/// Runs what a C library calls, since a panic must not reach it. The panic hook has reported it.
pub(crate) fn guard(operation: impl FnOnce()) {
    drop(catch_unwind(AssertUnwindSafe(operation)));
}
