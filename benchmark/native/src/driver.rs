//! The conversation with the driver, which needs the CPU time that the server spent on what is
//! measured and on nothing else.
//!
//! A program prints `start` when all is prepared, waits for a line, works, prints its figures as one
//! line of JSON, and waits for a line or the end of input before it closes its connections.

use std::io;

use crate::arguments::Arguments;
use crate::command::{self, Failure};

/// The other end of standard input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driver {
    waits: bool,
}

impl Driver {
    /// Takes the flag `--no-sync`, with which a program waits for no lines.
    pub fn from_arguments(arguments: &mut Arguments) -> Self {
        Self {
            waits: !arguments.flag("--no-sync"),
        }
    }

    /// Says that what is measured can start, and waits until it may.
    pub fn start(self) -> Result<(), Failure> {
        command::print_line("start")?;
        if !self.waits || read_line()? {
            return Ok(());
        }
        Err(Failure::Run(
            "standard input ended before the line to start on".to_owned(),
        ))
    }

    /// Reports `figures`, and waits until the driver has seen enough.
    pub fn finish(self, figures: &[(&str, String)]) -> Result<(), Failure> {
        command::print_line(command::json(figures))?;
        if self.waits {
            read_line()?;
        }
        Ok(())
    }
}

/// Waits for a line; false if the input ended instead.
fn read_line() -> Result<bool, Failure> {
    let length = io::stdin().read_line(&mut String::new());
    Ok(length.map_err(Failure::during("reading standard input"))? > 0)
}
