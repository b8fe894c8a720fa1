//! Sockets that are bound, and neither listen nor connect yet.

use std::net::SocketAddr;

use socket2::{Socket, Type};

use super::bind::{BindOptions, prepare};
use super::command::Target;
use crate::error::Result;

/// Binds a stream socket that does nothing else yet, and tells where it is.
///
/// Errors: what `socket` and `bind` say: EADDRINUSE, EACCES, EADDRNOTAVAIL, EMFILE, …; as [`Target`]
/// for a path. A file that is in the way is never removed.
pub fn bind_only(target: &Target, options: &BindOptions) -> Result<(Socket, Option<SocketAddr>)> {
    let address = target.to_socket_address()?;
    let socket = Socket::new(address.domain(), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    prepare(&socket, target, options)?;
    socket.bind(&address)?;
    let local = match target {
        Target::Ip(_) => socket.local_addr()?.as_socket(),
        _ => None,
    };
    Ok((socket, local))
}
