//! The fast wake-up: libuv watches the selector's descriptor.
//!
//! A few functions of libuv, found by name in the process. The memory of a handle belongs to libuv
//! from `uv_poll_init` to the callback of `uv_close`, so it is a heap block that only that callback
//! frees. libuv promises these functions and their signatures for all of 1.x.
//!
//! Watching is level-triggered and stays on between two waits, as a program that polls in a loop
//! would otherwise pay two system calls for each batch. When the descriptor turns readable and
//! nobody waits, watching stops.
#![expect(unsafe_code, reason = "libuv is a C library")]

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use libloading::os::unix::Library;
use mio_js_core::{Failure, Handle, Misuse, Result};
use napi::sys;

use crate::env::Environment;
use crate::ffi::{AsyncHook, Call, Callback, guard};

/// `UV_POLL` of `uv_handle_type`, `UV_READABLE` of `uv_poll_event`.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

type Loop = *mut c_void;
type RawHandle = *mut c_void;

/// The functions of libuv, with the signatures of its 1.x.
struct Libuv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    handle_set_data: unsafe extern "C" fn(RawHandle, *mut c_void),
    handle_get_data: unsafe extern "C" fn(RawHandle) -> *mut c_void,
    poll_init: unsafe extern "C" fn(Loop, RawHandle, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(
        RawHandle,
        c_int,
        unsafe extern "C" fn(RawHandle, c_int, c_int),
    ) -> c_int,
    poll_stop: unsafe extern "C" fn(RawHandle) -> c_int,
    r#ref: unsafe extern "C" fn(RawHandle),
    unref: unsafe extern "C" fn(RawHandle),
    close: unsafe extern "C" fn(RawHandle, unsafe extern "C" fn(RawHandle)),
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
            poll_init: symbol!(b"uv_poll_init\0"),
            poll_start: symbol!(b"uv_poll_start\0"),
            poll_stop: symbol!(b"uv_poll_stop\0"),
            r#ref: symbol!(b"uv_ref\0"),
            unref: symbol!(b"uv_unref\0"),
            close: symbol!(b"uv_close\0"),
        })
    }
}

/// What belongs to a handle of libuv. Lives until the handle is closed, by that handle's data.
#[derive(Debug)]
struct State {
    /// The handle itself, as words: libuv's structures hold pointers and 64-bit numbers.
    memory: Box<[Cell<u64>]>,
    environment: *const Environment,
    poller: Handle,
    /// The pending wait.
    callback: RefCell<Option<Callback>>,
    /// Whether libuv watches the descriptor.
    watching: Cell<bool>,
    hook: RefCell<Option<AsyncHook>>,
}

impl State {
    fn raw(&self) -> RawHandle {
        self.memory.as_ptr().cast_mut().cast()
    }
}

/// A handle of libuv that watches one selector. Dropping it closes the handle.
#[derive(Debug)]
pub(crate) struct UvWake {
    /// Leaked here, freed by `closed`.
    state: *const State,
    libuv: LibuvRef,
}

/// `Libuv` has no useful `Debug`.
#[derive(Clone, Copy)]
struct LibuvRef(&'static Libuv);

impl std::fmt::Debug for LibuvRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Libuv")
    }
}

impl UvWake {
    pub(super) fn new(call: &Call<'_>, poller: Handle) -> Result<Self> {
        let libuv = Libuv::get()?;
        let environment = call.state();
        let descriptor = environment.mirror()?.poller(poller)?.watched_raw();
        let mut event_loop = ptr::null_mut();
        // SAFETY: `env` is that of the running call.
        let status = unsafe { sys::napi_get_uv_event_loop(call.env(), &mut event_loop) };
        if status != sys::Status::napi_ok || event_loop.is_null() {
            return Err(Misuse::Unsupported.into());
        }
        // SAFETY: asks for a constant.
        let size = unsafe { (libuv.handle_size)(UV_POLL) };
        let state = Box::new(State {
            memory: (0..size.div_ceil(8)).map(|_| Cell::new(0)).collect(),
            environment,
            poller,
            callback: RefCell::default(),
            watching: Cell::new(false),
            hook: RefCell::default(),
        });
        // SAFETY: the memory has the size that libuv asked for and does not move; the loop is that
        // of this thread; the descriptor is open until this handle is closed.
        let code = unsafe { (libuv.poll_init)(event_loop.cast(), state.raw(), descriptor) };
        if code != 0 {
            // libuv did not take the handle, so the memory is still ours alone.
            return Err(Failure::Io(std::io::Error::from_raw_os_error(-code)));
        }
        let raw = state.raw();
        let state: *mut State = Box::into_raw(state);
        // SAFETY: initialised above.
        unsafe { (libuv.handle_set_data)(raw, state.cast()) };
        // SAFETY: initialised above.
        unsafe { (libuv.unref)(raw) };
        let hook = AsyncHook::new(call.env(), Some(end), state.cast());
        // SAFETY: leaked just now, freed by `closed` only.
        unsafe { &*state }.hook.replace(Some(hook));
        Ok(Self {
            state,
            libuv: LibuvRef(libuv),
        })
    }

