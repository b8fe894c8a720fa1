//! The one module of this crate with `unsafe`: descriptors that come from outside, and the name of
//! an interface.
//!
//! A number from JavaScript is not a capability, so everything that can be checked is, before
//! ownership is taken: on any error the descriptor is as it was and still the caller's.
#![expect(
    unsafe_code,
    reason = "adopting a descriptor and if_nametoindex have no safe form"
)]

use std::io;
#[cfg(unix)]
use std::os::fd::{BorrowedFd, FromRawFd, RawFd};
#[cfg(windows)]
use std::os::windows::io::{BorrowedSocket, FromRawSocket, RawSocket};

use socket2::{Domain, SockRef, Socket, Type};

use crate::error::{Failure, Misuse, Result};

/// What the system calls a socket: a file descriptor, on Windows a `SOCKET`.
#[cfg(unix)]
pub type RawDescriptor = RawFd;
/// What the system calls a socket: a file descriptor, on Windows a `SOCKET`.
#[cfg(windows)]
pub type RawDescriptor = RawSocket;

/// What a descriptor is expected to be: TCP, but where it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Listener,
    Stream,
    /// A stream of TCP or Unix sockets.
    Connection,
}

/// Takes ownership of a TCP socket, and makes it non-blocking and close-on-exec.
///
/// Errors: what `getsockopt` says (EBADF, ENOTSOCK); [`Misuse::DescriptorType`] for a socket that
/// is not TCP, or not of this role.
pub(crate) fn adopt(raw: RawDescriptor, role: Role) -> Result<Socket> {
    #[cfg(unix)]
    {
        // -1 is no BorrowedFd, and no negative number is a descriptor.
        if raw < 0 {
            return Err(io::Error::from_raw_os_error(libc::EBADF).into());
        }
        // SAFETY: not -1, checked above. The borrow ends before this function returns, and only
        // asks the kernel, which answers EBADF for a number that is not open.
        check(SockRef::from(&unsafe { BorrowedFd::borrow_raw(raw) }), role)?;
        // SAFETY: it is an open socket of the wanted kind; the caller hands over its ownership.
        Ok(unsafe { Socket::from_raw_fd(raw) })
    }
    #[cfg(windows)]
    {
        if raw == RawSocket::MAX {
            return Err(io::Error::from_raw_os_error(
                windows_sys::Win32::Networking::WinSock::WSAENOTSOCK,
            )
            .into());
        }
        // SAFETY: not INVALID_SOCKET, checked above. The borrow ends before this function returns,
        // and only asks the system, which answers WSAENOTSOCK for a number that is not open.
        check(
            SockRef::from(&unsafe { BorrowedSocket::borrow_raw(raw) }),
            role,
        )?;
        // SAFETY: it is an open socket of the wanted kind; the caller hands over its ownership.
        Ok(unsafe { Socket::from_raw_socket(raw) })
    }
}

/// As [`adopt`], of a connection of any kind that the engine has: TCP or a Unix socket.
pub(crate) fn adopt_connection(raw: RawDescriptor) -> Result<(Socket, Domain)> {
    let socket = adopt(raw, Role::Connection)?;
    let domain = domain(&SockRef::from(&socket));
    match domain {
        Ok(domain) => Ok((socket, domain)),
        Err(error) => {
            // It stays the caller's.
            release(socket);
            Err(error.into())
        }
    }
}

fn release(socket: Socket) {
    #[cfg(unix)]
    let _ = std::os::fd::IntoRawFd::into_raw_fd(socket);
    #[cfg(windows)]
    let _ = std::os::windows::io::IntoRawSocket::into_raw_socket(socket);
}

fn check(socket: SockRef<'_>, role: Role) -> Result<()> {
    let domain = domain(&socket)?;
    let is_internet = domain == Domain::IPV4 || domain == Domain::IPV6;
    let fits = is_internet || (cfg!(unix) && domain == Domain::UNIX && role == Role::Connection);
    if !fits
        || socket.r#type()? != Type::STREAM
        || is_listener(&socket)? != (role == Role::Listener)
    {
        return Err(Misuse::DescriptorType.into());
    }
    socket.set_nonblocking(true)?;
    #[cfg(unix)]
    socket.set_cloexec(true)?;
    Ok(())
}

fn domain(socket: &SockRef<'_>) -> io::Result<Domain> {
    Ok(Domain::from(i32::from(socket.local_addr()?.family())))
}

/// Whether `listen` was called. Asked by option, since a listener has no peer either.
fn is_listener(socket: &SockRef<'_>) -> io::Result<bool> {
    #[cfg(any(target_os = "android", target_os = "freebsd", target_os = "linux",))]
    return socket.is_listener();
    // Where the option is not readable, a connected socket is the one that knows its peer.
    #[cfg(not(any(target_os = "android", target_os = "freebsd", target_os = "linux",)))]
    Ok(socket.peer_addr().is_err())
}

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
/// Errors: [`Misuse::Address`] for a name that no interface has.
#[cfg(windows)]
pub(crate) fn interface_index(name: &str) -> Result<u32> {
    use windows_sys::Win32::NetworkManagement::IpHelper::if_nametoindex;

    let name = std::ffi::CString::new(name).map_err(|_| Misuse::Address)?;
    // SAFETY: `name` ends in NUL and lives until the call returns.
    match unsafe { if_nametoindex(name.as_ptr().cast()) } {
        0 => Err(Failure::Misuse(Misuse::Address)),
        index => Ok(index),
    }
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
