//! Taking ownership of descriptors that come from outside.

use std::io;
#[cfg(unix)]
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
#[cfg(windows)]
use std::os::windows::io::{BorrowedSocket, FromRawHandle, FromRawSocket, RawHandle, RawSocket};

#[cfg(unix)]
use libc::{SO_ACCEPTCONN, SOL_SOCKET};
#[cfg(windows)]
use mio::windows::NamedPipe;
use socket2::{Domain, SockRef, Socket, Type};

#[cfg(windows)]
use windows_sys::Win32::Networking::WinSock::{SO_ACCEPTCONN, SOL_SOCKET};

use super::option::get_option;
use crate::error::{Misuse, Result};

/// What the system calls a socket: a file descriptor, on Windows a `SOCKET`.
#[cfg(unix)]
pub type RawDescriptor = RawFd;
/// What the system calls a socket: a file descriptor, on Windows a `SOCKET`.
#[cfg(windows)]
pub type RawDescriptor = RawSocket;

/// What a descriptor is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    TcpListener,
    TcpStream,
    UdpSocket,
    #[cfg(unix)]
    UnixListener,
    #[cfg(unix)]
    UnixStream,
    #[cfg(unix)]
    UnixDatagram,
    /// A stream of TCP or Unix sockets.
    Connection,
    /// A stream socket of those without a peer, which listens or may be told to.
    Acceptor,
    /// One of those that may be told to connect.
    Connector,
}

impl Role {
    fn fits(self, domain: Domain, kind: Type, listens: bool) -> bool {
        let is_internet = domain == Domain::IPV4 || domain == Domain::IPV6;
        let is_unix = cfg!(unix) && domain == Domain::UNIX;
        let is_stream = kind == Type::STREAM && !listens;
        let is_listener = kind == Type::STREAM && listens;
        match self {
            Self::TcpListener => is_internet && is_listener,
            Self::TcpStream => is_internet && is_stream,
            Self::UdpSocket => is_internet && kind == Type::DGRAM,
            #[cfg(unix)]
            Self::UnixListener => is_unix && is_listener,
            #[cfg(unix)]
            Self::UnixStream => is_unix && is_stream,
            #[cfg(unix)]
            Self::UnixDatagram => is_unix && kind == Type::DGRAM,
            Self::Connection => (is_internet || is_unix) && is_stream,
            Self::Acceptor => (is_internet || is_unix) && kind == Type::STREAM,
            Self::Connector => (is_internet || is_unix) && is_stream,
        }
    }
}

/// Takes ownership of a socket, and makes it non-blocking and close-on-exec.
///
/// Errors: what `getsockopt` says (EBADF, ENOTSOCK); [`Misuse::DescriptorType`] for a socket that
/// does not fit the role.
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
        let borrowed = unsafe { BorrowedSocket::borrow_raw(raw) };
        check(SockRef::from(&borrowed), role)?;
        // SAFETY: it is an open socket of the wanted kind; the caller hands over its ownership.
        Ok(unsafe { Socket::from_raw_socket(raw) })
    }
}

/// As [`adopt`], of a connection of any kind that the engine has: TCP or a Unix socket.
pub(crate) fn adopt_connection(raw: RawDescriptor) -> Result<(Socket, Domain)> {
    adopt_of_engine(raw, Role::Connection)
}

/// As [`adopt_connection`], of what `finish` makes a listening socket. The descriptor is still the
/// caller's, too, when that fails.
pub(crate) fn adopt_acceptor(
    raw: RawDescriptor,
    finish: impl FnOnce(&Socket) -> Result<()>,
) -> Result<(Socket, Domain)> {
    let (socket, domain) = adopt_of_engine(raw, Role::Acceptor)?;
    match finish(&socket) {
        Ok(()) => Ok((socket, domain)),
        Err(failure) => {
            release(socket);
            Err(failure)
        }
    }
}

