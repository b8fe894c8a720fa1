//! One signal from another thread to the event loop.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio_js_core::{Misuse, Result};
use napi::sys;

use super::guard;
use crate::env::Environment;

/// What the event loop does when the signal arrives.
type Receive = fn(&Environment, u64);

/// A threadsafe function of Node-API, reduced to "something happened".
///
/// It does not keep the process alive, but where it is told to. Signals that come before one was
/// received merge, so the queue never holds more than one.
#[derive(Debug)]
pub(crate) struct Signal {
    env: sys::napi_env,
    function: Arc<Function>,
}

#[derive(Debug)]
struct Function {
    raw: sys::napi_threadsafe_function,
    queued: AtomicBool,
}

// SAFETY: Node-API allows `napi_call_threadsafe_function` from any thread, and the sender is the
// only thing that goes to another one.
unsafe impl Send for Function {}
// SAFETY: as above; the flag is atomic.
unsafe impl Sync for Function {}

/// What the event loop's side needs. Freed by the finalizer, which comes after the last call.
struct Context {
    environment: *const Environment,
    receive: Receive,
    tag: u64,
    function: Option<Arc<Function>>,
}

impl Function {
    fn send(&self) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            // SAFETY: the owner joins the threads that send before it releases the function. A
            // full queue or an environment that ends is a status, after which nobody listens.
            unsafe {
                sys::napi_call_threadsafe_function(
                    self.raw,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
    }
}

impl Signal {
    /// Makes a signal that calls `receive` with `tag` on this thread.
    pub(crate) fn new(
        env: sys::napi_env,
        environment: &Environment,
        tag: u64,
        receive: Receive,
    ) -> Result<Self> {
        let context = Box::into_raw(Box::new(Context {
            environment,
            receive,
            tag,
            function: None,
        }));
        let mut name = ptr::null_mut();
        // SAFETY: rule "call"; a literal of the given length.
        unsafe { sys::napi_create_string_utf8(env, c"mio-js".as_ptr(), 6, &mut name) };
        let mut raw = ptr::null_mut();
        // SAFETY: rule "call"; `context` lives until `finalize` is called.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env,
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                context.cast(),
                Some(finalize),
                context.cast(),
                Some(receive_call),
                &mut raw,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: made above and given to nobody.
            drop(unsafe { Box::from_raw(context) });
            return Err(Misuse::Unsupported.into());
        }
        let function = Arc::new(Function {
            raw,
            queued: AtomicBool::new(false),
        });
        // SAFETY: nothing was queued yet, so nobody else looks at the context.
        unsafe { (*context).function = Some(Arc::clone(&function)) };
        let signal = Self { env, function };
        signal.keep_alive(false);
        Ok(signal)
    }

    /// What another thread may send with, as long as it ends before the signal is dropped.
    pub(crate) fn sender(&self) -> impl Fn() + Send + Sync + use<> {
        let function = Arc::clone(&self.function);
        move || function.send()
    }

    /// Sends from this thread. Within `receive` that calls it again as soon as it has returned,
    /// and the nextTicks and microtasks have run: the event loop may not turn in between.
    pub(crate) fn send(&self) {
        self.function.send();
    }

    /// Whether the event loop stays alive for the sake of this signal.
    pub(crate) fn keep_alive(&self, alive: bool) {
        if alive {
            // SAFETY: called on the environment's thread, before the function is released.
            unsafe { sys::napi_ref_threadsafe_function(self.env, self.function.raw) };
        } else {
            // SAFETY: as above.
            unsafe { sys::napi_unref_threadsafe_function(self.env, self.function.raw) };
        }
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        // SAFETY: the only release; the sending thread was joined before. What is queued is
        // dropped, so `receive` is not called after this.
        unsafe {
            sys::napi_release_threadsafe_function(
                self.function.raw,
                sys::ThreadsafeFunctionReleaseMode::abort,
            )
        };
    }
}

unsafe extern "C" fn receive_call(
    env: sys::napi_env,
    _function: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    // Node empties the queue of a function that is going away in this way.
    if env.is_null() {
        return;
    }
    // SAFETY: alive until `finalize`; only this thread uses it.
    let context = unsafe { &*context.cast::<Context>() };
    if let Some(function) = &context.function {
        // Before receiving: what happens from here on is a new signal.
        function.queued.store(false, Ordering::Release);
    }
    // SAFETY: the environment's state outlives the signal, which its clean-up hooks drop first.
    let environment = unsafe { &*context.environment };
    guard(|| (context.receive)(environment, context.tag));
}

unsafe extern "C" fn finalize(_env: sys::napi_env, context: *mut c_void, _hint: *mut c_void) {
    // SAFETY: made by `Signal::new`; Node-API finalizes once.
    let context = unsafe { Box::from_raw(context.cast::<Context>()) };
    guard(|| drop(context));
}
