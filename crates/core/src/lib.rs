//! What mio-js does below the Node-API line: handles, readiness and sockets over [mio](https://docs.rs/mio).
//!
//! The crate knows nothing of Node. Its centre is [`Mirror`]: one per JavaScript environment, it
//! owns every poller and every socket, hands out [`Handle`]s for them and enforces the
//! registration rules that mio itself only checks in debug builds. Everything else is what the
//! mirror is made of.
//!
//! Unix and Windows have all of it. [WASI and Hermit](crate#wasi-and-hermit) have a part.
//!
//! All operations are non-blocking except [`Poller::poll`] with a timeout. Nothing is shared
//! between threads but a [`Waker`], sources on their way from one to another and, while a [`Waiter`]
//! has it, a [`Driver`].
//!
//! # WASI and Hermit
//!
//! `wasm32-wasip1` has what mio has there: pollers, and listeners and streams of TCP that come with the
//! process ([`Io::adopt_tcp_listener`]), to accept, read, write and shut down. There is nothing that
//! could bind or connect, addresses and options are unknown, and there are no threads: a [`Waker`] and a
//! [`Waiter`] are [`Misuse::Unsupported`].
//!
//! Hermit has what needs no more than mio: it also binds, connects and wakes, and has addresses; but
//! nothing is inherited, since there is one process.
//!
//! What needs socket2, which knows neither, is for `any(unix, windows)` and does not exist there.

mod address;
#[cfg(not(target_os = "hermit"))]
mod adopt;
#[cfg(unix)]
mod borrowed;
#[cfg(any(unix, windows))]
pub mod builder;
#[cfg(any(unix, windows))]
pub mod datagrams;
#[cfg(any(unix, windows))]
pub mod engine;
mod error;
mod event;
pub mod hand;
mod handle;
mod interest;
mod io;
#[cfg(any(unix, windows))]
pub mod lent;
mod mirror;
#[cfg(windows)]
pub mod named_pipe;
#[cfg(any(unix, windows))]
pub mod option;
#[cfg(unix)]
pub mod pipe;
mod poller;
mod raw;
mod registration;
mod shared;
mod source;
pub mod tcp;
pub mod transfer;
#[cfg(any(unix, windows))]
pub mod udp;
#[cfg(unix)]
pub mod unix;
mod waiter;
pub mod wake_flag;
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
