//! One readiness event, freed from the kernel's form and from mio's buffer.

use crate::handle::Handle;

/// The bits of [`Event::readiness`]. JavaScript knows them under the same names.
pub mod readiness {
    /// Reading may succeed.
    pub const READABLE: u32 = 1 << 0;
    /// Writing may succeed.
    pub const WRITABLE: u32 = 1 << 1;
    /// An error is pending.
    pub const ERROR: u32 = 1 << 2;
    /// The peer will send no more, or the whole socket is dead.
    pub const READ_CLOSED: u32 = 1 << 3;
    /// Nothing can be sent any more.
    pub const WRITE_CLOSED: u32 = 1 << 4;
    /// Priority data (epoll only).
    pub const PRIORITY: u32 = 1 << 5;
    /// POSIX AIO completion (kqueue on some systems).
    pub const AIO: u32 = 1 << 6;
    /// `lio_listio` completion (FreeBSD).
    pub const LIO: u32 = 1 << 7;
}

/// Readiness of one source, or a wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The token of the last (re)registration: any number up to 2^53 - 1.
    pub token: u64,
    /// Bits of [`readiness`].
    pub readiness: u32,
    /// The registration that the event belongs to; `None` for a wake.
    pub registration: Option<Handle>,
}

/// The flags of mio's event as bits.
pub(crate) fn readiness_of(event: &mio::event::Event) -> u32 {
    let flags = [
        (event.is_readable(), readiness::READABLE),
        (event.is_writable(), readiness::WRITABLE),
        (event.is_error(), readiness::ERROR),
        (event.is_read_closed(), readiness::READ_CLOSED),
        (event.is_write_closed(), readiness::WRITE_CLOSED),
        (event.is_priority(), readiness::PRIORITY),
        (event.is_aio(), readiness::AIO),
        (event.is_lio(), readiness::LIO),
    ];
    flags
        .into_iter()
        .fold(0, |bits, (set, bit)| if set { bits | bit } else { bits })
}
