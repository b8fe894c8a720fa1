//! The words and bytes of a submission, mostly malformed. What well-formed ones do: `engine`.
#![no_main]

#[path = "../../crates/core/tests/util/input.rs"]
mod input;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| input::submission(data));
