//! The content of the messages of `load`: different by connection and by wave, so that a server
//! that mixes up connections, repeats a reply or sends a stale buffer is caught, and free of cost,
//! because each message is a window on bytes made once.

/// How many different messages there are. A prime number, so that steps of any size by wave pass
/// through all of them.
const MESSAGES: usize = 8191;

/// How far the window moves from one wave to the next. Larger than one, so that a connection does
/// not get in this wave what its neighbour got in the last one.
const WAVE_STEP: usize = 1021;

/// The bytes on which the messages are windows.
#[derive(Debug)]
pub struct Pattern {
    bytes: Vec<u8>,
    size: usize,
}

impl Pattern {
    /// Makes the bytes for messages of `size` bytes.
    pub fn new(size: usize) -> Self {
        Self {
            bytes: noise().take(size + MESSAGES - 1).collect(),
            size,
        }
    }

    /// Returns what connection number `connection` sends in wave number `wave`.
    pub fn message(&self, connection: usize, wave: usize) -> &[u8] {
        let start = (connection % MESSAGES + wave % MESSAGES * WAVE_STEP) % MESSAGES;
        &self.bytes[start..start + self.size]
    }
}

/// Bytes without a short period (xorshift64): in a repeating sequence two windows could be equal.
fn noise() -> impl Iterator<Item = u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn messages_have_the_size_asked_for() {
        for size in [1, 64, 100_000] {
            let pattern = Pattern::new(size);
            assert_eq!(pattern.message(0, 0).len(), size);
            assert_eq!(pattern.message(MESSAGES - 1, 0).len(), size);
            assert_eq!(pattern.message(usize::MAX, usize::MAX).len(), size);
        }
    }

    #[test]
    fn messages_of_a_wave_differ_by_connection() {
        let pattern = Pattern::new(64);
        let messages: HashSet<_> = (0..MESSAGES)
            .map(|index| pattern.message(index, 5))
            .collect();
        assert_eq!(messages.len(), MESSAGES);
    }

    #[test]
    fn messages_of_a_connection_differ_by_wave() {
        let pattern = Pattern::new(64);
        let messages: HashSet<_> = (0..MESSAGES).map(|wave| pattern.message(5, wave)).collect();
        assert_eq!(messages.len(), MESSAGES);
    }

    #[test]
    fn the_same_message_comes_out_twice() {
        assert_eq!(
            Pattern::new(64).message(3, 9),
            Pattern::new(64).message(3, 9)
        );
    }
}
