//! Options of sockets whose value is bytes of the program's.
//!
//! # Which options are refused, and why
//!
//! A program may name any level and any option, and give any bytes as the value. For nearly all
//! options the system copies at most the length that it is told, in one direction, and then nothing
//! can go wrong. A few answer in the value that they are set to, within its length (on Linux,
//! `IPV6_FLOWLABEL_MGR` writes a flow label there), so what is set is a copy, which the system may
//! write to. Some are different, and a program that may name them may read or overwrite any
//! memory of the process:
//!
//! - The value holds an address. Classic BPF (`SO_ATTACH_FILTER`, `SO_ATTACH_REUSEPORT_CBPF`) is a
//!   length and a pointer to instructions. The tables of netfilter, which are the options of the IP
//!   levels from 64 on, have pointers to counters. `TCP_ZEROCOPY_RECEIVE` remaps pages at an address
//!   in its value, and writes to a second one. The BSDs and macOS have `SO_LABEL` and `SO_PEERLABEL`,
//!   the source filters of multicast, and on FreeBSD the keys of TLS.
//! - The length is no number of bytes. `SO_GET_FILTER`, which has the number of `SO_ATTACH_FILTER`,
//!   counts instructions of eight bytes, and so writes eight times as much as it was told.
//! - The value says how much may be written. `TCP_AO_GET_KEYS` and the source filters of multicast
//!   (`IP_MSFILTER`, `MCAST_MSFILTER`) take a count of entries from the first bytes of the buffer and
//!   believe it.
//!
//! These are refused, together with all levels but those of the socket, of IP, TCP and UDP: what
//! other levels (TLS, packet sockets, netlink, …) have was not looked at. What `getsockopt` finds in
//! the buffer is always zero, and a length that it answers is cut to that of the buffer, so that an
//! option of the kinds above that is newer than this list finds no address and no count either.
//!
//! IPv6 has ordinary options among the numbers of netfilter (traffic class, transparency, `FREEBIND`):
//! there, exactly the numbers that netfilter has are refused.
//!
//! `O_NONBLOCK` is no option of a socket: nothing here makes one block.

use std::io;
#[cfg(unix)]
use std::os::fd::AsRawFd;
#[cfg(windows)]
use std::os::windows::io::AsRawSocket;

use socket2::SockRef;

use crate::error::{Misuse, Result};

#[cfg(unix)]
mod level {
    pub(super) const SOCKET: i32 = libc::SOL_SOCKET;
    pub(super) const IP: i32 = libc::IPPROTO_IP;
    pub(super) const IPV6: i32 = libc::IPPROTO_IPV6;
    pub(super) const TCP: i32 = libc::IPPROTO_TCP;
    pub(super) const UDP: i32 = libc::IPPROTO_UDP;
}

#[cfg(windows)]
mod level {
    use windows_sys::Win32::Networking::WinSock;

    pub(super) const SOCKET: i32 = WinSock::SOL_SOCKET;
    pub(super) const IP: i32 = WinSock::IPPROTO_IP;
    pub(super) const IPV6: i32 = WinSock::IPPROTO_IPV6;
    pub(super) const TCP: i32 = WinSock::IPPROTO_TCP;
    pub(super) const UDP: i32 = WinSock::IPPROTO_UDP;
}

/// Whether the system keeps to the bytes of the value: see above.
#[cfg(any(target_os = "android", target_os = "linux"))]
fn is_plain(level: i32, name: i32) -> bool {
    const IP_MSFILTER: i32 = 41;
    const MCAST_MSFILTER: i32 = 48;
    const TCP_AO_GET_KEYS: i32 = 41;
    match level {
        level::SOCKET => !matches!(
            name,
            libc::SO_ATTACH_FILTER | libc::SO_ATTACH_REUSEPORT_CBPF
        ),
        level::IP => name < 64 && name != IP_MSFILTER && name != MCAST_MSFILTER,
        level::IPV6 => {
            let is_netfilter = matches!(name, 64 | 65 | 68 | 69) || name >= 80;
            !is_netfilter && name != MCAST_MSFILTER
        }
        level::TCP => name != libc::TCP_ZEROCOPY_RECEIVE && name != TCP_AO_GET_KEYS,
        level::UDP => true,
        _ => false,
    }
}

