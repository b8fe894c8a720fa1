//! Accepting connections.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd};
#[cfg(windows)]
use std::os::windows::io::AsRawSocket;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mio::net::TcpListener;
#[cfg(unix)]
use mio::net::UnixListener;
use mio::{Interest, Registry, Token, event::Source};
use socket2::{Domain, SockRef, Socket, Type};

use super::command::{KeepAlive, Profile, Target};
use super::lane::Port;
use super::owned::{Owned, Owner, is_owned};
#[cfg(windows)]
use super::pipe::{LINGERS_FOR, Waiting, not_a_socket};
use super::stream::{self, Stream};
use crate::error::{Failure, Misuse, Result};
use crate::lent::taken;
use crate::option::Settings;
#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
use crate::option::reuse_port;
use crate::raw::{self, RawDescriptor, descriptor_limit};
#[cfg(unix)]
use crate::unix;

/// How a listening socket is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindOptions {
    /// The system caps it (`somaxconn`).
    pub backlog: i32,
    /// `SO_REUSEPORT`, where the system has it; FreeBSD's `SO_REUSEPORT_LB`.
    pub reuse_port: bool,
    /// `IPV6_V6ONLY`, for an IPv6 address.
    pub ipv6_only: bool,
    /// `TCP_NODELAY` of the connections.
    pub nodelay: bool,
    /// `SO_KEEPALIVE` of the connections.
    pub keepalive: Option<KeepAlive>,
    /// Whether everybody may read from a named pipe.
    pub readable_all: bool,
    /// Whether everybody may write to a named pipe.
    pub writable_all: bool,
    /// Set last of all, before the socket is bound.
    pub options: Settings,
}

/// Why there is no listening socket.
#[derive(Debug)]
pub struct Refusal {
    /// What the system, or this package, has against it.
    pub failure: Failure,
    /// Whether an option was refused, and not the address.
    pub is_of_option: bool,
}

impl<E: Into<Failure>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self {
            failure: error.into(),
            is_of_option: false,
        }
    }
}

#[derive(Debug)]
enum Acceptor {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
    #[cfg(windows)]
    Pipes(Waiting),
}

/// A listening socket, which is not watched yet.
#[derive(Debug)]
pub struct Bound {
    /// First, as it is to be dropped before the socket.
    owned: Option<Owned>,
    acceptor: Acceptor,
    /// The file of a Unix socket, to be removed when nobody else has replaced it.
    #[expect(dead_code, reason = "it acts when it is dropped")]
    file: Option<SocketFile>,
}

/// A listening socket that is watched by a lane: see [`Lane::watch`](super::Lane::watch).
#[derive(Debug)]
pub struct Watched(pub(super) Bound);

