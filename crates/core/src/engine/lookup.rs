//! From a lane's sockets to their descriptors, and to what can be asked of them.

#[cfg(unix)]
use std::os::fd::OwnedFd;

use socket2::SockRef;

use super::id::Id;
use super::lane::Lane;
use super::owned;
use super::reader::Buffer;
use crate::error::{Misuse, Result};
use crate::raw::RawDescriptor;

impl<B: Buffer> Lane<B> {
    /// Does something short with the socket of a connection, wherever the machine is.
    ///
    /// Errors: [`Misuse::SocketClosed`] when the connection is over, or is not known; ENOTSOCK for a
    /// named pipe; what `operation` says.
    pub fn with_socket<R>(
        &self,
        id: Id,
        operation: impl FnOnce(&SockRef<'_>) -> Result<R>,
    ) -> Result<R> {
        #[cfg(windows)]
        if self
            .descriptor(id)
            .is_some_and(|raw| crate::raw::check_named_pipe(raw).is_ok())
        {
            return Err(super::pipe::not_a_socket());
        }
        owned::with_socket(self.key.connection(id), operation)
            .unwrap_or_else(|| Err(Misuse::SocketClosed.into()))
    }

    /// As [`Lane::with_socket`], with a listening socket; `None` if this lane has none, or none any
    /// more.
    pub fn with_listener<R>(
        &self,
        listener: u32,
        operation: impl FnOnce(&SockRef<'_>) -> R,
    ) -> Option<R> {
        owned::with_socket(self.key.listener(listener), operation)
    }

    /// The descriptor of a connection, wherever the machine is; `None` when it is over, or not known.
    /// It stays the lane's.
    pub fn descriptor(&self, id: Id) -> Option<RawDescriptor> {
        owned::descriptor(self.key.connection(id))
    }

    /// As [`Lane::descriptor`], of a listening socket.
    pub fn listener_descriptor(&self, listener: u32) -> Option<RawDescriptor> {
        owned::descriptor(self.key.listener(listener))
    }

    /// Another descriptor of a listening socket, the caller's; as [`Lane::listener_descriptor`]. It does
    /// not become that of whoever has the number later: no listener is closed meanwhile.
    #[cfg(unix)]
    pub fn duplicate_listener(&self, listener: u32) -> Option<Result<OwnedFd>> {
        self.with_listener(listener, |socket| {
            let socket = socket.try_clone()?;
            Ok(OwnedFd::from(socket))
        })
    }
}
