//! The kinds of connection that a lane has, as one.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
#[cfg(windows)]
use std::os::windows::io::{AsRawSocket, IntoRawSocket, OwnedSocket};
use std::time::Duration;

use mio::net::TcpStream;
#[cfg(unix)]
use mio::net::UnixStream;
use mio::{Interest, Registry, Token, event::Source};
use socket2::{Domain, SockRef, Socket, Type};

use super::command::Target;
use super::completion::Syscall;
use super::connection::Cause;
use super::keepalive::{KeepAlive, keep_alive};
use super::owned::{Owned, is_owned};
#[cfg(windows)]
use super::pipe::{Pipe, not_a_socket};
use super::unconnected::Unconnected;
use crate::error::{Failure, Misuse, Result};
use crate::lent::taken;
use crate::option::Settings;
use crate::raw::{self, RawDescriptor};
use crate::transfer::MAX_BYTES;
#[cfg(unix)]
use crate::transfer::NO_SIGNAL;

/// What is watched for input. A read ends at urgent data, though more may follow: where the system
/// tells of it, that is no end of the input.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(super) const INPUT: Interest = Interest::READABLE.add(Interest::PRIORITY);
/// What is watched for input.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(super) const INPUT: Interest = Interest::READABLE;

/// The most that one call writes. Windows takes any number of bytes as long as it has room for one, so
/// that a peer which does not read would never be noticed; and mio copies what is for a named pipe.
pub(super) const MAX_WRITE: usize = if cfg!(windows) { 128 * 1024 } else { MAX_BYTES };

/// A connected, or connecting, byte stream.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
    /// A named pipe.
    #[cfg(windows)]
    Pipe(Pipe),
}

macro_rules! each {
    ($stream:expr, $socket:ident => $result:expr) => {
        match $stream {
            Stream::Tcp($socket) => $result,
            #[cfg(unix)]
            Stream::Unix($socket) => $result,
            #[cfg(windows)]
            Stream::Pipe($socket) => $result,
        }
    };
}

impl Stream {
    /// Starts to connect, without waiting. The entry of a socket that was given is to be dropped
    /// before the stream, unless another has taken its place. `now` is the lane's clock.
    pub(super) fn connect(
        given: Option<Unconnected>,
        target: &Target,
        local: Option<SocketAddr>,
        options: &Settings,
        now: u64,
    ) -> std::result::Result<(Self, Option<Owned>), Cause> {
        let failed = |failure: Failure| Cause::failure(&failure, Syscall::Connect);
        #[cfg(windows)]
        if let Target::Path(name) = target {
            if !options.is_empty() {
                return Err(Cause::failure(&not_a_socket(), Syscall::SetOption));
            }
            let pipe = Pipe::connect(name, now).map_err(failed)?;
            return Ok((Self::Pipe(pipe), None));
        }
        #[cfg(windows)]
        let target = &target.reachable();
        let _ = now;
        let address = target.to_socket_address().map_err(failed)?;
        // In this order: what is declared last is dropped first.
        let (socket, owned) = match given {
            Some(given) => given.into_parts(),
            None => {
                let socket = Socket::new(address.domain(), Type::STREAM, None)
                    .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
                    .map_err(|error| failed(error.into()))?;
                // It is on by default there, and mapped addresses of IPv4 would be out of reach.
                #[cfg(windows)]
                if address.is_ipv6() {
                    socket
                        .set_only_v6(false)
                        .map_err(|error| failed(error.into()))?;
                }
                (socket, None)
            }
        };
        options
            .apply(&SockRef::from(&socket))
            .map_err(|failure| Cause::failure(&failure, Syscall::SetOption))?;
        if let Some(local) = local {
            socket
                .bind(&local.into())
                .map_err(|error| Cause::io(error, Syscall::Bind))?;
        }
        match socket.connect(&address) {
            Err(error) if !is_in_progress(&error) => return Err(failed(error.into())),
            _ => {}
        }
        Ok((Self::from_socket(socket, address.domain()), owned))
    }

    /// Takes ownership of a stream socket of any kind that a lane can have, connected or not.
    ///
    /// Errors: [`Misuse::DescriptorOwned`] for one that an engine of this process has; what
    /// `getsockopt` says (EBADF, ENOTSOCK); [`Misuse::DescriptorType`]. The descriptor is still the
    /// caller's then.
    pub fn adopt(descriptor: RawDescriptor) -> Result<Self> {
        if is_owned(descriptor) {
            return Err(Misuse::DescriptorOwned.into());
        }
        let (socket, domain) = raw::adopt_connection(descriptor)?;
        taken(descriptor);
        Ok(Self::from_socket(socket, domain))
    }

    fn from_socket(socket: Socket, domain: Domain) -> Self {
        #[cfg(unix)]
        if domain == Domain::UNIX {
            return Self::Unix(UnixStream::from_std(OwnedFd::from(socket).into()));
        }
        let _ = domain;
        #[cfg(unix)]
        return Self::Tcp(TcpStream::from_std(OwnedFd::from(socket).into()));
        #[cfg(windows)]
        return Self::Tcp(TcpStream::from_std(OwnedSocket::from(socket).into()));
    }

