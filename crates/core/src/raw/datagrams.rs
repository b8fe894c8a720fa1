//! Many datagrams by one system call: `recvmmsg` and `sendmmsg`.
//!
//! FreeBSD has these functions as well, but as loops of its C library that lose an error which comes
//! after the first datagram: there, as where nothing of the kind is, the loop is ours.

use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr;

use libc::{iovec, mmsghdr, sockaddr_in, sockaddr_in6, socklen_t};

/// The most that one system call moves: what describes them fits on the stack.
pub(crate) const BATCH: usize = 64;

/// An IP address as the system has it.
#[derive(Clone, Copy)]
#[repr(C)]
union Name {
    v4: sockaddr_in,
    v6: sockaddr_in6,
}

impl Name {
    /// The address, and how many bytes of this it has.
    fn new(address: &SocketAddr) -> (Self, socklen_t) {
        // SAFETY: integers and arrays of them, all of which may be 0.
        let mut v4: sockaddr_in = unsafe { zeroed() };
        // SAFETY: as above.
        let mut v6: sockaddr_in6 = unsafe { zeroed() };
        match address {
            SocketAddr::V4(address) => {
                v4.sin_family = libc::AF_INET as libc::sa_family_t;
                v4.sin_port = address.port().to_be();
                v4.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
                // What is not v4 stays 0.
                let mut name = Self { v6 };
                name.v4 = v4;
                (name, size_of::<sockaddr_in>() as socklen_t)
            }
            SocketAddr::V6(address) => {
                v6.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                v6.sin6_port = address.port().to_be();
                v6.sin6_addr.s6_addr = address.ip().octets();
                v6.sin6_flowinfo = address.flowinfo();
                v6.sin6_scope_id = address.scope_id();
                (Self { v6 }, size_of::<sockaddr_in6>() as socklen_t)
            }
        }
    }

    /// The address, if the system has told one.
    fn address(&self, len: socklen_t) -> Option<SocketAddr> {
        let len = len as usize;
        if len < size_of::<sockaddr_in>() {
            return None;
        }
        // SAFETY: every byte of a name is initialised, and any bytes are a sockaddr_in.
        let v4 = unsafe { self.v4 };
        match i32::from(v4.sin_family) {
            libc::AF_INET => {
                let ip = v4.sin_addr.s_addr.to_ne_bytes().into();
                Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
            }
            libc::AF_INET6 if len >= size_of::<sockaddr_in6>() => {
                // SAFETY: as above, of a sockaddr_in6.
                let v6 = unsafe { self.v6 };
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                let port = u16::from_be(v6.sin6_port);
                Some(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id).into())
            }
            _ => None,
        }
    }
}

/// What the system is told of a batch. Its pointers are set for one call alone.
struct Messages {
    headers: [mmsghdr; BATCH],
    parts: [iovec; BATCH],
    names: [Name; BATCH],
}

impl Messages {
    /// Nothing yet: no pointer, no length.
    fn new() -> Self {
        // SAFETY: integers and pointers, all of which may be 0.
        unsafe { MaybeUninit::zeroed().assume_init() }
    }

    fn part(&mut self, index: usize, data: *mut u8, len: usize) {
        self.parts[index] = iovec {
            iov_base: data.cast(),
            iov_len: len,
        };
        let header = &mut self.headers[index].msg_hdr;
        header.msg_iov = &raw mut self.parts[index];
        header.msg_iovlen = 1;
    }

    fn name(&mut self, index: usize, len: socklen_t) {
        let header = &mut self.headers[index].msg_hdr;
        header.msg_name = (&raw mut self.names[index]).cast();
        header.msg_namelen = len;
    }
}

