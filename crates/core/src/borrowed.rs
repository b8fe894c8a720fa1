//! A descriptor of somebody else's: mio's `SourceFd`.

use std::io;
use std::os::fd::{AsRawFd, IntoRawFd};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token, event};

use crate::error::Result;
use crate::raw::{self, RawDescriptor};

/// A descriptor that is watched and never closed. It must stay open as long as it is registered.
#[derive(Debug)]
pub struct BorrowedDescriptor(RawDescriptor);

impl BorrowedDescriptor {
    /// Errors: EBADF; [`Misuse::DescriptorType`](crate::Misuse::DescriptorType) for a file or a
    /// directory, which are always ready and which epoll refuses.
    pub(crate) fn new(raw: RawDescriptor) -> Result<Self> {
        raw::check_pollable(raw)?;
        Ok(Self(raw))
    }
}

impl AsRawFd for BorrowedDescriptor {
    fn as_raw_fd(&self) -> RawDescriptor {
        self.0
    }
}

impl IntoRawFd for BorrowedDescriptor {
    fn into_raw_fd(self) -> RawDescriptor {
        self.0
    }
}

impl event::Source for BorrowedDescriptor {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0).deregister(registry)
    }
}
