//! Sockets whose system calls leave the program's thread.
//!
//! A [`Lane`] is a state machine that accepts, connects, reads and writes, and a thread that it may
//! run on. The program submits what it wants ([`Lane::submit`]) and collects what happened
//! ([`Lane::collect`]), both as plain words and bytes, in batches, so that one crossing carries a
//! whole turn of the event loop.
//!
//! From the bottom: `stream`, `queue`, `reader`, `timer` and `table` are what a `connection` needs;
//! `pipe` is Windows' kind of stream and listener; `connection` and `listener` are what the `machine` turns, `accept`, `apply` and `opening` are parts of it;
//! `owned` knows who has which descriptor, for options that are asked for from another thread;
//! `handover` is all else that threads share; `lane` puts them together and `auto` decides where it runs.

mod accept;
mod apply;
mod auto;
mod command;
mod completion;
mod connection;
mod context;
mod counters;
pub mod handover;
mod id;
mod lane;
mod listener;
mod machine;
mod opening;
mod owned;
#[cfg(windows)]
mod pipe;
mod queue;
mod reader;
mod reserved;
mod stream;
mod submission;
mod table;
mod thread;
mod timer;

pub use command::{Command, KeepAlive, Listen, Profile, Target};
pub use completion::{Completions, Kind, MAX_DATA, MAX_RECORDS, RECORD, Syscall};
pub use counters::{Counter, Counters};
pub use id::Id;
pub use lane::{Io, Lane, Port};
pub use listener::{
    BindOptions, Bound, ListenerShared, Refusal, Watched, bind, default_max_connections, listen_on,
};
pub use machine::Limits;
pub(crate) use owned::is_owned;
#[cfg(windows)]
pub use pipe::{Pipe, not_a_socket};
pub use reader::{BUFFER, Buffer};
pub use reserved::bind_only;
pub use stream::{Stream, Unconnected};
