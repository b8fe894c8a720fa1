//! Socket options: by name, by number, of sockets that are nothing yet, and of an engine's.

mod util;

use std::net::{Ipv4Addr, SocketAddr};

use mio_js_core::option::{self, NONE, Settings};
use mio_js_core::{Failure, Handle, Io, Mirror, Misuse, builder};
use proptest::prelude::*;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use util::{listener, mirror, pair, refused};

const LOOPBACK: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

fn io(mirror: &mut Mirror, source: Handle) -> &Io {
    mirror.source(source).expect("an open source").io()
}

#[test]
fn what_is_set_by_name_is_what_the_system_says() {
    let (mut mirror, _) = mirror();
    let (client, _) = pair(&mut mirror);
    let io = io(&mut mirror, client);
    option::set(io, "keepalive", 1_u32).unwrap();
    option::set(io, "nodelay", 1_u32).unwrap();
    option::set(io, "ttl", 33_u32).unwrap();
    option::set(io, "linger", 2_u32).unwrap();
    let std = io.socket().unwrap();
    assert!(std.keepalive().unwrap() && std.tcp_nodelay().unwrap());
    assert_eq!(std.ttl_v4().unwrap(), 33);
    assert_eq!(std.linger().unwrap().unwrap().as_secs(), 2);
    assert_eq!(option::get(io, "linger").unwrap(), 2);
    option::set(io, "linger", NONE).unwrap();
    assert_eq!(std.linger().unwrap(), None);
    assert_eq!(option::get(io, "linger").unwrap(), NONE);
}

