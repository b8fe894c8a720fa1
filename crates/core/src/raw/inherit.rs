//! Descriptors where socket2 knows none: those of WASI come with the process.

#[cfg(target_os = "wasi")]
use std::io;
#[cfg(target_os = "wasi")]
use std::os::fd::{FromRawFd, OwnedFd};

#[cfg(target_os = "wasi")]
use crate::error::{Misuse, Result};

/// What the system calls a socket: a file descriptor.
pub type RawDescriptor = std::os::fd::RawFd;

/// What a descriptor is expected to be. WASI does not tell the two apart: what is asked of the wrong
/// one fails with the system's error.
#[cfg(target_os = "wasi")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    TcpListener,
    TcpStream,
}

/// Takes ownership of a socket, and makes it non-blocking.
///
/// Errors: EBADF; [`Misuse::DescriptorType`] for what is no socket for streams.
#[cfg(target_os = "wasi")]
pub(crate) fn adopt(raw: RawDescriptor, _: Role) -> Result<OwnedFd> {
    let system = |errno: wasi::Errno| io::Error::from_raw_os_error(i32::from(errno.raw()));
    let number = u32::try_from(raw).map_err(|_| system(wasi::ERRNO_BADF))?;
    // SAFETY: only asks the system, which answers EBADF for a number that is not open.
    let status = unsafe { wasi::fd_fdstat_get(number) }.map_err(system)?;
    if status.fs_filetype != wasi::FILETYPE_SOCKET_STREAM {
        return Err(Misuse::DescriptorType.into());
    }
    let flags = status.fs_flags | wasi::FDFLAGS_NONBLOCK;
    // SAFETY: changes a flag of a descriptor that is open.
    unsafe { wasi::fd_fdstat_set_flags(number, flags) }.map_err(system)?;
    // SAFETY: it is an open socket; the caller hands over its ownership.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}
