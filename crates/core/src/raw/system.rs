//! What only the C library tells.

#[cfg(any(unix, windows))]
use std::io;

#[cfg(any(unix, windows))]
use crate::error::Failure;
use crate::error::{Misuse, Result};

/// The index of a network interface.
///
/// Errors: the system's ENODEV or ENXIO for a name that no interface has.
#[cfg(unix)]
pub(crate) fn interface_index(name: &str) -> Result<u32> {
    let name = std::ffi::CString::new(name).map_err(|_| Misuse::Address)?;
    // SAFETY: `name` ends in NUL and lives until the call returns.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(Failure::Io(io::Error::last_os_error())),
        index => Ok(index),
    }
}

/// The index of a network interface.
///
/// Errors: `WSAEINVAL` for a name that no interface has, as Windows tells no reason.
#[cfg(windows)]
pub(crate) fn interface_index(name: &str) -> Result<u32> {
    use windows_sys::Win32::NetworkManagement::IpHelper::if_nametoindex;
    use windows_sys::Win32::Networking::WinSock::WSAEINVAL;

    let name = std::ffi::CString::new(name).map_err(|_| Misuse::Address)?;
    // SAFETY: `name` ends in NUL and lives until the call returns.
    match unsafe { if_nametoindex(name.as_ptr().cast()) } {
        0 => Err(Failure::Io(io::Error::from_raw_os_error(WSAEINVAL))),
        index => Ok(index),
    }
}

/// There are no names of interfaces to ask for.
#[cfg(not(any(unix, windows)))]
pub(crate) fn interface_index(_: &str) -> Result<u32> {
    Err(Misuse::Unsupported.into())
}

/// How many descriptors this process may have open, as far as the system tells.
#[cfg(unix)]
pub(crate) fn descriptor_limit() -> Option<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid place for the answer.
    let outcome = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    // The type's width differs between systems.
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "u64 on most"
    )]
    (outcome == 0).then_some(limit.rlim_cur as u64)
}

/// How many descriptors this process may have open, as far as the system tells.
#[cfg(windows)]
pub(crate) fn descriptor_limit() -> Option<u64> {
    None
}
