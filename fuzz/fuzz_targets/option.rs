//! Options by name, as a program lists them, and one by its numbers.
#![no_main]

#[path = "../../crates/core/tests/util/input.rs"]
mod input;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| input::option(data));
