//! Deadlines, in a hierarchical timer wheel.
//!
//! Ten thousand connections have ten thousand deadlines that hardly ever come true: each byte moves
//! one. So a deadline is entered once, a byte only changes the connection's own record of when it was
//! last heard of, and an entry that comes up too early is entered again. Six levels of 64 slots each
//! hold about 2^36 ticks; what lies beyond comes up early, too.

/// Milliseconds of a tick.
pub(super) const TICK: u64 = 4;

const LEVELS: usize = 6;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
/// The longest delay: in the last level a whole turn would fall into the slot of now.
const HORIZON: u64 = (SLOTS as u64 - 1) << (SLOT_BITS as u64 * (LEVELS as u64 - 1));

#[derive(Debug)]
struct Level<T> {
    /// A bit for each slot that is not empty.
    occupied: u64,
    slots: [Vec<(u64, T)>; SLOTS],
}

/// Items by the tick at which they are due.
#[derive(Debug)]
pub(super) struct Wheel<T> {
    /// Everything up to this tick has come up.
    elapsed: u64,
    levels: [Level<T>; LEVELS],
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self {
            elapsed: 0,
            levels: std::array::from_fn(|_| Level {
                occupied: 0,
                slots: std::array::from_fn(|_| Vec::new()),
            }),
        }
    }
}

impl<T> Wheel<T> {
    /// Enters an item, and returns the tick at which it will come up: the one that it is due at, or
    /// the next one if that is over.
    pub(super) fn insert(&mut self, due: u64, item: T) -> u64 {
        let due = due.clamp(self.elapsed + 1, self.elapsed + HORIZON);
        let level = level_of(self.elapsed, due);
        let slot = slot_of(due, level);
        let level = &mut self.levels[level];
        level.slots[slot].push((due, item));
        level.occupied |= 1 << slot;
        due
    }

    /// The tick at which [`Wheel::advance`] has something to do. It may only move items closer.
    pub(super) fn next(&self) -> Option<u64> {
        (0..LEVELS)
            .find_map(|level| self.next_of(level))
            .map(|(tick, _)| tick)
    }

    /// Takes out what is due at `now` or before: each item with the tick that it was entered for.
    pub(super) fn advance(&mut self, now: u64, due: &mut Vec<(u64, T)>) {
        while let Some((level, (tick, slot))) =
            (0..LEVELS).find_map(|level| Some((level, self.next_of(level)?)))
        {
            if tick > now {
                break;
            }
            self.elapsed = self.elapsed.max(tick);
            let wheel = &mut self.levels[level];
            wheel.occupied &= !(1 << slot);
            let items = std::mem::take(&mut wheel.slots[slot]);
            for (when, item) in items {
                if when <= self.elapsed {
                    due.push((when, item));
                } else {
                    self.insert(when, item);
                }
            }
        }
        self.elapsed = self.elapsed.max(now);
    }

    /// The first slot of a level that is not empty, and when it comes up.
    fn next_of(&self, level: usize) -> Option<(u64, usize)> {
        let occupied = self.levels[level].occupied;
        if occupied == 0 {
            return None;
        }
        let here = slot_of(self.elapsed, level);
        let ahead = occupied.rotate_right(here as u32).trailing_zeros() as usize;
        let slot = (here + ahead) % SLOTS;
        let span = 1_u64 << (SLOT_BITS as usize * level);
        let turn = span << SLOT_BITS;
        let start = self.elapsed & !(turn - 1);
        let mut tick = start + slot as u64 * span;
        if tick < self.elapsed & !(span - 1) {
            tick += turn;
        }
        Some((tick, slot))
    }
}

/// The level at which a tick differs from now: the nearer, the finer.
fn level_of(elapsed: u64, due: u64) -> usize {
    let differing = (elapsed ^ due) | (SLOTS as u64 - 1);
    let highest = u64::BITS - 1 - differing.leading_zeros();
    ((highest / SLOT_BITS) as usize).min(LEVELS - 1)
}

fn slot_of(tick: u64, level: usize) -> usize {
    (tick >> (SLOT_BITS as usize * level)) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ticks(due: &mut Vec<(u64, u32)>) -> Vec<u32> {
        due.drain(..).map(|(_, item)| item).collect()
    }

    #[test]
    fn items_come_up_when_they_are_due() {
        let mut wheel = Wheel::default();
        let mut due = Vec::new();
        wheel.insert(5, 1);
        wheel.insert(70, 2);
        wheel.insert(5000, 3);
        wheel.advance(4, &mut due);
        assert!(due.is_empty());
        wheel.advance(5, &mut due);
        assert_eq!(ticks(&mut due), [1]);
        wheel.advance(69, &mut due);
        assert!(due.is_empty());
        wheel.advance(10_000, &mut due);
        assert_eq!(ticks(&mut due), [2, 3]);
        assert_eq!(wheel.next(), None);
    }

    #[test]
    fn what_is_over_comes_up_with_the_next_tick() {
        let mut wheel = Wheel::default();
        let mut due = Vec::new();
        wheel.advance(100, &mut due);
        assert_eq!(wheel.insert(3, 1), 101);
        assert_eq!(wheel.next(), Some(101));
    }

    proptest! {
        #[test]
        fn nothing_is_late_early_or_lost(
            operations in prop::collection::vec((0_u64..1 << 38, 0_u64..1 << 20), 1..200),
        ) {
            let mut wheel = Wheel::default();
            let mut due = Vec::new();
            let mut now = 0;
            let mut waiting = Vec::new();
            for (n, (delay, step)) in operations.into_iter().enumerate() {
                let delay = if n % 2 == 0 { delay % 5000 } else { delay };
                let tick = wheel.insert(now + delay, n);
                prop_assert!(tick > now);
                waiting.push((tick, n));
                if let Some(next) = wheel.next() {
                    prop_assert!(next <= waiting.iter().map(|(tick, _)| *tick).min().unwrap());
                }
                now += step;
                wheel.advance(now, &mut due);
                for (tick, item) in due.drain(..) {
                    prop_assert!(tick <= now);
                    let place = waiting.iter().position(|entry| *entry == (tick, item)).unwrap();
                    waiting.swap_remove(place);
                }
                prop_assert!(waiting.iter().all(|(tick, _)| *tick > now));
            }
        }
    }
}
