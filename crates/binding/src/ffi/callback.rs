//! From Rust into JavaScript.

use std::ptr;

use mio_js_core::Result;
use napi::sys;

use super::scope::{Reference, Scope};

/// What came of calling a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It returned; 0 if that was no number.
    Number(i32),
    /// It threw, and the environment has taken care of the exception.
    Threw,
    /// The environment ends: no JavaScript can run any more.
    CannotRun,
}

/// Calls a function from the event loop as Node calls its own: nextTicks and microtasks run
/// afterwards, and what it throws is an uncaught exception.
///
/// That holds for the outermost call only. Within the callback of a threadsafe function Node has
/// entered already, and both wait until it has left.
fn enter(scope: &Scope, function: sys::napi_value, arguments: &[sys::napi_value]) -> Outcome {
    let env = scope.env();
    let mut global = ptr::null_mut();
    // SAFETY: inside an open scope.
    unsafe { sys::napi_get_global(env, &mut global) };
    // Nobody may need it, but Deno writes it without looking.
    let mut result = ptr::null_mut();
    // SAFETY: all values are of the open scope. An environment that may not run JavaScript any
    // more answers with a status.
    let status = unsafe {
        sys::napi_make_callback(
            env,
            ptr::null_mut(),
            global,
            function,
            arguments.len(),
            arguments.as_ptr(),
            &mut result,
        )
    };
    match status {
        sys::Status::napi_ok => Outcome::Number(number(env, result)),
        sys::Status::napi_pending_exception => report(env),
        _ => Outcome::CannotRun,
    }
}

fn number(env: sys::napi_env, value: sys::napi_value) -> i32 {
    let mut number = 0;
    if !value.is_null() {
        // SAFETY: a value of the open scope; one of another type leaves the number as it is.
        unsafe { sys::napi_get_value_int32(env, value, &mut number) };
    }
    number
}

/// Makes the exception that is pending an uncaught one. An environment that ends says that one is
/// pending when there is none, or refuses to be told.
fn report(env: sys::napi_env) -> Outcome {
    let mut is_pending = false;
    // SAFETY: called on the environment's thread, inside an open scope.
    unsafe { sys::napi_is_exception_pending(env, &mut is_pending) };
    if !is_pending {
        return Outcome::CannotRun;
    }
    let mut error = ptr::null_mut();
    // SAFETY: as above.
    let status = unsafe { sys::napi_get_and_clear_last_exception(env, &mut error) };
    if status != sys::Status::napi_ok {
        return Outcome::CannotRun;
    }
    // SAFETY: as above.
    let status = unsafe { sys::napi_fatal_exception(env, error) };
    if status != sys::Status::napi_ok {
        return Outcome::CannotRun;
    }
    Outcome::Threw
}

/// A JavaScript function that is called once with a number, unless it is dropped before.
#[derive(Debug)]
pub(crate) struct Callback(Reference);

impl Callback {
    /// Keeps `function`.
    pub(crate) fn new(env: sys::napi_env, function: sys::napi_value) -> Result<Self> {
        Ok(Self(Reference::to_function(env, function)?))
    }

    pub(crate) fn call(self, number: i32) {
        let Some(scope) = Scope::open(self.0.env()) else {
            return;
        };
        let function = self.0.value(&scope);
        drop(self);
        enter(&scope, function, &[scope.number(number)]);
    }
}

/// The JavaScript function that an engine delivers to: `dispatch(lane, count)`, any number of times.
#[derive(Debug)]
pub(crate) struct Dispatch(Reference);

impl Dispatch {
    /// Keeps `function`.
    pub(crate) fn new(env: sys::napi_env, function: sys::napi_value) -> Result<Self> {
        Ok(Self(Reference::to_function(env, function)?))
    }

    /// A scope for one entry.
    pub(crate) fn scope(&self) -> Option<Scope> {
        Scope::open(self.0.env())
    }

    /// One entry. Nothing that JavaScript could ask for may be borrowed.
    pub(crate) fn call(&self, scope: &Scope, lane: u32, count: i32) -> Outcome {
        let arguments = [scope.number(lane as i32), scope.number(count)];
        let outcome = enter(scope, self.0.value(scope), &arguments);
        if outcome == Outcome::Threw {
            // Node skips nextTicks and microtasks after an exception, and the next entry must not
            // begin without them.
            return match enter(scope, nothing(scope), &[]) {
                Outcome::CannotRun => Outcome::CannotRun,
                _ => Outcome::Threw,
            };
        }
        outcome
    }
}

/// A function that does nothing.
fn nothing(scope: &Scope) -> sys::napi_value {
    unsafe extern "C" fn callback(
        _env: sys::napi_env,
        _info: sys::napi_callback_info,
    ) -> sys::napi_value {
        // What a function returns that returns nothing.
        ptr::null_mut()
    }

    let mut function = ptr::null_mut();
    // SAFETY: inside an open scope; a literal of the given length, and no data.
    unsafe {
        sys::napi_create_function(
            scope.env(),
            c"nothing".as_ptr(),
            7,
            Some(callback),
            ptr::null_mut(),
            &mut function,
        )
    };
    function
}
