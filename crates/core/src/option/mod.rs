//! Socket options: by name, from a table (`table`), or by level and number; what TCP knows of a
//! connection (`tcp_info`); and the one that is not the same everywhere (`reuse_port`).

pub(crate) mod reuse_port;
mod table;
mod tcp_info;

pub use socket2::SockRef;

pub use self::table::NONE;
use self::table::{Access, Row};
pub use self::tcp_info::{TCP_INFO_FIELDS, tcp_info};
use crate::error::{Misuse, Result};
use crate::io::Io;
use crate::raw;

/// Bytes of the largest value of [`by_number`] and [`set_by_number`].
pub const MAX_VALUE: usize = raw::MAX_VALUE;

/// As [`number`], of a source.
pub fn get(io: &Io, name: &str) -> Result<u64> {
    number(&io.socket()?, name)
}

/// As [`set_number`], of a source.
pub fn set(io: &Io, name: &str, value: impl Into<u64>) -> Result<()> {
    set_number(&io.socket()?, name, value.into())
}

/// The value of the option with this name, which is a number: yes is 1, no is 0, and nothing at all
/// is [`NONE`].
///
/// Errors: [`Misuse::Unsupported`] for one that this system does not have; the system's for one that
/// this kind of socket does not have (ENOPROTOOPT, EOPNOTSUPP).
pub fn number(socket: &SockRef<'_>, name: &str) -> Result<u64> {
    match table::row(name)?.access {
        Access::Number { get, .. } => get(socket),
        Access::Text { .. } => Err(Misuse::Argument.into()),
    }
}

/// Sets the option with this name to a number.
///
/// Errors: as [`number`]; [`Misuse::Range`]; EINVAL and others for a value that the system refuses.
pub fn set_number(socket: &SockRef<'_>, name: &str, value: u64) -> Result<()> {
    let row = table::row(name)?;
    row.check(value)?;
    row.set_number(socket, value)
}

/// The value of the option with this name, which is a text.
///
/// Errors: as [`number`].
pub fn text(socket: &SockRef<'_>, name: &str) -> Result<Vec<u8>> {
    match table::row(name)?.access {
        Access::Text { get, .. } => Ok(get(socket)?),
        Access::Number { .. } => Err(Misuse::Argument.into()),
    }
}

/// Sets the option with this name to a text.
///
/// Errors: as [`number`]; [`Misuse::Range`] for one that the system would cut; ENOENT, ENODEV and
/// others for one that it does not know.
pub fn set_text(socket: &SockRef<'_>, name: &str, value: &str) -> Result<()> {
    let row = table::row(name)?;
    row.check_text(value)?;
    row.set_text(socket, value)
}

/// Reads an option by its numbers into `value`: how many bytes it has.
///
/// Errors: [`Misuse::OptionUnsafe`] for one that could touch other memory; the system's.
pub fn by_number(socket: &SockRef<'_>, level: i32, name: i32, value: &mut [u8]) -> Result<usize> {
    raw::get_option(socket, level, name, value)
}

/// Sets an option by its numbers.
///
/// Errors: as [`by_number`].
pub fn set_by_number(socket: &SockRef<'_>, level: i32, name: i32, value: &[u8]) -> Result<()> {
    raw::set_option(socket, level, name, value)
}

/// Options to be set on a socket that does not exist yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(Vec<(&'static Row, Value)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(u64),
    Text(String),
}

impl Settings {
    /// Reads pairs of name and value, each text with a NUL behind it.
    ///
    /// Errors: [`Misuse::Argument`] for what are no pairs; as [`set_number`] and [`set_text`] before
    /// they ask the system.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| Misuse::Argument)?;
        let mut settings = Vec::new();
        let mut parts = text.split_terminator('\0');
        while let Some(name) = parts.next() {
            let value = parts.next().ok_or(Misuse::Argument)?;
            let row = table::row(name)?;
            let value = match row.access {
                Access::Number { .. } => {
                    let number = value.parse().map_err(|_| Misuse::Range)?;
                    row.check(number)?;
                    Value::Number(number)
                }
                Access::Text { .. } => {
                    row.check_text(value)?;
                    Value::Text(value.to_owned())
                }
            };
            settings.push((row, value));
        }
        Ok(Self(settings))
    }

    /// Whether there is nothing to set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets them, in their order, up to the first that fails.
    pub fn apply(&self, socket: &SockRef<'_>) -> Result<()> {
        for (row, value) in &self.0 {
            match value {
                Value::Number(number) => row.set_number(socket, *number)?,
                Value::Text(text) => row.set_text(socket, text)?,
            }
        }
        Ok(())
    }
}
