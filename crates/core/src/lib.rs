//! What mio-js does below the Node-API line: handles, readiness and sockets over [mio](https://docs.rs/mio).
//!
//! The crate knows nothing of Node. Its centre is [`Mirror`]: one per JavaScript environment, it
//! owns every poller and every socket, hands out [`Handle`]s for them and enforces the
//! registration rules that mio itself only checks in debug builds. Everything else is what the
//! mirror is made of.
//!
//! All operations are non-blocking except [`Poller::poll`] with a timeout. Nothing is shared
//! between threads but a [`Waker`], sources on their way from one to another and, while a [`Waiter`]
//! has it, a [`Driver`].

mod address;
#[cfg(unix)]
mod borrowed;
pub mod builder;
pub mod datagrams;
pub mod engine;
mod error;
mod event;
mod handle;
mod interest;
mod io;
mod mirror;
#[cfg(windows)]
pub mod named_pipe;
pub mod option;
#[cfg(unix)]
pub mod pipe;
mod poller;
mod raw;
mod shared;
mod source;
pub mod tcp;
pub mod transfer;
pub mod udp;
#[cfg(unix)]
pub mod unix;
mod waiter;
mod waker;

pub use address::{ENCODED_ADDRESS_LEN, encode_address, parse_address, parse_ip};
pub use error::{Failure, Misuse, Result, WOULD_BLOCK};
pub use event::{Event, readiness};
pub use handle::Handle;
pub use interest::interest_from_bits;
pub use io::{Io, Kind};
pub use mirror::Mirror;
pub use poller::{Driver, Poller};
pub use raw::RawDescriptor;
pub use source::Source;
pub use waiter::Waiter;
pub use waker::{WakeSignal, Waker};