/// Receives up to [`BATCH`] datagrams, one into each `size` bytes of the memory. `put` is told of each:
/// which it is, its length (as [`crate::udp`] counts) and its sender.
///
/// Errors: the system's, would-block included, when there is none. An error after the first one is
/// kept by the system, for the next call.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    memory: &mut [u8],
    size: usize,
    mut put: impl FnMut(usize, usize, Option<SocketAddr>),
) -> io::Result<usize> {
    let mut messages = Messages::new();
    let mut count = 0;
    for slot in memory.chunks_exact_mut(size).take(BATCH) {
        messages.part(count, slot.as_mut_ptr(), slot.len());
        messages.name(count, size_of::<Name>() as socklen_t);
        count += 1;
    }
    // SAFETY: the first `count` headers point to slots of the memory, which do not overlap and are
    // borrowed exclusively, and to parts and names of `messages`, which is not moved meanwhile.
    let received = unsafe { receive_messages(socket.as_raw_fd(), &mut messages.headers, count) }?;
    for index in 0..received {
        let header = &messages.headers[index];
        let is_cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
        let len = header.msg_len as usize;
        // Linux tells the whole length.
        let len = if is_cut { len.max(size + 1) } else { len };
        let name = &messages.names[index];
        put(index, len, name.address(header.msg_hdr.msg_namelen));
    }
    Ok(received)
}

/// Sends up to [`BATCH`] datagrams, each to its address, or without one to the peer. Returns how many
/// the system took.
///
/// Errors: the system's, would-block included, when it does not take the first one. An error after
/// that is lost.
pub(crate) fn send<'bytes>(
    socket: BorrowedFd<'_>,
    datagrams: impl Iterator<Item = (&'bytes [u8], Option<SocketAddr>)>,
) -> io::Result<usize> {
    let mut messages = Messages::new();
    let mut count = 0;
    for (bytes, to) in datagrams.take(BATCH) {
        // The system does not write to what it sends.
        messages.part(count, bytes.as_ptr().cast_mut(), bytes.len());
        if let Some(address) = to {
            let (name, len) = Name::new(&address);
            messages.names[count] = name;
            messages.name(count, len);
        }
        count += 1;
    }
    // SAFETY: the first `count` headers point to bytes that are borrowed, and to parts and names of
    // `messages`, which is not moved meanwhile.
    unsafe { send_messages(socket.as_raw_fd(), &mut messages.headers, count) }
}

/// # Safety
///
/// The first `count` headers describe memory that may be written to.
unsafe fn receive_messages(
    socket: RawFd,
    headers: &mut [mmsghdr; BATCH],
    count: usize,
) -> io::Result<usize> {
    // By number, as the crate has the function for glibc alone. No timeout.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: the caller's promise; there are at least `count` headers.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_recvmmsg,
            socket,
            headers.as_mut_ptr(),
            count as libc::c_uint,
            libc::MSG_TRUNC,
            ptr::null_mut::<libc::timespec>(),
        )
    };
    #[cfg(target_os = "netbsd")]
    // SAFETY: the caller's promise; there are at least `count` headers.
    let outcome = unsafe {
        libc::recvmmsg(
            socket,
            headers.as_mut_ptr(),
            count as libc::c_uint,
            0,
            ptr::null_mut(),
        )
    };
    usize::try_from(outcome).map_err(|_| io::Error::last_os_error())
}

/// # Safety
///
/// The first `count` headers describe memory that may be read.
unsafe fn send_messages(
    socket: RawFd,
    headers: &mut [mmsghdr; BATCH],
    count: usize,
) -> io::Result<usize> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: the caller's promise; there are at least `count` headers.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_sendmmsg,
            socket,
            headers.as_mut_ptr(),
            count as libc::c_uint,
            libc::MSG_NOSIGNAL,
        )
    };
    #[cfg(target_os = "netbsd")]
    // SAFETY: the caller's promise; there are at least `count` headers.
    let outcome = unsafe {
        libc::sendmmsg(
            socket,
            headers.as_mut_ptr(),
            count as libc::c_uint,
            libc::MSG_NOSIGNAL,
        )
    };
    usize::try_from(outcome).map_err(|_| io::Error::last_os_error())
}
