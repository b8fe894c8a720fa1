//! From Rust into JavaScript, and the end of an environment.

use std::ffi::c_void;
use std::ptr;

use mio_js_core::{Misuse, Result};
use napi::sys;

use super::guard;
use crate::env::Environment;

/// A JavaScript function that is kept alive until it is called, or dropped.
///
/// It belongs to its environment: it must be dropped on the environment's thread, before the
/// environment ends. The owners (`wake`) see to it by their clean-up hooks.
#[derive(Debug)]
pub(crate) struct Callback {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl Callback {
    /// Keeps `function`.
    pub(crate) fn new(env: sys::napi_env, function: sys::napi_value) -> Result<Self> {
        let mut kind = 0;
        // SAFETY: rule "call".
        unsafe { sys::napi_typeof(env, function, &mut kind) };
        if kind != sys::ValueType::napi_function {
            return Err(Misuse::Argument.into());
        }
        let mut reference = ptr::null_mut();
        // SAFETY: rule "call".
        let status = unsafe { sys::napi_create_reference(env, function, 1, &mut reference) };
        if status != sys::Status::napi_ok {
            return Err(Misuse::Argument.into());
        }
        Ok(Self { env, reference })
    }

    /// Calls the function from the event loop, with a number, as Node calls its own: nextTicks and
    /// microtasks run afterwards, and what it throws is an uncaught exception.
    pub(crate) fn call(self, number: i32) {
        let env = self.env;
        let mut scope = ptr::null_mut();
        // SAFETY: the event loop calls on the thread of the environment, which is alive.
        if unsafe { sys::napi_open_handle_scope(env, &mut scope) } != sys::Status::napi_ok {
            return;
        }
        let mut function = ptr::null_mut();
        // SAFETY: the reference is alive as long as `self`.
        unsafe { sys::napi_get_reference_value(env, self.reference, &mut function) };
        drop(self);
        let mut argument = ptr::null_mut();
        // SAFETY: inside the scope opened above.
        unsafe { sys::napi_create_int32(env, number, &mut argument) };
        let mut global = ptr::null_mut();
        // SAFETY: inside the scope opened above.
        unsafe { sys::napi_get_global(env, &mut global) };
        // Nobody needs it, but Deno writes it without looking.
        let mut result = ptr::null_mut();
        // SAFETY: all values are of the open scope. An environment that may not run JavaScript
        // any more answers with a status.
        let status = unsafe {
            sys::napi_make_callback(
                env,
                ptr::null_mut(),
                global,
                function,
                1,
                &argument,
                &mut result,
            )
        };
        if status == sys::Status::napi_pending_exception {
            let mut error = ptr::null_mut();
            // SAFETY: inside the scope opened above.
            let status = unsafe { sys::napi_get_and_clear_last_exception(env, &mut error) };
            if status == sys::Status::napi_ok {
                // SAFETY: inside the scope opened above.
                unsafe { sys::napi_fatal_exception(env, error) };
            }
        }
        // SAFETY: opened above.
        unsafe { sys::napi_close_handle_scope(env, scope) };
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        // SAFETY: owned by `self`; the environment lives, see the type.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}

/// A clean-up hook: calls a function when the environment ends, last added first, unless it is
/// dropped before.
#[derive(Debug)]
pub(crate) struct EnvironmentHook {
    env: sys::napi_env,
    /// Its address also tells this hook from all others, as Node-API wants.
    call: *mut HookCall,
}

#[derive(Debug)]
struct HookCall {
    environment: *const Environment,
    tag: u64,
    end: fn(&Environment, u64),
}

impl EnvironmentHook {
    /// Calls `end` with `tag`, on this thread. `end` must drop this hook.
    pub(crate) fn new(
        env: sys::napi_env,
        environment: &Environment,
        tag: u64,
        end: fn(&Environment, u64),
    ) -> Self {
        let call = Box::into_raw(Box::new(HookCall {
            environment,
            tag,
            end,
        }));
        // SAFETY: `call` is freed after the hook was taken off, see `Drop`.
        unsafe { sys::napi_add_env_cleanup_hook(env, Some(run_hook), call.cast()) };
        Self { env, call }
    }
}

impl Drop for EnvironmentHook {
    fn drop(&mut self) {
        // SAFETY: added by `new`. Taking off a hook that is running does nothing.
        unsafe { sys::napi_remove_env_cleanup_hook(self.env, Some(run_hook), self.call.cast()) };
        // SAFETY: made by `new`, freed here only.
        drop(unsafe { Box::from_raw(self.call) });
    }
}

unsafe extern "C" fn run_hook(call: *mut c_void) {
    // SAFETY: alive until the hook is dropped, which `end` does: so copy before calling it.
    let HookCall {
        environment,
        tag,
        end,
    } = unsafe { call.cast::<HookCall>().read() };
    // SAFETY: hooks of wake-ups run before the one that drops the environment's state.
    let environment = unsafe { &*environment };
    guard(|| end(environment, tag));
}

/// A clean-up hook that the environment waits for.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct AsyncHook(sys::napi_async_cleanup_hook_handle);

#[cfg(unix)]
impl AsyncHook {
    /// Calls `hook` with `data` when the environment ends, and then waits for
    /// [`close`](Self::close).
    pub(crate) fn new(
        env: sys::napi_env,
        hook: sys::napi_async_cleanup_hook,
        data: *mut c_void,
    ) -> Self {
        let mut handle = ptr::null_mut();
        // SAFETY: rule "call"; `data` is alive until the hook is closed, by the caller's design.
        unsafe { sys::napi_add_async_cleanup_hook(env, hook, data, &mut handle) };
        Self(handle)
    }

    /// Takes the hook off, or lets the environment that called it go on.
    pub(crate) fn close(self) {
        // SAFETY: made by `new`, closed once as it is consumed.
        unsafe { sys::napi_remove_async_cleanup_hook(self.0) };
    }
}
