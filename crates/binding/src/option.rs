//! The functions of socket options.
//!
//! Whose options is the first argument: the handle of a source, or five numbers that name a socket
//! or a server of an engine (see `src/option-target.ts`).

use mio_js_core::engine::Id;
use mio_js_core::option::{self, MAX_VALUE, SockRef};
use mio_js_core::{Handle, Misuse, Result};

use crate::ffi::Call;

const CONNECTION: u64 = 0;
const SERVER: u64 = 1;

/// `option(target, name)`: its value; yes is 1, no is 0, nothing is 2^32.
pub(crate) fn get(call: &mut Call<'_>) -> Result<i64> {
    let name = call.text(1)?;
    Ok(with_socket(call, |socket| option::number(socket, &name))? as i64)
}

/// `setOption(target, name, value)`.
pub(crate) fn set(call: &mut Call<'_>) -> Result<()> {
    let (name, value) = (call.text(1)?, call.u53(2)?);
    with_sockets(call, |socket| option::set_number(socket, &name, value))
}

/// `optionText(target, name, out)`: how many bytes the text has.
pub(crate) fn text(call: &mut Call<'_>) -> Result<usize> {
    let name = call.text(1)?;
    let text = with_socket(call, |socket| option::text(socket, &name))?;
    put(call, 2, &text)
}

/// `setOptionText(target, name, text)`.
pub(crate) fn set_text(call: &mut Call<'_>) -> Result<()> {
    let (name, text) = (call.text(1)?, call.text(2)?);
    with_sockets(call, |socket| option::set_text(socket, &name, &text))
}

/// `rawOption(target, level, name, out)`: how many bytes the value has.
pub(crate) fn raw(call: &mut Call<'_>) -> Result<usize> {
    let (level, name) = (int(call, 1)?, int(call, 2)?);
    // Not JavaScript's memory: what the system finds in it has to be zero.
    let mut value = vec![0; call.whole(3)?.len().min(MAX_VALUE)];
    let len = with_socket(call, |socket| {
        option::by_number(socket, level, name, &mut value)
    })?;
    put(call, 3, &value[..len])
}

/// `setRawOption(target, level, name, value)`.
pub(crate) fn set_raw(call: &mut Call<'_>) -> Result<()> {
    let (level, name) = (int(call, 1)?, int(call, 2)?);
    let value = call.whole(3)?;
    with_sockets(call, |socket| {
        option::set_by_number(socket, level, name, value)
    })
}

/// `tcpInfo(target, out)`: NaN for what this system does not tell.
pub(crate) fn tcp_info(call: &mut Call<'_>) -> Result<()> {
    let info = with_socket(call, option::tcp_info)?;
    call.put_floats(1, info.into_iter())
}

fn word(number: u64) -> Result<u32> {
    u32::try_from(number).map_err(|_| Misuse::Range.into())
}

fn int(call: &Call<'_>, index: usize) -> Result<i32> {
    Ok(call.integer(index, i32::MIN.into()..=i32::MAX.into())? as i32)
}

fn put(call: &mut Call<'_>, index: usize, bytes: &[u8]) -> Result<usize> {
    let out = call.bytes_mut(index)?;
    let room = out.get_mut(..bytes.len()).ok_or(Misuse::BytesRange)?;
    room.copy_from_slice(bytes);
    Ok(bytes.len())
}

/// Does something with the socket of the target; with the first one of a server.
fn with_socket<R>(
    call: &Call<'_>,
    mut operation: impl FnMut(&SockRef<'_>) -> Result<R>,
) -> Result<R> {
    let mut result = None;
    with_sockets_while(call, |socket| {
        result = Some(operation(socket));
        false
    })?;
    result.unwrap_or_else(|| Err(Misuse::ServerClosed.into()))
}

/// Does something with each socket of the target, up to the first failure. Only a server with
/// several threads has more than one.
fn with_sockets(
    call: &Call<'_>,
    mut operation: impl FnMut(&SockRef<'_>) -> Result<()>,
) -> Result<()> {
    let mut result = Ok(());
    with_sockets_while(call, |socket| {
        result = operation(socket);
        result.is_ok()
    })?;
    result
}

/// Calls `operation` with each socket of the target, at least one, as long as it wants more.
fn with_sockets_while(
    call: &Call<'_>,
    mut operation: impl FnMut(&SockRef<'_>) -> bool,
) -> Result<()> {
    if call.number(0).is_ok() {
        let source = call.handle(0)?;
        let mut mirror = call.state().mirror()?;
        operation(&mirror.source(source)?.io().socket()?);
        return Ok(());
    }
    let [engine, kind, place, index, generation] = call.integers(0)?;
    let mut engine = call.state().engine(Handle::from_bits(engine))?;
    let (place, id) = (
        word(place)?,
        Id {
            index: word(index)?,
            generation: word(generation)?,
        },
    );
    match kind {
        CONNECTION => engine.with_socket(place, id, |socket| {
            operation(socket);
            Ok(())
        }),
        SERVER => engine.with_listeners(place, operation),
        _ => Err(Misuse::Range.into()),
    }
}
