//! On a shared database: notices servers that stopped moving and sees to what they left open.
//!
//! A server counts as dead when its `(epoch, liveness)` was the same at [`POLLS`] polls in a row after
//! the first. No clock is read, of this machine or another: a process that was frozen, or could
//! not reach the database, for however long, has not looked meanwhile. One that has stopped in
//! good order says so, and nobody waits. A dead one that leaves something open even so is left alone
//! for a while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use models::{ResponseId, ServerId, server};

use super::engine::Engine;
use super::recover;
use crate::error::{Error, Result};
use crate::rows::Skipped;

/// The pause between two polls at the others. A server increments its counter every 2 s.
const POLL: Duration = Duration::from_secs(2);
/// How often a server must be seen with the same counter after the first time.
const POLLS: u32 = 5;

/// What is skipped for now.
struct State {
    servers: Skipped<ServerId>,
    responses: Skipped<ResponseId>,
}

/// Observes until the engine stops. A server that is to stop takes nothing over any more.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut others = Others::default();
    let mut state = State {
        servers: Skipped::new("takeover from a server"),
        responses: Skipped::new(recover::WORK),
    };
    loop {
        if let Err(error) = poll(&engine, &mut others, &mut state).await {
            tracing::warn!(error = %crate::chain(&error), "looking after other servers failed");
        }
        tokio::select! {
            () = engine.draining.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn poll(engine: &Arc<Engine>, others: &mut Others, state: &mut State) -> Result<()> {
    let found =
        crud::servers::list_with_open_responses(&engine.db, engine.fence().server_id).await?;
    for dead in others.note(found) {
        if !state.servers.is_waiting(dead.id) {
            let id = dead.id;
            let taken = take_over(engine, dead, &mut state.responses).await;
            state.servers.note(id, taken)?;
        }
    }
    Ok(())
}

/// Takes a dead server's responses over and sees to them. It fails when some of them stay open.
async fn take_over(
    engine: &Arc<Engine>,
    dead: server::Model,
    skipped: &mut Skipped<ResponseId>,
) -> Result<()> {
    let id = dead.id;
    // The server that sees to its responses may die too: then they are still open, and this server
    // stands still again at the new epoch.
    if !crud::servers::take_over(&engine.db, dead).await? {
        return Ok(());
    }
    tracing::warn!(server = %id, "seeing to what a dead server left open");
    #[cfg(feature = "kill-points")]
    crud::kill_point("takeover.committed");
    metrics::counter!("chatapp_server_takeovers_total").increment(1);
    if recover::take_open_of(engine, id, skipped).await? {
        Ok(())
    } else {
        Err(Error::internal("it has left answers that stay open"))
    }
}

/// The other servers that have something open as they were seen last, each with the number of
/// polls at which it was the same since.
#[derive(Debug, Default)]
struct Others(HashMap<ServerId, (server::Model, u32)>);

impl Others {
    /// Takes note of what a poll has found; those that are dead.
    fn note(&mut self, found: Vec<server::Model>) -> Vec<server::Model> {
        self.0.retain(|id, _| found.iter().any(|other| other.id == *id));
        let mut dead = Vec::new();
        for other in found {
            let (before, polls) = self.0.entry(other.id).or_insert_with(|| (other.clone(), 0));
            if *before == other {
                *polls += 1;
            } else {
                (*before, *polls) = (other.clone(), 1);
            }
            // The first time does not count.
            if *polls > POLLS || other.liveness == crud::servers::STOPPED {
                self.0.remove(&other.id);
                dead.push(other);
            }
        }
        dead
    }
}

#[cfg(test)]
mod tests {
    use models::Context;

    use super::*;

    /// How long recovery may take to begin, counted in pauses between polls.
    const PROMISE: Duration = Duration::from_secs(15);

    /// At which poll, from 1, one that looks like this at each is taken for dead.
    fn noticed(counters: impl IntoIterator<Item = Option<i64>>) -> Option<u32> {
        let id = Context::system().new_id();
        let mut others = Others::default();
        (1..).zip(counters).find_map(|(poll, counter)| {
            let found = counter
                .map(|liveness| server::Model { id, epoch: 0, liveness })
                .into_iter()
                .collect();
            (!others.note(found).is_empty()).then_some(poll)
        })
    }

    #[test]
    fn who_dies_is_noticed_after_so_many_looks_and_within_the_promise() {
        // It died right after a poll, with its counter incremented in between.
        let counters = [Some(0)].into_iter().chain(std::iter::repeat_n(Some(1), 100));
        let poll = noticed(counters).expect("noticed");
        assert_eq!(poll, 1 + 1 + POLLS);
        let longest = POLL * (poll - 1);
        assert!(longest < PROMISE, "{longest:?}");
        // A heartbeat takes 2 s and more: one that is merely late is not taken for dead.
        assert!(POLL * POLLS >= Duration::from_secs(10));
    }

    #[test]
    fn who_moves_even_rarely_is_not_dead() {
        let slow = (0..100).map(|poll| Some(poll / i64::from(POLLS)));
        assert_eq!(noticed(slow), None);
        let often_gone = (0..100).map(|poll| (poll % 6 < 5).then_some(0));
        assert_eq!(noticed(often_gone), None, "what has nothing open is forgotten");
    }

    #[test]
    fn who_has_stopped_is_not_waited_for() {
        assert_eq!(noticed([Some(7), Some(crud::servers::STOPPED)]), Some(2));
    }
}
