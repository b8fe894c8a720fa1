//! What is made of the errors of `accept`.

use std::io;

/// What an error of `accept` means for the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AcceptError {
    /// The queue is empty.
    Empty,
    /// That connection is gone; the next may be there.
    Gone,
    /// The process or the system is at its limit.
    Exhausted,
    /// Unknown: as exhausted, since anything else would spin.
    Other,
}

pub(super) fn classify(error: &io::Error) -> AcceptError {
    if error.kind() == io::ErrorKind::WouldBlock {
        return AcceptError::Empty;
    }
    let Some(raw) = error.raw_os_error() else {
        // std refuses to parse the empty address of a connection that was reset in the queue.
        return AcceptError::Gone;
    };
    if codes::GONE.contains(&raw) {
        AcceptError::Gone
    } else if codes::EXHAUSTED.contains(&raw) {
        AcceptError::Exhausted
    } else {
        AcceptError::Other
    }
}

#[cfg(unix)]
mod codes {
    /// Linux passes pending network errors of the new connection on (accept(2)); the others are
    /// its BSD kind.
    pub(super) const GONE: &[i32] = &[
        libc::ECONNABORTED,
        libc::ECONNRESET,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
        libc::EINTR,
        libc::ENETDOWN,
        libc::ENETUNREACH,
        #[cfg(any(target_os = "linux", target_os = "android"))]
        libc::ENONET,
        libc::ENOPROTOOPT,
        libc::EOPNOTSUPP,
        libc::EPERM,
        libc::EPROTO,
        libc::ETIMEDOUT,
    ];
    pub(super) const EXHAUSTED: &[i32] = &[libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
}

#[cfg(windows)]
mod codes {
    use windows_sys::Win32::Networking::WinSock;

    pub(super) const GONE: &[i32] = &[
        WinSock::WSAECONNRESET,
        WinSock::WSAECONNABORTED,
        WinSock::WSAEINTR,
        WinSock::WSAENETDOWN,
    ];
    pub(super) const EXHAUSTED: &[i32] = &[WinSock::WSAEMFILE, WinSock::WSAENOBUFS];
}
