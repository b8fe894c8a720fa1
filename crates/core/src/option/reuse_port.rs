//! Sharing a port with others that ask for it as well, so that the system spreads connections and
//! datagrams over all: `SO_REUSEPORT`. On FreeBSD that one gives everything to one of them, and
//! `SO_REUSEPORT_LB` is what spreads; macOS and the other BSDs have none that does.

use socket2::Socket;

use crate::error::Result;

/// Whether the port may be shared.
#[cfg(target_os = "freebsd")]
pub(crate) fn get(socket: &Socket) -> Result<bool> {
    Ok(socket.reuse_port_lb()?)
}

/// Whether the port may be shared.
#[cfg(all(
    unix,
    not(any(target_os = "freebsd", target_os = "solaris", target_os = "illumos"))
))]
pub(crate) fn get(socket: &Socket) -> Result<bool> {
    Ok(socket.reuse_port()?)
}

/// Lets the port be shared, or not. To be called before the socket is bound.
#[cfg(target_os = "freebsd")]
pub(crate) fn set(socket: &Socket, shared: bool) -> Result<()> {
    Ok(socket.set_reuse_port_lb(shared)?)
}

/// Lets the port be shared, or not. To be called before the socket is bound.
#[cfg(all(
    unix,
    not(any(target_os = "freebsd", target_os = "solaris", target_os = "illumos"))
))]
pub(crate) fn set(socket: &Socket, shared: bool) -> Result<()> {
    Ok(socket.set_reuse_port(shared)?)
}

/// Lets the port be shared.
///
/// Errors: [`Misuse::Unsupported`](crate::Misuse), as this system has no such option.
#[cfg(not(all(unix, not(any(target_os = "solaris", target_os = "illumos")))))]
pub(crate) fn set(_: &Socket, _: bool) -> Result<()> {
    Err(crate::error::Misuse::Unsupported.into())
}
