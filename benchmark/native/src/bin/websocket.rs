//! Load generator: sends messages to a WebSocket server that echoes, and times the replies.
//!
//! It goes in waves, as `load` does. The handshake and all frames are compared byte by byte, so a
//! server has to answer just as `ws` does: no extensions, and each reply in one frame.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};
use mio_js_benchmark::connection::{self, Connection};
use mio_js_benchmark::pattern::Pattern;
use mio_js_benchmark::workload::{self, Options, Tally, Workload};

/// The key of RFC 6455, section 1.3, and below what it makes a server answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPTED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    \r\n";

/// The last frame of a binary message.
const BINARY: u8 = 0x82;
/// That a frame is masked, as all of a client's must be.
const MASKED: u8 = 0x80;
/// The key of the mask. Any will do, but not zero: a server may skip the work then.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// The most bytes of a message whose length fits into the second byte of its frame.
const LONGEST: usize = 125;

fn main() -> ExitCode {
    command::run(&format!("websocket {}", workload::USAGE), run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    if options.size > LONGEST {
        let reason = format!("--size {}: {LONGEST} at most", options.size);
        return Err(Failure::Usage(reason));
    }
    workload::measure(&options, &mut Waves::connect(&options)?)
}

struct Waves {
    connections: Vec<Connection>,
    pattern: Pattern,
    frame: Vec<u8>,
    reply: Vec<u8>,
    wave: usize,
}

impl Waves {
    fn connect(options: &Options) -> Result<Self, Failure> {
        let addresses = connection::resolve(&options.address)?;
        let mut waves = Self {
            connections: Vec::with_capacity(options.connections),
            pattern: Pattern::new(options.size),
            frame: Vec::new(),
            reply: vec![0; ACCEPTED.len().max(2 + options.size)],
            wave: 0,
        };
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n",
            options.address
        );
        for index in 0..options.connections {
            let mut connection = Connection::open(index, &addresses)?;
            connection.send(request.as_bytes())?;
            connection.receive(ACCEPTED, &mut waves.reply)?;
            waves.connections.push(connection);
        }
        Ok(waves)
    }

    fn send_wave(&mut self, tally: &mut Tally) -> Result<(), Failure> {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            connection.started = Instant::now();
            mask(self.pattern.message(index, self.wave), &mut self.frame);
            connection.send(&self.frame)?;
        }
        for (index, connection) in self.connections.iter_mut().enumerate() {
            unmasked(self.pattern.message(index, self.wave), &mut self.frame);
            connection.receive(&self.frame, &mut self.reply)?;
            tally.complete(connection.started);
        }
        self.wave += 1;
        Ok(())
    }
}

/// Makes `frame` the frame that a client sends `message` in.
fn mask(message: &[u8], frame: &mut Vec<u8>) {
    header(message, MASKED, frame);
    frame.extend(MASK);
    frame.extend(
        message
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
}

/// Makes `frame` the frame that a server sends `message` in.
fn unmasked(message: &[u8], frame: &mut Vec<u8>) {
    header(message, 0, frame);
    frame.extend(message);
}

fn header(message: &[u8], masked: u8, frame: &mut Vec<u8>) {
    let length = u8::try_from(message.len()).unwrap_or(u8::MAX);
    frame.clear();
    frame.extend([BINARY, masked | length]);
}

impl Workload for Waves {
    fn run_for(&mut self, duration: Duration, tally: &mut Tally) -> Result<(), Failure> {
        workload::repeat(duration, || self.send_wave(tally))
    }

    fn check(&self) -> Result<(), Failure> {
        self.connections.iter().try_for_each(Connection::check_idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_standard() {
        let mut frame = Vec::new();
        mask(b"Hello", &mut frame);
        // RFC 6455, section 5.7, but binary: the same mask, the same bytes.
        let expected = [
            0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert_eq!(frame, expected);
        unmasked(b"Hello", &mut frame);
        assert_eq!(frame, b"\x82\x05Hello");
    }
}
