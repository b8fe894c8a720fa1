//! Echo server on mio in Rust: the limit that an echo server on mio in JavaScript is compared with.
//!
//! It does all that mio asks of a correct server (edge-triggered: read until the socket is drained;
//! keep what a partial write leaves; stop reading meanwhile), because a limit that cuts corners is
//! not one that the package could reach. A signal such as SIGTERM ends it.

use std::io::{self, ErrorKind, Read, Write};
use std::net;
use std::process::ExitCode;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use mio_js_benchmark::arguments::Arguments;
use mio_js_benchmark::command::{self, Failure};

const USAGE: &str = "echo HOST:PORT would-block|short-read [--to-all]";

/// What shows that a socket is drained.
///
/// Reading on until it would block does everywhere. With epoll and kqueue a read that returns less
/// than there was room for does as well, unless the peer has closed, and saves a system call for
/// each message: what arrives later is a new edge. Tokio and libuv rely on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drained {
    WouldBlock,
    ShortRead,
}

/// Not the token of any connection: no table has that many entries.
const LISTENER: Token = Token(usize::MAX);

/// The most that one call reads, and so the most that a partial write can leave over.
const BUFFER: usize = 64 * 1024;

fn main() -> ExitCode {
    command::run(USAGE, run)
}

fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let to_all = arguments.flag("--to-all");
    let address = arguments.positional("HOST:PORT")?;
    let drained = match arguments.positional("would-block|short-read")?.as_str() {
        "short-read" => Drained::ShortRead,
        _ => Drained::WouldBlock,
    };
    arguments.finish()?;
    let mut server = Server::bind(&address, drained, to_all)
        .map_err(Failure::during(&format!("binding {address}")))?;
    let address = server
        .listener
        .local_addr()
        .map_err(Failure::during("local address"))?;
    command::print_line(format_args!("listening {address}"))?;

    let mut events = Events::with_capacity(1024);
    loop {
        server
            .turn(&mut events)
            .map_err(Failure::during("serving"))?;
    }
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    /// By token. An event left of a connection that this turn has removed can reach the next one
    /// with its token, which is harmless: that one finds that its socket would block.
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    buffer: Vec<u8>,
    drained: Drained,
    /// What one connection sends is sent to all of them.
    to_all: bool,
}

impl Server {
    fn bind(address: &str, drained: Drained, to_all: bool) -> io::Result<Self> {
        // By way of std, because it resolves names.
        let listener = net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let mut listener = TcpListener::from_std(listener);
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            connections: Vec::new(),
            free: Vec::new(),
            buffer: vec![0; BUFFER],
            drained,
            to_all,
        })
    }

    fn turn(&mut self, events: &mut Events) -> io::Result<()> {
        match self.poll.poll(events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        for event in &*events {
            match event.token() {
                LISTENER => self.accept()?,
                token if self.to_all => self.tell(token),
                token => self.serve(token, event.is_read_closed())?,
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => self.add(stream)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // The peer was quicker to leave, or a signal came: the next one may be waiting.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Such as no descriptors left: figures of a server that turns away connections
                // would mislead, so the run ends.
                Err(error) => return Err(error),
            }
        }
    }

    fn add(&mut self, mut stream: TcpStream) -> io::Result<()> {
        if stream.set_nodelay(true).is_err() {
            // Reset already, which some systems tell here.
            return Ok(());
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        let interest = Interest::READABLE;
        self.poll
            .registry()
            .register(&mut stream, Token(index), interest)?;
        self.connections[index] = Some(Connection {
            stream,
            interest,
            pending: Vec::new(),
        });
        Ok(())
    }

    /// Reads what a connection has to say and writes it to all. Nobody's replies are kept: the
    /// generator reads every message before it sends the next one, so none is ever partial.
    fn tell(&mut self, token: Token) {
        let Some(connection) = &mut self.connections[token.0] else {
            return;
        };
        match connection.stream.read(&mut self.buffer) {
            Ok(length @ 1..) => {
                for listener in self.connections.iter_mut().flatten() {
                    // One that has gone is told by its own event.
                    drop(listener.stream.write(&self.buffer[..length]));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => {
                self.connections[token.0] = None;
                self.free.push(token.0);
            }
        }
    }

    fn serve(&mut self, token: Token, read_closed: bool) -> io::Result<()> {
        let short_read_drains = self.drained == Drained::ShortRead && !read_closed;
        let Some(connection) = &mut self.connections[token.0] else {
            return Ok(());
        };
        match connection.echo(&mut self.buffer, short_read_drains) {
            Ok(Wait::For(interest)) if interest == connection.interest => Ok(()),
            Ok(Wait::For(interest)) => {
                connection.interest = interest;
                // This looks at the socket afresh, so what came before the change is not lost.
                self.poll
                    .registry()
                    .reregister(&mut connection.stream, token, interest)
            }
            Ok(Wait::Nothing) | Err(_) => {
                self.connections[token.0] = None;
                self.free.push(token.0);
                Ok(())
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    interest: Interest,
    /// Read but not written yet. While there is any, nothing more is read: a client that does not
    /// read must not fill our memory.
    pending: Vec<u8>,
}

/// What a connection waits for next.
enum Wait {
    For(Interest),
    /// The peer has finished and has got everything.
    Nothing,
}

impl Connection {
    /// Echoes until the socket would block in one direction or the other.
    fn echo(&mut self, buffer: &mut [u8], short_read_drains: bool) -> io::Result<Wait> {
        let written = write_some(&mut self.stream, &self.pending)?;
        self.pending.drain(..written);
        while self.pending.is_empty() {
            match self.stream.read(buffer) {
                Ok(0) => return Ok(Wait::Nothing),
                Ok(length) => {
                    let written = write_some(&mut self.stream, &buffer[..length])?;
                    self.pending.extend_from_slice(&buffer[written..length]);
                    if short_read_drains && length < buffer.len() && self.pending.is_empty() {
                        return Ok(Wait::For(Interest::READABLE));
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Wait::For(Interest::READABLE));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Wait::For(Interest::WRITABLE))
    }
}

/// Writes `bytes` until the socket would block, and returns how many it took.
fn write_some(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(length) => written += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
