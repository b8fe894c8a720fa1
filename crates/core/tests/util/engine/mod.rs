//! The vocabulary of the engine's tests: a program with lanes and an event loop, what its lanes tell
//! it, checked record by record, and what it asks of them.
#![allow(dead_code, reason = "not every test file uses all of it")]

mod asking;
mod event;
mod ledger;
mod model;
mod peer;
mod place;
mod program;
mod station;
mod submission;

use std::time::Duration;

#[allow(unused_imports, reason = "not every test file uses all of it")]
pub(crate) use self::{
    asking::Options,
    event::{Address, Event, WELL},
    ledger::{Ledger, Story},
    model::{Step, run},
    peer::Peer,
    program::Program,
    submission::{Submission, op},
};
use mio_js_core::engine::{BUFFER, Buffer, Io};

/// Long for anything on loopback.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing must happen where nothing may.
pub(crate) const SILENCE: Duration = Duration::from_millis(50);

/// All places where a lane can run.
pub(crate) const EVERY_IO: [Io; 3] = [Io::Inline, Io::Thread, Io::Auto];

/// Memory that the program donates.
#[derive(Debug)]
pub(crate) struct Block {
    slot: u32,
    memory: Vec<u8>,
}

impl Block {
    pub(crate) fn new(slot: u32) -> Self {
        let memory = vec![0xdd; BUFFER];
        Self { slot, memory }
    }
}

impl AsMut<[u8]> for Block {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }
}

impl Buffer for Block {
    fn slot(&self) -> u32 {
        self.slot
    }
}

/// Bytes that differ from each other in every place and from another seed's.
pub(crate) fn pattern(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Asserts that two long runs of bytes are the same, without printing them.
#[track_caller]
pub(crate) fn same_bytes(found: &[u8], expected: &[u8]) {
    if found != expected {
        let common = found.iter().zip(expected).take_while(|(a, b)| a == b);
        let (common, found, expected) = (common.count(), found.len(), expected.len());
        panic!("{found} bytes, {expected} expected; they differ at {common}");
    }
}
