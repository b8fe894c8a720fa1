//! What tests of interleavings have in common: a bell, and the interleavings.
#![allow(dead_code, reason = "not every test file uses all of it")]

use loom::model::Builder;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};

/// What an eventfd is: a ring before the wait ends it as well.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
    rings: AtomicUsize,
}

impl Bell {
    pub(crate) fn ring(&self) {
        self.rings.fetch_add(1, Ordering::Relaxed);
        *self.rung.lock().expect("no panic") = true;
        self.changed.notify_one();
    }

    pub(crate) fn wait(&self) {
        let mut rung = self.rung.lock().expect("no panic");
        while !*rung {
            rung = self.changed.wait(rung).expect("no panic");
        }
        *rung = false;
    }

    pub(crate) fn rings(&self) -> usize {
        self.rings.load(Ordering::Relaxed)
    }
}

/// Tries the interleavings in which threads are interrupted at most so often, or all of them.
pub(crate) fn every_interleaving(
    interruptions: impl Into<Option<usize>>,
    scenario: impl Fn() + Send + Sync + 'static,
) {
    let mut builder = Builder::new();
    builder.preemption_bound = interruptions.into();
    builder.check(scenario);
}
