//! What a connection is made of that the program has bound itself.

#[cfg(unix)]
use std::os::fd::AsRawFd;
#[cfg(windows)]
use std::os::windows::io::AsRawSocket;

use socket2::Socket;

use super::owned::{Owned, Owner, is_owned};
use crate::error::{Misuse, Result};
use crate::lent::taken;
use crate::raw::{self, RawDescriptor};

/// A stream socket of the program's that is not connected, and may be bound.
#[derive(Debug)]
pub struct Unconnected {
    /// First, as it is to be dropped before the socket.
    owned: Option<Owned>,
    socket: Socket,
}

impl Unconnected {
    /// Takes ownership of it.
    ///
    /// Errors: [`Misuse::DescriptorOwned`], EBADF, ENOTSOCK; [`Misuse::DescriptorType`] for what is
    /// connected, listens, or is no stream socket; [`Misuse::Unsupported`] on Windows. The descriptor
    /// is still the caller's then.
    pub fn adopt(descriptor: RawDescriptor) -> Result<Self> {
        if cfg!(windows) {
            return Err(Misuse::Unsupported.into());
        }
        if is_owned(descriptor) {
            return Err(Misuse::DescriptorOwned.into());
        }
        let socket = raw::adopt_connector(descriptor)?;
        taken(descriptor);
        Ok(Self {
            owned: None,
            socket,
        })
    }

    /// It is a connection of a lane from now on.
    pub(super) fn belong_to(&mut self, owner: Owner) {
        #[cfg(unix)]
        let raw = self.socket.as_raw_fd();
        #[cfg(windows)]
        let raw = self.socket.as_raw_socket();
        self.owned = Some(Owned::new(owner, raw));
    }

    /// The entry is to be dropped before the socket.
    pub(super) fn into_parts(self) -> (Socket, Option<Owned>) {
        (self.socket, self.owned)
    }
}
