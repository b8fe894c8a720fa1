//! Pipes.

use mio::unix::pipe;

use crate::error::{Misuse, Result};
use crate::io::Io;

/// Makes a pipe: the sender, and the receiver of what it sends. Both are non-blocking and
/// close-on-exec.
///
/// Errors: EMFILE, ENFILE.
pub fn new() -> Result<(Io, Io)> {
    let (sender, receiver) = pipe::new()?;
    Ok((Io::Sender(sender), Io::Receiver(receiver)))
}

/// Sets or clears `O_NONBLOCK`, which is shared by all descriptors of the same open file.
pub fn set_nonblocking(io: &Io, nonblocking: bool) -> Result<()> {
    match io {
        Io::Sender(sender) => Ok(sender.set_nonblocking(nonblocking)?),
        Io::Receiver(receiver) => Ok(receiver.set_nonblocking(nonblocking)?),
        _ => Err(Misuse::WrongSource.into()),
    }
}
