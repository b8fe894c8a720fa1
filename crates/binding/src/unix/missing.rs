//! The same functions where there is no Unix.

macro_rules! missing {
    ($($module:ident: $($name:ident)+;)+) => {
        $(pub(crate) mod $module {
            use mio_js_core::{Misuse, Result};

            use crate::ffi::Call;

            $(pub(crate) fn $name(_: &mut Call<'_>) -> Result<i64> {
                Err(Misuse::Unsupported.into())
            })+
        })+
    };
}

missing! {
    address: check local peer;
    datagram: open pair from_raw connect send send_to receive;
    descriptor: pipe sender_from_raw receiver_from_raw set_nonblocking borrow;
    listener: bind from_raw accept;
    stream: connect from_raw pair;
}
