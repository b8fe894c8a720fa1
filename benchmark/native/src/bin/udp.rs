//! Load generator for datagrams: sends windows of them from several sockets, and counts what comes
//! back.
//!
//! UDP loses what finds no room, and a measurement that waits for it would be one of time-outs. So a
//! window is smaller than any queue on its way, the next one starts when all of this one has come
//! back, and a run that loses a datagram all the same has no result.
//!
//! A window leaves by one system call, as a network card hands over what has come in by one
//! interrupt: otherwise a server on the same machine would be woken for each datagram, and the
//! measurement would be one of waking up.
//!
//! A server either echoes, or (`--receive`) answers only the last datagram of each window, which
//! begins with a 1, with the number of datagrams that it has received: then the units are what the
//! server has counted.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mio::Interest;
use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};
use mio_js_benchmark::connection;
use mio_js_benchmark::pattern::Pattern;
use mio_js_benchmark::workload::{self, Options, Tally, Workload};
use mio_js_core::datagrams::{self, PEER_LEN};
use mio_js_core::{Handle, Mirror, udp};

const USAGE: &str = "[--window N] [--receive]";

/// How many datagrams of one socket are on their way at once.
const WINDOW: usize = 16;
/// What has not come back by then is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// A flag, and the datagram's number within its window.
const HEAD: usize = 5;

fn main() -> ExitCode {
    command::run(&format!("udp {} {USAGE}", workload::USAGE), run)
}

fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let window = arguments.option("--window")?.unwrap_or(WINDOW);
    let receive = arguments.flag("--receive");
    let options = Options::parse(arguments)?;
    for (name, value, least, most) in [
        ("--size", options.size, HEAD, 65_507),
        ("--window", window, 1, 64),
    ] {
        if !(least..=most).contains(&value) {
            let reason = format!("{name} must be {least} to {most}, not {value}");
            return Err(Failure::Usage(reason));
        }
    }
    let mut windows = Windows::open(&options, window, receive)?;
    workload::measure(&options, &mut windows)
}

/// A window of datagrams in memory, as the core takes it.
struct Window {
    size: usize,
    memory: Vec<u8>,
    lengths: Vec<u8>,
    /// None, as the sockets are connected.
    peers: Vec<u8>,
}

impl Window {
    fn new(count: usize, size: usize) -> Self {
        Self {
            size,
            memory: vec![0; count * size],
            lengths: (size as u32).to_ne_bytes().repeat(count),
            peers: vec![0; count * PEER_LEN],
        }
    }

    fn datagram(&self, index: usize) -> &[u8] {
        let (lengths, _) = self.lengths.as_chunks();
        let length = u32::from_ne_bytes(lengths[index]) as usize;
        &self.memory[index * self.size..][..length.min(self.size)]
    }
}

struct Windows {
    mirror: Mirror,
    poller: Handle,
    sockets: Vec<Handle>,
    sent: Window,
    received: Window,
    /// Which datagrams of a window have come back.
    returned: Vec<bool>,
    wave: usize,
    pattern: Pattern,
    /// Of a server that counts: what it said last.
    counted: Option<u32>,
}

impl Windows {
    fn open(options: &Options, window: usize, receive: bool) -> Result<Self, Failure> {
        let addresses = connection::resolve(&options.address)?;
        let address = *addresses
            .first()
            .ok_or_else(|| Failure::Run("the name has no address".to_owned()))?;
        let mut mirror = Mirror::default();
        let (poller, sockets) = open(&mut mirror, address, options.connections)
            .map_err(|failure| Failure::Run(format!("opening sockets: {failure:?}")))?;
        Ok(Self {
            mirror,
            poller,
            sockets,
            sent: Window::new(window, options.size),
            // One byte more shows a reply that is too long.
            received: Window::new(window, options.size + 1),
            returned: vec![false; window],
            wave: 0,
            pattern: Pattern::new(options.size),
            counted: receive.then_some(0),
        })
    }

    /// Makes the datagrams that socket number `index` sends in this wave.
    fn prepare(&mut self, index: usize) {
        let Window { size, memory, .. } = &mut self.sent;
        let window = self.returned.len();
        for (number, datagram) in memory.chunks_exact_mut(*size).enumerate() {
            let message = self.pattern.message(index * window + number, self.wave);
            datagram.copy_from_slice(message);
            datagram[0] = u8::from(number + 1 == window);
            datagram[1..HEAD].copy_from_slice(&(number as u32).to_le_bytes());
        }
    }

