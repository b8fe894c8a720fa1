//! How listening sockets are made, of an address or of a descriptor.

use socket2::{SockRef, Socket, Type};

use super::bound::Bound;
use super::command::Target;
use super::keepalive::{KeepAlive, keep_alive};
use super::owned::is_owned;
#[cfg(windows)]
use super::pipe::{Waiting, not_a_socket};
use super::socket_file::SocketFile;
use crate::error::{Failure, Misuse, Result};
use crate::lent::taken;
use crate::option::Settings;
#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
use crate::option::reuse_port;
use crate::raw::{self, RawDescriptor};

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

/// On Linux and the BSDs accepted connections inherit both; that saves two system calls for each.
pub(super) const INHERITS_OPTIONS: bool = cfg!(any(target_os = "linux", target_os = "android"));

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
            Ok(Bound::new(socket, domain, None))
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
            keep_alive(&SockRef::from(socket), options.keepalive.as_ref())?;
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
    Ok(Bound::new(socket, address.domain(), file))
}
