//! The connections of a lane, by id.

use super::id::{GENERATION_MASK, Id, MAX_INDEX};

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<Box<T>>,
}

/// Two tables in one: slots that the machine chooses, and slots that the program chooses.
#[derive(Debug)]
pub(super) struct Table<T> {
    accepted: Vec<Slot<T>>,
    chosen: Vec<Slot<T>>,
    free: Vec<u32>,
    /// Slots that must not be reused before the program has seen that they are free: it looks up
    /// all records of a batch by slot. Those that no batch has named yet …
    resting: Vec<u32>,
    /// … and those named by batches that were handed over.
    named: Vec<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            accepted: Vec::new(),
            chosen: Vec::new(),
            free: Vec::new(),
            resting: Vec::new(),
            named: Vec::new(),
        }
    }
}

impl<T> Table<T> {
    /// The id of the next accepted connection; `None` when there are four million.
    pub(super) fn next_id(&mut self) -> Option<Id> {
        if self.free.is_empty() {
            if self.accepted.len() > MAX_INDEX as usize {
                return None;
            }
            self.accepted.push(Slot {
                generation: 0,
                value: None,
            });
            self.free.push((self.accepted.len() - 1) as u32);
        }
        let slot = *self.free.last()?;
        Some(Id::accepted(slot, self.accepted[slot as usize].generation))
    }

    /// Stores an accepted connection under [`Table::next_id`].
    pub(super) fn insert(&mut self, value: T) -> Option<Id> {
        let id = self.next_id()?;
        self.free.pop();
        self.accepted[id.slot()].value = Some(Box::new(value));
        Some(id)
    }

    /// Stores a connection under the id that the program chose, or gives it back when the slot is
    /// taken or impossible.
    pub(super) fn place(&mut self, id: Id, value: T) -> Result<(), T> {
        let slot = id.slot();
        if !id.is_chosen() || slot > MAX_INDEX as usize {
            return Err(value);
        }
        while self.chosen.len() <= slot {
            self.chosen.push(Slot {
                generation: 0,
                value: None,
            });
        }
        let entry = &mut self.chosen[slot];
        if entry.value.is_some() {
            return Err(value);
        }
        entry.generation = id.generation;
        entry.value = Some(Box::new(value));
        Ok(())
    }

    /// The connection, unless the id is stale.
    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        let (found, value) = self.by_index(id.index)?;
        (found == id).then_some(value)
    }

    /// The connection that is in a slot now.
    pub(super) fn by_index(&mut self, index: u32) -> Option<(Id, &mut T)> {
        let any = Id {
            index,
            generation: 0,
        };
        let side = if any.is_chosen() {
            &mut self.chosen
        } else {
            &mut self.accepted
        };
        let entry = side.get_mut(any.slot())?;
        let id = Id {
            index,
            generation: entry.generation,
        };
        Some((id, entry.value.as_deref_mut()?))
    }

    /// Takes the connection out. Its slot rests until the program knows.
    pub(super) fn remove(&mut self, id: Id) -> Option<T> {
        self.get_mut(id)?;
        let side = if id.is_chosen() {
            &mut self.chosen
        } else {
            &mut self.accepted
        };
        let entry = &mut side[id.slot()];
        let value = entry.value.take()?;
        if !id.is_chosen() {
            entry.generation = (entry.generation + 1) & GENERATION_MASK;
            self.resting.push(id.index);
        }
        Some(*value)
    }

    /// A batch was handed over; if it is `alone`, the batches before it were taken; if it is
    /// `complete`, it names all that has ended so far.
    pub(super) fn handed_over(&mut self, alone: bool, complete: bool) {
        if alone {
            self.free.append(&mut self.named);
        }
        if complete {
            self.named.append(&mut self.resting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_slot_rests_before_it_is_reused() {
        let mut table = Table::default();
        let first = table.insert('a').unwrap();
        assert_eq!(table.remove(first), Some('a'));
        let second = table.insert('b').unwrap();
        assert_ne!(second.index, first.index);
        table.handed_over(true, true);
        let early = table.insert('x').unwrap();
        assert_ne!(early.index, first.index);
        table.handed_over(false, true);
        assert_ne!(table.next_id().unwrap().index, first.index);
        table.handed_over(true, true);
        let third = table.insert('c').unwrap();
        assert_eq!(
            (third.index, third.generation),
            (first.index, first.generation + 1)
        );
        assert_eq!(table.get_mut(first), None);
        assert_eq!(table.get_mut(third), Some(&mut 'c'));
    }

    #[test]
    fn a_chosen_slot_takes_one_connection_at_a_time() {
        let mut table = Table::default();
        let id = Id::chosen(3, 9);
        table.place(id, 'a').unwrap();
        assert_eq!(table.place(Id::chosen(3, 10), 'b'), Err('b'));
        assert_eq!(table.get_mut(Id::chosen(3, 8)), None);
        assert_eq!(table.remove(id), Some('a'));
        table.place(Id::chosen(3, 10), 'b').unwrap();
        assert_eq!(table.get_mut(id), None);
    }

    #[test]
    fn impossible_ids_are_refused() {
        let mut table = Table::default();
        assert_eq!(table.place(Id::chosen(MAX_INDEX + 1, 0), ()), Err(()));
        assert_eq!(table.place(Id::accepted(0, 0), ()), Err(()));
        assert_eq!(table.get_mut(Id::accepted(5, 0)), None);
        assert_eq!(table.remove(Id::chosen(5, 0)), None);
    }
}
