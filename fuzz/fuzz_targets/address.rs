//! The text of an address and its numbers, and the bytes of a path.
#![no_main]

#[path = "../../crates/core/tests/util/input.rs"]
mod input;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| input::address(data));
