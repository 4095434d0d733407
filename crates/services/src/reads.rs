//! How much is read at once: exports, and answers to requests that are larger than most.
//!
//! A client that asks and does not read makes the server keep what it asked for. So reading from the
//! database has a few places that nobody's client can hold, and what was read and is large has
//! places of its own until it was taken, which are bounded in bytes and in time.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_stream::stream;
use auth::Actor;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use models::UserId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::counts::{Counted, Counts};
use crate::error::{Error, Result};

/// From how many bytes on a read is a large one.
pub const LARGE_BYTES: usize = 1 << 20;
/// How many read what may be large at the same time at the most, and how many requests of one user
/// do or wait for their turn.
const GATHERING: usize = 4;
const GATHERING_PER_USER: u32 = 64;
/// How many large reads one user has at once on this server, of each kind.
const PER_USER: usize = 4;
/// How many bytes all large pages together have, and about how many all exports together keep. With
/// the largest import beside them a server stays below 512 MiB.
const BYTES_AT_ONCE: usize = 64 << 20;
/// About how many bytes an export keeps: a step of messages, in whatever form.
const EXPORT_BYTES: usize = 8 << 20;
/// The largest piece of a body that is handed on at once, in bytes.
const PIECE_BYTES: usize = 64 << 10;
/// How long a piece may wait to be taken.
const PIECE_PATIENCE: Duration = Duration::from_secs(20);
/// How long a large read may take before another one may have its place.
const PATIENCE: Duration = Duration::from_secs(30);

/// The reads of this server. Clones share them.
#[derive(Debug, Clone)]
pub struct Reads {
    gathering: Arc<Semaphore>,
    users: Counts<UserId>,
    pages: Places,
    exports: Places,
}

/// A request that reads from the database, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Gathering {
    _permit: OwnedSemaphorePermit,
    _user: Counted<UserId>,
}

/// A large read, over when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Reading {
    places: Places,
    number: u64,
    cut: CancellationToken,
}

impl Reads {
    /// Those of a server with so many connections to read with. One of them is left to requests
    /// that read little, where there is more than one.
    pub(crate) fn new(connections: u32) -> Self {
        let others = usize::try_from(connections).unwrap_or(usize::MAX).saturating_sub(1);
        Self {
            gathering: Arc::new(Semaphore::new(others.clamp(1, GATHERING))),
            users: Counts::default(),
            pages: Places::default(),
            exports: Places::default(),
        }
    }

    /// Waits for the turn of a request of the actor to read what may be large. To be held until it is
    /// known how large it is, and never while a client is waited for.
    pub async fn gather(&self, actor: &Actor) -> Result<Gathering> {
        let limit = GATHERING_PER_USER;
        let counted = self.users.take(&actor.user_id, limit);
        let counted = counted.ok_or(Error::LimitReached { what: "reads at once", limit })?;
        Ok(Gathering { _permit: self.step().await?, _user: counted })
    }

    /// Waits for the turn of an export to read its next step. To be held until that is read, and
    /// never while a client is waited for.
    pub(crate) async fn step(&self) -> Result<OwnedSemaphorePermit> {
        self.gathering.clone().acquire_owned().await.map_err(|_| Error::ShuttingDown)
    }

    /// Begins to hand on what the actor asked for, which has so many bytes, or says that there is too
    /// much.
    pub fn page(&self, actor: &Actor, bytes: usize) -> Result<Reading> {
        self.pages.take(actor.user_id, bytes)
    }

    /// Begins an export of the actor, or says that there are too many.
    pub(crate) fn export(&self, actor: &Actor) -> Result<Reading> {
        self.exports.take(actor.user_id, EXPORT_BYTES)
    }
}

impl Reading {
    /// Ends when this read has taken long and another one needs its place.
    pub async fn cut(&self) {
        self.cut.cancelled().await;
    }

