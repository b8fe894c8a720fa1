//! What the tests have a program do.

use std::net::SocketAddr;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use mio_js_core::Misuse;
use mio_js_core::engine::{
    BindOptions, Command, Id, Listen, ListenerShared, Port, Profile, Stream, Target, bind,
};

use super::{Block, Peer, Program, Submission};

/// How a listener is made.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) listener: u32,
    pub(crate) target: Target,
    pub(crate) profile: Profile,
    pub(crate) max_connections: u64,
    pub(crate) backlog: i32,
    /// Whether connections are dealt out to all lanes.
    pub(crate) deals: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listener: 0,
            target: Target::Ip(([127, 0, 0, 1], 0).into()),
            profile: Profile::default(),
            max_connections: 100_000,
            backlog: 4096,
            deals: false,
        }
    }
}

impl Program {
    /// The second half of listening; the first is [`bind`].
    pub(crate) fn listen(
        &mut self,
        options: &Options,
    ) -> (Option<SocketAddr>, Arc<ListenerShared>) {
        let bind_options = BindOptions {
            backlog: options.backlog,
            nodelay: options.profile.nodelay,
            keepalive: options.profile.keepalive.clone(),
            ..BindOptions::default()
        };
        let bound = bind(&options.target, &bind_options).expect("a listener");
        let address = bound.local_addr().expect("its address");
        let shared = ListenerShared::new(options.max_connections);
        let profile = Arc::new(options.profile.clone());
        let mut bound = Some(bound);
        let mut ports: Vec<Port<Block>> = Vec::new();
        if options.deals {
            ports.extend(self.stations.iter().map(|station| station.lane.port()));
        }
        let lanes = if options.deals {
            self.stations.len()
        } else {
            1
        };
        for lane in 0..lanes {
            let socket = bound
                .take()
                .map(|bound| self.stations[lane].lane.watch(options.listener, bound))
                .transpose();
            let listen = Listen {
                listener: options.listener,
                socket: socket.map_err(|(_, error)| error).expect("watched"),
                ports: ports.clone(),
                profile: Arc::clone(&profile),
                shared: Arc::clone(&shared),
            };
            self.command_to(lane, Command::Listen(listen));
        }
        (address, shared)
    }

    /// A listener of TCP with these limits.
    pub(crate) fn serve(&mut self, profile: Profile) -> SocketAddr {
        let options = Options {
            profile,
            ..Options::default()
        };
        self.listen(&options).0.expect("of TCP")
    }

    /// A connection to a server: its id, and the other end.
    pub(crate) fn accept(&mut self, address: SocketAddr) -> (Id, Peer) {
        let count = self.ledger().accepted().len();
        let peer = Peer::connect(address);
        self.until(|program| program.ledger().accepted().len() > count);
        (self.ledger().accepted()[count], peer)
    }

    /// A server with these limits, and a connection to it.
    pub(crate) fn accepted(&mut self, profile: Profile) -> (Id, Peer) {
        let address = self.serve(profile);
        self.accept(address)
    }

    /// The id of the next connection that the program makes.
    pub(crate) fn next_id(&mut self) -> Id {
        self.next += 1;
        Id::chosen(self.next - 1, 1)
    }

    /// Connects, and waits for what comes of it.
    pub(crate) fn connect(&mut self, target: Target) -> Id {
        let id = self.next_id();
        self.command(Command::Connect {
            id,
            socket: None,
            target,
            local: None,
            options: Default::default(),
            profile: Arc::default(),
        });
        self.until(|program| program.ledger().has_begun(id));
        id
    }

    pub(crate) fn connect_path(&mut self, path: impl AsRef<Path>) -> Id {
        self.connect(Target::Path(path.as_ref().to_path_buf()))
    }

    /// Takes a connection over, and waits until it has.
    pub(crate) fn adopt(&mut self, socket: impl Into<OwnedFd>, profile: Profile) -> Id {
        let id = self.next_id();
        let raw = socket.into().into_raw_fd();
        self.command(Command::Adopt {
            id,
            stream: Stream::adopt(raw).expect("a connection"),
            profile: Arc::new(profile),
        });
        self.until(|program| program.ledger().has_begun(id));
        id
    }

    pub(crate) fn command(&mut self, command: Command<Block>) {
        self.command_to(0, command);
    }

    pub(crate) fn command_to(&mut self, lane: usize, command: Command<Block>) {
        self.stations[lane].command(command);
    }

    pub(crate) fn submit(&mut self, submission: Submission) {
        self.submit_to(0, submission);
    }

    pub(crate) fn submit_to(&mut self, lane: usize, submission: Submission) {
        self.stations[lane].submit(&submission);
    }

    /// One of [`super::op`].
    pub(crate) fn ask(&mut self, op: u32, id: Id) {
        self.submit(Submission::default().ask(op, id));
    }

    pub(crate) fn write(&mut self, id: Id, bytes: &[u8]) {
        self.submit(Submission::default().write(id, bytes));
    }

    /// As JavaScript writes much at once.
    pub(crate) fn write_large(&mut self, id: Id, bytes: &[u8]) {
        let station = &mut self.stations[0];
        station.ledger.write(id, bytes.len() as u64);
        station.lane.write(id, bytes).expect("a lane");
        station.is_due |= station.lane.is_inline();
    }

    /// Asserts that a submission is refused.
    pub(crate) fn refuses(&mut self, words: &[u32], data: &[u8]) {
        let outcome = self.stations[0].lane.submit(words, data);
        let code = outcome.expect_err("malformed").code();
        assert_eq!(code, Misuse::Range.code(), "{words:?}");
    }
}
