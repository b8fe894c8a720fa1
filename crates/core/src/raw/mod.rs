//! The one module of this crate with `unsafe`: descriptors that come from outside, memory that the
//! system fills, many datagrams at once, and what only the C library tells.
//!
//! A number from JavaScript is not a capability, so everything that can be checked is, before
//! ownership is taken: on any error the descriptor is as it was and still the caller's.
#![cfg_attr(
    not(target_os = "hermit"),
    expect(
        unsafe_code,
        reason = "descriptors from outside, system calls and uninitialised memory have no safe form"
    )
)]

#[cfg(any(unix, windows))]
mod adopt;
#[cfg(any(target_os = "android", target_os = "linux", target_os = "netbsd"))]
pub(crate) mod datagrams;
#[cfg(not(any(unix, windows)))]
mod inherit;
#[cfg(any(unix, windows))]
mod memory;
#[cfg(any(unix, windows))]
mod option;
#[cfg(windows)]
mod pipe;
#[cfg(unix)]
mod signal;
mod system;

#[cfg(any(unix, windows))]
pub use adopt::RawDescriptor;
#[cfg(unix)]
pub(crate) use adopt::{End, Identity, adopt_pipe, pollable};
#[cfg(any(unix, windows))]
pub(crate) use adopt::{
    Role, SocketIdentity, adopt, adopt_acceptor, adopt_connection, adopt_connector, close_socket,
    socket_identity,
};
#[cfg(windows)]
pub(crate) use adopt::{adopt_named_pipe, check_named_pipe};
#[cfg(not(any(unix, windows)))]
pub use inherit::RawDescriptor;
#[cfg(target_os = "wasi")]
pub(crate) use inherit::{Role, adopt};
#[cfg(unix)]
pub(crate) use memory::unix_path;
#[cfg(any(unix, windows))]
pub(crate) use memory::{MSG_PEEK, uninit};
#[cfg(any(unix, windows))]
pub(crate) use option::{MAX_VALUE, borrow_socket, get_option, set_option};
#[cfg(unix)]
pub(crate) use option::{int_option, set_int_option};
#[cfg(windows)]
pub(crate) use pipe::{Instance, allow_everyone, cancel, create_pipe};
#[cfg(unix)]
pub(crate) use signal::without_sigpipe;
#[cfg(any(unix, windows))]
pub(crate) use system::descriptor_limit;
pub(crate) use system::interface_index;
