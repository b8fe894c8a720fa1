//! What the benchmark programs share.
//!
//! They are written in Rust, next to a package for JavaScript, because a yardstick must cost less
//! than what it measures: a load generator slower than the server would measure itself.

pub mod arguments;
pub mod command;
pub mod connection;
pub mod driver;
pub mod pattern;
pub mod workload;
