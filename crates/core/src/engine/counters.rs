//! What happened, in numbers that any thread can read.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one thread writes at a time and every thread may read.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds, without the cost of an atomic addition: there is one writer.
    #[inline]
    pub(super) fn add(&self, count: u64) {
        let sum = self.0.load(Ordering::Relaxed).wrapping_add(count);
        self.0.store(sum, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The number, as of some moment in the near past.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Counter,)+
        }

        impl $name {
            /// All of them, in the order of their definition.
            pub fn values(&self) -> impl Iterator<Item = u64> {
                [$(self.$field.get(),)+].into_iter()
            }
        }
    };
}

counters! {
    /// The counters of one lane.
    Counters {
        /// Turns of the machine.
        turns,
        /// Waits in the selector.
        polls,
        /// Connections accepted, or dealt here.
        accepted,
        /// Connections made or adopted by the program.
        connected,
        /// Connections that ended.
        closed,
        /// Bytes read.
        bytes_read,
        /// Bytes that the system took.
        bytes_written,
        /// Submissions for connections that had ended already.
        stale_submissions,
        /// Events after which there was nothing to read.
        spurious_events,
        /// Turns in which a connection had more to read than its budget.
        budget_hits,
        /// Bytes that wait to be written, now.
        pending_bytes,
        /// Connections closed because too many bytes waited.
        pending_limit,
        /// Connections closed because nothing happened.
        idle_timeouts,
        /// Connections closed because they never sent a byte.
        first_byte_timeouts,
        /// Closes that were cut short as the peer did not finish reading.
        linger_timeouts,
        /// How often the machine went from one thread to the other.
        moves,
        /// Connections that ended with an error.
        errors,
    }
}