#[test]
fn numbers_out_of_range_and_names_of_nothing_never_reach_the_system() {
    let (mut mirror, _) = mirror();
    let (socket, _) = listener(&mut mirror);
    let io = io(&mut mirror, socket);
    for (name, value) in [
        ("ttl", 0),
        ("ttl", 256),
        ("ttl", (1 << 32) + 5),
        ("keepalive", 2),
        ("keepalive", NONE),
        ("linger", 65_536),
        ("linger", NONE + 1),
        ("recvBufferSize", 1 << 31),
        ("nodelay", u64::MAX),
    ] {
        refused(option::set(io, name, value), Misuse::Range);
    }
    for name in ["", "TTL", "no such option", "ttl\0"] {
        refused(option::get(io, name), Misuse::Unsupported);
        refused(option::set(io, name, 1_u32), Misuse::Unsupported);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn texts_and_numbers_are_not_taken_for_each_other() {
    let (mut mirror, _) = mirror();
    let (socket, _) = listener(&mut mirror);
    let socket = io(&mut mirror, socket).socket().unwrap();
    option::set_text(&socket, "congestion", "reno").unwrap();
    assert!(
        option::text(&socket, "congestion")
            .unwrap()
            .starts_with(b"reno")
    );
    refused(option::number(&socket, "congestion"), Misuse::Argument);
    refused(
        option::set_number(&socket, "congestion", 1),
        Misuse::Argument,
    );
    refused(option::text(&socket, "ttl"), Misuse::Argument);
    refused(option::set_text(&socket, "ttl", "1"), Misuse::Argument);
    // The system would cut them, and find a name that was not meant.
    let long = format!("reno{}", "x".repeat(12));
    refused(
        option::set_text(&socket, "congestion", &long),
        Misuse::Range,
    );
    refused(
        option::set_text(&socket, "congestion", "reno\0x"),
        Misuse::Range,
    );
}

#[test]
fn what_is_no_socket_has_no_options() {
    #[cfg(unix)]
    {
        let (sender, receiver) = mio_js_core::pipe::new().unwrap();
        refused(option::get(&sender, "keepalive"), Misuse::WrongSource);
        refused(
            option::set(&receiver, "keepalive", 1_u32),
            Misuse::WrongSource,
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn unsafe_options_are_refused_and_others_keep_to_their_buffer() {
    let (mut mirror, _) = mirror();
    let (socket, _) = listener(&mut mirror);
    let socket = io(&mut mirror, socket).socket().unwrap();
    let unsafe_ones = [
        (libc::SOL_SOCKET, libc::SO_ATTACH_FILTER),
        (libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_CBPF),
        (libc::IPPROTO_TCP, libc::TCP_ZEROCOPY_RECEIVE),
        (libc::IPPROTO_TCP, 41),
        (libc::IPPROTO_IP, 41),
        (libc::IPPROTO_IP, 64),
        (libc::IPPROTO_IP, i32::MAX),
        (libc::IPPROTO_IPV6, 64),
        (libc::IPPROTO_IPV6, 69),
        (libc::IPPROTO_IPV6, 80),
        (libc::SOL_NETLINK, 1),
        (282, 1),
        (-1, -1),
    ];
    for (level, name) in unsafe_ones {
        let mut value = [0xff; 64];
        let read = option::by_number(&socket, level, name, &mut value);
        refused(read, Misuse::OptionUnsafe);
        // Not even zeros were written.
        assert_eq!(value, [0xff; 64]);
        let set = option::set_by_number(&socket, level, name, &[0; 64]);
        refused(set, Misuse::OptionUnsafe);
    }
    let mut value = [0xff; 16];
    for len in 0..16 {
        let read = option::by_number(
            &socket,
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            &mut value[..len],
        );
        assert!(read.unwrap() <= len);
        assert_eq!(value[len], 0xff);
    }
    let huge = vec![0; option::MAX_VALUE + 1];
    let set = option::set_by_number(&socket, libc::SOL_SOCKET, libc::SO_KEEPALIVE, &huge);
    refused(set, Misuse::BytesRange);
}

#[test]
fn settings_are_read_whole_or_not_at_all() {
    let (mut mirror, _) = mirror();
    let (socket, _) = listener(&mut mirror);
    let socket = io(&mut mirror, socket).socket().unwrap();
    let settings = Settings::parse(b"keepalive\x001\0ttl\x0077\0").unwrap();
    settings.apply(&socket).unwrap();
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.ttl_v4().unwrap(), 77);
    assert_eq!(Settings::parse(b"").unwrap(), Settings::default());
    refused(Settings::parse(b"keepalive\0"), Misuse::Argument);
    refused(Settings::parse(b"\xff\0"), Misuse::Argument);
    refused(Settings::parse(b"keepalive\x002\0"), Misuse::Range);
    refused(Settings::parse(b"ttl\0-1\0"), Misuse::Range);
    refused(Settings::parse(b"ttl\x001.5\0"), Misuse::Range);
    refused(Settings::parse(b"ttl\0\0"), Misuse::Range);
    refused(
        Settings::parse(b"ttl\x001\0nothing\x001\0"),
        Misuse::Unsupported,
    );
}

proptest! {
    /// Whatever a program sends, it is a list of options or an error.
    #[test]
    fn no_settings_do_more_than_fail(
        names in proptest::collection::vec("(ttl|keepalive|linger|mark|congestion|bindDevice|.{0,6})", 0..6),
        values in proptest::collection::vec("(0|1|4294967296|reno|-1|.{0,20})", 0..6),
        rest in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut bytes = Vec::new();
        for (name, value) in names.iter().zip(&values) {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(0);
        }
        drop(Settings::parse(&bytes));
        bytes.extend_from_slice(&rest);
        drop(Settings::parse(&bytes));
    }
}

fn bound(mirror: &mut Mirror, is_udp: bool) -> Handle {
    let socket = builder::open(is_udp, false).expect("a socket");
    mirror.open_source(socket).expect("room")
}

#[test]
fn a_socket_that_is_built_keeps_its_descriptor_and_options() {
    let (mut mirror, _) = mirror();
    let handle = bound(&mut mirror, false);
    let raw = io(&mut mirror, handle).as_raw();
    option::set(io(&mut mirror, handle), "ttl", 44_u32).unwrap();
    let Io::Unbound(unbound) = io(&mut mirror, handle) else {
        panic!("it is bound");
    };
    unbound.bind(LOOPBACK.into()).unwrap();
    let listener = mirror.build(handle, |unbound| unbound.listen(5)).unwrap();
    assert_eq!(io(&mut mirror, listener).as_raw(), raw);
    assert_eq!(option::get(io(&mut mirror, listener), "ttl").unwrap(), 44);
    refused(mirror.source(handle).map(drop), Misuse::SourceClosed);
    let address = io(&mut mirror, listener).local_addr().unwrap();

    let handle = bound(&mut mirror, false);
    let stream = mirror.build(handle, |unbound| unbound.connect(address));
    let stream = stream.unwrap();
    assert!(matches!(io(&mut mirror, stream), Io::TcpStream(_)));
    assert_eq!(mirror.census().1, 2);
}

#[test]
fn what_cannot_be_built_stays_what_it_is() {
    let (mut mirror, poller) = mirror();
    let handle = bound(&mut mirror, true);
    refused(
        mirror.build(handle, |unbound| unbound.listen(5)),
        Misuse::WrongSource,
    );
    let taken: SocketAddr = {
        let (other, address) = listener(&mut mirror);
        assert!(matches!(io(&mut mirror, other), Io::TcpListener(_)));
        address
    };
    let register = mirror.register(poller, handle, 1, mio::Interest::READABLE);
    assert!(matches!(register, Err(Failure::Io(_))));
    let tcp = bound(&mut mirror, false);
    let Io::Unbound(unbound) = io(&mut mirror, tcp) else {
        panic!("it is bound");
    };
    assert!(unbound.bind(taken).is_err());
    let built = mirror.build(handle, |unbound| unbound.bind_udp(LOOPBACK.into()));
    assert!(built.is_ok());
    refused(
        mirror.build(handle, |unbound| unbound.listen(5)),
        Misuse::SourceClosed,
    );
    let (stream, _) = pair(&mut mirror);
    refused(
        mirror.build(stream, |unbound| unbound.listen(5)),
        Misuse::WrongSource,
    );
}

#[test]
#[cfg(target_os = "linux")]
fn tcp_tells_what_it_knows() {
    let (client, server) = util::std_pair();
    let info = option::tcp_info(&SockRef::from(&client)).unwrap();
    // Established.
    assert_eq!(info[0], 1.0);
    drop(server);
    let udp = std::net::UdpSocket::bind(LOOPBACK).unwrap();
    assert!(option::tcp_info(&SockRef::from(&udp)).is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn what_an_option_is_set_to_stays_as_it_is_though_the_system_answers_in_it() {
    const IPV6_FLOWLABEL_MGR: i32 = 32;
    let Ok(socket) = socket2::Socket::new(socket2::Domain::IPV6, socket2::Type::DGRAM, None) else {
        // Without IPv6 there are no flow labels.
        return;
    };
    // `struct in6_flowlabel_req`: the destination ::1; no label yet; get; create; exclusive.
    let mut request = [0_u8; 32];
    request[15] = 1;
    request[21] = 1;
    request[22] = 1;
    let before = request;
    let socket = SockRef::from(&socket);
    let level = libc::IPPROTO_IPV6;
    let set = option::set_by_number(&socket, level, IPV6_FLOWLABEL_MGR, &request);
    set.expect("a flow label");
    assert_eq!(std::hint::black_box(&request), &before);
}
