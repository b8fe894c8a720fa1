//! The end of an environment.

use std::ffi::c_void;
#[cfg(unix)]
use std::ptr;

use napi::sys;

use super::guard;
use crate::env::Environment;

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