/// As [`adopt_connection`], of one that has no peer yet.
pub(crate) fn adopt_connector(raw: RawDescriptor) -> Result<Socket> {
    adopt(raw, Role::Connector)
}

fn adopt_of_engine(raw: RawDescriptor, role: Role) -> Result<(Socket, Domain)> {
    let socket = adopt(raw, role)?;
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
    let (domain, kind) = (domain(&socket)?, socket.r#type()?);
    let listens = kind == Type::STREAM
        && match role {
            // A guess would take all of them for listeners: where the system does not tell, it will
            // refuse to connect one.
            Role::Connector => says_it_listens(&socket).unwrap_or(false),
            _ => is_listener(&socket),
        };
    let has_peer = matches!(role, Role::Acceptor | Role::Connector) && !never_had_a_peer(&socket);
    if !role.fits(domain, kind, listens) || has_peer {
        return Err(Misuse::DescriptorType.into());
    }
    // There is no flag of a write for it. First, as it may fail.
    #[cfg(target_vendor = "apple")]
    match socket.set_nosigpipe(true) {
        // Both directions have ended, and then no option can be set any more.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
        outcome => outcome?,
    }
    socket.set_nonblocking(true)?;
    #[cfg(unix)]
    socket.set_cloexec(true)?;
    Ok(())
}

fn domain(socket: &SockRef<'_>) -> io::Result<Domain> {
    Ok(Domain::from(i32::from(socket.local_addr()?.family())))
}

/// Whether `listen` was called. Asked by option, since a listener has no peer either; but macOS and
/// OpenBSD have the option in their headers only.
fn is_listener(socket: &SockRef<'_>) -> bool {
    says_it_listens(socket).unwrap_or_else(|| never_had_a_peer(socket))
}

fn says_it_listens(socket: &SockRef<'_>) -> Option<bool> {
    let mut value = [0; 4];
    get_option(socket, SOL_SOCKET, SO_ACCEPTCONN, &mut value).ok()?;
    Some(value != [0; 4])
}

/// Whether a socket is not connected, and was not before as far as the system tells: macOS says EINVAL
/// and not ENOTCONN of one whose both directions have ended.
fn never_had_a_peer(socket: &SockRef<'_>) -> bool {
    let peer = socket.peer_addr();
    peer.is_err_and(|error| error.kind() == io::ErrorKind::NotConnected)
}

/// Which end of a pipe.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Reading,
    Writing,
}

/// Takes ownership of one end of a pipe or FIFO. Its modes stay as they are, because others may
/// share them: a terminal's or a parent's standard streams, for example.
///
/// Errors: EBADF; [`Misuse::PipeType`] for what is no pipe, or is its other end.
#[cfg(unix)]
pub(crate) fn adopt_pipe(raw: RawDescriptor, end: End) -> Result<OwnedFd> {
    let is_pipe = status(raw)?.st_mode & libc::S_IFMT == libc::S_IFIFO;
    // SAFETY: only asks the kernel, which answers EBADF for a number that is not open.
    let flags = unsafe { libc::fcntl(raw, libc::F_GETFL) };
    if flags == -1 {
        return Err(io::Error::last_os_error().into());
    }
    let mode = flags & libc::O_ACCMODE;
    let other = match end {
        End::Reading => libc::O_WRONLY,
        End::Writing => libc::O_RDONLY,
    };
    if !is_pipe || mode == other {
        return Err(Misuse::PipeType.into());
    }
    // SAFETY: it is an open pipe; the caller hands over its ownership.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// What tells one open file from another with the same number. Not exact: all of Linux's anonymous
/// files (eventfd, epoll, ...) are the same one, and so are all sockets of some systems.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: libc::dev_t,
    inode: libc::ino_t,
    mode: libc::mode_t,
}

