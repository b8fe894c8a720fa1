//! What TCP knows of a connection, as numbers.
//!
//! Each system has its own structure, which grows from version to version at its end. It is read by
//! the offsets of its fields, as far as the system has filled it; what is not there is NaN.

use socket2::SockRef;

#[cfg(not(any(
    target_os = "android",
    target_os = "linux",
    target_os = "freebsd",
    target_vendor = "apple"
)))]
use crate::error::Misuse;
use crate::error::Result;

/// How many numbers [`tcp_info`] fills.
pub const TCP_INFO_FIELDS: usize = Field::Last as usize;

/// The places of the numbers, shared with the facade (`src/tcp-info.ts`). Times are milliseconds.
#[derive(Clone, Copy, Debug)]
#[allow(
    dead_code,
    reason = "no system has all of them, and the facade names the rest"
)]
enum Field {
    State,
    Rto,
    Ato,
    Rtt,
    RttVar,
    MinRtt,
    RecvRtt,
    SendMss,
    RecvMss,
    AdvMss,
    PathMtu,
    Unacked,
    Sacked,
    Lost,
    Retrans,
    TotalRetrans,
    Reordering,
    SendCwnd,
    SendSsthresh,
    LastDataSent,
    LastDataRecv,
    LastAckRecv,
    PacingRate,
    MaxPacingRate,
    DeliveryRate,
    BytesAcked,
    BytesReceived,
    BytesSent,
    BytesRetrans,
    NotSentBytes,
    SegsOut,
    SegsIn,
    DataSegsOut,
    DataSegsIn,
    Delivered,
    BusyTime,
    RecvWindowLimited,
    SendBufferLimited,
    SendWindow,
    RecvWindow,
    RecvSpace,
    RecvOutOfOrder,
    Last,
}

/// A field: where the system has it, how many bytes, and how many of it are one of ours.
type Place = (Field, usize, usize, f64);

/// Microseconds of a millisecond.
#[cfg(any(target_os = "android", target_os = "linux", target_os = "freebsd"))]
const US: f64 = 1000.0;

#[cfg(any(target_os = "android", target_os = "linux"))]
mod system {
    use super::{Field, Place, US};

    pub(super) const OPTION: i32 = libc::TCP_INFO;
    /// Of `struct tcp_info` in linux/tcp.h.
    pub(super) const PLACES: &[Place] = &[
        (Field::State, 0, 1, 1.0),
        (Field::Rto, 8, 4, US),
        (Field::Ato, 12, 4, US),
        (Field::SendMss, 16, 4, 1.0),
        (Field::RecvMss, 20, 4, 1.0),
        (Field::Unacked, 24, 4, 1.0),
        (Field::Sacked, 28, 4, 1.0),
        (Field::Lost, 32, 4, 1.0),
        (Field::Retrans, 36, 4, 1.0),
        (Field::LastDataSent, 44, 4, 1.0),
        (Field::LastDataRecv, 52, 4, 1.0),
        (Field::LastAckRecv, 56, 4, 1.0),
        (Field::PathMtu, 60, 4, 1.0),
        (Field::Rtt, 68, 4, US),
        (Field::RttVar, 72, 4, US),
        (Field::SendSsthresh, 76, 4, 1.0),
        (Field::SendCwnd, 80, 4, 1.0),
        (Field::AdvMss, 84, 4, 1.0),
        (Field::Reordering, 88, 4, 1.0),
        (Field::RecvRtt, 92, 4, US),
        (Field::RecvSpace, 96, 4, 1.0),
        (Field::TotalRetrans, 100, 4, 1.0),
        (Field::PacingRate, 104, 8, 1.0),
        (Field::MaxPacingRate, 112, 8, 1.0),
        (Field::BytesAcked, 120, 8, 1.0),
        (Field::BytesReceived, 128, 8, 1.0),
        (Field::SegsOut, 136, 4, 1.0),
        (Field::SegsIn, 140, 4, 1.0),
        (Field::NotSentBytes, 144, 4, 1.0),
        (Field::MinRtt, 148, 4, US),
        (Field::DataSegsIn, 152, 4, 1.0),
        (Field::DataSegsOut, 156, 4, 1.0),
        (Field::DeliveryRate, 160, 8, 1.0),
        (Field::BusyTime, 168, 8, US),
        (Field::RecvWindowLimited, 176, 8, US),
        (Field::SendBufferLimited, 184, 8, US),
        (Field::Delivered, 192, 4, 1.0),
        (Field::BytesSent, 200, 8, 1.0),
        (Field::BytesRetrans, 208, 8, 1.0),
        (Field::RecvOutOfOrder, 224, 4, 1.0),
        (Field::SendWindow, 228, 4, 1.0),
        (Field::RecvWindow, 232, 4, 1.0),
    ];
}

#[cfg(target_os = "freebsd")]
mod system {
    use super::{Field, Place, US};

