//! One connection of `load`: blocking, but never for ever, and strict about what comes back.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::command::Failure;

/// After this long without progress on a socket the run fails rather than hangs.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to the server under test.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    index: usize,
    /// When the write of the current message began.
    pub written: Instant,
}

impl Connection {
    /// Opens connection number `index`, to the first of `addresses` that answers.
    pub fn open(index: usize, addresses: &[SocketAddr]) -> Result<Self, Failure> {
        let stream = connect(addresses).map_err(|error| failure(index, "connecting", &error))?;
        Ok(Self {
            stream,
            index,
            written: Instant::now(),
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
}
