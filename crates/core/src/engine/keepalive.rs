//! Probes of idle connections.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

/// `SO_KEEPALIVE`'s times in seconds; 0 leaves one to the system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepAlive {
    /// Idle time before the first probe.
    pub delay: u32,
    /// Time between probes.
    pub interval: u32,
    /// Probes without an answer until the connection counts as lost.
    pub count: u32,
}

/// `SO_KEEPALIVE` and its times, where the system has them.
pub(super) fn keep_alive(socket: &SockRef<'_>, keepalive: Option<&KeepAlive>) -> io::Result<()> {
    let Some(times) = keepalive else {
        return socket.set_keepalive(false);
    };
    let seconds = |value: u32| Duration::from_secs(value.into());
    let mut parameters = TcpKeepalive::new();
    if times.delay > 0 {
        parameters = parameters.with_time(seconds(times.delay));
    }
    if times.interval > 0 {
        parameters = parameters.with_interval(seconds(times.interval));
    }
    #[cfg(unix)]
    if times.count > 0 {
        parameters = parameters.with_retries(times.count);
    }
    socket.set_keepalive(true)?;
    if *times == KeepAlive::default() {
        return Ok(());
    }
    socket.set_tcp_keepalive(&parameters)
}
