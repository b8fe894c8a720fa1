//! Bytes in and out of everything that is a stream of them.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;

#[cfg(unix)]
use socket2::SockRef;

use crate::error::{Misuse, Result};
use crate::io::{Io, Kind};
#[cfg(unix)]
use crate::raw::without_sigpipe;

/// One read or write moves at most this many bytes, so that no system's own limit (Apple answers
/// EINVAL above `INT_MAX`, Linux truncates) shows.
pub const MAX_BYTES: usize = 0x7fff_f000;

/// Flags of what writes to a socket: a library must not die of SIGPIPE when the peer is gone.
#[cfg(all(unix, not(target_vendor = "apple")))]
pub(crate) const NO_SIGNAL: i32 = libc::MSG_NOSIGNAL;
/// Apple has an option of the socket for it instead, which is set when one is made or adopted.
#[cfg(target_vendor = "apple")]
pub(crate) const NO_SIGNAL: i32 = 0;

macro_rules! readable {
    ($io:expr, $stream:ident => $result:expr) => {
        match $io {
            Io::TcpStream(stream) => {
                let mut $stream = stream;
                $result
            }
            #[cfg(unix)]
            Io::UnixStream(stream) => {
                let mut $stream = stream;
                $result
            }
            #[cfg(unix)]
            Io::Receiver(stream) => {
                let mut $stream = stream;
                $result
            }
            #[cfg(windows)]
            Io::NamedPipe(stream) => {
                let mut $stream = stream;
                $result
            }
            _ => Err(Misuse::WrongSource.into()),
        }
    };
}

macro_rules! writable {
    ($io:expr, $stream:ident => $result:expr) => {
        match $io {
            Io::TcpStream(stream) => {
                let mut $stream = stream;
                $result
            }
            #[cfg(unix)]
            Io::UnixStream(stream) => {
                let mut $stream = stream;
                $result
            }
            #[cfg(unix)]
            Io::Sender(stream) => {
                let mut $stream = stream;
                $result
            }
            #[cfg(windows)]
            Io::NamedPipe(stream) => {
                let mut $stream = $crate::named_pipe::Writer::new(stream);
                $result
            }
            _ => Err(Misuse::WrongSource.into()),
        }
    };
}

/// Reads what is there; 0 at the end of the stream. An empty buffer reads nothing and asks nothing.
#[inline]
pub fn read(io: &Io, buffer: &mut [u8]) -> Result<usize> {
    let len = buffer.len().min(MAX_BYTES);
    let buffer = &mut buffer[..len];
    readable!(io, stream => {
        if buffer.is_empty() {
            return Ok(0);
        }
        retry(|| stream.read(buffer))
    })
}

/// As [`read`], without consuming.
pub fn peek(io: &Io, buffer: &mut [u8]) -> Result<usize> {
    let Io::TcpStream(stream) = io else {
        return Err(Misuse::WrongSource.into());
    };
    if buffer.is_empty() {
        return Ok(0);
    }
    let len = buffer.len().min(MAX_BYTES);
    retry(|| stream.peek(&mut buffer[..len]))
}

/// Writes what fits.
#[inline]
pub fn write(io: &Io, bytes: &[u8]) -> Result<usize> {
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    match io {
        // Not every std that we build with has the flag here.
        #[cfg(unix)]
        Io::UnixStream(stream) if !bytes.is_empty() => {
            let socket = SockRef::from(stream);
            retry(|| stream.try_io(|| socket.send_with_flags(bytes, NO_SIGNAL)))
        }
        _ => writable!(io, stream => {
            if bytes.is_empty() {
                return Ok(0);
            }
            if has_flag(io) {
                return retry(|| stream.write(bytes));
            }
            retry(|| without_sigpipe(|| stream.write(bytes)))
        }),
    }
}

/// Whether one buffer is written with a flag against SIGPIPE, as std does for sockets; not where the
/// system has none. Several buffers never are.
#[inline]
fn has_flag(io: &Io) -> bool {
    !matches!(io.kind(), Kind::Sender) && !cfg!(target_vendor = "apple")
}

/// There is no such signal.
#[cfg(not(unix))]
fn without_sigpipe<T>(write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    write()
}

/// Reads into several buffers in order. The caller keeps their sum within [`MAX_BYTES`].
pub fn read_vectored(io: &Io, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
    let is_empty = buffers.iter().all(|buffer| buffer.is_empty());
    readable!(io, stream => {
        if is_empty {
            return Ok(0);
        }
        retry(|| stream.read_vectored(buffers))
    })
}

/// Writes several buffers in order. The caller keeps their sum within [`MAX_BYTES`].
pub fn write_vectored(io: &Io, buffers: &[IoSlice<'_>]) -> Result<usize> {
    let is_empty = buffers.iter().all(|buffer| buffer.is_empty());
    match io {
        #[cfg(unix)]
        Io::TcpStream(stream) if !is_empty => {
            retry(|| stream.try_io(|| send_vectored(&SockRef::from(stream), buffers)))
        }
        #[cfg(unix)]
        Io::UnixStream(stream) if !is_empty => {
            retry(|| stream.try_io(|| send_vectored(&SockRef::from(stream), buffers)))
        }
        _ => writable!(io, stream => {
            if is_empty {
                return Ok(0);
            }
            retry(|| without_sigpipe(|| stream.write_vectored(buffers)))
        }),
    }
}

/// `writev`, which std makes of a vectored write, has no flags.
#[cfg(unix)]
fn send_vectored(socket: &SockRef<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    socket.send_vectored_with_flags(buffers, NO_SIGNAL)
}

/// Does nothing, as neither sockets nor pipes keep anything back.
pub fn flush(io: &Io) -> Result<()> {
    writable!(io, stream => Ok(stream.flush()?))
}

/// Closes one direction of a connection, or both.
///
/// Errors: ENOTCONN before there is one.
pub fn shutdown(io: &Io, how: Shutdown) -> Result<()> {
    match io {
        Io::TcpStream(stream) => Ok(stream.shutdown(how)?),
        #[cfg(unix)]
        Io::UnixStream(stream) => Ok(stream.shutdown(how)?),
        #[cfg(unix)]
        Io::UnixDatagram(socket) => Ok(socket.shutdown(how)?),
        _ => Err(Misuse::WrongSource.into()),
    }
}

/// A signal that arrives during a non-blocking call is not the caller's business.
#[inline]
pub(crate) fn retry<T>(mut operation: impl FnMut() -> io::Result<T>) -> Result<T> {
    loop {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return Ok(other?),
        }
    }
}
