//! Connections of a load generator: blocking, but never for ever, and strict about what comes back.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::command::Failure;

/// After this long without progress on a socket the run fails rather than hangs.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How many connections are opened before the server must show that it has accepted them: fewer than
/// fit in any listener's queue (128 for one of std), because a connection too many is tried again
/// only after a second.
const BATCH: usize = 100;

/// Finds the addresses of `address`, which is `HOST:PORT`.
pub fn resolve(address: &str) -> Result<Vec<SocketAddr>, Failure> {
    let resolved = address.to_socket_addrs();
    let addresses = resolved.map_err(Failure::during(&format!("resolving {address}")))?;
    Ok(addresses.collect())
}

/// Opens `count` connections. After each batch `prove` uses those that are open, in a way that shows
/// that the server has accepted the last one.
pub fn open_all(
    count: usize,
    addresses: &[SocketAddr],
    mut prove: impl FnMut(&mut [Connection]) -> Result<(), Failure>,
) -> Result<Vec<Connection>, Failure> {
    let mut connections = Vec::with_capacity(count);
    while connections.len() < count {
        let end = count.min(connections.len() + BATCH);
        for index in connections.len()..end {
            connections.push(Connection::open(index, addresses)?);
        }
        prove(&mut connections)?;
    }
    Ok(connections)
}

/// Opens `count` connections to a server that echoes.
pub fn open_echoing(count: usize, addresses: &[SocketAddr]) -> Result<Vec<Connection>, Failure> {
    open_all(count, addresses, |connections| match connections {
        [.., last] => last
            .send(b"there?")
            .and_then(|()| last.receive(b"there?", &mut [0; 6])),
        [] => Ok(()),
    })
}

/// A connection to the server under test. Dropping it resets it, so that no port stays in TIME_WAIT.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    index: usize,
    /// When what is timed began: the opening at first.
    pub started: Instant,
}

impl Connection {
    /// Opens connection number `index`, to the first of `addresses` that answers.
    pub fn open(index: usize, addresses: &[SocketAddr]) -> Result<Self, Failure> {
        let started = Instant::now();
        let stream = connect(addresses).map_err(|error| failure(index, "connecting", &error))?;
        Ok(Self {
            stream,
            index,
            started,
        })
    }

    /// Returns a second handle on the same connection, for another thread.
    pub fn duplicate(&self) -> Result<Self, Failure> {
        let stream = self.stream.try_clone();
        Ok(Self {
            stream: stream.map_err(|error| failure(self.index, "duplicating", &error))?,
            index: self.index,
            started: self.started,
        })
    }

    /// Writes all of `part`, which is a message or a piece of one.
    pub fn send(&mut self, part: &[u8]) -> Result<(), Failure> {
        self.stream
            .write_all(part)
            .map_err(|error| failure(self.index, "writing", &error))
    }

    /// Reads as many bytes as `part` has into `buffer` and fails unless they are the same.
    pub fn receive(&mut self, part: &[u8], buffer: &mut [u8]) -> Result<(), Failure> {
        let reply = &mut buffer[..part.len()];
        self.stream
            .read_exact(reply)
            .map_err(|error| failure(self.index, "reading", &error))?;
        if reply == part {
            return Ok(());
        }
        let equal = part
            .iter()
            .zip(reply)
            .take_while(|(sent, got)| sent == got)
            .count();
        let reason = format!("differs at byte {equal} of {}", part.len());
        Err(failure(self.index, "the reply", &io::Error::other(reason)))
    }

