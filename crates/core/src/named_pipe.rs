//! Named pipes of Windows.
//!
//! They are not ready, as sockets are: mio reads ahead into a buffer of its own, and copies what is
//! written to another, which the system takes in the background. So a count of bytes written says
//! what is queued. All that happens through the completion port of the first poller that a pipe is
//! registered with, to which it belongs for the rest of its life.

use std::fs::OpenOptions;
use std::io::{self, IoSlice, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, IntoRawHandle};
use std::path::Path;

use mio::windows::NamedPipe;
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BROKEN_PIPE, ERROR_INVALID_NAME, ERROR_NO_DATA, ERROR_PATH_NOT_FOUND,
};
use windows_sys::Win32::Networking::WinSock::{WSAEACCES, WSAEADDRINUSE};
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_OVERLAPPED, SECURITY_IDENTIFICATION};

use crate::error::{Misuse, Result};
use crate::io::Io;
use crate::raw::{self, Instance, RawDescriptor};

/// What one write queues at most: it is copied as a whole, and memory that cannot be had would end
/// the process. mio keeps buffers up to this size for the next write.
const MAX_QUEUED: usize = 1024 * 1024;

/// Makes the server's end of a pipe: for both directions, of bytes, with room for 64 KiB in each.
///
/// Errors: EADDRINUSE for a name that exists, EACCES for what is no name of a pipe, as libuv has it;
/// [`Misuse::PipeName`].
pub fn create(name: &str) -> Result<Io> {
    Ok(Io::NamedPipe(make(Path::new(name), Instance::First)?))
}

/// As [`create`].
pub(crate) fn make(name: &Path, instance: Instance) -> Result<NamedPipe> {
    check_name(name)?;
    let pipe = raw::create_pipe(name, instance);
    Ok(pipe.map_err(|error| match code(&error) {
        Some(ERROR_ACCESS_DENIED) => io::Error::from_raw_os_error(WSAEADDRINUSE),
        Some(ERROR_INVALID_NAME | ERROR_PATH_NOT_FOUND) => io::Error::from_raw_os_error(WSAEACCES),
        _ => error,
    })?)
}

/// Opens the client's end of a pipe. Its server learns who this process runs for, and cannot act as
/// that.
///
/// Errors: ENOENT for a name that nobody has; EBUSY while its server has another client;
/// [`Misuse::PipeName`]; [`Misuse::PipeType`] for what is no pipe.
pub fn open(name: &str) -> Result<Io> {
    Ok(Io::NamedPipe(reach(Path::new(name))?))
}

/// As [`open`].
pub(crate) fn reach(name: &Path) -> Result<NamedPipe> {
    check_name(name)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(FILE_FLAG_OVERLAPPED)
        .security_qos_flags(SECURITY_IDENTIFICATION)
        .open(name)?;
    raw::check_named_pipe(file.as_raw_handle() as RawDescriptor)?;
    raw::adopt_named_pipe(file.into_raw_handle() as RawDescriptor)
}

/// The system would see no more of a name than what comes before NUL.
fn check_name(name: &Path) -> Result<()> {
    if name.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(Misuse::PipeName.into());
    }
    Ok(())
}

/// Waits for a client: would-block until there is one, which the next writable event tells.
///
/// Errors: [`Misuse::NotRegistered`]; the system's.
pub fn connect(io: &Io) -> Result<()> {
    Ok(pipe(io)?.connect()?)
}

/// Drops the client, what it sent, and what it was sent; connect again for the next one.
///
/// Errors: the system's, for the client's end.
pub fn disconnect(io: &Io) -> Result<()> {
    Ok(pipe(io)?.disconnect()?)
}

fn pipe(io: &Io) -> Result<&NamedPipe> {
    match io {
        Io::NamedPipe(pipe) => Ok(pipe),
        _ => Err(Misuse::WrongSource.into()),
    }
}

pub(crate) fn code(error: &io::Error) -> Option<u32> {
    error.raw_os_error().map(i32::cast_unsigned)
}

/// Writes as much as one write queues. A peer that is gone is EPIPE, as with any other pipe.
#[derive(Debug)]
pub(crate) struct Writer<'a>(&'a NamedPipe);

impl<'a> Writer<'a> {
    pub(crate) fn new(pipe: &'a NamedPipe) -> Self {
        Self(pipe)
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(MAX_QUEUED)];
        self.0.write(bytes).map_err(broken)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut room = MAX_QUEUED;
        let mut parts = Vec::with_capacity(buffers.len());
        for buffer in buffers {
            let part = &buffer[..buffer.len().min(room)];
            room -= part.len();
            parts.push(IoSlice::new(part));
        }
        self.0.write_vectored(&parts).map_err(broken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn broken(error: io::Error) -> io::Error {
    match code(&error) {
        // libuv has EPIPE for this one, and EOF for the other.
        Some(ERROR_BROKEN_PIPE) => io::Error::from_raw_os_error(ERROR_NO_DATA.cast_signed()),
        _ => error,
    }
}