/// The identity of what can be polled on every system, which regular files and directories cannot.
///
/// Errors: EBADF; [`Misuse::NotPollable`].
#[cfg(unix)]
pub(crate) fn pollable(raw: RawDescriptor) -> Result<Identity> {
    let status = status(raw)?;
    let mode = status.st_mode & libc::S_IFMT;
    if mode == libc::S_IFREG || mode == libc::S_IFDIR {
        return Err(Misuse::NotPollable.into());
    }
    Ok(Identity {
        device: status.st_dev,
        inode: status.st_ino,
        mode,
    })
}

#[cfg(unix)]
fn status(raw: RawDescriptor) -> Result<libc::stat> {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `status` has room for the answer; a number that is not open is EBADF.
    if unsafe { libc::fstat(raw, status.as_mut_ptr()) } == -1 {
        return Err(io::Error::last_os_error().into());
    }
    // SAFETY: fstat succeeded, so it has filled `status`.
    Ok(unsafe { status.assume_init() })
}

/// Which socket a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SocketIdentity(u64);

/// `None` for what is no socket, and on systems where all sockets are one to who asks.
pub(crate) fn socket_identity(raw: RawDescriptor) -> Option<SocketIdentity> {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    {
        let status = status(raw).ok()?;
        let is_socket = status.st_mode & libc::S_IFMT == libc::S_IFSOCK;
        #[allow(
            clippy::useless_conversion,
            reason = "it has 32 bits on some processors"
        )]
        is_socket.then_some(SocketIdentity(u64::from(status.st_ino)))
    }
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    {
        let _ = raw;
        None
    }
}

/// Closes a socket that has no other owner: to be called for one that [`socket_identity`] knows, and
/// with a number that was handed out by this crate.
pub(crate) fn close_socket(raw: RawDescriptor) {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    // SAFETY: it is the very socket whose number was handed out, and nobody has taken ownership.
    drop(unsafe { OwnedFd::from_raw_fd(raw) });
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    let _ = raw;
}

/// Takes ownership of one end of a named pipe.
///
/// Errors: as [`check_named_pipe`].
#[cfg(windows)]
pub(crate) fn adopt_named_pipe(raw: RawDescriptor) -> Result<NamedPipe> {
    check_named_pipe(raw)?;
    // SAFETY: it is an open named pipe; the caller hands over its ownership.
    Ok(unsafe { NamedPipe::from_raw_handle(raw as RawHandle) })
}

/// Whether a handle is one of a named pipe; sockets and files are not.
///
/// Errors: EBADF; [`Misuse::PipeType`].
#[cfg(windows)]
pub(crate) fn check_named_pipe(raw: RawDescriptor) -> Result<()> {
    use windows_sys::Win32::Foundation::ERROR_INVALID_HANDLE;
    use windows_sys::Win32::System::Pipes::GetNamedPipeInfo;

    let none = std::ptr::null_mut();
    // SAFETY: only asks the system, which knows its handles; nothing is asked for in particular.
    if unsafe { GetNamedPipeInfo(raw as RawHandle, none, none, none, none) } != 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() == Some(ERROR_INVALID_HANDLE.cast_signed()) {
        return Err(error.into());
    }
    Err(Misuse::PipeType.into())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::*;

    #[test]
    fn a_listener_is_told_from_streams_with_and_without_the_option() {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&any.into()).unwrap();
        // A guess takes what has no peer yet for a listener.
        let guesses = cfg!(any(target_vendor = "apple", target_os = "openbsd"));
        assert_eq!(is_listener(&SockRef::from(&listener)), guesses);
        listener.listen(1).unwrap();
        assert!(is_listener(&SockRef::from(&listener)));
        assert!(never_had_a_peer(&SockRef::from(&listener)));

        let stream = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        stream.connect(&listener.local_addr().unwrap()).unwrap();
        assert!(!is_listener(&SockRef::from(&stream)));
        assert!(!never_had_a_peer(&SockRef::from(&stream)));
        drop(listener.accept().unwrap());
        assert!(!is_listener(&SockRef::from(&stream)));
        assert!(!never_had_a_peer(&SockRef::from(&stream)));
    }
}
