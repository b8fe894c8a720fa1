//! What the fuzzer has found worth keeping is tried each time: `fuzz/seeds/`.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;
#[path = "util/input.rs"]
mod input;

use std::fs;
use std::path::Path;

use engine::{Step, run};
use mio_js_core::engine::Io;

/// Tries each input of a fuzz target.
fn each(target: &str, operation: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let files = fs::read_dir(folder.join(target)).expect("a corpus");
    let mut count = 0;
    for file in files {
        let path = file.expect("a file").path();
        println!("{}", path.display());
        operation(&fs::read(path).expect("an input"));
        count += 1;
    }
    assert!(count > 0, "the corpus of {target} is empty");
}

#[test]
fn addresses() {
    each("address", input::address);
}

#[test]
fn options() {
    each("option", input::option);
}

#[test]
fn submissions() {
    each("submission", input::submission);
}

#[test]
fn programs() {
    each("engine", |bytes| {
        let (steps, _) = bytes.as_chunks::<4>();
        for io in [Io::Inline, Io::Thread] {
            run(io, steps.iter().copied().map(Step));
        }
    });
}
