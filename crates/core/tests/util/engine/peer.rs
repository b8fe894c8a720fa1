//! The other end of a connection: a socket of std's, which blocks, but not for ever.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::PATIENCE;

/// A blocking socket.
#[derive(Debug)]
pub(crate) struct Peer(Socket);

impl Peer {
    pub(crate) fn new(socket: impl Into<OwnedFd>) -> Self {
        let socket = Socket::from(socket.into());
        socket.set_nonblocking(false).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        socket.set_write_timeout(Some(PATIENCE)).expect("a socket");
        Self(socket)
    }

    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).expect("a listener"))
    }

    pub(crate) fn connect_path(path: &Path) -> Self {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
        let address = SockAddr::unix(path).expect("a path");
        socket.connect(&address).expect("a listener");
        Self::new(socket)
    }

    /// A connection of TCP: this end, and the other as a raw socket.
    pub(crate) fn pair() -> (Self, OwnedFd) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let peer = Self::connect(address);
        let (other, _) = listener.accept().expect("the other end");
        (peer, other.into())
    }

    pub(crate) fn socket(&self) -> SockRef<'_> {
        SockRef::from(&self.0)
    }

    /// Has the system keep little of what nobody reads.
    pub(crate) fn narrow(self) -> Self {
        let outcome = self.0.set_recv_buffer_size(64 * 1024);
        outcome.expect("a socket");
        self
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        let address = self.0.local_addr().expect("an open socket");
        address.as_socket().expect("of TCP")
    }

    pub(crate) fn write(&self, bytes: &[u8]) {
        (&self.0).write_all(bytes).expect("room");
    }

    /// Writes until nobody takes any more. Returns how much that was.
    pub(crate) fn fill(&self) -> usize {
        let (mut written, bytes) = (0, [0; 16 * 1024]);
        self.0.set_nonblocking(true).expect("a socket");
        while let Ok(count) = (&self.0).write(&bytes) {
            written += count;
        }
        self.0.set_nonblocking(false).expect("a socket");
        written
    }

    /// What there is now, of at most so many bytes.
    pub(crate) fn read_now(&self, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        self.0.set_nonblocking(true).expect("a socket");
        let count = (&self.0).read(&mut bytes).unwrap_or(0);
        self.0.set_nonblocking(false).expect("a socket");
        bytes.truncate(count);
        bytes
    }

    /// Exactly so many bytes.
    pub(crate) fn read(&self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        (&self.0).read_exact(&mut bytes).expect("so many bytes");
        bytes
    }

    /// Everything until the other end has sent its FIN.
    ///
    /// Errors: ECONNRESET, and what came before is lost.
    pub(crate) fn read_all(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&self.0).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether the other end has reset the connection.
    pub(crate) fn is_reset(&self) -> bool {
        let outcome = self.read_all();
        outcome.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
    }

    pub(crate) fn finish(&self) {
        self.0.shutdown(Shutdown::Write).expect("a connection");
    }

    /// Closes with an RST.
    pub(crate) fn reset(self) {
        self.0
            .set_linger(Some(Duration::ZERO))
            .expect("a connection");
    }

    /// Another name of the same socket.
    pub(crate) fn share(&self) -> Self {
        Self::new(self.0.as_fd().try_clone_to_owned().expect("a descriptor"))
    }

    /// Writes in a thread, and sends a FIN afterwards.
    pub(crate) fn write_and_finish(&self, bytes: Vec<u8>) -> JoinHandle<()> {
        let peer = self.share();
        thread::spawn(move || {
            peer.write(&bytes);
            peer.finish();
        })
    }

    /// Reads everything in a thread.
    pub(crate) fn reading(&self) -> JoinHandle<Vec<u8>> {
        let peer = self.share();
        thread::spawn(move || peer.read_all().expect("all of it"))
    }

    /// Sends bytes of a Unix socket with a descriptor, as `SCM_RIGHTS`.
    #[cfg(target_os = "linux")]
    pub(crate) fn send_descriptor(&self, bytes: &[u8]) {
        use std::io::IoSlice;
        use std::os::fd::AsRawFd;

        use socket2::MsgHdr;

        // A `cmsghdr`: its length, level and type, and the descriptor.
        const LENGTH: usize = size_of::<usize>() + 3 * size_of::<i32>();
        let mut control = LENGTH.to_ne_bytes().to_vec();
        for value in [libc::SOL_SOCKET, libc::SCM_RIGHTS, self.0.as_raw_fd()] {
            control.extend_from_slice(&value.to_ne_bytes());
        }
        control.resize(control.len().next_multiple_of(size_of::<usize>()), 0);
        let buffers = [IoSlice::new(bytes)];
        let message = MsgHdr::new().with_buffers(&buffers).with_control(&control);
        let count = self.0.sendmsg(&message, 0).expect("a connection");
        assert_eq!(count, bytes.len());
    }
}