    fn state(&self) -> &State {
        // SAFETY: freed by `closed`, which libuv calls after `Drop` asked it to.
        unsafe { &*self.state }
    }

    /// Calls `callback` once, when the descriptor is readable, and keeps the loop alive until then.
    pub(super) fn start(&mut self, callback: Callback) -> Result<()> {
        let state = self.state();
        if !state.watching.get() {
            // SAFETY: the handle is initialised and not closing.
            let code = unsafe { (self.libuv.0.poll_start)(state.raw(), UV_READABLE, readable) };
            if code != 0 {
                return Err(Failure::Io(std::io::Error::from_raw_os_error(-code)));
            }
            state.watching.set(true);
        }
        // SAFETY: as above.
        unsafe { (self.libuv.0.r#ref)(state.raw()) };
        state.callback.replace(Some(callback));
        Ok(())
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.state().callback.borrow().is_some()
    }

    /// Forgets the wait. Watching goes on until the descriptor turns readable.
    pub(super) fn stop(&mut self) {
        let state = self.state();
        if state.callback.take().is_some() {
            // SAFETY: the handle is initialised and not closing.
            unsafe { (self.libuv.0.unref)(state.raw()) };
        }
    }
}

impl Drop for UvWake {
    fn drop(&mut self) {
        self.stop();
        // SAFETY: initialised, and not closed yet since only this does it. libuv forgets the
        // descriptor within the call, so it may be closed right after.
        unsafe { (self.libuv.0.close)(self.state().raw(), closed) };
    }
}

unsafe extern "C" fn readable(handle: RawHandle, status: c_int, _events: c_int) {
    let Ok(libuv) = Libuv::get() else { return };
    // SAFETY: `new` set the data of every handle that is started.
    let data = unsafe { (libuv.handle_get_data)(handle) };
    // SAFETY: the data of a handle that is not closed is its state. It is not used after the
    // callback below is called, which may close the handle.
    let state = unsafe { &*data.cast::<State>() };
    let callback = state.callback.take();
    if status < 0 || callback.is_none() {
        // After an error libuv has stopped already.
        state.watching.set(false);
        // SAFETY: libuv just called us for this handle.
        unsafe { (libuv.poll_stop)(handle) };
    }
    if let Some(callback) = callback {
        // SAFETY: as above; balances the `ref` of `start`.
        unsafe { (libuv.unref)(handle) };
        guard(|| callback.call(status));
    }
}

unsafe extern "C" fn closed(handle: RawHandle) {
    let Ok(libuv) = Libuv::get() else { return };
    // SAFETY: `new` set the data of every handle that is closed.
    let data = unsafe { (libuv.handle_get_data)(handle) };
    // SAFETY: leaked by `new`; libuv calls this once, and is done with the handle.
    let state = unsafe { Box::from_raw(data.cast::<State>()) };
    guard(|| {
        if let Some(hook) = state.hook.take() {
            hook.close();
        }
    });
}

/// The environment ends. It waits until `closed` takes the hook off.
unsafe extern "C" fn end(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: the state lives until `closed`, which also takes this hook off.
    let state = unsafe { &*data.cast::<State>() };
    // SAFETY: hooks of wake-ups run before the one that drops the environment's state.
    let environment = unsafe { &*state.environment };
    // Does nothing for a handle that is closing already. Fails only if the poller is gone.
    guard(|| drop(environment.remove_wake(state.poller)));
}
