//! Operations of a TCP stream; its bytes are the business of [`crate::transfer`].

#[cfg(not(target_os = "wasi"))]
use std::net::SocketAddr;

pub use mio::net::TcpStream;

use crate::error::{Misuse, Result};
use crate::io::Io;

/// Starts to connect, without waiting.
///
/// Errors: what shows at once: ENETUNREACH, EADDRNOTAVAIL, sometimes ECONNREFUSED, EMFILE, ….
#[cfg(not(target_os = "wasi"))]
pub fn connect(address: SocketAddr) -> Result<Io> {
    Ok(Io::TcpStream(TcpStream::connect(address)?))
}

/// The stream, if it is one.
pub fn of(io: &Io) -> Result<&TcpStream> {
    match io {
        Io::TcpStream(stream) => Ok(stream),
        _ => Err(Misuse::WrongSource.into()),
    }
}
