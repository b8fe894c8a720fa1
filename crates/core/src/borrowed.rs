//! A descriptor of somebody else's: mio's `SourceFd`.

use std::io;
use std::os::fd::{AsRawFd, IntoRawFd};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token, event};

use crate::error::Result;
use crate::raw::{self, Identity, RawDescriptor};

/// A descriptor that is watched and never closed. It should stay open as long as it is registered:
/// selectors know numbers, and what its owner closes may come back as somebody else's.
#[derive(Debug)]
pub struct BorrowedDescriptor {
    raw: RawDescriptor,
    identity: Identity,
}

impl BorrowedDescriptor {
    /// Errors: EBADF; [`Misuse::NotPollable`](crate::Misuse::NotPollable) for a file or a directory,
    /// which are always ready and which epoll refuses.
    pub(crate) fn new(raw: RawDescriptor) -> Result<Self> {
        let identity = raw::pollable(raw)?;
        Ok(Self { raw, identity })
    }

    /// Takes what the number stands for now.
    ///
    /// Errors: as [`BorrowedDescriptor::new`].
    pub(crate) fn refresh(&mut self) -> Result<()> {
        *self = Self::new(self.raw)?;
        Ok(())
    }

    /// Whether the number stands for the same open file as when it was borrowed, as far as the
    /// system tells.
    pub(crate) fn is_same(&self) -> bool {
        raw::pollable(self.raw).is_ok_and(|now| now == self.identity)
    }
}

impl AsRawFd for BorrowedDescriptor {
    fn as_raw_fd(&self) -> RawDescriptor {
        self.raw
    }
}

impl IntoRawFd for BorrowedDescriptor {
    fn into_raw_fd(self) -> RawDescriptor {
        self.raw
    }
}

impl event::Source for BorrowedDescriptor {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.raw).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.raw).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.raw).deregister(registry)
    }
}
