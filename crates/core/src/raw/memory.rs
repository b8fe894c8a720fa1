//! Memory that the system fills.

use std::mem::MaybeUninit;

#[cfg(unix)]
use socket2::{SockAddr, SockAddrStorage};

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

/// The bytes of a Unix socket's address behind its family, as many as the system told; none where it
/// told of more than it has written.
#[cfg(unix)]
pub(crate) fn unix_path(address: &SockAddr) -> &[u8] {
    let offset = std::mem::offset_of!(libc::sockaddr_un, sun_path);
    let len = address.len() as usize;
    if !address.is_unix() || len <= offset || len > size_of::<SockAddrStorage>() {
        return &[];
    }
    let path = address.as_ptr().cast::<u8>().wrapping_add(offset);
    // SAFETY: `address` borrows its storage, which is `len` bytes at least, and was all zero before
    // the system wrote to it.
    unsafe { std::slice::from_raw_parts(path, len - offset) }
}
