//! The arguments of one call.

use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::ptr;

use mio_js_core::{Handle, Misuse, Result};
use napi::sys;

use super::scope::Scope;
use crate::env::Environment;

/// No function of the table takes more.
const MAX_ARGUMENTS: usize = 8;
/// The bytes of a text: longer ones are cut, and still too long for an address or a path.
const MAX_TEXT: usize = 1024;
pub(super) const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// One call from JavaScript: its environment and arguments.
///
/// Numbers are taken as doubles and checked, never converted: `2 ** 32 + 80` must not become 80.
/// No getter of this type runs JavaScript.
pub(crate) struct Call<'call> {
    pub(super) env: sys::napi_env,
    pub(super) arguments: [sys::napi_value; MAX_ARGUMENTS],
    count: usize,
    state: &'call Environment,
    scope: PhantomData<&'call ()>,
}

impl<'call> Call<'call> {
    /// # Safety
    ///
    /// `env` and `info` are those of the callback that is running, and stay valid for `'call`.
    pub(super) unsafe fn new(env: sys::napi_env, info: sys::napi_callback_info) -> Self {
        let mut count = MAX_ARGUMENTS;
        let mut arguments = [ptr::null_mut(); MAX_ARGUMENTS];
        let mut state = ptr::null_mut();
        // SAFETY: the caller's promise; there is room for `count` values, which Node-API fills
        // with `undefined` where arguments are missing.
        unsafe {
            sys::napi_get_cb_info(
                env,
                info,
                &mut count,
                arguments.as_mut_ptr(),
                ptr::null_mut(),
                &mut state,
            )
        };
        Self {
            env,
            arguments,
            count,
            // SAFETY: rule "state".
            state: unsafe { &*state.cast::<Environment>() },
            scope: PhantomData,
        }
    }

    /// The state of the environment.
    #[inline]
    pub(crate) fn state(&self) -> &'call Environment {
        self.state
    }

    /// Whether JavaScript may still run: not in a worker that is being terminated, nor in a process
    /// that exits. Runs no JavaScript: converting a primitive to a boolean asks nobody, and Node-API
    /// refuses it as it refuses everything then.
    pub(crate) fn can_run_js(&self) -> bool {
        let Some(scope) = Scope::open(self.env) else {
            return false;
        };
        let mut converted = ptr::null_mut();
        // SAFETY: inside an open scope.
        let status = unsafe { sys::napi_coerce_to_bool(self.env, scope.number(0), &mut converted) };
        status == sys::Status::napi_ok
    }

    /// The environment itself, for what outlives the call.
    pub(crate) fn env(&self) -> sys::napi_env {
        self.env
    }

    /// Whether there is an argument at this place.
    #[inline]
    pub(crate) fn has(&self, index: usize) -> bool {
        index < self.count
    }

    /// A value of any type, for what takes functions.
    pub(crate) fn value(&self, index: usize) -> sys::napi_value {
        self.arguments[index]
    }

    /// A number.
    #[inline]
    pub(crate) fn number(&self, index: usize) -> Result<f64> {
        let mut number = 0.0;
        // SAFETY: rule "call"; a value of another type is a status, not a conversion.
        let status =
            unsafe { sys::napi_get_value_double(self.env, self.arguments[index], &mut number) };
        if status == sys::Status::napi_ok {
            Ok(number)
        } else {
            Err(Misuse::Argument.into())
        }
    }

    /// A whole number in a range.
    #[inline]
    pub(crate) fn integer(&self, index: usize, range: RangeInclusive<f64>) -> Result<f64> {
        let number = self.number(index)?;
        if range.contains(&number) && number.trunc() == number {
            Ok(number)
        } else {
            Err(Misuse::Range.into())
        }
    }

    /// A whole number of 32 bits.
    pub(crate) fn u32(&self, index: usize) -> Result<u32> {
        Ok(self.integer(index, 0.0..=u32::MAX.into())? as u32)
    }

    /// A whole number of 53 bits.
    pub(crate) fn u53(&self, index: usize) -> Result<u64> {
        Ok(self.integer(index, 0.0..=MAX_SAFE_INTEGER)? as u64)
    }

    /// A handle. A number that cannot be one becomes one that nobody has, and what looks it up
    /// says which kind of object is closed.
    #[inline]
    pub(crate) fn handle(&self, index: usize) -> Result<Handle> {
        let number = self.number(index)?;
        Ok(Handle::from_bits(
            if (0.0..=MAX_SAFE_INTEGER).contains(&number) {
                number as u64
            } else {
                u64::MAX
            },
        ))
    }

    /// A text that is not much longer than any system takes.
    pub(crate) fn text(&self, index: usize) -> Result<String> {
        let mut bytes = vec![0_u8; MAX_TEXT];
        let mut len = 0;
        // SAFETY: rule "call"; Node-API writes at most the given size, NUL included.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                self.env,
                self.arguments[index],
                bytes.as_mut_ptr().cast(),
                bytes.len(),
                &mut len,
            )
        };
        if status != sys::Status::napi_ok {
            return Err(Misuse::Argument.into());
        }
        bytes.truncate(len);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The text of an address. One that is too long for its buffer is none.
    pub(crate) fn address(&self, index: usize) -> Result<String> {
        let mut bytes = [0_u8; 256];
        let mut len = 0;
        // SAFETY: rule "call"; without a buffer Node-API tells the length alone.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                self.env,
                self.arguments[index],
                ptr::null_mut(),
                0,
                &mut len,
            )
        };
        if status != sys::Status::napi_ok {
            return Err(Misuse::Argument.into());
        }
        if len >= bytes.len() {
            return Err(Misuse::Address.into());
        }
        // SAFETY: rule "call"; Node-API writes at most the given size, NUL included.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                self.env,
                self.arguments[index],
                bytes.as_mut_ptr().cast(),
                bytes.len(),
                &mut len,
            )
        };
        if status != sys::Status::napi_ok {
            return Err(Misuse::Argument.into());
        }
        Ok(String::from_utf8_lossy(&bytes[..len]).into_owned())
    }
}
