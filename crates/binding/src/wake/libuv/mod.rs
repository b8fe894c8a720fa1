//! The few functions of libuv that wake the event loop, found by name in the process.
//!
//! libuv promises these functions and their signatures for all of 1.x, and sizes of handles are
//! asked for at run time, so nothing is linked and no structure is known here. Three kinds of
//! handles are used: [`UvPoll`] watches a descriptor, [`UvSignal`] is sent from any thread, and
//! [`UvTimer`] waits for a moment. They call a function of this crate with a tag, as the portable
//! signals of Node-API do, but from the event loop itself: no callback scope of Node is open then,
//! so that each entry into JavaScript is one of its own, with its nextTicks and microtasks.
//!
//! The rules that the SAFETY lines refer to:
//!
//! - **memory**: the memory of a handle belongs to libuv from its initialisation to the callback of
//!   `uv_close`, so it is a heap block that only that callback frees.
//! - **loop**: handles are used on the thread of their loop, except `uv_async_send`.
//! - **end**: libuv closes a handle only in a later turn of its loop. So the clean-up hook of a
//!   handle is asynchronous: the environment waits until the closed handle takes it off, and its
//!   state outlives every handle.
#![expect(unsafe_code, reason = "libuv is a C library")]

mod handle;
mod poll;
mod signal;
mod timer;

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use libloading::os::unix::Library;
use mio_js_core::{Failure, Misuse, Result};

pub(crate) use handle::Calls;
pub(crate) use poll::UvPoll;
pub(crate) use signal::UvSignal;
pub(crate) use timer::UvTimer;

type Loop = *mut c_void;
type RawHandle = *mut c_void;

type OnPoll = unsafe extern "C" fn(RawHandle, c_int, c_int);
type OnHandle = unsafe extern "C" fn(RawHandle);

/// The functions of libuv, with the signatures of its 1.x.
struct Libuv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    handle_set_data: unsafe extern "C" fn(RawHandle, *mut c_void),
    handle_get_data: unsafe extern "C" fn(RawHandle) -> *mut c_void,
    r#ref: unsafe extern "C" fn(RawHandle),
    unref: unsafe extern "C" fn(RawHandle),
    close: unsafe extern "C" fn(RawHandle, OnHandle),
    poll_init: unsafe extern "C" fn(Loop, RawHandle, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(RawHandle, c_int, OnPoll) -> c_int,
    poll_stop: unsafe extern "C" fn(RawHandle) -> c_int,
    async_init: unsafe extern "C" fn(Loop, RawHandle, OnHandle) -> c_int,
    async_send: unsafe extern "C" fn(RawHandle) -> c_int,
    timer_init: unsafe extern "C" fn(Loop, RawHandle) -> c_int,
    timer_start: unsafe extern "C" fn(RawHandle, OnHandle, u64, u64) -> c_int,
    timer_stop: unsafe extern "C" fn(RawHandle) -> c_int,
}

impl Libuv {
    fn get() -> Result<&'static Self> {
        static LIBUV: OnceLock<Option<Libuv>> = OnceLock::new();
        Ok(LIBUV
            .get_or_init(Self::find)
            .as_ref()
            .ok_or(Misuse::Unsupported)?)
    }

    fn find() -> Option<Self> {
        let process = Library::this();
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: libuv keeps this signature for all of 1.x. The process stays loaded.
                *unsafe { process.get($name) }.ok()?
            };
        }
        Some(Self {
            handle_size: symbol!(b"uv_handle_size\0"),
            handle_set_data: symbol!(b"uv_handle_set_data\0"),
            handle_get_data: symbol!(b"uv_handle_get_data\0"),
            r#ref: symbol!(b"uv_ref\0"),
            unref: symbol!(b"uv_unref\0"),
            close: symbol!(b"uv_close\0"),
            poll_init: symbol!(b"uv_poll_init\0"),
            poll_start: symbol!(b"uv_poll_start\0"),
            poll_stop: symbol!(b"uv_poll_stop\0"),
            async_init: symbol!(b"uv_async_init\0"),
            async_send: symbol!(b"uv_async_send\0"),
            timer_init: symbol!(b"uv_timer_init\0"),
            timer_start: symbol!(b"uv_timer_start\0"),
            timer_stop: symbol!(b"uv_timer_stop\0"),
        })
    }
}

/// `Libuv` has no useful `Debug`.
impl std::fmt::Debug for Libuv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Libuv")
    }
}

/// What a function of libuv returned: on Unix, a negated `errno`.
fn check(code: c_int) -> Result<()> {
    if code < 0 {
        return Err(Failure::Io(std::io::Error::from_raw_os_error(-code)));
    }
    Ok(())
}
