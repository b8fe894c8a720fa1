//! Addresses of Unix sockets.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

pub use socket2::SockAddr;

use crate::error::{Failure, Misuse, Result};
use crate::io::Io;
use crate::raw;

/// The address of a path, or of an abstract name, which begins with NUL.
///
/// Errors: ENAMETOOLONG for one that would have to be cut; EINVAL for an empty one, and for a path
/// with NUL in it; [`Misuse::Unsupported`] for an abstract name elsewhere than on Linux and Android.
pub fn encode(bytes: &[u8]) -> Result<SockAddr> {
    let failure = |raw| Failure::Io(io::Error::from_raw_os_error(raw));
    let is_abstract = bytes.first() == Some(&0);
    if bytes.is_empty() || (!is_abstract && bytes.contains(&0)) {
        return Err(failure(libc::EINVAL));
    }
    if is_abstract && !cfg!(any(target_os = "linux", target_os = "android")) {
        return Err(Misuse::Unsupported.into());
    }
    SockAddr::unix(OsStr::from_bytes(bytes)).map_err(|_| failure(libc::ENAMETOOLONG))
}

/// The bytes of an address as [`encode`] takes them; none for an unnamed socket's.
pub fn decode(address: &SockAddr) -> &[u8] {
    let bytes = raw::unix_path(address);
    match bytes.first() {
        Some(0) if cfg!(any(target_os = "linux", target_os = "android")) => bytes,
        None | Some(0) => &[],
        // Not every system ends a path with NUL, nor does every one count it.
        Some(_) => bytes.split(|&byte| byte == 0).next().unwrap_or_default(),
    }
}

/// The address that a Unix socket is bound to.
pub fn local(io: &Io) -> Result<SockAddr> {
    match io {
        Io::UnixListener(_) | Io::UnixStream(_) | Io::UnixDatagram(_) => {
            Ok(io.socket()?.local_addr()?)
        }
        _ => Err(Misuse::WrongSource.into()),
    }
}

/// The address that a Unix socket is connected to.
///
/// Errors: ENOTCONN.
pub fn peer(io: &Io) -> Result<SockAddr> {
    match io {
        Io::UnixStream(_) | Io::UnixDatagram(_) => Ok(io.socket()?.peer_addr()?),
        _ => Err(Misuse::WrongSource.into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
        108
    } else {
        104
    };

    fn code(bytes: &[u8]) -> i32 {
        encode(bytes).unwrap_err().code()
    }

    #[test]
    fn nothing_is_cut() {
        assert!(encode(&[b'a'; MOST - 1]).is_ok());
        assert_eq!(code(&[b'a'; MOST]), -libc::ENAMETOOLONG);
        assert_eq!(code(&[b'a'; 5000]), -libc::ENAMETOOLONG);
    }

    #[test]
    fn nothing_and_nul_are_refused() {
        assert_eq!(code(b""), -libc::EINVAL);
        assert_eq!(code(b"a\0"), -libc::EINVAL);
        assert_eq!(code(b"a\0b"), -libc::EINVAL);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_abstract_name_has_exactly_its_bytes() {
        let mut name = vec![0; MOST];
        assert_eq!(decode(&encode(&name).unwrap()), name);
        name.push(b'a');
        assert_eq!(code(&name), -libc::ENAMETOOLONG);
    }

    proptest! {
        #[test]
        fn what_is_taken_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..130)) {
            if let Ok(address) = encode(&bytes) {
                prop_assert_eq!(decode(&address), bytes);
            }
        }
    }
}
