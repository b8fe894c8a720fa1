//! The numbers and texts that describe a socket.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use mio_js_core::engine::{BindOptions, Id, KeepAlive, Profile, Target, default_max_connections};
use mio_js_core::{Misuse, RawDescriptor, Result, parse_address};

use crate::ffi::Call;

const NO_DELAY: u32 = 1;
const KEEP_ALIVE: u32 = 2;
const REUSE_PORT: u32 = 4;
const IPV6_ONLY: u32 = 8;
const PATH: u32 = 16;
const PAUSED: u32 = 64;
const READABLE_ALL: u32 = 128;
const WRITABLE_ALL: u32 = 256;

/// The `Float64Array` of a socket; the facade has the same places. What makes no sense as the type
/// that is wanted becomes the nearest that does: infinity is the largest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers([f64; 24]);

impl Numbers {
    pub(super) fn of(call: &Call<'_>, index: usize) -> Result<Self> {
        Ok(Self(call.floats(index)?))
    }

    /// All of them, to be given back.
    pub(super) fn values(&self) -> impl ExactSizeIterator<Item = f64> {
        self.0.into_iter()
    }

    /// Whether it was an option that kept a server from listening.
    pub(super) fn tell_refusal(&mut self, is_of_option: bool) {
        self.0[16] = f64::from(u8::from(is_of_option));
    }

    /// The port that was bound.
    #[cfg(unix)]
    pub(super) fn tell_port(&mut self, port: u16) {
        self.0[11] = f64::from(port);
    }

    fn has(&self, flag: u32) -> bool {
        self.0[7] as u32 & flag != 0
    }

    pub(super) fn profile(&self) -> Arc<Profile> {
        let number = |place: usize| self.0[place] as u64;
        Arc::new(Profile {
            max_pending: number(1),
            read_budget: number(2),
            idle_timeout: number(3),
            first_byte_timeout: number(4),
            linger: number(5),
            paused: self.has(PAUSED),
            nodelay: self.has(NO_DELAY),
            keepalive: self.keepalive(),
        })
    }

    fn keepalive(&self) -> Option<KeepAlive> {
        self.has(KEEP_ALIVE).then(|| KeepAlive {
            delay: self.0[8] as u32,
            interval: self.0[9] as u32,
            count: self.0[10] as u32,
        })
    }

    /// Not a number: as many as the process can bear.
    pub(super) fn max_connections(&self) -> u64 {
        let number = self.0[6];
        if number.is_nan() {
            default_max_connections()
        } else {
            number as u64
        }
    }

    pub(super) fn bind_options(&self) -> BindOptions {
        BindOptions {
            backlog: self.0[12] as i32,
            reuse_port: self.has(REUSE_PORT),
            ipv6_only: self.has(IPV6_ONLY),
            nodelay: self.has(NO_DELAY),
            keepalive: self.keepalive(),
            readable_all: self.has(READABLE_ALL),
            writable_all: self.has(WRITABLE_ALL),
            ..BindOptions::default()
        }
    }

    /// The id that JavaScript chose.
    ///
    /// Errors: [`Misuse::Range`] for one that it may not choose, whose end would never be told.
    pub(super) fn id(&self) -> Result<Id> {
        let id = Id {
            index: self.0[13] as u32,
            generation: self.0[14] as u32,
        };
        if id.is_chosen() {
            Ok(id)
        } else {
            Err(Misuse::Range.into())
        }
    }

    /// A descriptor to be used instead of a new socket; negative for none, and not a number, too.
    pub(super) fn descriptor(&self) -> Result<Option<RawDescriptor>> {
        let number = self.0[17];
        if number.is_nan() || number < 0.0 {
            return Ok(None);
        }
        if number > f64::from(i32::MAX) || number.fract() != 0.0 {
            return Err(Misuse::Range.into());
        }
        Ok(Some(number as RawDescriptor))
    }

    /// What a text means: a path, or an IP address.
    pub(super) fn target(&self, text: &str) -> Result<Target> {
        if self.has(PATH) {
            return Ok(Target::Path(PathBuf::from(text)));
        }
        Ok(Target::Ip(address(text, self.0[11])?))
    }

    /// The own address of a connection; none if the text is empty.
    pub(super) fn local(&self, text: &str) -> Result<Option<SocketAddr>> {
        if text.is_empty() {
            return Ok(None);
        }
        address(text, self.0[15]).map(Some)
    }
}

fn address(text: &str, port: f64) -> Result<SocketAddr> {
    let is_port = (0.0..=f64::from(u16::MAX)).contains(&port);
    if !is_port {
        return Err(Misuse::Range.into());
    }
    parse_address(text, port as u16, 0, 0)
}
