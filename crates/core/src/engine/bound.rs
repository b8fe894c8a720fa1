//! A socket that listens, of any kind that the system has.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::{AsRawFd, IntoRawFd};
#[cfg(windows)]
use std::os::windows::io::AsRawSocket;

use mio::net::TcpListener;
#[cfg(unix)]
use mio::net::UnixListener;
use mio::{Interest, Registry, Token, event::Source};
#[cfg(unix)]
use socket2::SockRef;
use socket2::{Domain, Socket};

use super::owned::{Owned, Owner};
#[cfg(windows)]
use super::pipe::{LINGERS_FOR, Waiting};
use super::socket_file::SocketFile;
use super::stream::Stream;
use crate::error::Result;
use crate::raw::RawDescriptor;
#[cfg(unix)]
use crate::unix;

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

impl Bound {
    pub(super) fn new(socket: Socket, domain: Domain, file: Option<SocketFile>) -> Self {
        #[cfg(unix)]
        if domain == Domain::UNIX {
            let acceptor = Acceptor::Unix(UnixListener::from_std(
                std::os::fd::OwnedFd::from(socket).into(),
            ));
            return Self {
                owned: None,
                acceptor,
                file,
            };
        }
        let _ = domain;
        Self {
            owned: None,
            acceptor: Acceptor::Tcp(TcpListener::from_std(socket.into())),
            file,
        }
    }

    #[cfg(windows)]
    pub(super) const fn of_pipes(waiting: Waiting) -> Self {
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
