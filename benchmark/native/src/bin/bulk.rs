//! Load generator: streams to an echo server as fast as it takes it, over a few connections, and
//! reads what comes back at the same time. A unit is a byte that has come back.

use std::iter;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};
use mio_js_benchmark::connection::{self, Connection};
use mio_js_benchmark::pattern::Pattern;
use mio_js_benchmark::workload::{self, Options, Tally, Workload};

fn main() -> ExitCode {
    command::run(&format!("bulk {}", workload::USAGE), run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    let addresses = connection::resolve(&options.address)?;
    let streams = connection::open_echoing(options.connections, &addresses)?
        .into_iter()
        .map(|writer| {
            Ok(Stream {
                reader: writer.duplicate()?,
                writer,
                wave: 0,
            })
        });
    let mut bulk = Bulk {
        streams: streams.collect::<Result<_, _>>()?,
        pattern: Pattern::new(options.size),
        size: options.size,
    };
    workload::measure(&options, &mut bulk)
}

struct Bulk {
    streams: Vec<Stream>,
    pattern: Pattern,
    size: usize,
}

/// One connection, as its two directions.
struct Stream {
    writer: Connection,
    reader: Connection,
    /// The number of the next message.
    wave: usize,
}

impl Stream {
    /// Echoes messages until `deadline` and returns how many.
    fn run_until(
        &mut self,
        deadline: Instant,
        index: usize,
        pattern: &Pattern,
        size: usize,
    ) -> Result<u64, Failure> {
        let Self {
            writer,
            reader,
            wave,
        } = self;
        let (sent, sending) = mpsc::channel();
        let reading = || {
            let mut reply = vec![0; size];
            let mut messages = 0;
            for wave in sending {
                reader.receive(pattern.message(index, wave), &mut reply)?;
                messages += 1;
            }
            Ok(messages)
        };
        thread::scope(|scope| {
            let reading = scope.spawn(reading);
            let waves =
                iter::once(()).chain(iter::from_fn(|| (Instant::now() < deadline).then_some(())));
            let mut written = Ok(());
            for () in waves {
                // The other side has failed and says why.
                if sent.send(*wave).is_err() {
                    break;
                }
                written = writer.send(pattern.message(index, *wave));
                *wave += 1;
                if written.is_err() {
                    break;
                }
            }
            drop(sent);
            let messages = reading.join().expect("a reader does not panic");
            written.and(messages)
        })
    }
}

impl Workload for Bulk {
    fn run_for(&mut self, duration: Duration, tally: &mut Tally) -> Result<(), Failure> {
        let deadline = Instant::now() + duration;
        let (pattern, size) = (&self.pattern, self.size);
        thread::scope(|scope| {
            let running: Vec<_> = self
                .streams
                .iter_mut()
                .enumerate()
                .map(|(index, stream)| {
                    scope.spawn(move || stream.run_until(deadline, index, pattern, size))
                })
                .collect();
            for stream in running {
                let messages = stream.join().expect("a writer does not panic")?;
                tally.units += messages * size as u64;
            }
            Ok(())
        })
    }

    fn check(&self) -> Result<(), Failure> {
        self.streams
            .iter()
            .try_for_each(|stream| stream.reader.check_idle())
    }
}
