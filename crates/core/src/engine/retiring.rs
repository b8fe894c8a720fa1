//! What was closed here, and is not yet where the selector has to be waited for first.

use super::completion::Kind;
use super::connection::Cause;
use super::id::Id;
use super::machine::Machine;
use super::reader::Buffer;

/// The record of something that is closed after so many more waits.
#[derive(Debug)]
pub(super) struct Retiring {
    waits: u64,
    kind: Kind,
    id: Id,
    code: u32,
    syscall: u32,
    acked: u32,
}

impl<B: Buffer> Machine<B> {
    /// Tells that something is closed, when it is.
    pub(super) fn retire(&mut self, waits: u64, kind: Kind, id: Id, cause: Cause, acked: u32) {
        let (code, syscall) = (cause.code as u32, cause.syscall as u32);
        if waits == 0 {
            return self.context.emit(kind, id, code, syscall, acked);
        }
        self.retiring.push(Retiring {
            waits,
            kind,
            id,
            code,
            syscall,
            acked,
        });
    }

    /// The selector was waited for.
    pub(super) fn note_wait(&mut self) {
        let context = &mut self.context;
        self.retiring.retain_mut(|closed| {
            closed.waits -= 1;
            if closed.waits == 0 {
                let Retiring {
                    kind,
                    id,
                    code,
                    syscall,
                    acked,
                    ..
                } = *closed;
                context.emit(kind, id, code, syscall, acked);
            }
            closed.waits > 0
        });
    }
}
