//! The Node-API module: a flat table of functions on numbers.
//!
//! A function takes integer handles, numbers, strings and views of bytes, and returns one number:
//! a result, or a negative code that the facade makes an error from (see `mio_js_core::Failure`).
//! Nothing else crosses, because objects cost more than most system calls.
//! `src/native.ts` declares the same table for TypeScript.

mod address;
mod builder;
mod engine;
mod env;
mod ffi;
mod listener;
mod named_pipe;
mod option;
mod poll;
mod source;
mod stream;
mod transfer;
mod udp;
mod unix;
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
    "pollStats" => poll::stats,
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
    "sourceKind" => source::kind,
    "sourceRaw" => source::raw,
    "sourceIntoRaw" => source::into_raw,
    "sourceShare" => source::share,
    "sourceTake" => source::take,
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
    "read" => transfer::read,
    "peek" => transfer::peek,
    "write" => transfer::write,
    "readVectored" => transfer::read_vectored,
    "writeVectored" => transfer::write_vectored,
    "shutdown" => transfer::shutdown,
    "peerAddr" => source::peer_addr,
    "nodelay" => stream::nodelay,
    "setNodelay" => stream::set_nodelay,
    "flush" => transfer::flush,
    "rearm" => source::rearm,
    "option" => option::get,
    "setOption" => option::set,
    "optionText" => option::text,
    "setOptionText" => option::set_text,
    "rawOption" => option::raw,
    "setRawOption" => option::set_raw,
    "tcpInfo" => option::tcp_info,
    "builderOpen" => builder::open,
    "builderBind" => builder::bind,
    "builderListen" => builder::listen,
    "builderConnect" => builder::connect,
    "builderBindUdp" => builder::bind_udp,
    "udpBind" => udp::bind,
    "udpFromRaw" => udp::from_raw,
    "udpConnect" => udp::connect,
    "udpSend" => udp::send,
    "udpSendTo" => udp::send_to,
    "udpReceive" => udp::receive,
    "udpReceiveMany" => udp::receive_many,
    "udpSendMany" => udp::send_many,
    "peerAddress" => udp::peer_address,
    "setPeerAddress" => udp::set_peer_address,
    "udpMembership" => udp::membership,
    "unixListenerBind" => unix::listener::bind,
    "unixListenerFromRaw" => unix::listener::from_raw,
    "unixAccept" => unix::listener::accept,
    "unixConnect" => unix::stream::connect,
    "unixStreamFromRaw" => unix::stream::from_raw,
    "unixPair" => unix::stream::pair,
    "unixCheckAddress" => unix::address::check,
    "unixLocalAddr" => unix::address::local,
    "unixPeerAddr" => unix::address::peer,
    "unixDatagramOpen" => unix::datagram::open,
    "unixDatagramPair" => unix::datagram::pair,
    "unixDatagramFromRaw" => unix::datagram::from_raw,
    "unixDatagramConnect" => unix::datagram::connect,
    "unixDatagramSend" => unix::datagram::send,
    "unixDatagramSendTo" => unix::datagram::send_to,
    "unixDatagramReceive" => unix::datagram::receive,
    "pipe" => unix::descriptor::pipe,
    "senderFromRaw" => unix::descriptor::sender_from_raw,
    "receiverFromRaw" => unix::descriptor::receiver_from_raw,
    "setNonblocking" => unix::descriptor::set_nonblocking,
    "borrow" => unix::descriptor::borrow,
    "namedPipeCreate" => named_pipe::create,
    "namedPipeOpen" => named_pipe::open,
    "namedPipeFromRaw" => named_pipe::from_raw,
    "namedPipeConnect" => named_pipe::connect,
    "namedPipeDisconnect" => named_pipe::disconnect,
    "engineOpen" => engine::open,
    "engineClose" => engine::close,
    "engineTurn" => engine::turn,
    "engineListen" => engine::listen,
    "streamBind" => engine::stream_bind,
    "engineListenerAddr" => engine::listener_addr,
    "engineConnect" => engine::connect,
    "engineAdopt" => engine::adopt,
    "engineRaw" => engine::raw,
    "engineListenerPath" => engine::listener_path,
    "engineListenerRaw" => engine::listener_raw,
    "engineListenerDuplicate" => engine::listener_duplicate,
    "descriptorKeep" => engine::descriptor_keep,
    "descriptorTaken" => engine::descriptor_taken,
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