/// Whether the system keeps to the bytes of the value: see above.
#[cfg(all(unix, not(any(target_os = "android", target_os = "linux"))))]
fn is_plain(level: i32, name: i32) -> bool {
    const SO_LABEL: i32 = 0x1009;
    const SO_PEERLABEL: i32 = 0x1010;
    const MSFILTER: i32 = 74;
    /// FreeBSD: `TCP_TXTLS_ENABLE` to `TCP_RXTLS_MODE`.
    const TLS: std::ops::RangeInclusive<i32> = 39..=42;
    match level {
        level::SOCKET => name != SO_LABEL && name != SO_PEERLABEL,
        // From 40 to 64 are the firewall and the traffic shaper.
        level::IP => !(40..=64).contains(&name) && name != MSFILTER,
        level::IPV6 => !(30..=34).contains(&name) && name != MSFILTER,
        level::TCP => cfg!(target_vendor = "apple") || !TLS.contains(&name),
        level::UDP => true,
        _ => false,
    }
}

/// Whether the system keeps to the bytes of the value: see above.
#[cfg(windows)]
fn is_plain(level: i32, _name: i32) -> bool {
    matches!(
        level,
        level::SOCKET | level::IP | level::IPV6 | level::TCP | level::UDP
    )
}

fn check(level: i32, name: i32) -> Result<()> {
    if is_plain(level, name) {
        Ok(())
    } else {
        Err(Misuse::OptionUnsafe.into())
    }
}

/// Reads an option: how many bytes of `value`, which is filled with zeros before, it has.
///
/// Errors: [`Misuse::OptionUnsafe`]; the system's.
pub(crate) fn get_option(
    socket: &SockRef<'_>,
    level: i32,
    name: i32,
    value: &mut [u8],
) -> Result<usize> {
    check(level, name)?;
    value.fill(0);
    let mut len = value.len().min(MAX_VALUE) as _;
    #[cfg(unix)]
    // SAFETY: `value` has `len` bytes, and the option is one that keeps to them.
    let outcome = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            name,
            value.as_mut_ptr().cast(),
            &mut len,
        )
    };
    #[cfg(windows)]
    // SAFETY: `value` has `len` bytes, and the option is one that keeps to them.
    let outcome = unsafe {
        windows_sys::Win32::Networking::WinSock::getsockopt(
            socket.as_raw_socket() as usize,
            level,
            name,
            value.as_mut_ptr().cast(),
            &mut len,
        )
    };
    if outcome != 0 {
        return Err(io::Error::last_os_error().into());
    }
    Ok((len as usize).min(value.len()))
}

/// Sets an option.
///
/// Errors: [`Misuse::OptionUnsafe`]; [`Misuse::BytesRange`] for a value that no option has; the
/// system's.
pub(crate) fn set_option(socket: &SockRef<'_>, level: i32, name: i32, value: &[u8]) -> Result<()> {
    check(level, name)?;
    if value.len() > MAX_VALUE {
        return Err(Misuse::BytesRange.into());
    }
    let mut value = value.to_vec();
    #[cfg(unix)]
    // SAFETY: `value` has that many bytes, nobody else's, and the option is one that keeps to them.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            value.as_mut_ptr().cast(),
            value.len() as _,
        )
    };
    #[cfg(windows)]
    // SAFETY: `value` has that many bytes, nobody else's, and the option is one that keeps to them.
    let outcome = unsafe {
        windows_sys::Win32::Networking::WinSock::setsockopt(
            socket.as_raw_socket() as usize,
            level,
            name,
            value.as_mut_ptr().cast(),
            value.len() as _,
        )
    };
    if outcome == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error().into())
    }
}

/// Bytes of the largest value.
pub(crate) const MAX_VALUE: usize = 65_536;

/// An option that is an `int`.
#[cfg(unix)]
pub(crate) fn int_option(socket: &SockRef<'_>, level: i32, name: i32) -> Result<i32> {
    let mut value = [0; 4];
    get_option(socket, level, name, &mut value)?;
    Ok(i32::from_ne_bytes(value))
}

/// Sets an option that is an `int`.
#[cfg(unix)]
pub(crate) fn set_int_option(
    socket: &SockRef<'_>,
    level: i32,
    name: i32,
    value: i32,
) -> Result<()> {
    set_option(socket, level, name, &value.to_ne_bytes())
}

/// Does something with a socket whose owner is elsewhere.
///
/// Only for a descriptor that stays open meanwhile: the one caller is the table of what engines own
/// (`engine::owned`), whose lock is held, and which forgets descriptors before they are closed.
pub(crate) fn borrow_socket<R>(
    raw: super::RawDescriptor,
    operation: impl FnOnce(&SockRef<'_>) -> R,
) -> R {
    #[cfg(unix)]
    // SAFETY: it is an open descriptor, as promised above, and so not -1.
    let socket = unsafe { std::os::fd::BorrowedFd::borrow_raw(raw) };
    #[cfg(windows)]
    // SAFETY: it is an open socket, as promised above, and so not INVALID_SOCKET.
    let socket = unsafe { std::os::windows::io::BorrowedSocket::borrow_raw(raw) };
    operation(&SockRef::from(&socket))
}
