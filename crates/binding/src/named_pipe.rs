//! The functions of named pipes, which only Windows has. Elsewhere they say so.

#[cfg(windows)]
mod there {
    use mio_js_core::{Io, Result, named_pipe};

    use crate::ffi::Call;
    use crate::source::adopt;

    /// `namedPipeCreate(name)`: the handle of a server's end.
    pub(crate) fn create(call: &mut Call<'_>) -> Result<i64> {
        let io = named_pipe::create(&call.text(0)?)?;
        store(call, io)
    }

    /// `namedPipeOpen(name)`: the handle of a client's end.
    pub(crate) fn open(call: &mut Call<'_>) -> Result<i64> {
        let io = named_pipe::open(&call.text(0)?)?;
        store(call, io)
    }

    fn store(call: &mut Call<'_>, io: Io) -> Result<i64> {
        let source = call.state().mirror()?.open_source(io)?;
        Ok(source.bits() as i64)
    }

    /// `namedPipeFromRaw(handle)`: a handle of ours.
    pub(crate) fn from_raw(call: &mut Call<'_>) -> Result<i64> {
        adopt(call, Io::adopt_named_pipe)
    }

    /// `namedPipeConnect(pipe)`: would-block until a client is there.
    pub(crate) fn connect(call: &mut Call<'_>) -> Result<()> {
        let source = call.handle(0)?;
        named_pipe::connect(call.state().mirror()?.source(source)?.io())
    }

    /// `namedPipeDisconnect(pipe)`.
    pub(crate) fn disconnect(call: &mut Call<'_>) -> Result<()> {
        let source = call.handle(0)?;
        named_pipe::disconnect(call.state().mirror()?.source(source)?.io())
    }
}

#[cfg(not(windows))]
mod there {
    use mio_js_core::{Misuse, Result};

    use crate::ffi::Call;

    pub(crate) fn missing(_: &mut Call<'_>) -> Result<i64> {
        Err(Misuse::Unsupported.into())
    }

    pub(crate) use self::{
        missing as connect, missing as create, missing as disconnect, missing as from_raw,
        missing as open,
    };
}

pub(crate) use there::{connect, create, disconnect, from_raw, open};
