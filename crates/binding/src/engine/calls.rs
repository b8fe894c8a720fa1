//! The functions of an engine.

use mio_js_core::engine::{Command, Id, Io, Limits, Stream, Unconnected};
use mio_js_core::option::Settings;
use mio_js_core::{Misuse, RawDescriptor, Result, lent};

use super::bell::Kind;
use super::numbers::Numbers;
use super::{Engine, MAX_LANES, deliver};
use crate::ffi::Call;
use crate::source::descriptor;

/// `engineOpen(io, wake, threads, limits, records, data, dispatch)`: a handle.
pub(crate) fn open(call: &mut Call<'_>) -> Result<i64> {
    let io = match call.u32(0)? {
        0 => Io::Inline,
        1 => Io::Thread,
        2 => Io::Auto,
        _ => return Err(Misuse::Range.into()),
    };
    let kind = match call.u32(1)? {
        #[cfg(unix)]
        0 => Kind::Uv,
        #[cfg(not(unix))]
        0 => return Err(Misuse::Unsupported.into()),
        1 => Kind::Portable,
        _ => Kind::Turns,
    };
    let lanes = call.integer(2, 1.0..=MAX_LANES as f64)? as usize;
    let [max_pending] = call.floats(3)?;
    let limits = Limits {
        // The largest number for infinity.
        max_pending: max_pending as u64,
    };
    Ok(Engine::open(call, io, kind, lanes, limits)?.bits() as i64)
}

/// `engineTurn(engine)`: goes on with a batch, where nothing else comes between two entries.
pub(crate) fn turn(call: &mut Call<'_>) -> Result<()> {
    let engine = call.handle(0)?;
    deliver::turned(call.state(), engine);
    Ok(())
}

/// `engineClose(engine)`: ends and joins everything. Nothing is delivered afterwards.
pub(crate) fn close(call: &mut Call<'_>) -> Result<()> {
    let engine = call.handle(0)?;
    match call.state().remove_engine(engine)? {
        Some(engine) => {
            drop(engine);
            Ok(())
        }
        None => Err(Misuse::EngineClosed.into()),
    }
}

/// `engineConnect(engine, lane, text, localText, numbers, options)`.
pub(crate) fn connect(call: &mut Call<'_>) -> Result<()> {
    let (engine, lane) = (call.handle(0)?, call.u32(1)?);
    let numbers = Numbers::of(call, 4)?;
    let (id, profile) = (numbers.id()?, numbers.profile());
    let target = numbers.target(&call.text(2)?)?;
    let local = numbers.local(&call.text(3)?)?;
    let options = Settings::parse(call.whole(5)?)?;
    let descriptor = numbers.descriptor()?;
    if let Some(descriptor) = descriptor
        && call.state().mirror()?.owns(descriptor)
    {
        return Err(Misuse::DescriptorOwned.into());
    }
    call.state().engine(engine)?.with_lane(lane, |lane| {
        // Last of all that can fail: until here a descriptor is the caller's.
        let socket = descriptor.map(Unconnected::adopt).transpose()?;
        lane.core().command(Command::Connect {
            id,
            socket,
            target,
            local,
            options,
            profile,
        });
        Ok(())
    })
}

/// `engineAdopt(engine, lane, descriptor, numbers)`.
pub(crate) fn adopt(call: &mut Call<'_>) -> Result<()> {
    let (engine, lane) = (call.handle(0)?, call.u32(1)?);
    let descriptor = descriptor(call, 2)?;
    let numbers = Numbers::of(call, 3)?;
    let (id, profile) = (numbers.id()?, numbers.profile());
    if call.state().mirror()?.owns(descriptor) {
        return Err(Misuse::DescriptorOwned.into());
    }
    call.state().engine(engine)?.with_lane(lane, |lane| {
        // Last of all that can fail: until here the descriptor is the caller's.
        let stream = Stream::adopt(descriptor)?;
        lane.core().command(Command::Adopt {
            id,
            stream,
            profile,
        });
        Ok(())
    })
}

/// `engineRaw(engine, lane, index, generation)`: the descriptor, which stays the engine's.
///
/// Errors: [`Misuse::SocketClosed`] if there is none; [`Misuse::Unsupported`] where descriptors are
/// no numbers of the program's.
pub(crate) fn raw(call: &mut Call<'_>) -> Result<i64> {
    let (engine, lane) = (call.handle(0)?, call.u32(1)?);
    let id = id_of(call, 2)?;
    let mut engine = call.state().engine(engine)?;
    let descriptor = engine.lane(lane)?.core().descriptor(id);
    descriptor_number(descriptor, Misuse::SocketClosed)
}

