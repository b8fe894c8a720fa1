//! Random registrations against a model of the rules.

mod util;

use std::net::TcpStream;
use std::time::Duration;

use mio_js_core::{Handle, Mirror, Misuse};
use proptest::prelude::*;
use util::*;

#[derive(Clone, Debug)]
enum Operation {
    Register(usize, usize, u64),
    Reregister(usize, usize, u64),
    Deregister(usize, usize),
    OpenWaker(usize, u64),
    CloseWaker(usize),
    ReplaceSource(usize),
    ReplacePoller(usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    let (poller, source, token) = (0..2_usize, 0..3_usize, 0..3_u64);
    prop_oneof![
        4 => (poller.clone(), source.clone(), token.clone()).prop_map(|(p, s, t)| Operation::Register(p, s, t)),
        3 => (poller.clone(), source.clone(), token.clone()).prop_map(|(p, s, t)| Operation::Reregister(p, s, t)),
        3 => (poller.clone(), source.clone()).prop_map(|(p, s)| Operation::Deregister(p, s)),
        1 => (poller.clone(), token).prop_map(|(p, t)| Operation::OpenWaker(p, t)),
        1 => poller.clone().prop_map(Operation::CloseWaker),
        1 => source.prop_map(Operation::ReplaceSource),
        1 => poller.prop_map(Operation::ReplacePoller),
    ]
}

/// Sources and pollers by number, with what must be true of them.
struct World {
    mirror: Mirror,
    pollers: [(Handle, Option<u64>); 2],
    sources: [(Handle, Option<(usize, u64)>); 3],
}

impl World {
    fn new() -> Self {
        let mut mirror = Mirror::default();
        let pollers = [(); 2].map(|()| (mirror.open_poller().expect("a selector"), None));
        let sources = [(); 3].map(|()| (listener(&mut mirror).0, None));
        Self {
            mirror,
            pollers,
            sources,
        }
    }

    fn taken(&self, poller: usize, token: u64) -> Result<(), Misuse> {
        match self.pollers[poller].1 == Some(token) {
            true => Err(Misuse::TokenOfWaker),
            false => Ok(()),
        }
    }

    /// What the operation must answer, and what it answered.
    fn run(&mut self, operation: &Operation) -> (Result<(), Misuse>, Result<(), i32>) {
        let (expected, found) = match *operation {
            Operation::Register(p, s, token) => {
                let expected = match self.sources[s].1 {
                    Some(_) => Err(Misuse::AlreadyRegistered),
                    None => self.taken(p, token),
                };
                let (poller, source) = (self.pollers[p].0, self.sources[s].0);
                if expected.is_ok() {
                    self.sources[s].1 = Some((p, token));
                }
                let found = self.mirror.register(poller, source, token, READABLE);
                (expected, found)
            }
            Operation::Reregister(p, s, token) => {
                let expected = match self.sources[s].1 {
                    None => Err(Misuse::NotRegistered),
                    Some((at, _)) if at != p => Err(Misuse::RegisteredElsewhere),
                    Some(_) => self.taken(p, token),
                };
                let (poller, source) = (self.pollers[p].0, self.sources[s].0);
                if expected.is_ok() {
                    self.sources[s].1 = Some((p, token));
                }
                let found = self.mirror.reregister(poller, source, token, BOTH);
                (expected, found)
            }
            Operation::Deregister(p, s) => {
                let expected = match self.sources[s].1 {
                    Some((at, _)) if at == p => Ok(()),
                    _ => Err(Misuse::NotRegistered),
                };
                if expected.is_ok() {
                    self.sources[s].1 = None;
                }
                let (poller, source) = (self.pollers[p].0, self.sources[s].0);
                (expected, self.mirror.deregister(poller, source))
            }
            Operation::OpenWaker(p, token) => {
                let used = Some((p, token));
                let expected = match self.pollers[p].1 {
                    Some(_) => Err(Misuse::SecondWaker),
                    None if self.sources.iter().any(|(_, place)| *place == used) => {
                        Err(Misuse::TokenOfWaker)
                    }
                    None => Ok(()),
                };
                if expected.is_ok() {
                    self.pollers[p].1 = Some(token);
                }
                let poller = self.mirror.poller(self.pollers[p].0).expect("open");
                (expected, poller.open_waker(token).map(drop))
            }
            Operation::CloseWaker(p) => {
                self.pollers[p].1 = None;
                let poller = self.mirror.poller(self.pollers[p].0).expect("open");
                poller.close_waker();
                (Ok(()), Ok(()))
            }
            Operation::ReplaceSource(s) => {
                let closed = self.mirror.close_source(self.sources[s].0);
                self.sources[s] = (listener(&mut self.mirror).0, None);
                (Ok(()), closed)
            }
            Operation::ReplacePoller(p) => {
                let closed = self.mirror.close_poller(self.pollers[p].0);
                self.pollers[p] = (self.mirror.open_poller().expect("a selector"), None);
                for (_, place) in &mut self.sources {
                    *place = place.filter(|(at, _)| *at != p);
                }
                (Ok(()), closed)
            }
        };
        (expected, found.map_err(|failure| failure.code()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn registrations_behave_as_their_model(operations in prop::collection::vec(operation(), 1..60)) {
        let mut world = World::new();
        for operation in &operations {
            let (expected, found) = world.run(operation);
            prop_assert_eq!(found, expected.map_err(Misuse::code), "{:?}", operation);
            prop_assert_eq!(world.mirror.census(), (2, 3));
        }
        // Who is registered, and only who is, hears of a connection.
        for s in 0..3 {
            let (source, place) = world.sources[s];
            let address = world.mirror.source(source).unwrap().io().local_addr().unwrap();
            let client = TcpStream::connect(address).unwrap();
            for p in 0..2 {
                let poller = world.pollers[p].0;
                let timeout = if place.is_some_and(|(at, _)| at == p) { PATIENCE } else { Duration::ZERO };
                let tokens: Vec<u64> = poll(&mut world.mirror, poller, 64, timeout).iter().map(|event| event.token).collect();
                let owed: Vec<u64> = place.iter().filter(|(at, _)| *at == p).map(|(_, token)| *token).collect();
                prop_assert_eq!(tokens, owed);
            }
            drop(client);
        }
    }
}
