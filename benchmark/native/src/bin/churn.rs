//! Load generator: opens connections to an echo server, sends one message each way, and closes.
//!
//! It goes in waves, as `load` does: all connections are opened, then all messages sent, then all
//! replies read, so there are never more than `--connections` at a time. A unit is a connection.
//!
//! They end by a reset, which leaves no port in TIME_WAIT. With `--fin` they end as connections
//! ordinarily do, and the server's end is waited for; then ports can run out, though Linux uses them
//! again after a second on loopback.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};
use mio_js_benchmark::connection::{self, Connection};
use mio_js_benchmark::pattern::Pattern;
use mio_js_benchmark::workload::{self, Options, Tally, Workload};

fn main() -> ExitCode {
    command::run(&format!("churn {} [--fin]", workload::USAGE), run)
}

fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let fin = arguments.flag("--fin");
    let options = Options::parse(arguments)?;
    let mut churn = Churn {
        addresses: connection::resolve(&options.address)?,
        connections: options.connections,
        pattern: Pattern::new(options.size),
        reply: vec![0; options.size],
        wave: 0,
        fin,
    };
    workload::measure(&options, &mut churn)
}

struct Churn {
    addresses: Vec<SocketAddr>,
    connections: usize,
    pattern: Pattern,
    reply: Vec<u8>,
    wave: usize,
    fin: bool,
}

impl Churn {
    fn send_wave(&mut self, tally: &mut Tally) -> Result<(), Failure> {
        let mut connections = (0..self.connections)
            .map(|index| Connection::open(index, &self.addresses))
            .collect::<Result<Vec<_>, _>>()?;
        for (index, connection) in connections.iter_mut().enumerate() {
            connection.send(self.pattern.message(index, self.wave))?;
        }
        for (index, connection) in connections.iter_mut().enumerate() {
            connection.receive(self.pattern.message(index, self.wave), &mut self.reply)?;
            if self.fin {
                connection.finish()?;
            }
        }
        for mut connection in connections {
            if self.fin {
                connection.await_end()?;
            }
            tally.complete(connection.started);
        }
        self.wave += 1;
        Ok(())
    }
}

impl Workload for Churn {
    fn run_for(&mut self, duration: Duration, tally: &mut Tally) -> Result<(), Failure> {
        workload::repeat(duration, || self.send_wave(tally))
    }

    fn check(&self) -> Result<(), Failure> {
        Ok(())
    }
}
