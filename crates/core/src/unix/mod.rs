//! Unix sockets: what mio's types leave open, and every error in one form.

pub mod address;
pub mod datagram;
pub mod listener;
pub mod stream;