    fn send_wave(&mut self, tally: &mut Tally) -> Result<(), Failure> {
        let started = Instant::now();
        for index in 0..self.sockets.len() {
            self.prepare(index);
            self.send(index)?;
        }
        for index in 0..self.sockets.len() {
            match self.counted {
                None => self.take_echoes(index, started, tally)?,
                Some(before) => self.take_count(index, before, started, tally)?,
            }
        }
        self.wave += 1;
        Ok(())
    }

    fn send(&mut self, index: usize) -> Result<(), Failure> {
        let Window {
            size,
            memory,
            lengths,
            peers,
        } = &self.sent;
        let count = self.returned.len();
        let outcome = self
            .mirror
            .source(self.sockets[index])
            .and_then(|source| datagrams::send(source, *size, (0, count), memory, lengths, peers));
        match outcome {
            Ok(sent) if sent == count => Ok(()),
            outcome => Err(Failure::Run(format!("sending {count}: {outcome:?}"))),
        }
    }

    fn take_echoes(
        &mut self,
        index: usize,
        started: Instant,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        self.prepare(index);
        self.returned.fill(false);
        let mut missing = self.returned.len();
        while missing > 0 {
            let count = self.take(index)?;
            for reply in (0..count).map(|at| self.received.datagram(at)) {
                let number = reply.get(1..HEAD).and_then(|bytes| bytes.try_into().ok());
                let number = u32::from_le_bytes(number.unwrap_or([0xff; 4])) as usize;
                match self.returned.get_mut(number) {
                    Some(returned) if !*returned && self.sent.datagram(number) == reply => {
                        *returned = true;
                    }
                    _ => return Err(Failure::Run("what came back was not sent".to_owned())),
                }
                tally.complete(started);
                missing -= 1;
            }
        }
        Ok(())
    }

    fn take_count(
        &mut self,
        index: usize,
        before: u32,
        started: Instant,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let count = self.take(index)?;
        let count = self.received.datagram(count - 1).try_into();
        let count = u32::from_le_bytes(count.map_err(Failure::during("reading a count"))?);
        tally.time(started);
        // The answers of several sockets are not read in the order in which they were made.
        if let Some(more @ 1..0x8000_0000) = Some(count.wrapping_sub(before)) {
            tally.units += u64::from(more);
            self.counted = Some(count);
        }
        Ok(())
    }

    /// Waits for what comes back to a socket.
    fn take(&mut self, index: usize) -> Result<usize, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Window {
                size,
                memory,
                lengths,
                peers,
            } = &mut self.received;
            let outcome = self
                .mirror
                .source(self.sockets[index])
                .and_then(|source| datagrams::receive(source, *size, memory, lengths, peers));
            match outcome {
                Err(failure) if failure.is_would_block() => self.wait(deadline)?,
                outcome => {
                    return outcome
                        .map_err(|failure| Failure::Run(format!("receiving: {failure:?}")));
                }
            }
        }
    }

    /// Waits for any socket.
    fn wait(&mut self, deadline: Instant) -> Result<(), Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        let outcome = self.mirror.poller(self.poller).and_then(|poller| {
            let count = poller.poll(64, Some(left), || true)?;
            while poller.take().is_some() {}
            Ok(count)
        });
        match outcome {
            Ok(0) => Err(Failure::Run("a datagram was lost".to_owned())),
            Ok(_) => Ok(()),
            Err(failure) => Err(Failure::Run(format!("waiting: {failure:?}"))),
        }
    }
}

impl Workload for Windows {
    fn run_for(&mut self, duration: Duration, tally: &mut Tally) -> Result<(), Failure> {
        workload::repeat(duration, || self.send_wave(tally))
    }

    fn check(&self) -> Result<(), Failure> {
        Ok(())
    }
}

fn open(
    mirror: &mut Mirror,
    address: SocketAddr,
    count: usize,
) -> mio_js_core::Result<(Handle, Vec<Handle>)> {
    let any = SocketAddr::new(address.ip(), 0);
    let poller = mirror.open_poller()?;
    let mut sockets = Vec::with_capacity(count);
    for token in 0..count {
        let socket = udp::bind(any)?;
        udp::connect(&socket, address)?;
        let socket = mirror.open_source(socket)?;
        mirror.register(poller, socket, token as u64, Interest::READABLE)?;
        sockets.push(socket);
    }
    Ok((poller, sockets))
}
