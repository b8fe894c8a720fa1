//! Sockets whose system calls leave the program's thread.
//!
//! A [`Lane`] is a state machine that accepts, connects, reads and writes, and a thread that it may
//! run on. The program submits what it wants ([`Lane::submit`]) and collects what happened
//! ([`Lane::collect`]), both as plain words and bytes, in batches, so that one crossing carries a
//! whole turn of the event loop.
//!
//! From the bottom: `stream`, `queue`, `reader`, `timer` and `table` are what a `connection` needs;
//! `bind` makes what is `bound`; `pipe` is Windows' kind of both, and `overlapped` how a stream of it
//! differs; `connection` and `listener` are what the `machine` turns, `accept`, `apply`, `opening` and
//! `retiring` are parts of it; `owned` knows who has which descriptor, for options that are asked for
//! from another thread (`lookup`); `handover` is all else that threads share; `lane` puts them together,
//! `port` is what it has on either side, and `auto` decides where it runs.

mod accept;
mod accept_error;
mod apply;
mod auto;
mod bind;
mod bound;
mod command;
mod completion;
mod connection;
mod context;
mod counters;
pub mod handover;
mod id;
mod keepalive;
mod lane;
mod listener;
mod lookup;
mod machine;
mod opening;
mod overlapped;
mod owned;
#[cfg(windows)]
mod pipe;
mod port;
mod queue;
mod reader;
mod reserved;
mod retiring;
mod socket_file;
mod stream;
mod submission;
mod table;
mod thread;
mod timer;
mod unconnected;

pub use bind::{BindOptions, Refusal, bind, listen_on};
pub use bound::{Bound, Watched};
pub use command::{Command, Listen, Profile, Target};
pub use completion::{Completions, Kind, MAX_DATA, MAX_RECORDS, RECORD, Syscall};
pub use counters::{Counter, Counters};
pub use id::Id;
pub use keepalive::KeepAlive;
pub use lane::{Io, Lane};
pub use listener::{ListenerShared, default_max_connections};
pub use machine::Limits;
pub(crate) use owned::is_owned;
#[cfg(windows)]
pub use pipe::{Pipe, not_a_socket};
pub use port::Port;
pub use reader::{BUFFER, Buffer};
pub use reserved::bind_only;
pub use stream::Stream;
pub use unconnected::Unconnected;
