//! Opens connections to an echo server and does nothing with them, so that the driver can see what
//! they cost a server that has nothing to do.
//!
//! One connection that was used comes first, before `start`: what a server sets up only once is not
//! the cost of the others.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};
use mio_js_benchmark::connection::{self, Connection};
use mio_js_benchmark::driver::Driver;

const USAGE: &str = "idle HOST:PORT --connections N [--no-sync]";

fn main() -> ExitCode {
    command::run(USAGE, run)
}

fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let connections: NonZeroUsize = arguments.required_option("--connections")?;
    let driver = Driver::from_arguments(&mut arguments);
    let address = arguments.positional("HOST:PORT")?;
    arguments.finish()?;

    let addresses = connection::resolve(&address)?;
    let first = connection::open_echoing(1, &addresses)?;
    driver.start()?;
    let others = connection::open_echoing(connections.get(), &addresses)?;
    driver.finish(&[("units", others.len().to_string())])?;
    first
        .iter()
        .chain(&others)
        .try_for_each(Connection::check_idle)?;
    command::print_line("held")
}
