//! Any submissions and peers against the model of the engine's tests. Four bytes are a step.
#![no_main]

#[path = "../../crates/core/tests/util/engine/mod.rs"]
mod engine;

use engine::{Step, run};
use libfuzzer_sys::fuzz_target;
use mio_js_core::engine::Io;

fuzz_target!(|data: &[u8]| {
    let (steps, _) = data.as_chunks::<4>();
    run(Io::Inline, steps.iter().copied().map(Step));
});