    pub(super) const OPTION: i32 = libc::TCP_INFO;
    /// Of `struct tcp_info` in netinet/tcp.h: the fields that FreeBSD fills.
    pub(super) const PLACES: &[Place] = &[
        (Field::State, 0, 1, 1.0),
        (Field::Rto, 8, 4, US),
        (Field::SendMss, 16, 4, 1.0),
        (Field::RecvMss, 20, 4, 1.0),
        (Field::LastDataRecv, 52, 4, US),
        (Field::Rtt, 68, 4, US),
        (Field::RttVar, 72, 4, US),
        (Field::SendSsthresh, 76, 4, 1.0),
        (Field::SendCwnd, 80, 4, 1.0),
        (Field::RecvSpace, 96, 4, 1.0),
        (Field::SendWindow, 100, 4, 1.0),
        (Field::TotalRetrans, 120, 4, 1.0),
        (Field::RecvOutOfOrder, 124, 4, 1.0),
    ];
}

#[cfg(target_vendor = "apple")]
mod system {
    use super::{Field, Place};

    pub(super) const OPTION: i32 = libc::TCP_CONNECTION_INFO;
    /// Of `struct tcp_connection_info` in netinet/tcp.h.
    pub(super) const PLACES: &[Place] = &[
        (Field::State, 0, 1, 1.0),
        (Field::Rto, 12, 4, 1.0),
        (Field::SendMss, 16, 4, 1.0),
        (Field::SendSsthresh, 20, 4, 1.0),
        (Field::SendCwnd, 24, 4, 1.0),
        (Field::SendWindow, 28, 4, 1.0),
        (Field::RecvWindow, 36, 4, 1.0),
        (Field::Rtt, 44, 4, 1.0),
        (Field::RttVar, 48, 4, 1.0),
        (Field::SegsOut, 56, 8, 1.0),
        (Field::BytesSent, 64, 8, 1.0),
        (Field::BytesRetrans, 72, 8, 1.0),
        (Field::SegsIn, 80, 8, 1.0),
        (Field::BytesReceived, 88, 8, 1.0),
        (Field::TotalRetrans, 104, 8, 1.0),
    ];
}

/// What TCP knows of the connection of a socket, in the order of the fields.
///
/// Errors: [`Misuse::Unsupported`](crate::Misuse::Unsupported) where the system has no such option;
/// the system's for a socket of another kind.
#[cfg(any(
    target_os = "android",
    target_os = "linux",
    target_os = "freebsd",
    target_vendor = "apple"
))]
pub fn tcp_info(socket: &SockRef<'_>) -> Result<[f64; TCP_INFO_FIELDS]> {
    // More than any system has.
    let mut bytes = [0; 1024];
    let len = crate::raw::get_option(socket, libc::IPPROTO_TCP, system::OPTION, &mut bytes)?;
    Ok(read(&bytes[..len], system::PLACES))
}

/// What TCP knows of the connection of a socket.
#[cfg(not(any(
    target_os = "android",
    target_os = "linux",
    target_os = "freebsd",
    target_vendor = "apple"
)))]
pub fn tcp_info(_socket: &SockRef<'_>) -> Result<[f64; TCP_INFO_FIELDS]> {
    Err(Misuse::Unsupported.into())
}

/// The numbers that lie whole within the bytes.
#[cfg_attr(
    not(any(
        target_os = "android",
        target_os = "linux",
        target_os = "freebsd",
        target_vendor = "apple",
        test
    )),
    expect(dead_code, reason = "there is nothing to read")
)]
fn read(bytes: &[u8], places: &[Place]) -> [f64; TCP_INFO_FIELDS] {
    let mut numbers = [f64::NAN; TCP_INFO_FIELDS];
    for (field, offset, width, unit) in places {
        let Some(bytes) = bytes.get(*offset..offset + width) else {
            continue;
        };
        let value = match *bytes {
            [byte] => byte.into(),
            [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]).into(),
            [a, b, c, d, e, f, g, h] => u64::from_ne_bytes([a, b, c, d, e, f, g, h]),
            _ => continue,
        };
        // The largest number is how Linux says that there is no limit.
        let number = if *width == 8 && value == u64::MAX {
            f64::INFINITY
        } else {
            value as f64 / unit
        };
        numbers[*field as usize] = number;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: &[Place] = &[
        (Field::State, 0, 1, 1.0),
        (Field::Rtt, 4, 4, 2.0),
        (Field::PacingRate, 8, 8, 1.0),
    ];

    #[test]
    fn fields_that_are_there_are_read_and_others_are_not() {
        let mut bytes = [0xff; 16];
        bytes[4..8].copy_from_slice(&6_u32.to_ne_bytes());
        let whole = read(&bytes, PLACES);
        assert_eq!(whole[Field::State as usize], 255.0);
        assert_eq!(whole[Field::Rtt as usize], 3.0);
        assert_eq!(whole[Field::PacingRate as usize], f64::INFINITY);
        assert!(whole[Field::Rto as usize].is_nan());
        for len in 0..16 {
            let cut = read(&bytes[..len], PLACES);
            assert_eq!(cut[Field::State as usize].is_nan(), len < 1);
            assert_eq!(cut[Field::Rtt as usize].is_nan(), len < 8);
            assert!(cut[Field::PacingRate as usize].is_nan());
        }
    }

    #[test]
    #[cfg(any(target_os = "android", target_os = "linux"))]
    fn no_two_fields_share_a_place() {
        let mut used = [false; 256];
        for (field, offset, width, _) in system::PLACES {
            for is_used in &mut used[*offset..offset + width] {
                assert!(!std::mem::replace(is_used, true), "{field:?}");
            }
        }
    }
}
