//! What single operations of mio cost in Rust, in nanoseconds: the part of the cost of the same
//! operations in JavaScript that no binding can save.
//!
//! Each figure is the median of many samples, because on a shared machine the mean is a measure of
//! the neighbours. What prepares a sample (filling or draining a socket) is not timed.

use std::io::{self, ErrorKind, Read, Write};
use std::net;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};

const USAGE: &str = "calls [--samples N]";

const SAMPLES: NonZeroUsize = NonZeroUsize::new(2000).expect("not zero");

/// Calls in one sample, so that reading the clock weighs little. All their bytes together fit in
/// the buffers of a socket by far, so no write is partial.
const CALLS: usize = 128;

/// Bytes in one call.
const SIZE: usize = 64;

/// Streams registered with the poll.
const SOURCES: usize = 64;

fn main() -> ExitCode {
    command::run(USAGE, run)
}

fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let samples = arguments.option("--samples")?.unwrap_or(SAMPLES).get();
    arguments.finish()?;
    // A process with a second thread pays for atomic reference counts on every descriptor, and libc
    // for cancellation points. Node always has threads, so this baseline must have one, too.
    let (running, parked) = mpsc::channel::<()>();
    let thread = thread::spawn(move || parked.recv().is_ok());
    let figures = measure(samples).map_err(Failure::during("measuring"))?;
    drop(running);
    drop(thread.join());
    command::print_line(command::json(&figures))
}

fn measure(samples: usize) -> io::Result<Vec<(&'static str, String)>> {
    let figures = [
        ("read would block", read_would_block(samples)?),
        ("read 64 B", read(samples)?),
        ("write 64 B", write(samples)?),
        ("peek 64 B", peek(samples)?),
        ("poll 0 ready", poll(samples, 0)?),
        ("poll 1 ready", poll(samples, 1)?),
        ("poll 64 ready", poll(samples, 64)?),
    ];
    Ok(figures
        .map(|(name, nanos)| (name, format!("{nanos:.1}")))
        .to_vec())
}

fn read_would_block(samples: usize) -> io::Result<f64> {
    let (mut stream, _peer) = pair()?;
    let mut buffer = [0; SIZE];
    per_call(samples, || {
        time(|| {
            for _ in 0..CALLS {
                match stream.read(&mut buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    outcome => return Err(unexpected(&outcome)),
                }
            }
            Ok(())
        })
    })
}

/// The bytes of all the calls arrive in one write of the peer: so the figure is that of the call
/// itself, without the freeing of a packet after each of them.
fn read(samples: usize) -> io::Result<f64> {
    let (mut stream, mut peer) = pair()?;
    let mut buffer = [0; SIZE];
    per_call(samples, || {
        fill(&mut peer, &stream, CALLS * SIZE)?;
        time(|| (0..CALLS).try_for_each(|_| whole(stream.read(&mut buffer))))
    })
}

/// With TCP_NODELAY each write is a packet, and on loopback the call delivers it to the peer too.
fn write(samples: usize) -> io::Result<f64> {
    let (mut stream, mut peer) = pair()?;
    per_call(samples, || {
        let elapsed = time(|| (0..CALLS).try_for_each(|_| whole(stream.write(&[1; SIZE]))))?;
        await_bytes(&peer, CALLS * SIZE)?;
        drain(&mut peer)?;
        Ok(elapsed)
    })
}

fn peek(samples: usize) -> io::Result<f64> {
    let (stream, mut peer) = pair()?;
    fill(&mut peer, &stream, SIZE)?;
    let mut buffer = [0; SIZE];
    per_call(samples, || {
        time(|| (0..CALLS).try_for_each(|_| whole(stream.peek(&mut buffer))))
    })
}

/// An edge-triggered poll that has told of a source must be followed by new bytes before another
/// one can, so a sample is one call, between the arrival of a byte at each of the first `ready`
/// sources and its removal. The alternative, to re-register the sources within the timed part and
/// to subtract its cost, would subtract two large figures. What is subtracted is the cost of
/// reading the clock, which is not small against one call.
fn poll(samples: usize, ready: usize) -> io::Result<f64> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut pairs = (0..SOURCES)
        .map(|_| pair())
        .collect::<io::Result<Vec<_>>>()?;
    for (index, (stream, _)) in pairs.iter_mut().enumerate() {
        poll.registry()
            .register(stream, Token(index), Interest::READABLE)?;
    }
    let clock = median(samples, || time(|| Ok(())))?;
    let call = median(samples, || {
        for (stream, peer) in &mut pairs[..ready] {
            fill(peer, stream, 1)?;
        }
        let elapsed = time(|| poll.poll(&mut events, Some(Duration::ZERO)))?;
        for (stream, _) in &mut pairs[..ready] {
            drain(stream)?;
        }
        let told = events.iter().count();
        if told == ready {
            Ok(elapsed)
        } else {
            Err(unexpected(&told))
        }
    })?;
    Ok(call.saturating_sub(clock).as_nanos() as f64)
}

/// Returns the nanoseconds of one call, where a sample is the time of [`CALLS`] calls.
fn per_call(samples: usize, sample: impl FnMut() -> io::Result<Duration>) -> io::Result<f64> {
    Ok(median(samples, sample)?.as_nanos() as f64 / CALLS as f64)
}

fn median(
    samples: usize,
    mut sample: impl FnMut() -> io::Result<Duration>,
) -> io::Result<Duration> {
    let mut times = (0..samples)
        .map(|_| sample())
        .collect::<io::Result<Vec<_>>>()?;
    times.sort_unstable();
    Ok(times[samples / 2])
}

fn time(action: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
    let start = Instant::now();
    action()?;
    Ok(start.elapsed())
}

/// Two connected streams. They are not registered with a poll unless the caller does it, so a
/// write wakes no one.
fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
    let near = net::TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    for stream in [&near, &far] {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
    }
    Ok((TcpStream::from_std(near), TcpStream::from_std(far)))
}

/// Sends `length` bytes from `peer` and waits until they are all at `stream`.
fn fill(peer: &mut TcpStream, stream: &TcpStream, length: usize) -> io::Result<()> {
    peer.write_all(&[1; CALLS * SIZE][..length])?;
    await_bytes(stream, length)
}

fn await_bytes(stream: &TcpStream, length: usize) -> io::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut buffer = [0; CALLS * SIZE];
    while Instant::now() < deadline {
        match stream.peek(&mut buffer[..length]) {
            Ok(arrived) if arrived == length => return Ok(()),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Err(ErrorKind::TimedOut.into())
}

fn drain(stream: &mut TcpStream) -> io::Result<()> {
    match io::copy(stream, &mut io::sink()) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        outcome => Err(unexpected(&outcome)),
    }
}

fn whole(length: io::Result<usize>) -> io::Result<()> {
    match length? {
        SIZE => Ok(()),
        length => Err(unexpected(&length)),
    }
}

fn unexpected(outcome: &dyn std::fmt::Debug) -> io::Error {
    io::Error::other(format!("unexpected outcome of a call: {outcome:?}"))
}