/// On Linux and the BSDs accepted connections inherit both; that saves two system calls for each.
const INHERITS_OPTIONS: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Binds and listens.
///
/// `SO_REUSEADDR` is set except on Windows, where it would let any process steal the port.
///
/// Errors: what `socket`, `bind` and `listen` say: EADDRINUSE, EACCES, EADDRNOTAVAIL, EMFILE, …;
/// as [`Target`] for a path. A file that is in the way is never removed. ENOTSOCK for options of a
/// named pipe.
pub fn bind(target: &Target, options: &BindOptions) -> std::result::Result<Bound, Refusal> {
    #[cfg(windows)]
    if let Target::Path(name) = target {
        if !options.options.is_empty() {
            return Err(Refusal {
                failure: not_a_socket(),
                is_of_option: true,
            });
        }
        let waiting = Waiting::bind(name, options.readable_all, options.writable_all)?;
        return Ok(Bound::of_pipes(waiting));
    }
    let address = target.to_socket_address()?;
    let socket = Socket::new(address.domain(), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    prepare(&socket, target, options).map_err(|failure| Refusal {
        failure,
        is_of_option: true,
    })?;
    Ok(open(socket, target, options.backlog)?)
}

/// Listens on a bound stream socket of the caller's, which may listen already. Its file, if it has
/// one, is not removed.
///
/// Errors: [`Misuse::DescriptorOwned`] for one that an engine of this process has; EBADF, ENOTSOCK;
/// [`Misuse::DescriptorType`] for a datagram socket or a connection; what `listen` says;
/// [`Misuse::Unsupported`] on Windows. The descriptor is still the caller's then.
pub fn listen_on(
    descriptor: RawDescriptor,
    options: &BindOptions,
) -> std::result::Result<Bound, Refusal> {
    if cfg!(windows) {
        return Err(Misuse::Unsupported.into());
    }
    if is_owned(descriptor) {
        return Err(Misuse::DescriptorOwned.into());
    }
    let mut is_of_option = false;
    let adopted = raw::adopt_acceptor(descriptor, |socket| {
        is_of_option = true;
        if !socket.local_addr()?.is_unix() {
            hand_down(socket, options)?;
        }
        options.options.apply(&SockRef::from(socket))?;
        is_of_option = false;
        Ok(socket.listen(options.backlog)?)
    });
    match adopted {
        Ok((socket, domain)) => {
            taken(descriptor);
            Ok(bound(socket, domain, None))
        }
        Err(failure) => Err(Refusal {
            failure,
            is_of_option,
        }),
    }
}

/// Sets what connections inherit.
fn hand_down(socket: &Socket, options: &BindOptions) -> Result<()> {
    if INHERITS_OPTIONS {
        socket.set_tcp_nodelay(options.nodelay)?;
        if options.keepalive.is_some() {
            stream::keep_alive(&SockRef::from(socket), options.keepalive.as_ref())?;
        }
    }
    Ok(())
}

/// Sets the options.
pub(super) fn prepare(socket: &Socket, target: &Target, options: &BindOptions) -> Result<()> {
    if let Target::Ip(address) = target {
        #[cfg(not(windows))]
        socket.set_reuse_address(true)?;
        #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
        if options.reuse_port {
            reuse_port::set(socket, true)?;
        }
        if address.is_ipv6() {
            // A system without IPv4 in IPv6 refuses to turn it on, and is as asked then.
            let outcome = socket.set_only_v6(options.ipv6_only);
            if options.ipv6_only {
                outcome?;
            }
        }
        hand_down(socket, options)?;
    }
    options.options.apply(&SockRef::from(socket))
}

fn open(socket: Socket, target: &Target, backlog: i32) -> Result<Bound> {
    let address = target.to_socket_address()?;
    socket.bind(&address)?;
    let file = match target {
        Target::Path(path) => SocketFile::of(path),
        Target::Ip(_) => None,
    };
    socket.listen(backlog)?;
    Ok(bound(socket, address.domain(), file))
}

fn bound(socket: Socket, domain: Domain, file: Option<SocketFile>) -> Bound {
    #[cfg(unix)]
    if domain == Domain::UNIX {
        let acceptor = Acceptor::Unix(UnixListener::from_std(
            std::os::fd::OwnedFd::from(socket).into(),
        ));
        return Bound {
            owned: None,
            acceptor,
            file,
        };
    }
    let _ = domain;
    Bound {
        owned: None,
        acceptor: Acceptor::Tcp(TcpListener::from_std(socket.into())),
        file,
    }
}

impl Bound {
    #[cfg(windows)]
    const fn of_pipes(waiting: Waiting) -> Self {
        Self {
            owned: None,
            acceptor: Acceptor::Pipes(waiting),
            file: None,
        }
    }

    /// One more of the same name, for another lane: the system spreads connections over all of them.
    /// `None` where it does not.
    ///
    /// Errors: the system's.
    pub fn another(&self) -> Result<Option<Self>> {
        match &self.acceptor {
            #[cfg(windows)]
            Acceptor::Pipes(waiting) => Ok(Some(Self::of_pipes(waiting.another()?))),
            _ => Ok(None),
        }
    }

    /// It is a listener of a lane from now on, and its options are found there.
    pub(super) fn belong_to(&mut self, owner: Owner) {
        self.owned = self.as_raw().map(|raw| Owned::new(owner, raw));
    }

    /// `None` for what is no single descriptor.
    fn as_raw(&self) -> Option<RawDescriptor> {
        #[cfg(unix)]
        return Some(match &self.acceptor {
            Acceptor::Tcp(listener) => listener.as_raw_fd(),
            Acceptor::Unix(listener) => listener.as_raw_fd(),
        });
        #[cfg(windows)]
        return match &self.acceptor {
            Acceptor::Tcp(listener) => Some(listener.as_raw_socket()),
            Acceptor::Pipes(_) => None,
        };
    }

    /// The address, for TCP.
    pub fn local_addr(&self) -> Result<Option<SocketAddr>> {
        match &self.acceptor {
            Acceptor::Tcp(listener) => Ok(Some(listener.local_addr()?)),
            _ => Ok(None),
        }
    }

    /// The bytes of the path, or NUL and the abstract name, of a Unix socket; the name of a pipe.
    pub fn local_path(&self) -> Result<Option<Vec<u8>>> {
        match &self.acceptor {
            Acceptor::Tcp(_) => Ok(None),
            #[cfg(unix)]
            Acceptor::Unix(listener) => {
                let address = SockRef::from(listener).local_addr()?;
                Ok(Some(unix::address::decode(&address).to_vec()))
            }
            #[cfg(windows)]
            Acceptor::Pipes(waiting) => {
                let name = waiting.name().to_string_lossy();
                Ok(Some(name.into_owned().into_bytes()))
            }
        }
    }

    /// Whether connections may come to several addresses of this machine.
    pub(super) fn is_wildcard(&self) -> bool {
        self.local_addr()
            .is_ok_and(|address| address.is_some_and(|address| address.ip().is_unspecified()))
    }

    /// Gives the descriptor back, open.
    #[cfg(unix)]
    pub fn into_raw(self) -> RawDescriptor {
        match self.acceptor {
            Acceptor::Tcp(listener) => listener.into_raw_fd(),
            Acceptor::Unix(listener) => listener.into_raw_fd(),
        }
    }

    /// Events come from here on, also before the machine knows the listener, and are lost then.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match &mut self.acceptor {
            Acceptor::Tcp(listener) => listener.register(registry, token, Interest::READABLE),
            #[cfg(unix)]
            Acceptor::Unix(listener) => listener.register(registry, token, Interest::READABLE),
            #[cfg(windows)]
            Acceptor::Pipes(waiting) => waiting.register(registry, token),
        }
    }

    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match &mut self.acceptor {
            Acceptor::Tcp(listener) => listener.deregister(registry),
            #[cfg(unix)]
            Acceptor::Unix(listener) => listener.deregister(registry),
            #[cfg(windows)]
            Acceptor::Pipes(_) => Ok(()),
        }
    }

    /// How many waits of the selector it takes after it was dropped until the system has its address
    /// back.
    pub(super) fn lingers_for(&self) -> u64 {
        match &self.acceptor {
            #[cfg(windows)]
            Acceptor::Pipes(_) => LINGERS_FOR,
            _ => 0,
        }
    }

    pub(super) fn accept(
        &mut self,
        registry: &Registry,
    ) -> io::Result<(Stream, Option<SocketAddr>)> {
        let _ = registry;
        match &mut self.acceptor {
            Acceptor::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                Ok((stream.into(), Some(peer)))
            }
            #[cfg(unix)]
            Acceptor::Unix(listener) => {
                let (stream, _) = unix::listener::accept_from(listener)?;
                Ok((stream.into(), None))
            }
            #[cfg(windows)]
            Acceptor::Pipes(waiting) => Ok((waiting.accept(registry)?.into(), None)),
        }
    }
}

