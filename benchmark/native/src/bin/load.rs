//! Load generator: sends messages to an echo server over many connections and times the replies.
//!
//! It must cost less than any server under test, or it would measure itself. So there is no epoll
//! and no parsing: one thread of blocking sockets goes in waves, writing a message to every
//! connection and then reading every reply.
//!
//! The driver needs the CPU time that the server spent on the measured waves only. So the program
//! prints `start` after the warm-up, waits for a line, measures, prints its figures as one line of
//! JSON, and waits for a line or the end of input before it closes the connections.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio_js_benchmark::arguments::{Arguments, Seconds};
use mio_js_benchmark::command::{self, Failure};
use mio_js_benchmark::connection::Connection;
use mio_js_benchmark::pattern::Pattern;

const USAGE: &str =
    "load HOST:PORT --connections N --size BYTES --seconds S [--warmup S] [--no-sync]";

/// The most bytes in flight on a connection; a larger message goes in several rounds.
///
/// This is what rules out deadlock: while this thread blocks in a write it reads no replies, so a
/// server keeps reading for sure only if the replies it owes fit in our receive buffer. The receive
/// window of a fresh connection is 64 KiB or so on the systems supported.
const ROUND: usize = 16 * 1024;

fn main() -> ExitCode {
    command::run(USAGE, |arguments| run(&Options::parse(arguments)?))
}

fn run(options: &Options) -> Result<(), Failure> {
    let mut load = Load::connect(options)?;
    load.run_for(options.warmup)?;
    load.latencies.reset();

    command::print_line("start")?;
    if options.sync && !read_line()? {
        return Err(Failure::Run(
            "standard input ended before the line to start on".to_owned(),
        ));
    }
    let elapsed = load.run_for(options.duration)?;
    load.connections
        .iter()
        .try_for_each(Connection::check_idle)?;

    command::print_line(load.report(elapsed))?;
    if options.sync {
        read_line()?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    address: String,
    connections: usize,
    size: usize,
    duration: Duration,
    warmup: Duration,
    sync: bool,
}

impl Options {
    fn parse(mut arguments: Arguments) -> Result<Self, Failure> {
        let connections: NonZeroUsize = arguments.required_option("--connections")?;
        let size: NonZeroUsize = arguments.required_option("--size")?;
        let Seconds(duration) = arguments.required_option("--seconds")?;
        let Seconds(warmup) = arguments
            .option("--warmup")?
            .unwrap_or(Seconds(Duration::ZERO));
        let sync = !arguments.flag("--no-sync");
        let address = arguments.positional("HOST:PORT")?;
        arguments.finish()?;
        let (connections, size) = (connections.get(), size.get());
        Ok(Self {
            address,
            connections,
            size,
            duration,
            warmup,
            sync,
        })
    }
}

struct Load {
    connections: Vec<Connection>,
    /// In nanoseconds, from the start of a message's write to the end of its reply.
    latencies: Histogram<u64>,
    pattern: Pattern,
    reply: Vec<u8>,
    size: usize,
    wave: usize,
}

impl Load {
    fn connect(options: &Options) -> Result<Self, Failure> {
        let resolved = options.address.to_socket_addrs();
        let addresses: Vec<SocketAddr> = resolved
            .map_err(Failure::during(&format!("resolving {}", options.address)))?
            .collect();
        let connections = (0..options.connections).map(|index| Connection::open(index, &addresses));
        Ok(Self {
            connections: connections.collect::<Result<_, _>>()?,
            latencies: Histogram::new(3).map_err(Failure::during("making the histogram"))?,
            pattern: Pattern::new(options.size),
            reply: vec![0; options.size.min(ROUND)],
            size: options.size,
            wave: 0,
        })
    }

    /// Sends waves until `duration` has passed, but at least one: even a warm-up of no time proves
    /// that the server serves all the connections before the driver reads its counters.
    fn run_for(&mut self, duration: Duration) -> Result<Duration, Failure> {
        let start = Instant::now();
        loop {
            self.send_wave()?;
            let elapsed = start.elapsed();
            if elapsed >= duration {
                return Ok(elapsed);
            }
        }
    }

    fn send_wave(&mut self) -> Result<(), Failure> {
        for start in (0..self.size).step_by(ROUND) {
            let end = self.size.min(start + ROUND);
            for (index, connection) in self.connections.iter_mut().enumerate() {
                if start == 0 {
                    connection.written = Instant::now();
                }
                connection.send(&self.pattern.message(index, self.wave)[start..end])?;
            }
            for (index, connection) in self.connections.iter_mut().enumerate() {
                let part = &self.pattern.message(index, self.wave)[start..end];
                connection.receive(part, &mut self.reply)?;
                if end == self.size {
                    let nanos = connection.written.elapsed().as_nanos();
                    self.latencies += u64::try_from(nanos).unwrap_or(u64::MAX);
                }
            }
        }
        self.wave += 1;
        Ok(())
    }

    fn report(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64();
        let messages = self.latencies.len();
        let micros = |nanos: u64| nanos as f64 / 1e3;
        let figures = [
            ("messages", messages.to_string()),
            ("seconds", format!("{seconds:.6}")),
            ("connections", self.connections.len().to_string()),
            ("size", self.size.to_string()),
            (
                "messagesPerSecond",
                format!("{:.1}", messages as f64 / seconds),
            ),
            (
                "p50Micros",
                format!("{:.1}", micros(self.latencies.value_at_quantile(0.5))),
            ),
            (
                "p99Micros",
                format!("{:.1}", micros(self.latencies.value_at_quantile(0.99))),
            ),
            ("maxMicros", format!("{:.1}", micros(self.latencies.max()))),
        ];
        command::json(&figures)
    }
}

/// Waits for a line from the driver; false if the input ended instead.
fn read_line() -> Result<bool, Failure> {
    let length = io::stdin().read_line(&mut String::new());
    Ok(length.map_err(Failure::during("reading standard input"))? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Failure> {
        Options::parse(line.split_whitespace().collect())
    }

    #[test]
    fn parses_options() {
        let expected = Options {
            address: "localhost:80".to_owned(),
            connections: 50,
            size: 64,
            duration: Duration::from_secs(3),
            warmup: Duration::from_millis(500),
            sync: false,
        };
        let line = "localhost:80 --connections 50 --size 64 --seconds 3 --warmup 0.5 --no-sync";
        assert_eq!(parse(line), Ok(expected));
    }

    #[test]
    fn refuses_no_connections_and_empty_messages() {
        assert!(parse("localhost:80 --connections 0 --size 64 --seconds 3").is_err());
        assert!(parse("localhost:80 --connections 1 --size 0 --seconds 3").is_err());
    }
}
