//! Operations of a TCP stream.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::SocketAddr;

pub use mio::net::TcpStream;

use crate::error::Result;

/// One read or write moves at most this many bytes, so that no system's own limit (Apple answers
/// EINVAL above `INT_MAX`, Linux truncates) shows.
pub const MAX_BYTES: usize = 0x7fff_f000;

/// Starts to connect, without waiting.
///
/// Errors: what shows at once: ENETUNREACH, EADDRNOTAVAIL, sometimes ECONNREFUSED, EMFILE, ….
pub fn connect(address: SocketAddr) -> Result<TcpStream> {
    Ok(TcpStream::connect(address)?)
}

/// Reads what is there; 0 at the end of the stream. An empty buffer reads nothing and asks nothing.
pub fn read(mut stream: &TcpStream, buffer: &mut [u8]) -> Result<usize> {
    if buffer.is_empty() {
        return Ok(0);
    }
    let len = buffer.len().min(MAX_BYTES);
    retry(|| stream.read(&mut buffer[..len]))
}

/// As [`read`], without consuming.
pub fn peek(stream: &TcpStream, buffer: &mut [u8]) -> Result<usize> {
    if buffer.is_empty() {
        return Ok(0);
    }
    let len = buffer.len().min(MAX_BYTES);
    retry(|| stream.peek(&mut buffer[..len]))
}

/// Writes what fits.
pub fn write(mut stream: &TcpStream, bytes: &[u8]) -> Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    retry(|| stream.write(&bytes[..bytes.len().min(MAX_BYTES)]))
}

/// Reads into several buffers in order. The caller keeps their sum within [`MAX_BYTES`].
pub fn read_vectored(mut stream: &TcpStream, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
    if buffers.iter().all(|buffer| buffer.is_empty()) {
        return Ok(0);
    }
    retry(|| stream.read_vectored(buffers))
}

/// Writes several buffers in order. The caller keeps their sum within [`MAX_BYTES`].
pub fn write_vectored(mut stream: &TcpStream, buffers: &[IoSlice<'_>]) -> Result<usize> {
    if buffers.iter().all(|buffer| buffer.is_empty()) {
        return Ok(0);
    }
    retry(|| stream.write_vectored(buffers))
}

/// Does nothing, as a socket keeps nothing back.
pub fn flush(mut stream: &TcpStream) -> Result<()> {
    Ok(stream.flush()?)
}

/// Whether the stream has a peer.
pub(crate) fn is_connected(stream: &TcpStream) -> Result<bool> {
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if is_pending(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether an error says that the stream is not connected yet, and no more.
pub(crate) fn is_pending(error: &io::Error) -> bool {
    #[cfg(unix)]
    let in_progress = error.raw_os_error() == Some(libc::EINPROGRESS);
    #[cfg(windows)]
    let in_progress = false;
    in_progress || error.kind() == io::ErrorKind::NotConnected
}

/// Tells mio that an operation on the bare descriptor would have blocked, so that it asks the
/// system for events again where that is needed (Windows).
pub fn rearm(stream: &TcpStream) {
    // The outcome is the would-block that the closure makes.
    drop(stream.try_io(|| io::Result::<()>::Err(io::ErrorKind::WouldBlock.into())));
}

/// A signal that arrives during a non-blocking call is not the caller's business.
fn retry<T>(mut operation: impl FnMut() -> io::Result<T>) -> Result<T> {
    loop {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return Ok(other?),
        }
    }
}