/// The file of a Unix socket: which one it was when it was made.
#[derive(Debug)]
struct SocketFile {
    #[cfg(unix)]
    path: PathBuf,
    #[cfg(unix)]
    identity: (u64, u64),
}

impl SocketFile {
    #[cfg(unix)]
    fn of(path: &PathBuf) -> Option<Self> {
        let identity = identity(path)?;
        Some(Self {
            path: path.clone(),
            identity,
        })
    }

    #[cfg(windows)]
    fn of(_path: &PathBuf) -> Option<Self> {
        None
    }
}

#[cfg(unix)]
fn identity(path: &PathBuf) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may listen there by now.
        #[cfg(unix)]
        if identity(&self.path) == Some(self.identity) {
            // What is gone already need not be removed.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// How many connections a server has that was not told: ten thousand, or half of the descriptors
/// that the process may have, so that there are some for everything else.
pub fn default_max_connections() -> u64 {
    descriptor_limit().map_or(MAX_CONNECTIONS, |limit| (limit / 2).min(MAX_CONNECTIONS))
}

const MAX_CONNECTIONS: u64 = 10_000;

/// What all lanes of one server have in common.
#[derive(Debug, Default)]
pub struct ListenerShared {
    /// Connections that are open, and how many may be.
    open: AtomicU64,
    max_connections: u64,
    accepted: AtomicU64,
    dropped: AtomicU64,
    shed: AtomicU64,
    backoffs: AtomicU64,
    aborted: AtomicU64,
    accept_errors: AtomicU64,
}

impl ListenerShared {
    /// For a server with at most this many connections.
    pub fn new(max_connections: u64) -> Arc<Self> {
        Arc::new(Self {
            max_connections,
            ..Self::default()
        })
    }

    /// Makes room for one more connection, or counts that there is none.
    pub(super) fn enter(&self) -> bool {
        if self.open.fetch_add(1, Ordering::AcqRel) < self.max_connections {
            self.accepted.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        self.leave();
        self.dropped.fetch_add(1, Ordering::Relaxed);
        false
    }

    pub(super) fn leave(&self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }

    /// accepted, dropped, shed, backoffs, aborted, open, accept errors.
    pub fn values(&self) -> [u64; 7] {
        [
            &self.accepted,
            &self.dropped,
            &self.shed,
            &self.backoffs,
            &self.aborted,
            &self.open,
            &self.accept_errors,
        ]
        .map(|counter| counter.load(Ordering::Relaxed))
    }

    pub(super) fn count(&self, what: Mishap) {
        let counter = match what {
            Mishap::Shed => &self.shed,
            Mishap::Backoff => &self.backoffs,
            Mishap::Aborted => &self.aborted,
            Mishap::Error => &self.accept_errors,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Why a connection was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    /// It was closed, as there was no descriptor for it.
    Shed,
    /// No descriptor or memory: trying again later.
    Backoff,
    /// It was gone already.
    Aborted,
    /// Something else.
    Error,
}

/// A listener of this lane.
#[derive(Debug)]
pub(super) struct Listener<B> {
    /// `None` in a lane that is only dealt to.
    pub(super) bound: Option<Bound>,
    pub(super) profile: Arc<Profile>,
    pub(super) shared: Arc<ListenerShared>,
    pub(super) ports: Vec<Port<B>>,
    /// Whose turn it is.
    pub(super) next_port: usize,
    pub(super) is_wildcard: bool,
    /// There may be connections to accept.
    pub(super) ready: bool,
    /// It accepts no more; what was accepted goes on.
    pub(super) closed: bool,
}

impl<B> Listener<B> {
    /// Whom the next connection is dealt to; `None` if it stays here.
    pub(super) fn next_port(&mut self) -> Option<&Port<B>> {
        let count = self.ports.len().max(1);
        self.next_port = (self.next_port + 1) % count;
        self.ports.get(self.next_port)
    }

    /// Prepares an accepted connection.
    pub(super) fn prepare(&self, stream: &Stream) -> io::Result<()> {
        if INHERITS_OPTIONS {
            return Ok(());
        }
        if self.profile.nodelay {
            stream.set_nodelay(true)?;
        }
        match &self.profile.keepalive {
            Some(times) => stream.set_keepalive(Some(times)),
            None => Ok(()),
        }
    }
}

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
