//! Pipes: bytes one way, what each end hears of the other's end, and modes that are left alone.
#![cfg(unix)]

mod util;

use std::fs::File;
use std::io::{IoSlice, IoSliceMut, PipeReader, Read, Write};
use std::os::fd::{AsRawFd, IntoRawFd};

use mio_js_core::{Failure, Handle, Io, Mirror, Misuse, pipe, readiness, transfer};
use socket2::SockRef;
use util::*;

fn pipe_in(mirror: &mut Mirror) -> (Handle, Handle) {
    let [sender, receiver] = mirror
        .open_pair(pipe::new().expect("a pipe"))
        .expect("room");
    (sender, receiver)
}

fn errno<T>(outcome: Result<T, Failure>) -> Option<i32> {
    match outcome {
        Err(Failure::Io(error)) => error.raw_os_error(),
        _ => None,
    }
}

#[test]
fn the_sender_comes_first_and_bytes_go_to_the_receiver() {
    let (mut mirror, poller) = mirror();
    let (sender, receiver) = pipe_in(&mut mirror);
    mirror.register(poller, sender, 1, WRITABLE).unwrap();
    mirror.register(poller, receiver, 2, READABLE).unwrap();
    event_for(&mut mirror, poller, 1);
    no_event(&mut mirror, poller);
    assert_eq!(read(&mut mirror, receiver), None);
    write(&mut mirror, sender, b"hello");
    event_for(&mut mirror, poller, 2);
    assert_eq!(read(&mut mirror, receiver), Some(b"hello".to_vec()));
    let io = mirror.source(sender).unwrap().io();
    let count = transfer::write_vectored(io, &[IoSlice::new(b"a"), IoSlice::new(b"bc")]);
    assert_eq!(count.unwrap(), 3);
    let (mut one, mut rest) = ([0; 2], [0; 4]);
    let buffers = &mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut rest)];
    let io = mirror.source(receiver).unwrap().io();
    assert_eq!(transfer::read_vectored(io, buffers).unwrap(), 3);
    assert_eq!((&one, &rest), (b"ab", b"c\0\0\0"));
}

#[test]
fn each_end_has_one_direction_and_is_no_socket() {
    let (mut mirror, _) = mirror();
    let (sender, receiver) = pipe_in(&mut mirror);
    let io = mirror.source(sender).unwrap().io();
    refused(transfer::read(io, &mut [0]), Misuse::WrongSource);
    refused(transfer::peek(io, &mut [0]), Misuse::WrongSource);
    let shutdown = transfer::shutdown(io, std::net::Shutdown::Write);
    refused(shutdown, Misuse::WrongSource);
    refused(io.local_addr(), Misuse::WrongSource);
    transfer::flush(io).unwrap();
    let io = mirror.source(receiver).unwrap().io();
    refused(transfer::write(io, b"x"), Misuse::WrongSource);
    refused(transfer::flush(io), Misuse::WrongSource);
    refused(io.socket(), Misuse::WrongSource);
    let (client, _) = pair(&mut mirror);
    let outcome = pipe::set_nonblocking(mirror.source(client).unwrap().io(), true);
    refused(outcome, Misuse::WrongSource);
}

#[test]
fn a_full_pipe_blocks_and_takes_the_rest_when_there_is_room() {
    let (mut mirror, poller) = mirror();
    let (sender, receiver) = pipe_in(&mut mirror);
    let io = mirror.source(sender).unwrap().io();
    let mut sent = 0;
    let blocked = loop {
        match transfer::write(io, &[1; 65_537]) {
            Ok(count) => sent += count,
            Err(failure) => break failure,
        }
    };
    assert!(blocked.is_would_block());
    assert!(sent > 0 && !sent.is_multiple_of(65_537));
    mirror.register(poller, sender, 1, WRITABLE).unwrap();
    no_event(&mut mirror, poller);
    let mut received = 0;
    while let Some(bytes) = read(&mut mirror, receiver) {
        received += bytes.len();
    }
    assert_eq!(received, sent);
    event_for(&mut mirror, poller, 1);
}

#[test]
fn an_end_hears_that_the_other_is_closed() {
    let (mut mirror, poller) = mirror();
    let (sender, receiver) = pipe_in(&mut mirror);
    mirror.register(poller, receiver, 1, READABLE).unwrap();
    write(&mut mirror, sender, b"last");
    mirror.close_source(sender).unwrap();
    let event = event_for(&mut mirror, poller, 1);
    assert_ne!(event.readiness & readiness::READABLE, 0);
    assert_eq!(read(&mut mirror, receiver), Some(b"last".to_vec()));
    for _ in 0..2 {
        assert_eq!(read(&mut mirror, receiver), Some(Vec::new()));
    }

    let (sender, receiver) = pipe_in(&mut mirror);
    mirror.register(poller, sender, 2, WRITABLE).unwrap();
    event_for(&mut mirror, poller, 2);
    mirror.close_source(receiver).unwrap();
    event_for(&mut mirror, poller, 2);
    let io = mirror.source(sender).unwrap().io();
    assert_eq!(errno(transfer::write(io, b"x")), Some(libc::EPIPE));
    let vectored = transfer::write_vectored(io, &[IoSlice::new(b"x")]);
    assert_eq!(errno(vectored), Some(libc::EPIPE));
}

#[test]
fn an_adopted_end_keeps_its_modes_until_it_is_told_others() {
    let (mut mirror, _) = mirror();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let shared = reader.try_clone().unwrap();
    let raw = reader.into_raw_fd();
    let receiver = mirror.adopt(raw, Io::adopt_receiver).unwrap();
    assert_eq!(mirror.source(receiver).unwrap().io().as_raw(), raw);
    assert!(!is_nonblocking(&shared));
    writer.write_all(b"x").unwrap();
    assert_eq!(read(&mut mirror, receiver), Some(b"x".to_vec()));
    pipe::set_nonblocking(mirror.source(receiver).unwrap().io(), true).unwrap();
    assert!(is_nonblocking(&shared));
    assert_eq!(read(&mut mirror, receiver), None);
    pipe::set_nonblocking(mirror.source(receiver).unwrap().io(), false).unwrap();
    assert!(!is_nonblocking(&shared));
}

fn is_nonblocking(reader: &PipeReader) -> bool {
    // Of any descriptor, in spite of its name.
    SockRef::from(reader).nonblocking().expect("an open pipe")
}

#[test]
fn what_is_not_this_end_of_a_pipe_is_refused_and_stays_open() {
    let (mut mirror, _) = mirror();
    let (reader, writer) = std::io::pipe().unwrap();
    let file = File::open("/dev/null").unwrap();
    let (client, _server) = std_pair();
    for raw in [writer.as_raw_fd(), file.as_raw_fd(), client.as_raw_fd()] {
        refused(mirror.adopt(raw, Io::adopt_receiver), Misuse::PipeType);
    }
    for raw in [reader.as_raw_fd(), file.as_raw_fd(), client.as_raw_fd()] {
        refused(mirror.adopt(raw, Io::adopt_sender), Misuse::PipeType);
    }
    let raw = file.as_raw_fd();
    assert_eq!(
        errno(mirror.adopt(i32::MAX, Io::adopt_sender)),
        Some(libc::EBADF)
    );
    assert!((&file).read(&mut [0]).is_ok());
    assert_eq!(raw, file.as_raw_fd());
    assert_eq!(mirror.census(), (1, 0));
    let (sender, _) = pipe_in(&mut mirror);
    let raw = mirror.source(sender).unwrap().io().as_raw();
    refused(mirror.adopt(raw, Io::adopt_sender), Misuse::DescriptorOwned);
}
