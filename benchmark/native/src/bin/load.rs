//! Load generator: sends messages to an echo server over many connections and times the replies.
//!
//! It must cost less than any server under test, or it would measure itself. So there is no epoll
//! and no parsing: one thread of blocking sockets goes in waves, writing a message to every
//! connection and then reading every reply.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};
use mio_js_benchmark::connection::{self, Connection};
use mio_js_benchmark::pattern::Pattern;
use mio_js_benchmark::workload::{self, Options, Tally, Workload};

/// The most bytes in flight on a connection; a larger message goes in several rounds.
///
/// This is what rules out deadlock: while this thread blocks in a write it reads no replies, so a
/// server keeps reading for sure only if the replies it owes fit in our receive buffer. The receive
/// window of a fresh connection is 64 KiB or so on the systems supported.
const ROUND: usize = 16 * 1024;

fn main() -> ExitCode {
    command::run(&format!("load {}", workload::USAGE), run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    workload::measure(&options, &mut Waves::connect(&options)?)
}

struct Waves {
    connections: Vec<Connection>,
    pattern: Pattern,
    reply: Vec<u8>,
    size: usize,
    wave: usize,
}

impl Waves {
    fn connect(options: &Options) -> Result<Self, Failure> {
        let addresses = connection::resolve(&options.address)?;
        Ok(Self {
            connections: connection::open_echoing(options.connections, &addresses)?,
            pattern: Pattern::new(options.size),
            reply: vec![0; options.size.min(ROUND)],
            size: options.size,
            wave: 0,
        })
    }

    fn send_wave(&mut self, tally: &mut Tally) -> Result<(), Failure> {
        for start in (0..self.size).step_by(ROUND) {
            let end = self.size.min(start + ROUND);
            for (index, connection) in self.connections.iter_mut().enumerate() {
                if start == 0 {
                    connection.started = Instant::now();
                }
                connection.send(&self.pattern.message(index, self.wave)[start..end])?;
            }
            for (index, connection) in self.connections.iter_mut().enumerate() {
                let part = &self.pattern.message(index, self.wave)[start..end];
                connection.receive(part, &mut self.reply)?;
                if end == self.size {
                    tally.complete(connection.started);
                }
            }
        }
        self.wave += 1;
        Ok(())
    }
}

impl Workload for Waves {
    fn run_for(&mut self, duration: Duration, tally: &mut Tally) -> Result<(), Failure> {
        workload::repeat(duration, || self.send_wave(tally))
    }

    fn check(&self) -> Result<(), Failure> {
        self.connections.iter().try_for_each(Connection::check_idle)
    }
}
