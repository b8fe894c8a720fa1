//! The Node-API module: a flat table of functions on numbers.
//!
//! A function takes integer handles, numbers, strings and views of bytes, and returns one number:
//! a result, or a negative code that the facade makes an error from (see `mio_js_core::Failure`).
//! Nothing else crosses, because objects cost more than most system calls.
//! `src/native.ts` declares the same table for TypeScript.

mod engine;
mod env;
mod ffi;
mod listener;
mod poll;
mod source;
mod stream;
mod wake;
mod waker;

use napi::bindgen_prelude::*;

use ffi::functions;

functions! {
    "pollOpen" => poll::open,
    "pollClose" => poll::close,
    "poll" => poll::poll,
    "pollIsCurrent" => poll::is_current,
    "pollRaw" => poll::raw,
    "register" => poll::register,
    "reregister" => poll::reregister,
    "deregister" => poll::deregister,
    "watch" => wake::watch,
    "unwatch" => wake::unwatch,
    "wakerOpen" => waker::open,
    "wakerClose" => waker::close,
    "wakerExists" => waker::exists,
    "wake" => waker::wake,
    "sourceClose" => source::close,
    "sourceRaw" => source::raw,
    "sourceIntoRaw" => source::into_raw,
    "localAddr" => source::local_addr,
    "ttl" => source::ttl,
    "setTtl" => source::set_ttl,
    "takeError" => source::take_error,
    "listenerBind" => listener::bind,
    "listenerFromRaw" => listener::from_raw,
    "accept" => listener::accept,
    "streamConnect" => stream::connect,
    "streamFromRaw" => stream::from_raw,
    "finishConnect" => stream::finish_connect,
    "read" => stream::read,
    "peek" => stream::peek,
    "write" => stream::write,
    "readVectored" => stream::read_vectored,
    "writeVectored" => stream::write_vectored,
    "shutdown" => stream::shutdown,
    "peerAddr" => stream::peer_addr,
    "nodelay" => stream::nodelay,
    "setNodelay" => stream::set_nodelay,
    "flush" => stream::flush,
    "rearm" => stream::rearm,
    "engineOpen" => engine::open,
    "engineClose" => engine::close,
    "engineListen" => engine::listen,
    "engineListenerAddr" => engine::listener_addr,
    "engineConnect" => engine::connect,
    "engineAdopt" => engine::adopt,
    "engineSubmit" => engine::submit,
    "engineWrite" => engine::write,
    "engineDonate" => engine::donate,
    "engineWake" => engine::wake,
    "engineKeepAlive" => engine::keep_alive,
    "engineStats" => engine::stats,
    "listenerStats" => engine::listener_stats,
    "engineMode" => engine::mode,
    "noop" => poll::noop,
    "panic" => poll::panic,
    "census" => poll::census,
}

/// Fills the module's exports for one environment: the main thread's, or a worker's.
#[napi_derive::napi(module_exports)]
pub fn init(exports: Object, env: Env) -> Result<()> {
    retain_current_module_for_unload_safety();
    ffi::install(env.raw(), exports.raw(), FUNCTIONS);
    Ok(())
}
