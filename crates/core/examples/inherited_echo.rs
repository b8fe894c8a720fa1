//! An echo server on the listener that the process was given as descriptor 3. It ends when as many
//! connections have ended as its argument says, by default one.
//!
//! The whole of what this crate can do on WASI, where it is tried by `npm run test:wasi`; on Unix it
//! does the same.

#[cfg(any(unix, target_os = "wasi"))]
fn main() -> std::process::ExitCode {
    let wanted = std::env::args().nth(1).map_or(Ok(1), |text| text.parse());
    match server::run(wanted.expect("the argument is a number")) {
        Ok(bytes) => {
            println!("echoed {bytes} bytes");
            std::process::ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure:?}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(any(unix, target_os = "wasi")))]
fn main() {
    eprintln!("nothing is inherited here");
}

#[cfg(any(unix, target_os = "wasi"))]
mod server {
    use std::collections::HashMap;
    use std::net::Shutdown;

    use mio_js_core::{Handle, Io, Mirror, Result, interest_from_bits, readiness, transfer};

    const LISTENER: u64 = 0;

    /// A connection, and what it still has to be told.
    struct Connection {
        stream: Handle,
        pending: Vec<u8>,
        echoed: usize,
        has_ended: bool,
    }

    /// Serves until that many connections have ended; how many bytes were sent.
    pub(crate) fn run(wanted: u64) -> Result<usize> {
        let mut mirror = Mirror::default();
        let poller = mirror.open_poller()?;
        let listener = mirror.adopt(3, Io::adopt_tcp_listener)?;
        let readable = interest_from_bits(readiness::READABLE)?;
        mirror.register(poller, listener, LISTENER, readable)?;
        let mut connections: HashMap<u64, Connection> = HashMap::new();
        let (mut last, mut ended, mut echoed) = (LISTENER, 0, 0);
        while ended < wanted {
            mirror.poller(poller)?.poll(64, None, || true)?;
            while let Some(event) = mirror.poller(poller)?.take() {
                if event.token == LISTENER {
                    while let Some((stream, _)) = unless_blocked(mirror.accept(listener))? {
                        last += 1;
                        mirror.register(poller, stream, last, readable)?;
                        let connection = Connection {
                            stream,
                            pending: Vec::new(),
                            echoed: 0,
                            has_ended: false,
                        };
                        connections.insert(last, connection);
                    }
                    continue;
                }
                let Some(connection) = connections.get_mut(&event.token) else {
                    continue;
                };
                if serve(&mut mirror, connection)? {
                    // What is interesting next: more, or room for what could not be sent.
                    let bits = match connection.pending.is_empty() {
                        true => readiness::READABLE,
                        false => readiness::WRITABLE,
                    };
                    let interest = interest_from_bits(bits)?;
                    mirror.reregister(poller, connection.stream, event.token, interest)?;
                } else {
                    mirror.close_source(connection.stream)?;
                    echoed += connection.echoed;
                    ended += 1;
                    connections.remove(&event.token);
                }
            }
        }
        Ok(echoed)
    }

    /// Reads and writes until the system has no more; whether the connection goes on.
    fn serve(mirror: &mut Mirror, connection: &mut Connection) -> Result<bool> {
        let source = mirror.source(connection.stream)?;
        let mut buffer = [0; 16 * 1024];
        loop {
            while !connection.pending.is_empty() {
                let bytes = &connection.pending;
                let written = unless_blocked(source.transfer(|io| transfer::write(io, bytes)))?;
                let Some(written) = written else {
                    return Ok(true);
                };
                connection.pending.drain(..written);
                connection.echoed += written;
            }
            if connection.has_ended {
                transfer::shutdown(source.io(), Shutdown::Write)?;
                return Ok(false);
            }
            let read = unless_blocked(source.transfer(|io| transfer::read(io, &mut buffer)))?;
            let Some(read) = read else {
                return Ok(true);
            };
            connection.has_ended = read == 0;
            connection.pending.extend_from_slice(&buffer[..read]);
        }
    }

    fn unless_blocked<T>(outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Err(failure) if failure.is_would_block() => Ok(None),
            outcome => outcome.map(Some),
        }
    }
}
