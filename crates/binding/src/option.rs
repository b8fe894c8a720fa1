//! The functions of socket options.

use mio_js_core::{Result, option};

use crate::ffi::Call;

/// `option(source, name)`: its value; yes is 1, no is 0.
pub(crate) fn get(call: &mut Call<'_>) -> Result<i64> {
    let (source, name) = (call.handle(0)?, call.text(1)?);
    let mut mirror = call.state().mirror()?;
    Ok(option::get(mirror.source(source)?.io(), &name)? as i64)
}

/// `setOption(source, name, value)`.
pub(crate) fn set(call: &mut Call<'_>) -> Result<()> {
    let (source, name, value) = (call.handle(0)?, call.text(1)?, call.u32(2)?);
    let mut mirror = call.state().mirror()?;
    option::set(mirror.source(source)?.io(), &name, value)
}
