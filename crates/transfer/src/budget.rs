//! How much memory reading may take: for one conversation, and for all that are read at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::unreadable::Unreadable;

/// What every reader may take without asking, in bytes. Nearly all conversations need less.
const ORDINARY: usize = 4 << 20;

/// The one place for a conversation that needs more memory than most.
///
/// All readers of a process share it, so that together they need no more than one such conversation
/// and a few ordinary ones. Who finds it taken waits until the other conversation was taken over.
#[derive(Debug, Default)]
pub struct Room(Mutex<()>);

/// What one conversation has taken, and may still take.
#[derive(Debug)]
pub(crate) struct Budget<'r> {
    room: &'r Room,
    inside: Option<MutexGuard<'r, ()>>,
    used: usize,
    limit: usize,
}

impl<'r> Budget<'r> {
    /// At most `limit` bytes.
    pub(crate) fn new(room: &'r Room, limit: usize) -> Self {
        Self { room, inside: None, used: 0, limit }
    }

    /// The next conversation has taken `bytes` so far, and the one before it is gone.
    pub(crate) fn begin(&mut self, bytes: usize) {
        self.used = 0;
        if bytes <= ORDINARY {
            self.inside = None;
        }
        self.reach(bytes);
    }

    /// It has taken `bytes` by now. This waits for the room when they become too many.
    pub(crate) fn reach(&mut self, bytes: usize) {
        self.used = bytes;
        if bytes > ORDINARY && self.inside.is_none() {
            // A reader that panicked there has left nothing behind.
            let inside = self.room.0.lock().unwrap_or_else(PoisonError::into_inner);
            self.inside = Some(inside);
        }
    }

    /// It takes `bytes` more.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Unreadable> {
        let used = self.used.saturating_add(bytes);
        if used > self.limit {
            return Err(Unreadable::TooMuch(self.limit));
        }
        self.reach(used);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn s1_one_large_conversation_is_read_at_a_time_and_ordinary_ones_beside_it() {
        let room = Room::default();
        let is_taken = || room.0.try_lock().is_err();
        let mut large = Budget::new(&room, 100 << 20);
        large.begin(64 * 1024);
        assert!(!is_taken(), "it is still an ordinary one");
        large.take(10 << 20).unwrap();
        assert!(is_taken());
        let mut ordinary = Budget::new(&room, 100 << 20);
        ordinary.begin(ORDINARY);
        ordinary.begin(ORDINARY);
        let (entered, order) = mpsc::channel();
        std::thread::scope(|scope| {
            let room = &room;
            scope.spawn(move || {
                let mut budget = Budget::new(room, 100 << 20);
                budget.begin(ORDINARY + 1);
                entered.send(room.0.try_lock().is_err()).unwrap();
            });
            assert!(large.take(200 << 20).is_err(), "more than one may have");
            assert!(is_taken(), "also a refused one is there until the next begins");
            large.begin(0);
            assert!(order.recv().unwrap(), "the one that waited has it");
        });
        assert!(!is_taken());
    }
}
