//! Socket options that are one number.

use crate::error::{Misuse, Result};
use crate::io::Io;

/// The value of the option with this name; yes is 1, no is 0.
///
/// Errors: [`Misuse::Unsupported`] for one that this system does not have; the system's for one that
/// this kind of socket does not have (ENOPROTOOPT, EOPNOTSUPP).
pub fn get(io: &Io, name: &str) -> Result<u64> {
    let socket = io.socket()?;
    Ok(match name {
        "broadcast" => socket.broadcast()?.into(),
        "multicastLoopV4" => socket.multicast_loop_v4()?.into(),
        "multicastLoopV6" => socket.multicast_loop_v6()?.into(),
        "multicastTtlV4" => socket.multicast_ttl_v4()?.into(),
        "onlyV6" => socket.only_v6()?.into(),
        _ => return Err(Misuse::Unsupported.into()),
    })
}

/// Sets the option with this name.
///
/// Errors: as [`get`]; EINVAL and others for a value that the system refuses.
pub fn set(io: &Io, name: &str, value: u32) -> Result<()> {
    let socket = io.socket()?;
    match name {
        "broadcast" => socket.set_broadcast(value != 0)?,
        "multicastLoopV4" => socket.set_multicast_loop_v4(value != 0)?,
        "multicastLoopV6" => socket.set_multicast_loop_v6(value != 0)?,
        "multicastTtlV4" => socket.set_multicast_ttl_v4(value)?,
        "onlyV6" => socket.set_only_v6(value != 0)?,
        _ => return Err(Misuse::Unsupported.into()),
    }
    Ok(())
}
