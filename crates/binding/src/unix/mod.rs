//! The functions of what only Unix has: its sockets, pipes, and descriptors of somebody else's.
//! Elsewhere they say so.

#[cfg(unix)]
pub(crate) mod address;
#[cfg(unix)]
pub(crate) mod datagram;
#[cfg(unix)]
pub(crate) mod descriptor;
#[cfg(unix)]
pub(crate) mod listener;
#[cfg(not(unix))]
mod missing;
#[cfg(unix)]
pub(crate) mod stream;

#[cfg(not(unix))]
pub(crate) use missing::{address, datagram, descriptor, listener, stream};
