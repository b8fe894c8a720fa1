//! The bits of an interest, as JavaScript and this crate agree on them. They are mio's own values.

use mio::Interest;

use crate::error::{Misuse, Result};

const READABLE: u32 = 0b0_0001;
const WRITABLE: u32 = 0b0_0010;
const AIO: u32 = 0b0_0100;
const LIO: u32 = 0b0_1000;
const PRIORITY: u32 = 0b1_0000;

/// mio's interest for a set of bits.
///
/// Errors: no bit or an unknown one is [`Misuse::Interest`]; AIO, LIO and PRIORITY where mio does
/// not have them are [`Misuse::Unsupported`].
pub fn interest_from_bits(bits: u32) -> Result<Interest> {
    if bits == 0 || bits & !(READABLE | WRITABLE | AIO | LIO | PRIORITY) != 0 {
        return Err(Misuse::Interest.into());
    }
    let known = [
        (READABLE, Some(Interest::READABLE)),
        (WRITABLE, Some(Interest::WRITABLE)),
        (AIO, aio()),
        (LIO, lio()),
        (PRIORITY, priority()),
    ];
    let mut interest: Option<Interest> = None;
    for (bit, part) in known {
        if bits & bit != 0 {
            let part = part.ok_or(Misuse::Unsupported)?;
            interest = Some(interest.map_or(part, |rest| rest | part));
        }
    }
    interest.ok_or_else(|| Misuse::Interest.into())
}

fn aio() -> Option<Interest> {
    #[cfg(any(
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "ios",
        target_os = "macos",
    ))]
    return Some(Interest::AIO);
    #[cfg(not(any(
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "ios",
        target_os = "macos",
    )))]
    None
}

fn lio() -> Option<Interest> {
    #[cfg(target_os = "freebsd")]
    return Some(Interest::LIO);
    #[cfg(not(target_os = "freebsd"))]
    None
}

fn priority() -> Option<Interest> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return Some(Interest::PRIORITY);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_portable_set_is_known() {
        assert_eq!(interest_from_bits(1).unwrap(), Interest::READABLE);
        assert_eq!(interest_from_bits(2).unwrap(), Interest::WRITABLE);
        assert_eq!(
            interest_from_bits(3).unwrap(),
            Interest::READABLE | Interest::WRITABLE
        );
    }

    #[test]
    fn nothing_and_the_unknown_are_refused() {
        for bits in [0, 32, 33, u32::MAX] {
            assert_eq!(
                interest_from_bits(bits).unwrap_err().code(),
                Misuse::Interest.code()
            );
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_has_priority_and_neither_aio_nor_lio() {
        assert!(interest_from_bits(PRIORITY).unwrap().is_priority());
        for bits in [AIO, LIO, READABLE | AIO] {
            assert_eq!(
                interest_from_bits(bits).unwrap_err().code(),
                Misuse::Unsupported.code()
            );
        }
    }
}