/// What JavaScript gets of a descriptor that may not be there.
pub(super) fn descriptor_number(descriptor: Option<RawDescriptor>, missing: Misuse) -> Result<i64> {
    if cfg!(windows) {
        return Err(Misuse::Unsupported.into());
    }
    Ok(descriptor.ok_or(missing)? as i64)
}

/// `descriptorKeep(descriptor)`: of one that a lane has given away, and that is closed if this
/// environment ends before it was taken.
pub(crate) fn descriptor_keep(call: &mut Call<'_>) -> Result<()> {
    call.state().keeper.take_over(descriptor(call, 0)?);
    Ok(())
}

/// `descriptorTaken(descriptor)`: somebody owns it from here on.
pub(crate) fn descriptor_taken(call: &mut Call<'_>) -> Result<()> {
    lent::taken(descriptor(call, 0)?);
    Ok(())
}

fn id_of(call: &Call<'_>, at: usize) -> Result<Id> {
    Ok(Id {
        index: call.u32(at)?,
        generation: call.u32(at + 1)?,
    })
}

/// `engineSubmit(engine, lane, words, wordCount, data, dataLength)`.
#[inline]
pub(crate) fn submit(call: &mut Call<'_>) -> Result<()> {
    let (engine, lane) = (call.handle(0)?, call.u32(1)?);
    let (words, bytes) = (call.u32(3)? as usize, call.u32(5)? as usize);
    let (words, bytes) = (call.words(2, words)?, call.prefix(4, bytes)?);
    call.state()
        .engine(engine)?
        .with_lane(lane, |lane| lane.core().submit(words, bytes))
}

/// `engineWrite(engine, lane, index, generation, bytes)`.
pub(crate) fn write(call: &mut Call<'_>) -> Result<()> {
    let (engine, lane) = (call.handle(0)?, call.u32(1)?);
    let id = id_of(call, 2)?;
    let bytes = call.bytes(4)?;
    call.state()
        .engine(engine)?
        .with_lane(lane, |lane| lane.core().write(id, bytes))
}

/// `engineDonate(engine, lane, slot, buffer)`.
pub(crate) fn donate(call: &mut Call<'_>) -> Result<()> {
    let (engine, lane, slot) = (call.handle(0)?, call.u32(1)?, call.u32(2)?);
    let (donated, reference) = call.donated(3, slot)?;
    call.state().engine(engine)?.with_lane(lane, |lane| {
        lane.keep(&donated, reference)?;
        lane.core().command(Command::Donate(donated));
        Ok(())
    })
}

/// `engineWake(engine, lane)`: makes an inline lane turn soon.
pub(crate) fn wake(call: &mut Call<'_>) -> Result<()> {
    let (engine, lane) = (call.handle(0)?, call.u32(1)?);
    call.state().engine(engine)?.lane(lane)?.wake();
    Ok(())
}

/// `engineKeepAlive(engine, 0 or 1)`: whether the event loop stays alive.
pub(crate) fn keep_alive(call: &mut Call<'_>) -> Result<()> {
    let (engine, alive) = (call.handle(0)?, call.u32(1)? != 0);
    for lane in &call.state().engine(engine)?.lanes {
        lane.bell().keep_alive(alive);
    }
    Ok(())
}

/// `engineStats(engine, out)`: the counters of all lanes, added up.
pub(crate) fn stats(call: &mut Call<'_>) -> Result<()> {
    let engine = call.handle(0)?;
    let mut sums: Vec<u64> = Vec::new();
    for lane in &mut call.state().engine(engine)?.lanes {
        let values: Vec<u64> = lane.core().counters().values().collect();
        sums.resize(values.len(), 0);
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum = sum.wrapping_add(value);
        }
    }
    call.put_floats(1, sums.into_iter().map(|sum| sum as f64))
}

/// `engineMode(engine, lane)`: 0 inline, 1 on its thread.
pub(crate) fn mode(call: &mut Call<'_>) -> Result<bool> {
    let (engine, lane) = (call.handle(0)?, call.u32(1)?);
    let is_inline = call.state().engine(engine)?.lane(lane)?.core().is_inline();
    Ok(!is_inline)
}