    /// Hands on `pieces`, in small ones, as fast as they are taken. It ends with an error when one
    /// waits too long, and when this read is [cut](Reading::cut); what is left is dropped then, and
    /// so is the place.
    pub fn pace(
        self,
        pieces: impl Stream<Item = Result<Bytes>> + Send + 'static,
    ) -> impl Stream<Item = Result<Bytes>> + Send {
        let (hand_on, mut taken) = mpsc::channel(1);
        // A reader that does not read does not ask for the next piece either, so a task of its own
        // has to look at the clock. It ends with the body.
        #[expect(clippy::disallowed_methods, reason = "the handle ends it with the body")]
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            tokio::select! {
                () = self.cut() => {}
                () = hand_on_all(pieces, hand_on) => {}
            }
        }));
        stream! {
            let _task = task;
            while let Some(piece) = taken.recv().await {
                match piece {
                    Some(piece) => yield piece,
                    None => return,
                }
            }
            metrics::counter!("chatapp_reads_cut_total").increment(1);
            yield Err(Error::Busy);
        }
    }
}

/// Gives every piece to `hand_on`, and `None` when that was all. It ends early when one of them is
/// not taken in time.
async fn hand_on_all(
    pieces: impl Stream<Item = Result<Bytes>>,
    hand_on: mpsc::Sender<Option<Result<Bytes>>>,
) {
    let mut pieces = pin!(pieces);
    while let Some(piece) = pieces.next().await {
        let (mut rest, error) = match piece {
            Ok(bytes) => (bytes, None),
            Err(error) => (Bytes::new(), Some(error)),
        };
        while !rest.is_empty() {
            let part = rest.split_to(rest.len().min(PIECE_BYTES));
            if !is_taken(&hand_on, Some(Ok(part))).await {
                return;
            }
        }
        if let Some(error) = error {
            is_taken(&hand_on, Some(Err(error))).await;
            break;
        }
    }
    is_taken(&hand_on, None).await;
}

async fn is_taken(
    hand_on: &mpsc::Sender<Option<Result<Bytes>>>,
    piece: Option<Result<Bytes>>,
) -> bool {
    matches!(timeout(PIECE_PATIENCE, hand_on.send(piece)).await, Ok(Ok(())))
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.places.lock().readings.remove(&self.number);
    }
}

/// Places for large reads of one kind.
#[derive(Debug, Clone, Default)]
struct Places(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    /// In the order in which they began.
    readings: BTreeMap<u64, RunningRead>,
}

#[derive(Debug)]
struct RunningRead {
    user: UserId,
    bytes: usize,
    since: Instant,
    cut: CancellationToken,
}

impl Places {
    fn take(&self, user: UserId, bytes: usize) -> Result<Reading> {
        let mut taken = self.lock();
        let own = taken.readings.values().filter(|place| place.user == user).count();
        if own >= PER_USER {
            let limit = u32::try_from(PER_USER).unwrap_or(u32::MAX);
            return Err(Error::LimitReached { what: "large reads at once", limit });
        }
        // A slow reader has the place only as long as no other needs it.
        while taken.bytes().saturating_add(bytes) > BYTES_AT_ONCE && !taken.readings.is_empty() {
            let oldest = taken.readings.first_entry();
            let Some(oldest) = oldest.filter(|oldest| oldest.get().since.elapsed() >= PATIENCE)
            else {
                return Err(Error::Busy);
            };
            oldest.remove().cut.cancel();
        }
        let (number, cut) = (taken.next, CancellationToken::new());
        taken.next += 1;
        let place = RunningRead { user, bytes, since: Instant::now(), cut: cut.clone() };
        taken.readings.insert(number, place);
        Ok(Reading { places: self.clone(), number, cut })
    }

