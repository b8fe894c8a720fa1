//! What the program asks of a lane: records of four words and their bytes, and commands.

use std::collections::VecDeque;

use super::command::Command;
use super::handover::Merge;
use super::id::Id;
use crate::error::{Misuse, Result};

/// Words of a record: operation, index, generation, a value.
pub(super) const RECORD: usize = 4;

/// The value of [`Request::Destroy`] for whatever is queued.
pub(super) const EVERYTHING: u32 = u32::MAX;

/// One request, borrowed from the words and bytes that it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The payload, as a range of the bytes.
    Write(Id, usize, usize),
    /// The ids, as a range of the words; the payload, as a range of the bytes.
    Broadcast {
        ids: (usize, usize),
        payload: (usize, usize),
    },
    Shutdown(Id),
    Close(Id),
    Reset(Id),
    Pause(Id),
    Resume(Id),
    WantDrain(Id),
    Nodelay(Id, bool),
    /// Whether, and where its three times are in the bytes.
    Keepalive(Id, bool, usize),
    Timeout(Id, u32),
    Detach(Id),
    CloseListener(u32),
    Condemn(Id),
    /// How many bytes at the end of what is queued may be dropped; [`EVERYTHING`] for all.
    Destroy(Id, u32),
    /// The next of the commands.
    Command,
}

/// The operation of [`Request::Command`], which no program sends.
const COMMAND: u32 = 0;

/// Reads the requests of a submission. Stops at the first that is malformed.
#[derive(Debug)]
pub(super) struct Requests<'a> {
    words: &'a [u32],
    len: usize,
    at: usize,
    byte: usize,
}

impl<'a> Requests<'a> {
    pub(super) fn new(words: &'a [u32], data: &[u8]) -> Self {
        Self {
            words,
            len: data.len(),
            at: 0,
            byte: 0,
        }
    }

    fn payload(&mut self, len: u32) -> Result<(usize, usize)> {
        let start = self.byte;
        let end = start.checked_add(len as usize).ok_or(Misuse::Range)?;
        if end > self.len {
            return Err(Misuse::Range.into());
        }
        self.byte = end;
        Ok((start, end))
    }

    fn record(&mut self) -> Result<Option<Request>> {
        let rest = &self.words[self.at..];
        let Some(record) = rest.first_chunk::<RECORD>() else {
            return if rest.is_empty() {
                Ok(None)
            } else {
                Err(Misuse::Range.into())
            };
        };
        self.at += RECORD;
        let [operation, index, generation, value] = *record;
        let id = Id { index, generation };
        Ok(Some(match operation {
            COMMAND => Request::Command,
            1 => {
                let (start, end) = self.payload(value)?;
                Request::Write(id, start, end)
            }
            2 => {
                let (count, len) = (index as usize, generation);
                let ids = (self.at, count.saturating_mul(2).saturating_add(self.at));
                if ids.1 > self.words.len() {
                    return Err(Misuse::Range.into());
                }
                self.at = ids.1;
                let payload = self.payload(len)?;
                Request::Broadcast { ids, payload }
            }
            3 => Request::Shutdown(id),
            4 => Request::Close(id),
            5 => Request::Reset(id),
            6 => Request::Pause(id),
            7 => Request::Resume(id),
            8 => Request::WantDrain(id),
            9 => Request::Nodelay(id, value != 0),
            10 => Request::Keepalive(id, value != 0, self.payload(12)?.0),
            11 => Request::Timeout(id, value),
            12 => Request::Detach(id),
            13 => Request::CloseListener(index),
            14 => Request::Condemn(id),
            15 => Request::Destroy(id, value),
            _ => return Err(Misuse::Range.into()),
        }))
    }
}

impl Iterator for Requests<'_> {
    type Item = Result<Request>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let request = self.record().transpose();
        if matches!(request, Some(Err(_))) {
            self.at = self.words.len();
        }
        request
    }
}

/// Submissions on their way to a lane that runs elsewhere.
#[derive(Debug)]
pub(super) struct Submissions<B> {
    pub(super) words: Vec<u32>,
    pub(super) data: Vec<u8>,
    pub(super) commands: VecDeque<Command<B>>,
}

impl<B> Default for Submissions<B> {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            data: Vec::new(),
            commands: VecDeque::new(),
        }
    }
}

impl<B> Submissions<B> {
    /// Adds a copy of what the program wrote.
    ///
    /// Errors: [`Misuse::Range`] when it is malformed, and then nothing is added.
    pub(super) fn extend(&mut self, words: &[u32], data: &[u8]) -> Result<()> {
        check(words, data)?;
        self.words.extend_from_slice(words);
        self.data.extend_from_slice(data);
        Ok(())
    }

    /// Adds a command, in its order.
    pub(super) fn command(&mut self, command: Command<B>) {
        self.words.extend_from_slice(&[COMMAND, 0, 0, 0]);
        self.commands.push_back(command);
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.data.clear();
        self.commands.clear();
    }
}

/// Whether a program's submission is well-formed: every record whole, no payload too short or left
/// over, no operation unknown.
pub(super) fn check(words: &[u32], data: &[u8]) -> Result<()> {
    let mut requests = Requests::new(words, data);
    for request in requests.by_ref() {
        if request? == Request::Command {
            return Err(Misuse::Range.into());
        }
    }
    if requests.byte != data.len() {
        return Err(Misuse::Range.into());
    }
    Ok(())
}

impl<B> Merge for Submissions<B> {
    fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn merge(&mut self, other: &mut Self) -> bool {
        self.words.append(&mut other.words);
        self.data.append(&mut other.data);
        self.commands.append(&mut other.commands);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_submission_is_taken_whole_or_not_at_all() {
        let mut submissions = Submissions::<()>::default();
        submissions.extend(&[1, 0, 0, 3], b"abc").unwrap();
        for (words, data) in [
            (&[1, 0, 0, 4][..], &b"abc"[..]),
            (&[1, 0, 0, 2], b"abc"),
            (&[1, 0, 0], b""),
            (&[0, 0, 0, 0], b""),
            (&[99, 0, 0, 0], b""),
            (&[2, 2, 1, 0, 0, 0], b"a"),
            (&[2, u32::MAX, 0, 0], b""),
            (&[10, 0, 0, 1], b"0123456789a"),
        ] {
            assert_eq!(
                submissions.extend(words, data).unwrap_err().code(),
                Misuse::Range.code(),
                "{words:?}"
            );
        }
        assert_eq!(submissions.words.len(), RECORD);
        assert_eq!(submissions.data, b"abc");
    }

    proptest! {
        #[test]
        fn any_words_are_read_to_an_end(
            words in prop::collection::vec(prop_oneof![0_u32..20, any::<u32>()], 0..64),
            data in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            for request in Requests::new(&words, &data).flatten() {
                if let Request::Write(_, start, end) = request {
                    prop_assert!(start <= end && end <= data.len());
                }
                if let Request::Broadcast { ids, payload } = request {
                    prop_assert!(ids.1 <= words.len() && payload.1 <= data.len());
                }
            }
        }
    }
}
