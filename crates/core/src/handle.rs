//! Integer handles that know when they are stale.
//!
//! JavaScript holds numbers, not pointers. A handle is a slot and the generation of its occupant,
//! packed into 53 bits so that every handle is a safe integer. A slot that is freed and taken
//! again has another generation, so an old number is an error instead of somebody else's socket.

use std::fmt;

/// 4 million objects of a kind at once; what remains of 53 bits counts generations.
const INDEX_BITS: u32 = 22;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
const GENERATION_MASK: u64 = (1 << (53 - INDEX_BITS)) - 1;

/// A number that names one poller or source, never a second one.
///
/// The generation has 31 bits: a slot must be freed and taken two billion times while an old
/// handle is kept before the two could be confused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(u64);

impl Handle {
    /// Takes any 53-bit number: a wrong one is found out on lookup.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The number that stands for this handle: at most 2^53 - 1.
    pub const fn bits(self) -> u64 {
        self.0
    }

    const fn new(index: usize, generation: u64) -> Self {
        Self((generation << INDEX_BITS) | index as u64)
    }

    const fn index(self) -> usize {
        (self.0 & INDEX_MASK) as usize
    }

    const fn generation(self) -> u64 {
        self.0 >> INDEX_BITS
    }

    /// The handle as the kernel carries it. Where a pointer has 32 bits the upper part of the
    /// generation is lost; `Slab::find` takes that into account.
    pub(crate) const fn token(self) -> mio::Token {
        mio::Token(self.0 as usize)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({}@{})", self.index(), self.generation())
    }
}

#[derive(Debug)]
struct Slot<T> {
    generation: u64,
    value: Option<T>,
}

/// A table of objects by [`Handle`]. Slots are reused, handles are not.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slab<T> {
    /// Stores `value`, or gives it back when 4,194,303 objects are stored already.
    pub(crate) fn insert(&mut self, value: T) -> Result<Handle, T> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if !self.has_room() => return Err(value),
            None => {
                self.slots.push(Slot {
                    generation: 0,
                    value: None,
                });
                self.slots.len() - 1
            }
        };
        let slot = &mut self.slots[index];
        slot.value = Some(value);
        Ok(Handle::new(index, slot.generation))
    }

    /// Takes the object out; its handle is stale from here on.
    pub(crate) fn remove(&mut self, handle: Handle) -> Option<T> {
        let slot = self.slots.get_mut(handle.index())?;
        if slot.generation != handle.generation() {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = (slot.generation + 1) & GENERATION_MASK;
        self.free.push(handle.index());
        Some(value)
    }

    /// The object of a handle, unless the handle is stale or was never given out.
    pub(crate) fn get(&self, handle: Handle) -> Option<&T> {
        let slot = self.slots.get(handle.index())?;
        if slot.generation != handle.generation() {
            return None;
        }
        slot.value.as_ref()
    }

    /// As [`Slab::get`].
    pub(crate) fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        let slot = self.slots.get_mut(handle.index())?;
        if slot.generation != handle.generation() {
            return None;
        }
        slot.value.as_mut()
    }

    /// The object that the kernel means by a token made with [`Handle::token`].
    pub(crate) fn find(&self, token: mio::Token) -> Option<(Handle, &T)> {
        let index = (token.0 as u64 & INDEX_MASK) as usize;
        let slot = self.slots.get(index)?;
        let handle = Handle::new(index, slot.generation);
        let value = slot.value.as_ref()?;
        (handle.token() == token).then_some((handle, value))
    }

    /// All objects with their handles, in no useful order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Handle, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            Some((Handle::new(index, slot.generation), slot.value.as_ref()?))
        })
    }

    /// Whether [`Slab::insert`] will succeed.
    pub(crate) fn has_room(&self) -> bool {
        // The last index stays unused, so that no token is ever all ones: see `WAKER_TOKEN`.
        !self.free.is_empty() || (self.slots.len() as u64) < INDEX_MASK
    }

    /// How many objects are stored.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_freed_handle_is_stale_even_when_its_slot_is_taken_again() {
        let mut slab = Slab::default();
        let first = slab.insert("first").unwrap();
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second").unwrap();
        assert_eq!(first.index(), second.index());
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.find(first.token()), None);
        assert_eq!(slab.get(second), Some(&"second"));
    }

    #[test]
    fn handles_stay_safe_integers_when_the_generation_wraps() {
        let mut slab = Slab::default();
        let handle = slab.insert(()).unwrap();
        slab.slots[handle.index()].generation = GENERATION_MASK;
        let last = Handle::new(handle.index(), GENERATION_MASK);
        assert!(last.bits() < 1 << 53);
        slab.remove(last).unwrap();
        assert_eq!(slab.insert(()).unwrap().generation(), 0);
    }

    #[test]
    fn forged_handles_find_nothing() {
        let mut slab = Slab::default();
        slab.insert(1).unwrap();
        for bits in [1, INDEX_MASK, 1 << INDEX_BITS, u64::MAX] {
            assert_eq!(slab.get(Handle::from_bits(bits)), None);
            assert_eq!(slab.remove(Handle::from_bits(bits)), None);
        }
    }

    proptest! {
        #[test]
        fn behaves_as_a_map_of_live_handles(operations in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..200)) {
            let mut slab = Slab::default();
            let mut model = HashMap::new();
            let mut ever = Vec::new();
            for (n, (insert, pick)) in operations.into_iter().enumerate() {
                if insert || ever.is_empty() {
                    let handle = slab.insert(n).unwrap();
                    prop_assert!(model.insert(handle, n).is_none());
                    ever.push(handle);
                } else {
                    let handle = ever[pick.index(ever.len())];
                    prop_assert_eq!(slab.remove(handle), model.remove(&handle));
                }
                prop_assert_eq!(slab.len(), model.len());
                for handle in &ever {
                    prop_assert_eq!(slab.get(*handle), model.get(handle));
                    prop_assert_eq!(slab.find(handle.token()).map(|(found, _)| found), model.get(handle).map(|_| *handle));
                }
            }
        }
    }
}
