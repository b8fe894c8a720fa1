//! A stream of work for a server: for how long, on how many connections, and what came of it.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::arguments::{Arguments, Seconds};
use crate::command::Failure;
use crate::driver::Driver;

/// What every workload is told; the usage line of each program begins with [`USAGE`].
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the server listens, as `HOST:PORT`.
    pub address: String,
    /// How many connections are open at a time.
    pub connections: usize,
    /// Bytes in one message.
    pub size: usize,
    duration: Duration,
    warmup: Duration,
    driver: Driver,
}

/// The options of [`Options::parse`], for usage lines.
pub const USAGE: &str =
    "HOST:PORT --connections N --size BYTES --seconds S [--warmup S] [--no-sync]";

impl Options {
    /// Takes the common options; the caller takes its own ones first.
    pub fn parse(mut arguments: Arguments) -> Result<Self, Failure> {
        let connections: NonZeroUsize = arguments.required_option("--connections")?;
        let size: NonZeroUsize = arguments.required_option("--size")?;
        let Seconds(duration) = arguments.required_option("--seconds")?;
        let Seconds(warmup) = arguments
            .option("--warmup")?
            .unwrap_or(Seconds(Duration::ZERO));
        let driver = Driver::from_arguments(&mut arguments);
        let address = arguments.positional("HOST:PORT")?;
        arguments.finish()?;
        Ok(Self {
            address,
            connections: connections.get(),
            size: size.get(),
            duration,
            warmup,
            driver,
        })
    }
}

/// What was done.
#[derive(Debug)]
pub struct Tally {
    /// Units of work, of which the driver wants to know the cost.
    pub units: u64,
    /// In nanoseconds; empty if the workload has nothing to time.
    latencies: Histogram<u64>,
}

impl Tally {
    fn new() -> Result<Self, Failure> {
        let latencies = Histogram::new(3).map_err(Failure::during("making the histogram"))?;
        Ok(Self {
            units: 0,
            latencies,
        })
    }

    /// Counts one unit that began at `start` and is complete now.
    pub fn complete(&mut self, start: Instant) {
        self.units += 1;
        self.time(start);
    }

    /// Notes the time since `start`, without counting a unit.
    pub fn time(&mut self, start: Instant) {
        self.latencies += u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    }

    fn figures(&self, elapsed: Duration) -> Vec<(&'static str, String)> {
        let seconds = elapsed.as_secs_f64();
        let micros = |nanos: u64| match self.latencies.is_empty() {
            true => "null".to_owned(),
            false => format!("{:.1}", nanos as f64 / 1e3),
        };
        let rate = self.units as f64 / seconds;
        vec![
            ("units", self.units.to_string()),
            ("seconds", format!("{seconds:.6}")),
            ("unitsPerSecond", format!("{rate:.1}")),
            ("p50Micros", micros(self.latencies.value_at_quantile(0.5))),
            ("p99Micros", micros(self.latencies.value_at_quantile(0.99))),
            ("maxMicros", micros(self.latencies.max())),
        ]
    }
}

/// Work that can go on for any time.
pub trait Workload {
    /// Works for `duration`, but does something even if that is none: a warm-up of no time still
    /// proves that the server serves all the connections. When this returns, the server owes
    /// nothing.
    fn run_for(&mut self, duration: Duration, tally: &mut Tally) -> Result<(), Failure>;

    /// Fails if the server has done what it was not asked to.
    fn check(&self) -> Result<(), Failure>;
}

/// Repeats `round` until `duration` has passed, but does it at least once.
pub fn repeat(
    duration: Duration,
    mut round: impl FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        round()?;
        if start.elapsed() >= duration {
            return Ok(());
        }
    }
}

/// Warms the server up with `workload`, then measures and reports.
pub fn measure(options: &Options, workload: &mut impl Workload) -> Result<(), Failure> {
    workload.run_for(options.warmup, &mut Tally::new()?)?;
    let mut tally = Tally::new()?;
    options.driver.start()?;
    let start = Instant::now();
    workload.run_for(options.duration, &mut tally)?;
    let elapsed = start.elapsed();
    workload.check()?;
    options.driver.finish(&tally.figures(elapsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Failure> {
        Options::parse(line.split_whitespace().collect())
    }

    #[test]
    fn parses_options() {
        let mut no_sync = Arguments::from_iter(["--no-sync"]);
        let expected = Options {
            address: "localhost:80".to_owned(),
            connections: 50,
            size: 64,
            duration: Duration::from_secs(3),
            warmup: Duration::from_millis(500),
            driver: Driver::from_arguments(&mut no_sync),
        };
        let line = "localhost:80 --connections 50 --size 64 --seconds 3 --warmup 0.5 --no-sync";
        assert_eq!(parse(line), Ok(expected));
    }

    #[test]
    fn refuses_no_connections_and_empty_messages() {
        assert!(parse("localhost:80 --connections 0 --size 64 --seconds 3").is_err());
        assert!(parse("localhost:80 --connections 1 --size 0 --seconds 3").is_err());
    }

    #[test]
    fn repeats_at_least_once_and_until_the_first_failure() {
        let mut rounds = 0;
        let mut round = || {
            rounds += 1;
            match rounds {
                3 => Err(Failure::Run("third".to_owned())),
                _ => Ok(()),
            }
        };
        assert_eq!(repeat(Duration::ZERO, &mut round), Ok(()));
        let failed = repeat(Duration::from_secs(60), &mut round);
        assert_eq!(failed, Err(Failure::Run("third".to_owned())));
    }

    #[test]
    fn figures_are_of_what_was_completed() {
        let mut tally = Tally::new().unwrap();
        let names_and = |tally: &Tally| command_line(&tally.figures(Duration::from_secs(2)));
        assert!(names_and(&tally).contains(r#""p50Micros":null"#));
        tally.complete(Instant::now());
        tally.complete(Instant::now());
        let line = names_and(&tally);
        assert!(line.contains(r#""units":2,"#), "{line}");
        assert!(line.contains(r#""unitsPerSecond":1.0,"#), "{line}");
        assert!(!line.contains("null"), "{line}");
    }

    fn command_line(figures: &[(&str, String)]) -> String {
        crate::command::json(figures)
    }
}
