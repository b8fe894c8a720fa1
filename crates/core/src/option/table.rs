//! The options that have names. A new one is a row here, a method of the facade, and a row of
//! `docs/options.md`.

use std::io;
use std::ops::RangeInclusive;
use std::time::Duration;

use socket2::SockRef;
#[cfg(not(any(windows, target_os = "openbsd")))]
use socket2::TcpKeepalive;

use crate::error::{Misuse, Result};
#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
use crate::option::reuse_port;
#[cfg(unix)]
use crate::raw;

/// The number that stands for nothing: more than any option can be.
pub const NONE: u64 = 1 << 32;

/// Bytes of a text, of all options: Linux cuts longer ones.
const MAX_TEXT: usize = 15;

const MAX_INT: u64 = i32::MAX as u64;
const MAX_U32: u64 = u32::MAX as u64;

/// One option.
#[derive(Debug)]
pub(super) struct Row {
    name: &'static str,
    pub(super) access: Access,
}

/// Rows are the same if they are the same row.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Row {}

#[derive(Debug)]
pub(super) enum Access {
    Number {
        range: RangeInclusive<u64>,
        get: fn(&SockRef<'_>) -> Result<u64>,
        set: fn(&SockRef<'_>, u64) -> Result<()>,
    },
    #[cfg_attr(
        not(any(target_os = "android", target_os = "freebsd", target_os = "linux")),
        expect(dead_code, reason = "this system has no such option")
    )]
    Text {
        get: fn(&SockRef<'_>) -> io::Result<Vec<u8>>,
        set: fn(&SockRef<'_>, &str) -> io::Result<()>,
    },
}

impl Row {
    /// Whether this may be the value.
    pub(super) fn check(&self, value: u64) -> Result<()> {
        match &self.access {
            Access::Number { range, .. } if range.contains(&value) => Ok(()),
            Access::Number { .. } if value == NONE && self.name == "linger" => Ok(()),
            Access::Number { .. } => Err(Misuse::Range.into()),
            Access::Text { .. } => Err(Misuse::Argument.into()),
        }
    }

    /// Whether this may be the value.
    pub(super) fn check_text(&self, value: &str) -> Result<()> {
        if matches!(self.access, Access::Number { .. }) {
            return Err(Misuse::Argument.into());
        }
        if value.len() > MAX_TEXT || value.contains('\0') {
            return Err(Misuse::Range.into());
        }
        Ok(())
    }

    /// Sets what was checked.
    pub(super) fn set_number(&self, socket: &SockRef<'_>, value: u64) -> Result<()> {
        match self.access {
            Access::Number { set, .. } => set(socket, value),
            Access::Text { .. } => Err(Misuse::Argument.into()),
        }
    }

    /// Sets what was checked.
    pub(super) fn set_text(&self, socket: &SockRef<'_>, value: &str) -> Result<()> {
        match self.access {
            Access::Text { set, .. } => Ok(set(socket, value)?),
            Access::Number { .. } => Err(Misuse::Argument.into()),
        }
    }
}

/// The row of a name.
///
/// Errors: [`Misuse::Unsupported`] for a name that this system has no row for.
pub(super) fn row(name: &str) -> Result<&'static Row> {
    let row = ROWS.iter().find(|row| row.name == name);
    Ok(row.ok_or(Misuse::Unsupported)?)
}

/// Yes or no, by socket2.
macro_rules! flag {
    ($name:literal, $get:ident, $set:ident) => {
        Row {
            name: $name,
            access: Access::Number {
                range: 0..=1,
                get: |socket| Ok(socket.$get()?.into()),
                set: |socket, value| Ok(socket.$set(value != 0)?),
            },
        }
    };
}

/// A number, by socket2.
macro_rules! number {
    ($name:literal, $range:expr, $get:ident, $set:ident) => {
        Row {
            name: $name,
            access: Access::Number {
                range: $range,
                get: |socket| Ok(socket.$get()? as u64),
                set: |socket, value| Ok(socket.$set(value as _)?),
            },
        }
    };
}

/// An `int` that socket2 has not.
#[cfg(unix)]
macro_rules! int {
    ($name:literal, $range:expr, $level:expr, $option:expr) => {
        Row {
            name: $name,
            access: Access::Number {
                range: $range,
                get: |socket| Ok(raw::int_option(socket, $level, $option)? as u32 as u64),
                set: |socket, value| raw::set_int_option(socket, $level, $option, value as i32),
            },
        }
    };
}

/// Whatever takes more.
macro_rules! custom {
    ($name:literal, $range:expr, $get:expr, $set:expr) => {
        Row {
            name: $name,
            access: Access::Number {
                range: $range,
                get: $get,
                set: $set,
            },
        }
    };
}

/// Times of the keepalive, which the system has in seconds.
#[cfg(not(any(windows, target_os = "openbsd")))]
macro_rules! seconds {
    ($name:literal, $get:ident, $with:ident) => {
        custom!(
            $name,
            1..=MAX_INT,
            |socket| Ok(socket.$get()?.as_secs()),
            |socket, value| {
                let times = TcpKeepalive::new().$with(Duration::from_secs(value));
                Ok(socket.set_tcp_keepalive(&times)?)
            }
        )
    };
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn is_v6(socket: &SockRef<'_>) -> Result<bool> {
    Ok(socket.domain()? == socket2::Domain::IPV6)
}

/// An option that IPv4 and IPv6 have each.
#[cfg(any(target_os = "android", target_os = "linux"))]
macro_rules! by_family {
    ($name:literal, $get:ident, $set:ident, $get6:ident, $set6:ident) => {
        custom!(
            $name,
            0..=1,
            |socket| Ok(if is_v6(socket)? {
                socket.$get6()?.into()
            } else {
                socket.$get()?.into()
            }),
            |socket, value| Ok(if is_v6(socket)? {
                socket.$set6(value != 0)?
            } else {
                socket.$set(value != 0)?
            })
        )
    };
}

/// All options of this system.
static ROWS: &[Row] = &[
    flag!("broadcast", broadcast, set_broadcast),
    flag!("multicastLoopV4", multicast_loop_v4, set_multicast_loop_v4),
    flag!("multicastLoopV6", multicast_loop_v6, set_multicast_loop_v6),
    number!(
        "multicastTtlV4",
        0..=MAX_U32,
        multicast_ttl_v4,
        set_multicast_ttl_v4
    ),
    flag!("onlyV6", only_v6, set_only_v6),
    // Seconds: on some systems no more than 16 bits of them.
    custom!(
        "linger",
        0..=65_535,
        |socket| Ok(socket.linger()?.map_or(NONE, |time| time.as_secs())),
        |socket, value| {
            let time = (value != NONE).then(|| Duration::from_secs(value));
            Ok(socket.set_linger(time)?)
        }
    ),
    flag!("keepalive", keepalive, set_keepalive),
    #[cfg(not(any(windows, target_os = "openbsd")))]
    seconds!("keepaliveTime", tcp_keepalive_time, with_time),
    #[cfg(not(any(windows, target_os = "openbsd")))]
    seconds!("keepaliveInterval", tcp_keepalive_interval, with_interval),
    #[cfg(not(any(windows, target_os = "openbsd")))]
    custom!(
        "keepaliveCount",
        1..=127,
        |socket| Ok(socket.tcp_keepalive_retries()?.into()),
        |socket, value| {
            let times = TcpKeepalive::new().with_retries(value as u32);
            Ok(socket.set_tcp_keepalive(&times)?)
        }
    ),
    flag!("nodelay", tcp_nodelay, set_tcp_nodelay),
    number!(
        "recvBufferSize",
        0..=MAX_INT,
        recv_buffer_size,
        set_recv_buffer_size
    ),
    number!(
        "sendBufferSize",
        0..=MAX_INT,
        send_buffer_size,
        set_send_buffer_size
    ),
    flag!("reuseAddress", reuse_address, set_reuse_address),
    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
    custom!(
        "reusePort",
        0..=1,
        |socket| Ok(reuse_port::get(socket)?.into()),
        |socket, value| reuse_port::set(socket, value != 0)
    ),
    number!("ttl", 1..=255, ttl_v4, set_ttl_v4),
    number!("hopLimit", 0..=255, unicast_hops_v6, set_unicast_hops_v6),
    number!("tos", 0..=255, tos_v4, set_tos_v4),
    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
    number!("tclass", 0..=255, tclass_v6, set_tclass_v6),
    #[cfg(unix)]
    number!("maxSegment", 0..=65_535, tcp_mss, set_tcp_mss),
    #[cfg(unix)]
    int!(
        "recvLowat",
        0..=MAX_INT,
        libc::SOL_SOCKET,
        libc::SO_RCVLOWAT
    ),
    #[cfg(any(
        target_os = "android",
        target_os = "linux",
        target_os = "freebsd",
        target_vendor = "apple"
    ))]
    int!(
        "fastOpen",
        0..=MAX_INT,
        libc::IPPROTO_TCP,
        libc::TCP_FASTOPEN
    ),
    #[cfg(any(target_os = "freebsd", target_os = "linux"))]
    Row {
        name: "congestion",
        access: Access::Text {
            get: |socket| socket.tcp_congestion(),
            set: |socket, name| socket.set_tcp_congestion(name.as_bytes()),
        },
    },
    #[cfg(target_os = "linux")]
    number!("busyPoll", 0..=MAX_INT, busy_poll, set_busy_poll),
    // An `int` that is -1 for none.
    #[cfg(target_os = "linux")]
    custom!(
        "incomingCpu",
        0..=MAX_INT,
        |socket| Ok(u64::try_from(raw::int_option(
            socket,
            libc::SOL_SOCKET,
            libc::SO_INCOMING_CPU
        )?)
        .unwrap_or(NONE)),
        |socket, value| Ok(socket.set_cpu_affinity(value as usize)?)
    ),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    number!("priority", 0..=MAX_INT, priority, set_priority),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    number!("mark", 0..=MAX_U32, mark, set_mark),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    flag!("quickAck", tcp_quickack, set_tcp_quickack),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    flag!("cork", tcp_cork, set_tcp_cork),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    number!(
        "notSentLowat",
        0..=MAX_U32,
        tcp_notsent_lowat,
        set_tcp_notsent_lowat
    ),
    // Milliseconds; 0 is the system's way.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    custom!(
        "userTimeout",
        0..=MAX_INT,
        |socket| Ok(socket
            .tcp_user_timeout()?
            .map_or(0, |time| time.as_millis() as u64)),
        |socket, value| {
            let time = (value > 0).then(|| Duration::from_millis(value));
            Ok(socket.set_tcp_user_timeout(time)?)
        }
    ),
    // Seconds, which the system turns into a number of retransmissions.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    int!(
        "deferAccept",
        0..=MAX_INT,
        libc::IPPROTO_TCP,
        libc::TCP_DEFER_ACCEPT
    ),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    int!(
        "fastOpenConnect",
        0..=1,
        libc::IPPROTO_TCP,
        libc::TCP_FASTOPEN_CONNECT
    ),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    by_family!(
        "freebind",
        freebind_v4,
        set_freebind_v4,
        freebind_v6,
        set_freebind_v6
    ),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    by_family!(
        "transparent",
        ip_transparent_v4,
        set_ip_transparent_v4,
        ip_transparent_v6,
        set_ip_transparent_v6
    ),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    Row {
        name: "bindDevice",
        access: Access::Text {
            get: |socket| Ok(socket.device()?.unwrap_or_default()),
            set: |socket, name| {
                socket.bind_device(Some(name.as_bytes()).filter(|name| !name.is_empty()))
            },
        },
    },
];
