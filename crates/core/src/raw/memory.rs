//! Memory that the system fills.

use std::mem::MaybeUninit;

/// Looks at what is received, and leaves it to be received again.
#[cfg(unix)]
pub(crate) const MSG_PEEK: i32 = libc::MSG_PEEK;
/// Looks at what is received, and leaves it to be received again.
#[cfg(windows)]
pub(crate) const MSG_PEEK: i32 = windows_sys::Win32::Networking::WinSock::MSG_PEEK;

/// Initialised bytes as what socket2 reads into.
pub(crate) fn uninit(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    let (data, len) = (bytes.as_mut_ptr().cast(), bytes.len());
    // SAFETY: the same bytes, exclusively borrowed for the same time; `MaybeUninit<u8>` has the
    // layout of `u8`. socket2 only stores initialised bytes in what it is given.
    unsafe { std::slice::from_raw_parts_mut(data, len) }
}
