//! A strict parser of command lines: a benchmark that ignores a misspelt option reports figures of
//! something else than what was asked for.

use std::env;
use std::fmt::Display;
use std::num::ParseFloatError;
use std::str::FromStr;
use std::time::{Duration, TryFromFloatSecsError};

use crate::command::Failure;

/// The arguments nobody has asked for yet; take the options first, then the positional ones, and
/// call [`Arguments::finish`] last.
#[derive(Debug)]
pub struct Arguments {
    remaining: Vec<String>,
}

impl Arguments {
    /// Takes the arguments of this process, without the program's name.
    pub fn from_environment() -> Result<Self, Failure> {
        let remaining = env::args_os().skip(1).map(|argument| {
            argument.into_string().map_err(|argument| {
                Failure::Usage(format!("the argument {argument:?} is not valid Unicode"))
            })
        });
        Ok(Self {
            remaining: remaining.collect::<Result<_, _>>()?,
        })
    }

    /// Takes the flag `name` and tells whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let position = self.position(name);
        position
            .inspect(|&index| drop(self.remaining.remove(index)))
            .is_some()
    }

    /// Takes the option `name` with its value, if it is there.
    pub fn option<T>(&mut self, name: &str) -> Result<Option<T>, Failure>
    where
        T: FromStr<Err: Display>,
    {
        let Some(index) = self.position(name) else {
            return Ok(None);
        };
        self.remaining.remove(index);
        if self
            .remaining
            .get(index)
            .is_none_or(|value| is_option(value))
        {
            return Err(Failure::Usage(format!("{name} needs a value")));
        }
        let value = self.remaining.remove(index);
        let parsed = value.parse();
        parsed
            .map(Some)
            .map_err(|error| Failure::Usage(format!("{name} {value}: {error}")))
    }

    /// Takes the option `name` with its value, which must be there.
    pub fn required_option<T>(&mut self, name: &str) -> Result<T, Failure>
    where
        T: FromStr<Err: Display>,
    {
        self.option(name)?
            .ok_or_else(|| Failure::Usage(format!("{name} is missing")))
    }

    /// Takes the first argument, which the usage line calls `name`.
    pub fn positional(&mut self, name: &str) -> Result<String, Failure> {
        match self.remaining.first() {
            Some(argument) if !is_option(argument) => Ok(self.remaining.remove(0)),
            _ => Err(Failure::Usage(format!("{name} is missing"))),
        }
    }

    /// Fails if an argument is left that nobody asked for: an unknown or a repeated one.
    pub fn finish(self) -> Result<(), Failure> {
        match self.remaining.first() {
            Some(argument) => Err(Failure::Usage(format!("unexpected argument {argument}"))),
            None => Ok(()),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.remaining.iter().position(|argument| argument == name)
    }
}

impl<T: Into<String>> FromIterator<T> for Arguments {
    fn from_iter<I: IntoIterator<Item = T>>(arguments: I) -> Self {
        Self {
            remaining: arguments.into_iter().map(Into::into).collect(),
        }
    }
}

fn is_option(argument: &str) -> bool {
    argument.starts_with("--")
}

/// A length of time, written on the command line as a number of seconds such as `2` or `0.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds: f64 = text
            .parse()
            .map_err(|error: ParseFloatError| error.to_string())?;
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|error: TryFromFloatSecsError| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        line.split_whitespace().collect()
    }

    fn usage<T>(reason: &str) -> Result<T, Failure> {
        Err(Failure::Usage(reason.to_owned()))
    }

    #[test]
    fn takes_arguments_in_any_order_of_options() {
        let mut given = arguments("--size 64 here --quiet --seconds 0.5");
        assert_eq!(
            given.option("--seconds"),
            Ok(Some(Seconds(Duration::from_millis(500))))
        );
        assert_eq!(given.required_option("--size"), Ok(64_usize));
        assert_eq!(given.option::<usize>("--connections"), Ok(None));
        assert!(given.flag("--quiet"));
        assert!(!given.flag("--quiet"));
        assert_eq!(given.positional("PLACE"), Ok("here".to_owned()));
        assert_eq!(given.finish(), Ok(()));
    }

    #[test]
    fn refuses_missing_arguments() {
        assert_eq!(
            arguments("").required_option::<usize>("--size"),
            usage("--size is missing")
        );
        assert_eq!(
            arguments("--size").option::<usize>("--size"),
            usage("--size needs a value")
        );
        assert_eq!(
            arguments("--size --quiet").option::<usize>("--size"),
            usage("--size needs a value")
        );
        assert_eq!(arguments("").positional("PLACE"), usage("PLACE is missing"));
        assert_eq!(
            arguments("--quiet").positional("PLACE"),
            usage("PLACE is missing")
        );
    }

    #[test]
    fn refuses_unknown_and_repeated_arguments() {
        assert_eq!(
            arguments("--sise 64").finish(),
            usage("unexpected argument --sise")
        );
        let mut repeated = arguments("--size 64 --size 65");
        assert_eq!(repeated.option("--size"), Ok(Some(64_usize)));
        assert_eq!(repeated.finish(), usage("unexpected argument --size"));
    }

    #[test]
    fn refuses_values_that_do_not_parse() {
        assert_eq!(
            arguments("--size 6x").option::<usize>("--size"),
            usage("--size 6x: invalid digit found in string")
        );
        for value in ["", "-1", "inf", "NaN", "1e30", "soon"] {
            assert!(value.parse::<Seconds>().is_err(), "{value}");
        }
    }
}