    /// Tells the server that nothing more will be sent.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.stream
            .shutdown(Shutdown::Write)
            .map_err(|error| failure(self.index, "finishing", &error))
    }

    /// Waits until the server has finished too, and fails if it sends anything before.
    pub fn await_end(&mut self) -> Result<(), Failure> {
        let error = match self.stream.read(&mut [0]) {
            Ok(0) => return Ok(()),
            Ok(_) => io::Error::other("more came back than was sent"),
            Err(error) => error,
        };
        Err(failure(self.index, "awaiting the end", &error))
    }

    /// Fails if the server has sent more than it got, or has closed the connection.
    pub fn check_idle(&self) -> Result<(), Failure> {
        let peeked = self
            .stream
            .set_nonblocking(true)
            .and_then(|()| self.stream.peek(&mut [0]));
        let error = match peeked {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => error,
            Ok(0) => ErrorKind::UnexpectedEof.into(),
            Ok(_) => io::Error::other("more came back than was sent"),
        };
        Err(failure(self.index, "after the last reply", &error))
    }
}

fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut outcome = Err(io::Error::new(
        ErrorKind::NotFound,
        "the name has no address",
    ));
    for address in addresses {
        outcome = TcpStream::connect_timeout(address, TIMEOUT);
        if outcome.is_ok() {
            break;
        }
    }
    let stream = outcome?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    Ok(stream)
}

fn failure(index: usize, action: &str, error: &io::Error) -> Failure {
    let reason = match error.kind() {
        // What a timeout of a socket is called depends on the system.
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("no progress for {} s", TIMEOUT.as_secs())
        }
        ErrorKind::UnexpectedEof => "the server closed it".to_owned(),
        _ => error.to_string(),
    };
    Failure::Run(format!("connection {index}: {action}: {reason}"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn pair() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connection = Connection::open(7, &[listener.local_addr().unwrap()]).unwrap();
        (connection, listener.accept().unwrap().0)
    }

    fn reason(outcome: Result<(), Failure>) -> String {
        match outcome {
            Err(Failure::Run(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn accepts_the_echo_of_what_it_sent() {
        let (mut connection, mut server) = pair();
        let mut message = [0; 4];
        connection.send(b"ping").unwrap();
        server.read_exact(&mut message).unwrap();
        server.write_all(&message).unwrap();
        assert_eq!(connection.receive(b"ping", &mut [0; 8]), Ok(()));
        assert_eq!(connection.check_idle(), Ok(()));
    }

    #[test]
    fn refuses_another_reply() {
        let (mut connection, mut server) = pair();
        server.write_all(b"pinG").unwrap();
        let outcome = connection.receive(b"ping", &mut [0; 4]);
        assert_eq!(
            reason(outcome),
            "connection 7: the reply: differs at byte 3 of 4"
        );
    }

    #[test]
    fn refuses_a_closed_connection() {
        let (mut connection, server) = pair();
        drop(server);
        let outcome = connection.receive(b"ping", &mut [0; 4]);
        assert_eq!(
            reason(outcome),
            "connection 7: reading: the server closed it"
        );
    }

    #[test]
    fn refuses_excess_bytes() {
        let (mut connection, mut server) = pair();
        server.write_all(b"ping!").unwrap();
        assert_eq!(connection.receive(b"ping", &mut [0; 4]), Ok(()));
        let expected = "connection 7: after the last reply: more came back than was sent";
        assert_eq!(reason(connection.check_idle()), expected);
    }

    #[test]
    fn awaits_the_end_and_refuses_bytes_before_it() {
        let (mut connection, mut server) = pair();
        connection.finish().unwrap();
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        server.write_all(b"!").unwrap();
        let expected = "connection 7: awaiting the end: more came back than was sent";
        assert_eq!(reason(connection.await_end()), expected);
        drop(server);
        assert_eq!(connection.await_end(), Ok(()));
    }

    #[test]
    fn resets_the_connection_when_dropped() {
        let (connection, mut server) = pair();
        drop(connection);
        let error = server.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    #[test]
    fn opens_in_batches_that_are_proved() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut accepted = Vec::new();
        let address = [listener.local_addr().unwrap()];
        let connections = open_all(BATCH + 1, &address, |connections| {
            while accepted.len() < connections.len() {
                accepted.push(listener.accept().unwrap());
            }
            Ok(())
        });
        assert_eq!(connections.unwrap().len(), BATCH + 1);
    }
}
