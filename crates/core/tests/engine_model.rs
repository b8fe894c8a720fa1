//! Random submissions and peers against a model of what may come of them.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use engine::*;
use mio_js_core::engine::Io;
use proptest::prelude::*;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<[u8; 4]>().prop_map(Step), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn an_inline_lane_behaves_as_its_model(steps in steps()) {
        run(Io::Inline, steps);
    }

    #[test]
    fn a_lane_on_its_thread_behaves_as_its_model(steps in steps()) {
        run(Io::Thread, steps);
    }

    #[test]
    fn a_lane_that_moves_behaves_as_its_model(steps in steps()) {
        run(Io::Auto, steps);
    }
}
