//! How functions reach JavaScript: one C callback for each, one guard for all.

use std::ffi::{CString, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use mio_js_core::{Failure, Misuse, Result, WOULD_BLOCK};
use napi::sys;

use super::call::Call;
use super::guard;
use crate::env::Environment;

/// A function of the table: it returns a number of at most 53 bits.
pub(crate) trait Function {
    /// Its name in JavaScript.
    const NAME: &str;

    /// Unpacks the arguments, calls the core.
    fn call(call: &mut Call<'_>) -> Result<i64>;
}

/// A row of the table: the name, and the C callback made for it.
pub(crate) type Row = (&'static str, sys::napi_callback);

/// Makes `FUNCTIONS`, the table of rows.
///
/// A raw callback costs a quarter of what a generated one does, as it takes no lock and allocates
/// nothing. Each function gets a C callback of its own, so that the call to it is direct.
macro_rules! functions {
    ($($name:literal => $function:path,)+) => {
        const FUNCTIONS: &[$crate::ffi::Row] = &[
            $({
                enum Row {}

                impl $crate::ffi::Function for Row {
                    const NAME: &str = $name;

                    #[inline]
                    fn call(call: &mut $crate::ffi::Call<'_>) -> mio_js_core::Result<i64> {
                        Ok($crate::ffi::Number::into_number($function(call)?))
                    }
                }

                $crate::ffi::row::<Row>()
            },)+
        ];
    };
}
pub(crate) use functions;

/// The row of a function.
pub(crate) const fn row<F: Function>() -> Row {
    (F::NAME, Some(callback::<F>))
}

/// A result that JavaScript sees as a number.
pub(crate) trait Number {
    fn into_number(self) -> i64;
}

impl Number for () {
    fn into_number(self) -> i64 {
        0
    }
}

impl Number for bool {
    fn into_number(self) -> i64 {
        self.into()
    }
}

impl Number for i64 {
    fn into_number(self) -> i64 {
        self
    }
}

impl Number for usize {
    fn into_number(self) -> i64 {
        // Counts of bytes and events, which were capped far below.
        self as i64
    }
}

unsafe extern "C" fn callback<F: Function>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: Node-API calls this with a valid environment and info (rules "call", "state").
        let mut call = unsafe { Call::new(env, info) };
        F::call(&mut call)
    }));
    let number = match outcome {
        Ok(Ok(number)) => number,
        Ok(Err(failure)) => failure.code().into(),
        Err(_) => Failure::from(Misuse::Panic).code().into(),
    };
    let mut result = ptr::null_mut();
    // Creating a number cannot fail but for a null pointer; `undefined` is what null stands for.
    if let Ok(small) = i32::try_from(number) {
        // SAFETY: rule "call"; `result` outlives the call.
        unsafe { sys::napi_create_int32(env, small, &mut result) };
    } else {
        // SAFETY: rule "call"; `result` outlives the call.
        unsafe { sys::napi_create_double(env, number as f64, &mut result) };
    }
    result
}

/// Defines the functions and the constants on `exports`, with a fresh [`Environment`].
pub(crate) fn install(env: sys::napi_env, exports: sys::napi_value, functions: &[Row]) {
    let state = Box::into_raw(Box::<Environment>::default());
    // SAFETY: `state` is freed by nobody else; the hook runs on this thread, once.
    unsafe { sys::napi_add_env_cleanup_hook(env, Some(drop_environment), state.cast()) };
    for (name, callback) in functions {
        let mut function = ptr::null_mut();
        // SAFETY: the name's length is given, `state` follows rule "state".
        unsafe {
            sys::napi_create_function(
                env,
                name.as_ptr().cast(),
                name.len() as isize,
                *callback,
                state.cast(),
                &mut function,
            )
        };
        define(env, exports, name, function);
    }
    let mut would_block = ptr::null_mut();
    // SAFETY: rule "call" holds during module registration as well.
    unsafe { sys::napi_create_int32(env, WOULD_BLOCK, &mut would_block) };
    define(env, exports, "wouldBlock", would_block);
    for (name, text) in [
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("errors", error_table()),
    ] {
        let mut value = ptr::null_mut();
        // SAFETY: the text's length is given; Node-API copies it.
        unsafe {
            sys::napi_create_string_utf8(env, text.as_ptr().cast(), text.len() as isize, &mut value)
        };
        define(env, exports, name, value);
    }
}

/// The rows of [`Misuse::ALL`], a line each, fields separated by tabs.
fn error_table() -> String {
    let mut table = String::new();
    for (misuse, code, class, message) in Misuse::ALL {
        let number = misuse.code();
        table.push_str(&format!("{number}\t{code}\t{class}\t{message}\n"));
    }
    table
}

/// Defines rather than sets: a setter on `Object.prototype` must not come in between.
fn define(env: sys::napi_env, object: sys::napi_value, name: &str, value: sys::napi_value) {
    let name = CString::new(name).expect("names of the table have no NUL");
    let property = sys::napi_property_descriptor {
        utf8name: name.as_ptr(),
        name: ptr::null_mut(),
        method: None,
        getter: None,
        setter: None,
        value,
        attributes: sys::PropertyAttributes::enumerable,
        data: ptr::null_mut(),
    };
    // SAFETY: rule "call" holds during module registration as well; the name ends in NUL.
    unsafe { sys::napi_define_properties(env, object, 1, &property) };
}

unsafe extern "C" fn drop_environment(state: *mut c_void) {
    // SAFETY: made by `install`; this hook runs last and once (rule "state").
    let state = unsafe { Box::from_raw(state.cast::<Environment>()) };
    guard(|| drop(state));
}
