//! What a lane has told, and the rules of it.

use std::collections::{BTreeMap, HashMap};

use mio_js_core::engine::{Completions, Id, MAX_DATA, MAX_RECORDS};

use super::Block;
use super::event::{Event, records};

/// What is known of one connection.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// In order; [`Event::Wrote`] is left out.
    pub(crate) events: Vec<Event>,
    /// All bytes of [`Event::Data`].
    pub(crate) received: Vec<u8>,
    /// Chunks that came in donated buffers.
    pub(crate) donated: usize,
    /// What the program wrote, and what it was told of that.
    pub(crate) written: u64,
    pub(crate) acked: u64,
}

impl Story {
    /// Whether it has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.events.last().is_some_and(|last| !last.is_last())
    }

    pub(crate) fn has(&self, event: &Event) -> bool {
        self.events.contains(event)
    }

    /// The last record, if nothing can follow.
    pub(crate) fn end(&self) -> Option<&Event> {
        self.events.last().filter(|last| last.is_last())
    }

    fn add(&mut self, id: Id, event: Event) {
        let ended = self.has(&Event::End);
        let allowed = match &event {
            Event::Open(..) => self.events.is_empty() && !id.is_chosen(),
            Event::Connected(..) => self.events.is_empty() && id.is_chosen(),
            // What could not be connected.
            Event::Closed(code, _) if self.events.is_empty() => id.is_chosen() && *code <= 0,
            // What was destroyed before anybody was told that it is connected, and has bytes that must
            // not be dropped.
            Event::Wrote if self.events.is_empty() => id.is_chosen(),
            Event::Data(count) => self.is_open() && !ended && *count > 0,
            Event::End => self.is_open() && !ended,
            _ => self.is_open(),
        };
        assert!(allowed, "{id:?}: {event:?} after {:?}", self.events);
        if event != Event::Wrote {
            self.events.push(event);
        }
    }
}

/// The stories of a lane's connections.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) stories: BTreeMap<Id, Story>,
    /// Their events in the order in which they came, with the number of the batch.
    pub(crate) log: Vec<(usize, Id, Event)>,
    pub(crate) batches: usize,
    /// Listeners that were closed, with their error.
    pub(crate) closed: Vec<(u32, i32)>,
}

impl Ledger {
    /// Takes a batch into account. Returns the slots of donated buffers that came back.
    pub(crate) fn take(&mut self, batch: &mut Completions<Block>) -> Vec<u32> {
        assert!(batch.len() <= MAX_RECORDS, "{} records", batch.len());
        assert!(batch.data.len() <= MAX_DATA, "{} bytes", batch.data.len());
        self.batches += 1;
        let (mut back, mut occupants) = (Vec::new(), HashMap::new());
        for record in records(batch) {
            let id = record.id;
            back.extend(record.donated);
            if let Event::ListenerClosed(code, _) = record.event {
                self.closed.push((id.index, code));
                continue;
            }
            // The program looks up all records of a batch by slot.
            let occupant = *occupants.entry(id.index).or_insert(id.generation);
            assert_eq!(occupant, id.generation, "{id:?}: two in one batch");
            self.begin(id, &record.event);
            let story = self.stories.entry(id).or_default();
            story.received.extend_from_slice(&record.bytes);
            story.donated += usize::from(record.donated.is_some());
            story.acked += u64::from(record.acked);
            assert!(story.acked <= story.written, "{id:?}: acked too much");
            self.log.push((self.batches, id, record.event.clone()));
            story.add(id, record.event);
        }
        back
    }

    fn begin(&self, id: Id, event: &Event) {
        if !matches!(event, Event::Open(..) | Event::Connected(..)) {
            return;
        }
        let slot = Id {
            generation: 0,
            ..id
        }..=Id {
            generation: u32::MAX,
            ..id
        };
        for (other, story) in self.stories.range(slot) {
            assert!(!story.is_open(), "{id:?} in the slot of {other:?}");
        }
    }

    /// The program writes; what it writes to nobody is not waited for.
    pub(crate) fn write(&mut self, id: Id, count: u64) {
        if id.is_chosen() || self.stories.contains_key(&id) {
            self.stories.entry(id).or_default().written += count;
        }
    }

    /// Whether something was told of a connection.
    pub(crate) fn has_begun(&self, id: Id) -> bool {
        let story = self.stories.get(&id);
        story.is_some_and(|story| !story.events.is_empty())
    }

    pub(crate) fn story(&self, id: Id) -> &Story {
        self.stories.get(&id).expect("something about it")
    }

    /// Connections that were accepted, in their order.
    pub(crate) fn accepted(&self) -> Vec<Id> {
        let opened = |(_, id, event): &(_, Id, Event)| {
            let opens = matches!(event, Event::Open(..));
            opens.then_some(*id)
        };
        self.log.iter().filter_map(opened).collect()
    }

    /// Connections that have not ended.
    pub(crate) fn open(&self) -> Vec<Id> {
        let open = self.stories.iter().filter(|(_, story)| story.is_open());
        open.map(|(id, _)| *id).collect()
    }
}
