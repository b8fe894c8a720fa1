//! What named pipes need that neither std nor mio has.

use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::path::Path;
use std::ptr;

use mio::windows::NamedPipe;
use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX,
};
use windows_sys::Win32::System::IO::CancelIoEx;
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES,
};

/// Bytes that the system keeps in each direction.
const QUOTA: u32 = 64 * 1024;

/// Which of the ends that a server has at one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instance {
    /// It fails if anybody has the name.
    First,
    Further,
}

/// Makes one end for the server of a name, as mio makes it, which knows first ones only.
pub(crate) fn create_pipe(name: &Path, instance: Instance) -> io::Result<NamedPipe> {
    let name: Vec<u16> = name.as_os_str().encode_wide().chain([0]).collect();
    let first = match instance {
        Instance::First => FILE_FLAG_FIRST_PIPE_INSTANCE,
        Instance::Further => 0,
    };
    // SAFETY: `name` ends in NUL and lives until the call returns; there are no security attributes.
    let handle = unsafe {
        CreateNamedPipeW(
            name.as_ptr(),
            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
            PIPE_TYPE_BYTE,
            PIPE_UNLIMITED_INSTANCES,
            QUOTA,
            QUOTA,
            0,
            ptr::null(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is an open pipe that nobody else knows of.
    Ok(unsafe { NamedPipe::from_raw_handle(handle) })
}

/// Ends all that the system still does with a pipe, also what it was to write: mio has that go on
/// after the pipe is dropped, for as long as the peer does not read.
pub(crate) fn cancel(pipe: &NamedPipe) {
    // SAFETY: the handle is open as long as `pipe` is; mio learns of each operation that it ends by a
    // completion of its own, as of any other. Fails only if there is none.
    unsafe { CancelIoEx(pipe.as_raw_handle(), ptr::null()) };
}