    // A panic while the lock is held leaves the places whole.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn bytes(&self) -> usize {
        self.readings.values().map(|place| place.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use auth::Credential;
    use futures_util::stream;
    use models::user::UserRole;

    use super::*;

    fn user(number: u8) -> Actor {
        Actor {
            user_id: format!("user_{number:032x}").parse().unwrap(),
            credential: Credential::Operator,
            role: UserRole::User,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn s2_large_reads_are_counted_by_user_and_by_bytes_and_come_back() {
        let reads = Reads::new(5);
        let own: Vec<Reading> = (0..4).map(|_| reads.page(&user(1), 8 << 20).unwrap()).collect();
        assert!(matches!(reads.page(&user(1), 1), Err(Error::LimitReached { limit: 4, .. })));
        let others: Vec<Reading> =
            (2..=3).map(|n| reads.page(&user(n), 16 << 20).unwrap()).collect();
        assert!(matches!(reads.page(&user(9), 1), Err(Error::Busy)));
        drop(reads.export(&user(1)).unwrap());
        drop(own);
        drop(reads.page(&user(9), 32 << 20).unwrap());
        drop(others);
        drop(reads.page(&user(9), 1 << 30).expect("one alone may have any number of bytes"));
        assert!(reads.pages.lock().readings.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn s2_those_who_trickle_give_their_places_to_others() {
        let reads = Reads::new(5);
        let trickling: Vec<Reading> =
            (1..=4).map(|n| reads.page(&user(n), 16 << 20).unwrap()).collect();
        assert!(matches!(reads.page(&user(9), 16 << 20), Err(Error::Busy)));
        tokio::time::advance(PATIENCE).await;
        let place = reads.page(&user(9), 16 << 20).unwrap();
        trickling[0].cut().await;
        assert!(trickling[1..].iter().all(|reading| !reading.cut.is_cancelled()));
        drop(trickling);
        assert_eq!(reads.pages.lock().readings.len(), 1, "the place of the other stays");
        drop(place);
    }

    #[tokio::test(start_paused = true)]
    async fn s2_what_nobody_takes_is_dropped_in_time() {
        let reads = Reads::new(5);
        let reading = reads.page(&user(1), 1 << 20).unwrap();
        let pieces = stream::iter([Ok(Bytes::from(vec![b'x'; 5 * PIECE_BYTES + 1]))]);
        let mut body = pin!(reading.pace(pieces));
        let mut got = 0;
        for _ in 0..2 {
            let piece = body.next().await.unwrap().unwrap();
            assert!(piece.len() <= PIECE_BYTES);
            got += piece.len();
            tokio::time::sleep(PIECE_PATIENCE.saturating_sub(Duration::from_secs(1))).await;
        }
        assert_eq!(reads.pages.lock().readings.len(), 1, "it is read slowly, but it is read");
        tokio::time::sleep(PIECE_PATIENCE).await;
        assert!(reads.pages.lock().readings.is_empty());
        let rest: Vec<Result<Bytes>> = body.collect().await;
        assert!(matches!(rest.last(), Some(Err(Error::Busy))), "a cut body is no whole one");
        assert!(got + rest.len() * PIECE_BYTES < 5 * PIECE_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn s2_what_is_taken_comes_whole() {
        let reads = Reads::new(5);
        let reading = reads.page(&user(1), 1 << 20).unwrap();
        let text: Bytes = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let pieces = stream::iter([Ok(text.slice(..70_000)), Ok(text.slice(70_000..))]);
        let mut got = Vec::new();
        let mut body = pin!(reading.pace(pieces));
        while let Some(piece) = body.next().await {
            got.extend_from_slice(&piece.unwrap());
        }
        assert_eq!(got, text);
    }

    #[tokio::test]
    async fn s2_reading_from_the_database_has_few_places_and_a_bound_for_each_user() {
        let (reads, one, two) = (Reads::new(5), user(1), user(2));
        let mut held = Vec::new();
        for _ in 0..GATHERING {
            held.push(reads.gather(&one).await.unwrap());
        }
        let mut next = pin!(reads.gather(&two));
        assert!(futures_util::poll!(next.as_mut()).is_pending());
        let mut waiting: Vec<_> =
            (0..64 - GATHERING).map(|_| Box::pin(reads.gather(&one))).collect();
        for wait in &mut waiting {
            assert!(futures_util::poll!(wait).is_pending());
        }
        assert!(matches!(reads.gather(&one).await, Err(Error::LimitReached { .. })));
        held.pop();
        drop(next.await.unwrap());
        drop((held, waiting));
        assert!(reads.users.is_empty());
    }

    #[tokio::test]
    async fn s2_exports_take_turns_with_pages_and_leave_a_connection_to_others() {
        let one = user(1);
        for (connections, places) in [(1, 1), (2, 1), (4, 3), (64, GATHERING)] {
            let reads = Reads::new(connections);
            let mut steps = Vec::new();
            for _ in 0..places {
                steps.push(reads.step().await.unwrap());
            }
            let mut page = pin!(reads.gather(&one));
            assert!(futures_util::poll!(page.as_mut()).is_pending(), "{connections}");
            steps.pop();
            drop(page.await.unwrap());
        }
    }
}
