//! The buffers that JavaScript has donated to one lane.

use mio_js_core::engine::Buffer;
use mio_js_core::{Misuse, Result};

use crate::ffi::{Donated, Reference};

/// How many may be there at once.
const SLOTS: usize = 64;

/// What keeps the memory of each buffer alive until it comes back, by slot.
#[derive(Debug)]
pub(super) struct Donations([Option<Donation>; SLOTS]);

#[derive(Debug)]
struct Donation {
    address: usize,
    _reference: Reference,
}

impl Default for Donations {
    fn default() -> Self {
        Self([const { None }; SLOTS])
    }
}

impl Donations {
    /// Errors: [`Misuse::Range`] for a slot that is taken or impossible, or a buffer that is here
    /// already, whose memory two reads would share.
    pub(super) fn keep(&mut self, donated: &Donated, reference: Reference) -> Result<()> {
        let address = donated.address();
        if self.0.iter().flatten().any(|kept| kept.address == address) {
            return Err(Misuse::Range.into());
        }
        match self.0.get_mut(donated.slot() as usize) {
            Some(slot @ None) => {
                *slot = Some(Donation {
                    address,
                    _reference: reference,
                });
                Ok(())
            }
            _ => Err(Misuse::Range.into()),
        }
    }

    /// The lane gives it back; JavaScript has a reference of its own.
    pub(super) fn give_back(&mut self, donated: &Donated) {
        if let Some(slot) = self.0.get_mut(donated.slot() as usize) {
            *slot = None;
        }
    }
}
