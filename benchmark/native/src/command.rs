//! How a benchmark program starts, reports and fails, so that the driver can rely on one protocol:
//! results on standard output, reasons on standard error, exit code 1 for a failed run and 2 for
//! wrong arguments.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::arguments::Arguments;

/// Why a program ends without a result.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The arguments are wrong; the usage line is shown with the reason.
    Usage(String),
    /// The run itself went wrong, so its figures would be worthless.
    Run(String),
}

impl Failure {
    /// Returns a converter for `map_err` that says what was being done when `error` arose.
    pub fn during<E: Display>(action: &str) -> impl FnOnce(E) -> Self {
        move |error| Self::Run(format!("{action}: {error}"))
    }
}

/// Runs `program` on the arguments of this process and turns its outcome into an exit code.
pub fn run(usage: &str, program: impl FnOnce(Arguments) -> Result<(), Failure>) -> ExitCode {
    match Arguments::from_environment().and_then(program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Run(reason)) => {
            eprintln!("error: {reason}");
            ExitCode::from(1)
        }
        Err(Failure::Usage(reason)) => {
            eprintln!("error: {reason}\nusage: {usage}");
            ExitCode::from(2)
        }
    }
}

/// Prints `line` and flushes it, because the driver acts on each line as it arrives.
pub fn print_line(line: impl Display) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .map_err(Failure::during("writing to standard output"))
}

/// Writes `figures`, each a name and a number, as a JSON object on one line. Names and numbers come
/// from the programs themselves, so nothing needs escaping.
pub fn json(figures: &[(&str, String)]) -> String {
    let members: Vec<_> = figures
        .iter()
        .map(|(name, number)| format!("\"{name}\":{number}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_an_object_of_numbers() {
        let figures = [("read 64 B", "1.5".to_owned()), ("size", "64".to_owned())];
        assert_eq!(json(&figures), r#"{"read 64 B":1.5,"size":64}"#);
    }
}
