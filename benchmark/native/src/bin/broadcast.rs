//! Load generator: has a server send what one client says to all clients. Each round the first
//! connection sends a message, and every connection, that one too, must get it. A unit is a message
//! received; what is timed is the round.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};
use mio_js_benchmark::connection::{self, Connection};
use mio_js_benchmark::pattern::Pattern;
use mio_js_benchmark::workload::{self, Options, Tally, Workload};

fn main() -> ExitCode {
    command::run(&format!("broadcast {}", workload::USAGE), run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    let addresses = connection::resolve(&options.address)?;
    let mut audience = Audience {
        connections: Vec::new(),
        pattern: Pattern::new(options.size),
        message: vec![0; options.size],
        wave: 0,
    };
    audience.connections = connection::open_all(options.connections, &addresses, |connections| {
        let message = audience.pattern.message(0, connections.len());
        if let Some(last) = connections.last_mut() {
            last.send(message)?;
        }
        connections
            .iter_mut()
            .try_for_each(|connection| connection.receive(message, &mut audience.message))
    })?;
    workload::measure(&options, &mut audience)
}

struct Audience {
    connections: Vec<Connection>,
    pattern: Pattern,
    message: Vec<u8>,
    wave: usize,
}

impl Audience {
    fn hear(&mut self, tally: &mut Tally) -> Result<(), Failure> {
        let message = self.pattern.message(0, self.wave);
        let start = Instant::now();
        self.connections[0].send(message)?;
        for connection in &mut self.connections {
            connection.receive(message, &mut self.message)?;
            tally.units += 1;
        }
        tally.time(start);
        self.wave += 1;
        Ok(())
    }
}

impl Workload for Audience {
    fn run_for(&mut self, duration: Duration, tally: &mut Tally) -> Result<(), Failure> {
        workload::repeat(duration, || self.hear(tally))
    }

    fn check(&self) -> Result<(), Failure> {
        self.connections.iter().try_for_each(Connection::check_idle)
    }
}
