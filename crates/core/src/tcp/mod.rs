//! TCP: what mio's types leave open, and every error in one form.

pub mod listener;
pub mod stream;
