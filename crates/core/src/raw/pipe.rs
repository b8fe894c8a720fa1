//! What named pipes need that neither std nor mio has.

use std::ffi::c_void;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::path::Path;
use std::ptr;

use mio::windows::NamedPipe;
use windows_sys::Win32::Foundation::{ERROR_SUCCESS, INVALID_HANDLE_VALUE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    EXPLICIT_ACCESS_W, GRANT_ACCESS, GetSecurityInfo, NO_MULTIPLE_TRUSTEE, SE_KERNEL_OBJECT,
    SetEntriesInAclW, SetSecurityInfo, TRUSTEE_IS_SID, TRUSTEE_IS_WELL_KNOWN_GROUP, TRUSTEE_W,
};
use windows_sys::Win32::Security::{
    ACL, CreateWellKnownSid, DACL_SECURITY_INFORMATION, NO_INHERITANCE, SECURITY_MAX_SID_SIZE,
    WinWorldSid,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, FILE_GENERIC_READ, FILE_GENERIC_WRITE,
    PIPE_ACCESS_DUPLEX, WRITE_DAC,
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

/// Makes one end for the server of a name, as mio makes it, which knows first ones only. Who may
/// connect can be changed.
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
            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | WRITE_DAC | first,
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

/// Memory of the system's allocator, which is given back.
struct Local<T>(*mut T);

impl<T> Drop for Local<T> {
    fn drop(&mut self) {
        // SAFETY: the system has allocated it for us, and nobody else has it; null is left alone.
        unsafe { LocalFree(self.0.cast()) };
    }
}

/// Lets everybody connect to a name to read from it, or to write to it, beside those who may already.
/// It holds for all ends of the name.
///
/// Errors: the system's.
pub(crate) fn allow_everyone(pipe: &NamedPipe, reads: bool, writes: bool) -> io::Result<()> {
    let handle = pipe.as_raw_handle();
    let none = ptr::null_mut::<c_void>();
    let mut old = ptr::null_mut::<ACL>();
    let mut descriptor = Local(none);
    // SAFETY: the handle is open as long as `pipe` is; the system writes two pointers: the descriptor is
    // ours to free, and the list is a part of it.
    let status = unsafe {
        GetSecurityInfo(
            handle,
            SE_KERNEL_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut old,
            ptr::null_mut(),
            &raw mut descriptor.0,
        )
    };
    check(status)?;
    let mut sid = [0_u32; SECURITY_MAX_SID_SIZE as usize / 4];
    let mut size = SECURITY_MAX_SID_SIZE;
    // SAFETY: there is room for any SID, aligned as one; the size says so.
    if unsafe { CreateWellKnownSid(WinWorldSid, none, sid.as_mut_ptr().cast(), &raw mut size) } == 0
    {
        return Err(io::Error::last_os_error());
    }
    let reads = if reads { FILE_GENERIC_READ } else { 0 };
    let writes = if writes { FILE_GENERIC_WRITE } else { 0 };
    let entry = EXPLICIT_ACCESS_W {
        grfAccessPermissions: reads | writes,
        grfAccessMode: GRANT_ACCESS,
        grfInheritance: NO_INHERITANCE,
        Trustee: TRUSTEE_W {
            pMultipleTrustee: ptr::null_mut(),
            MultipleTrusteeOperation: NO_MULTIPLE_TRUSTEE,
            TrusteeForm: TRUSTEE_IS_SID,
            TrusteeType: TRUSTEE_IS_WELL_KNOWN_GROUP,
            ptstrName: sid.as_mut_ptr().cast(),
        },
    };
    let mut new = Local(ptr::null_mut::<ACL>());
    // SAFETY: one entry, whose SID lives until the call returns; `old` lives as long as the descriptor.
    // The new list is ours to free.
    check(unsafe { SetEntriesInAclW(1, &raw const entry, old, &raw mut new.0) })?;
    // SAFETY: the handle is open, and the list is a whole one.
    check(unsafe {
        SetSecurityInfo(
            handle,
            SE_KERNEL_OBJECT,
            DACL_SECURITY_INFORMATION,
            none,
            none,
            new.0,
            ptr::null(),
        )
    })
}

fn check(status: u32) -> io::Result<()> {
    match status {
        ERROR_SUCCESS => Ok(()),
        error => Err(io::Error::from_raw_os_error(error.cast_signed())),
    }
}
