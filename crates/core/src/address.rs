//! Addresses between text and sockets.

use std::io::{Cursor, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::error::{Misuse, Result};
use crate::raw;

/// The length of an encoded address: a fixed head and the longest text, `ffff:…:255.255.255.255`.
pub const ENCODED_ADDRESS_LEN: usize = TEXT + 46;

const TEXT: usize = 12;

/// A socket address from the literal text of an IP address and the rest of its fields.
///
/// The text is what `Ipv4Addr` and `Ipv6Addr` take: no octal or short forms (`0177.0.0.1`,
/// `127.1`), so that every spelling means one address. An IPv6 address may end in `%scope`, by
/// number or by the name of an interface, which wins over `scope_id`.
///
/// Errors: [`Misuse::Address`]; an interface that does not exist is the system's ENXIO or ENODEV,
/// on Windows EINVAL.
pub fn parse_address(host: &str, port: u16, flowinfo: u32, scope_id: u32) -> Result<SocketAddr> {
    let (literal, scope) = match host.split_once('%') {
        Some((literal, scope)) => (literal, Some(scope)),
        None => (host, None),
    };
    match (parse_ip(literal)?, scope) {
        (IpAddr::V4(_), Some(_)) => Err(Misuse::Address.into()),
        (IpAddr::V4(ip), None) => Ok(SocketAddr::new(ip.into(), port)),
        (IpAddr::V6(ip), None) => Ok(v6(ip, port, flowinfo, scope_id)),
        (IpAddr::V6(ip), Some(scope)) => Ok(v6(ip, port, flowinfo, parse_scope(scope)?)),
    }
}

/// An IP address from its literal text, without a scope.
///
/// Errors: [`Misuse::Address`].
pub fn parse_ip(host: &str) -> Result<IpAddr> {
    Ok(host.parse().map_err(|_| Misuse::Address)?)
}

fn v6(ip: Ipv6Addr, port: u16, flowinfo: u32, scope_id: u32) -> SocketAddr {
    SocketAddrV6::new(ip, port, flowinfo, scope_id).into()
}

fn parse_scope(scope: &str) -> Result<u32> {
    if scope.is_empty() {
        return Err(Misuse::Address.into());
    }
    if scope.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(scope.parse().map_err(|_| Misuse::Address)?);
    }
    raw::interface_index(scope)
}

/// Writes `address` in the form that the facade reads: family (4 or 6), length of the text, port
/// (u16), flow information (u32), scope (u32), all little-endian, then the text of the IP.
pub fn encode_address(address: &SocketAddr, out: &mut [u8; ENCODED_ADDRESS_LEN]) {
    let (family, flowinfo, scope_id) = match address {
        SocketAddr::V4(_) => (4, 0, 0),
        SocketAddr::V6(v6) => (6, v6.flowinfo(), v6.scope_id()),
    };
    let (head, text) = out.split_at_mut(TEXT);
    let mut text = Cursor::new(text);
    // Cannot fail: the longest IPv6 text has 45 bytes.
    let fits = write!(text, "{}", address.ip()).is_ok();
    head[0] = family;
    head[1] = if fits { text.position() as u8 } else { 0 };
    head[2..4].copy_from_slice(&address.port().to_le_bytes());
    head[4..8].copy_from_slice(&flowinfo.to_le_bytes());
    head[8..12].copy_from_slice(&scope_id.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(host: &str) -> Result<SocketAddr> {
        parse_address(host, 80, 0, 0)
    }

    #[test]
    fn literals_of_both_families_are_taken() {
        assert_eq!(parse("127.0.0.1").unwrap(), "127.0.0.1:80".parse().unwrap());
        assert_eq!(parse("::1").unwrap(), "[::1]:80".parse().unwrap());
        assert_eq!(
            parse("::ffff:127.0.0.1").unwrap(),
            "[::ffff:127.0.0.1]:80".parse().unwrap()
        );
    }

    #[test]
    fn nothing_else_is() {
        let long = "1".repeat(300);
        for host in [
            "",
            " 127.0.0.1",
            "127.0.0.1 ",
            "127.1",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "1.2.3.4.5",
            "256.0.0.1",
            "[::1]",
            "::1%",
            "127.0.0.1%1",
            "localhost",
            "127.0.0.1\0",
            "::1%99999999999",
            &long,
        ] {
            assert_eq!(
                parse(host).unwrap_err().code(),
                Misuse::Address.code(),
                "{host:?}"
            );
        }
    }

    #[test]
    fn scopes_are_numbers_or_interfaces() {
        let SocketAddr::V6(numbered) = parse("fe80::1%7").unwrap() else {
            panic!("not IPv6");
        };
        assert_eq!(numbered.scope_id(), 7);
        assert!(parse("fe80::1%no-such-interface").is_err());
        assert!(parse("fe80::1%nul\0").is_err());
        #[cfg(target_os = "linux")]
        assert_eq!(parse("fe80::1%lo").unwrap().to_string(), "[fe80::1%1]:80");
    }

    proptest! {
        #[test]
        fn text_never_panics_and_never_means_another_address(host in ".{0,60}") {
            if let Ok(address) = parse(&host) {
                prop_assert_eq!(address.ip(), host.split('%').next().unwrap().parse::<IpAddr>().unwrap());
            }
        }

        #[test]
        fn encoding_keeps_every_field(ip: IpAddr, port: u16, flowinfo: u32, scope_id: u32) {
            let address = match ip {
                IpAddr::V4(_) => SocketAddr::new(ip, port),
                IpAddr::V6(ip) => v6(ip, port, flowinfo, scope_id),
            };
            let mut out = [0; ENCODED_ADDRESS_LEN];
            encode_address(&address, &mut out);
            let text = std::str::from_utf8(&out[TEXT..TEXT + out[1] as usize]).unwrap();
            let number = |range: std::ops::Range<usize>| u32::from_le_bytes(out[range].try_into().unwrap());
            let port = u16::from_le_bytes([out[2], out[3]]);
            prop_assert_eq!(parse_address(text, port, number(4..8), number(8..12)).unwrap(), address);
            prop_assert_eq!(out[0] == 6, address.is_ipv6());
        }
    }
}
