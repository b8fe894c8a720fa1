//! What values live in, and what keeps them alive beyond it.

use std::ptr;

use mio_js_core::{Misuse, Result};
use napi::sys;

/// An open handle scope: values that are made in it live until it is dropped.
pub(crate) struct Scope {
    env: sys::napi_env,
    raw: sys::napi_handle_scope,
}

impl Scope {
    /// Opens one on the environment's thread; `None` if the environment is gone too far.
    pub(crate) fn open(env: sys::napi_env) -> Option<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: the event loop calls on the thread of the environment, which is alive.
        let status = unsafe { sys::napi_open_handle_scope(env, &mut raw) };
        (status == sys::Status::napi_ok).then_some(Self { env, raw })
    }

    pub(super) fn env(&self) -> sys::napi_env {
        self.env
    }

    /// A number as a value.
    pub(super) fn number(&self, number: i32) -> sys::napi_value {
        let mut value = ptr::null_mut();
        // SAFETY: inside this scope.
        unsafe { sys::napi_create_int32(self.env, number, &mut value) };
        value
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        // SAFETY: opened by `open`; scopes are dropped in the reverse order, as variables are.
        unsafe { sys::napi_close_handle_scope(self.env, self.raw) };
    }
}

/// Keeps a value alive.
///
/// It belongs to its environment: it must be dropped on the environment's thread, before the
/// environment ends. The owners (`wake`, `engine`) see to it by their clean-up hooks.
#[derive(Debug)]
pub(crate) struct Reference {
    env: sys::napi_env,
    raw: sys::napi_ref,
}

impl Reference {
    /// Keeps a function, or an object.
    pub(super) fn new(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut raw = ptr::null_mut();
        // SAFETY: rule "call".
        let status = unsafe { sys::napi_create_reference(env, value, 1, &mut raw) };
        if status != sys::Status::napi_ok {
            return Err(Misuse::Argument.into());
        }
        Ok(Self { env, raw })
    }

    /// Keeps a function.
    pub(super) fn to_function(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut kind = 0;
        // SAFETY: rule "call".
        unsafe { sys::napi_typeof(env, value, &mut kind) };
        if kind != sys::ValueType::napi_function {
            return Err(Misuse::Argument.into());
        }
        Self::new(env, value)
    }

    pub(super) fn env(&self) -> sys::napi_env {
        self.env
    }

    /// The value, for as long as the scope is open.
    pub(super) fn value(&self, _scope: &Scope) -> sys::napi_value {
        let mut value = ptr::null_mut();
        // SAFETY: the reference is alive as long as `self`, and a scope is open.
        unsafe { sys::napi_get_reference_value(self.env, self.raw, &mut value) };
        value
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: owned by `self`; the environment lives, see the type.
        unsafe { sys::napi_delete_reference(self.env, self.raw) };
    }
}