    #[inline]
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        each!(self, socket => retry(|| { let mut socket = socket; socket.read(buffer) }))
    }

    #[inline]
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(MAX_WRITE)];
        match self {
            Self::Tcp(socket) => retry(|| {
                let mut socket = socket;
                socket.write(bytes)
            }),
            // Not every std that we build with has the flag here.
            #[cfg(unix)]
            Self::Unix(socket) => {
                retry(|| socket.try_io(|| SockRef::from(socket).send_with_flags(bytes, NO_SIGNAL)))
            }
            #[cfg(windows)]
            Self::Pipe(pipe) => {
                let mut pipe = pipe;
                pipe.write(bytes)
            }
        }
    }

    /// Writes several buffers, whose sum may exceed what a system takes at once.
    pub(super) fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut room = MAX_WRITE;
        let fit = slices
            .iter()
            .take_while(|slice| {
                let fits = slice.len() <= room;
                room = room.saturating_sub(slice.len());
                fits
            })
            .count();
        // One that is too large even alone goes in parts.
        if fit == 0 {
            return slices.first().map_or(Ok(0), |first| self.write(first));
        }
        let slices = &slices[..fit];
        #[cfg(unix)]
        return each!(self, socket => retry(|| socket.try_io(|| {
            // `writev` has no flags, and a library must not die of SIGPIPE.
            SockRef::from(socket).send_vectored_with_flags(slices, NO_SIGNAL)
        })));
        #[cfg(windows)]
        return each!(self, socket => retry(|| { let mut socket = socket; socket.write_vectored(slices) }));
    }

    pub(super) fn shutdown_write(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(socket) => socket.shutdown(Shutdown::Write),
            #[cfg(windows)]
            Self::Pipe(_) => Ok(()),
        }
    }

    pub(super) fn take_error(&self) -> io::Result<Option<io::Error>> {
        each!(self, socket => socket.take_error())
    }

    /// Whether there is a peer by now.
    ///
    /// Errors: what keeps the system from telling; nothing would ask it again.
    pub(super) fn is_connected(&self) -> io::Result<bool> {
        let peer = match self {
            Self::Tcp(socket) => socket.peer_addr().map(drop),
            #[cfg(unix)]
            Self::Unix(socket) => socket.peer_addr().map(drop),
            #[cfg(windows)]
            Self::Pipe(pipe) => return Ok(pipe.retry_at().is_none()),
        };
        match peer {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) if is_in_progress(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Both ends of a TCP connection, as far as the system knows them.
    pub(super) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        match self {
            Self::Tcp(socket) => (socket.peer_addr().ok(), socket.local_addr().ok()),
            _ => (None, None),
        }
    }

    /// Whether it has no addresses.
    pub(super) fn is_unix(&self) -> bool {
        !matches!(self, Self::Tcp(_))
    }

    /// Closing shall reset the connection instead of ending it; nothing where there is no such thing.
    pub(super) fn set_reset(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => SockRef::from(socket).set_linger(Some(Duration::ZERO)),
            #[cfg(unix)]
            Self::Unix(socket) => SockRef::from(socket).set_linger(Some(Duration::ZERO)),
            #[cfg(windows)]
            Self::Pipe(_) => Ok(()),
        }
    }

    /// `TCP_NODELAY`; nothing for a socket without it.
    pub(super) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.set_nodelay(nodelay),
            _ => Ok(()),
        }
    }

    /// `SO_KEEPALIVE` and its times; nothing for a socket without it.
    pub(super) fn set_keepalive(&self, keepalive: Option<&KeepAlive>) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => keep_alive(&SockRef::from(socket), keepalive),
            _ => Ok(()),
        }
    }

    pub(super) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        each!(self, socket => socket.register(registry, token, interest))
    }

    /// Watches both directions from here on.
    pub(super) fn reregister(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        each!(self, socket => socket.reregister(registry, token, INPUT | Interest::WRITABLE))
    }

    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        each!(self, socket => socket.deregister(registry))
    }

    /// The descriptor; `None` before there is one.
    pub(super) fn as_raw(&self) -> Option<RawDescriptor> {
        #[cfg(unix)]
        return Some(each!(self, socket => socket.as_raw_fd()));
        #[cfg(windows)]
        return match self {
            Self::Tcp(socket) => Some(socket.as_raw_socket()),
            Self::Pipe(pipe) => pipe.as_raw(),
        };
    }

    /// Whether the descriptor can be had without the stream: not from mio's named pipe, which the
    /// system may be filling the buffers of.
    pub(super) fn is_separable(&self) -> bool {
        !self.writes_later()
    }

    /// The descriptor of one that is separable.
    pub(super) fn into_raw(self) -> Option<RawDescriptor> {
        #[cfg(unix)]
        return Some(each!(self, socket => socket.into_raw_fd()));
        #[cfg(windows)]
        return match self {
            Self::Tcp(socket) => Some(socket.into_raw_socket()),
            Self::Pipe(_) => None,
        };
    }
}

#[cfg(windows)]
impl From<Pipe> for Stream {
    fn from(pipe: Pipe) -> Self {
        Self::Pipe(pipe)
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

#[cfg(unix)]
fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

#[cfg(windows)]
fn is_in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// A signal that arrives during a non-blocking call is not the caller's business.
fn retry<T>(mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
