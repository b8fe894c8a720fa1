//! What a program asks of a lane that is more than bytes: things with a socket or a configuration.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use socket2::SockAddr;

use super::bound::Watched;
use super::id::Id;
use super::keepalive::KeepAlive;
use super::listener::ListenerShared;
use super::port::Port;
use super::stream::Stream;
use super::unconnected::Unconnected;
use crate::error::Result;
use crate::option::Settings;

/// Where to connect to, or listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// TCP.
    Ip(SocketAddr),
    /// A Unix socket, on Windows a named pipe. On Linux a path that begins with NUL is an abstract name.
    Path(PathBuf),
}

impl Target {
    /// What connecting to it means: any address is this machine's, which Windows alone does not know.
    #[cfg(windows)]
    pub(super) fn reachable(&self) -> Self {
        match self {
            Self::Ip(address) if address.ip().is_unspecified() => {
                let ip: std::net::IpAddr = match address {
                    SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                    SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
                };
                Self::Ip(SocketAddr::new(ip, address.port()))
            }
            target => target.clone(),
        }
    }

    /// Errors: ENAMETOOLONG for a path that would have to be cut, EINVAL for one with NUL in it,
    /// [`Misuse::Unsupported`](crate::Misuse::Unsupported) for any path on Windows, where it is no
    /// address of a socket.
    pub(super) fn to_socket_address(&self) -> Result<SockAddr> {
        match self {
            Self::Ip(address) => Ok((*address).into()),
            #[cfg(unix)]
            Self::Path(path) => crate::unix::address::encode(path.as_os_str().as_encoded_bytes()),
            #[cfg(windows)]
            Self::Path(_) => Err(crate::error::Misuse::Unsupported.into()),
        }
    }
}

/// What holds for all connections of a listener, or for one that the program made.
/// Times are milliseconds, 0 for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// A write that finds more bytes than this waiting closes the connection.
    pub max_pending: u64,
    /// Bytes that one connection may read in one turn.
    pub read_budget: u64,
    /// How long a connection may go without progress.
    pub idle_timeout: u64,
    /// How long a connection may take to send its first byte.
    pub first_byte_timeout: u64,
    /// How long a close waits for what is unsent, and for the peer to read it.
    pub linger: u64,
    /// Nothing is read before the program asks for it.
    pub paused: bool,
    /// `TCP_NODELAY`.
    pub nodelay: bool,
    /// `SO_KEEPALIVE`.
    pub keepalive: Option<KeepAlive>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            max_pending: u64::MAX,
            read_budget: 256 * 1024,
            idle_timeout: 0,
            first_byte_timeout: 0,
            linger: 5000,
            paused: false,
            nodelay: true,
            keepalive: None,
        }
    }
}

/// A request with more to it than a record of a submission.
#[derive(Debug)]
pub enum Command<B> {
    /// Accept connections.
    Listen(Listen<B>),
    /// Connect. Fails with a completion.
    Connect {
        /// Chosen by the program.
        id: Id,
        /// The peer.
        target: Target,
        /// What connects; none for a new socket.
        socket: Option<Unconnected>,
        /// The own address, if it matters.
        local: Option<SocketAddr>,
        /// Set before anything else is done with the socket.
        options: Settings,
        /// Its configuration.
        profile: Arc<Profile>,
    },
    /// Take over a connection that exists.
    Adopt {
        /// Chosen by the program.
        id: Id,
        /// See [`Stream::adopt`].
        stream: Stream,
        /// Its configuration.
        profile: Arc<Profile>,
    },
    /// A connection that another lane accepted for this one.
    Deal(Dealt),
    /// A large write, which is not copied again.
    Write {
        /// Of this connection.
        id: Id,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// Memory of the program's for a large read.
    Donate(B),
}

/// A connection on its way from the lane that accepted it to the one that will have it.
#[derive(Debug)]
pub struct Dealt {
    /// The number of the server.
    pub(super) listener: u32,
    /// The server itself: the number may be another one's by the time that this arrives.
    pub(super) shared: Arc<ListenerShared>,
    /// Not registered anywhere.
    pub(super) stream: Stream,
    pub(super) peer: Option<SocketAddr>,
    /// Whether its server listens on several addresses, so that it is asked for its own.
    pub(super) is_wildcard: bool,
}

/// How a lane takes part in a server.
#[derive(Debug)]
pub struct Listen<B> {
    /// The number of the server, which is the same in all lanes.
    pub listener: u32,
    /// The socket; `None` for a lane that is only dealt to.
    pub socket: Option<Watched>,
    /// The lanes among which connections are dealt out; none: this lane keeps what it accepts.
    pub ports: Vec<Port<B>>,
    /// The configuration of the server's connections.
    pub profile: Arc<Profile>,
    /// What all lanes of the server share.
    pub shared: Arc<ListenerShared>,
}
