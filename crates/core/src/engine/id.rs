//! The name of a connection within its lane.

use mio::Token;

/// Set in the index of a connection whose id was chosen by the program (it connects, or adopts);
/// clear where the machine chose it (it accepted).
const CHOSEN: u32 = 1 << 31;
/// What the kernel's token has instead: mio has no room for the highest bit in those of named pipes.
const CHOSEN_TOKEN: u32 = 1 << 29;
/// Set in the kernel's token of a listener. No connection reaches it: see [`MAX_INDEX`].
const LISTENER: u32 = 1 << 30;
/// Four million connections of each origin in one lane.
pub(super) const MAX_INDEX: u32 = (1 << 22) - 1;
/// A generation has 31 bits, so that it is a small integer in JavaScript.
pub(super) const GENERATION_MASK: u32 = (1 << 31) - 1;

/// A slot of a lane's table, and which of its occupants is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The slot; bit 31 says that the program chose it.
    pub index: u32,
    /// Counts the occupants of the slot, modulo 2^31.
    pub generation: u32,
}

impl Id {
    /// The id of an accepted connection.
    pub(super) const fn accepted(slot: u32, generation: u32) -> Self {
        Self {
            index: slot,
            generation,
        }
    }

    /// The id that a program chooses for a connection of its own: slots are reused only after the
    /// connection before has ended.
    pub const fn chosen(slot: u32, generation: u32) -> Self {
        Self {
            index: slot | CHOSEN,
            generation,
        }
    }

    /// Whether the program chose it.
    pub const fn is_chosen(self) -> bool {
        self.index & CHOSEN != 0
    }

    pub(super) const fn slot(self) -> usize {
        (self.index & !CHOSEN) as usize
    }

    /// What the kernel carries. Without the generation: all events of a poll are looked up before
    /// any connection can end, so none of them is stale.
    pub(super) const fn token(self) -> Token {
        let chosen = if self.is_chosen() { CHOSEN_TOKEN } else { 0 };
        Token(self.slot() | chosen as usize)
    }
}

/// Whom a token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A connection, by the index of its id.
    Connection(u32),
    Listener(u32),
    Waker,
}

pub(super) const WAKER_TOKEN: Token = Token(usize::MAX);

pub(super) const fn listener_token(listener: u32) -> Token {
    Token((listener | LISTENER) as usize)
}

pub(super) fn subject(token: Token) -> Subject {
    let bits = token.0 as u32;
    if token == WAKER_TOKEN {
        Subject::Waker
    } else if bits & LISTENER != 0 {
        Subject::Listener(bits & !LISTENER)
    } else if bits & CHOSEN_TOKEN != 0 {
        Subject::Connection((bits & !CHOSEN_TOKEN) | CHOSEN)
    } else {
        Subject::Connection(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_say_whom_they_mean() {
        let accepted = Id::accepted(MAX_INDEX, 7);
        let chosen = Id::chosen(MAX_INDEX, 7);
        assert_eq!(
            subject(accepted.token()),
            Subject::Connection(accepted.index)
        );
        assert_eq!(subject(chosen.token()), Subject::Connection(chosen.index));
        assert_eq!(subject(listener_token(3)), Subject::Listener(3));
        assert_eq!(subject(WAKER_TOKEN), Subject::Waker);
        for token in [accepted.token(), chosen.token(), listener_token(65_535)] {
            assert_eq!(token.0 >> 31, 0, "the highest bit of 32");
        }
        assert!(chosen.is_chosen() && !accepted.is_chosen());
        assert_eq!(chosen.slot(), accepted.slot());
    }
}
