//! On a shared database: notices servers that stopped moving and sees to what they left open.
//!
//! A server counts as dead when its `(epoch, beat)` was the same at [`LOOKS`] looks in a row after
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

/// The pause between two looks at the others. A server raises its beat every 2 s.
const POLL: Duration = Duration::from_secs(2);
/// How often a server must be seen at the same beat after the first time.
const LOOKS: u32 = 5;

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
        if let Err(error) = look(&engine, &mut others, &mut state).await {
            tracing::warn!(error = %crate::chain(&error), "looking after other servers failed");
        }
        tokio::select! {
            () = engine.draining.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn look(engine: &Arc<Engine>, others: &mut Others, state: &mut State) -> Result<()> {
    let found = crud::servers::list_with_open_responses(&engine.db, engine.fence().owner).await?;
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
    // Whoever sees to its responses may die too: then they are still open, and this server
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
/// looks at which it was the same since.
#[derive(Debug, Default)]
struct Others(HashMap<ServerId, (server::Model, u32)>);

impl Others {
    /// Takes note of what a look has found; those that are dead.
    fn note(&mut self, found: Vec<server::Model>) -> Vec<server::Model> {
        self.0.retain(|id, _| found.iter().any(|other| other.id == *id));
        let mut dead = Vec::new();
        for other in found {
            let (before, looks) = self.0.entry(other.id).or_insert_with(|| (other.clone(), 0));
            if *before == other {
                *looks += 1;
            } else {
                (*before, *looks) = (other.clone(), 1);
            }
            // The first time does not count.
            if *looks > LOOKS || other.beat == crud::servers::STOPPED {
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

    /// How long recovery may take to begin, counted in pauses between looks.
    const PROMISE: Duration = Duration::from_secs(15);

    /// At which look, from 1, one that looks like this at each is taken for dead.
    fn noticed(beats: impl IntoIterator<Item = Option<i64>>) -> Option<u32> {
        let id = Context::system().new_id();
        let mut others = Others::default();
        (1..).zip(beats).find_map(|(look, beat)| {
            let found = beat.map(|beat| server::Model { id, epoch: 0, beat }).into_iter().collect();
            (!others.note(found).is_empty()).then_some(look)
        })
    }

    #[test]
    fn who_dies_is_noticed_after_so_many_looks_and_within_the_promise() {
        // It died right after a look, with its beat raised in between.
        let beats = [Some(0)].into_iter().chain(std::iter::repeat_n(Some(1), 100));
        let look = noticed(beats).expect("noticed");
        assert_eq!(look, 1 + 1 + LOOKS);
        let longest = POLL * (look - 1);
        assert!(longest < PROMISE, "{longest:?}");
        // A beat is 2 s and more: one that is merely late is not taken for dead.
        assert!(POLL * LOOKS >= Duration::from_secs(10));
    }

    #[test]
    fn who_moves_even_rarely_is_not_dead() {
        let slow = (0..100).map(|look| Some(look / i64::from(LOOKS)));
        assert_eq!(noticed(slow), None);
        let often_gone = (0..100).map(|look| (look % 6 < 5).then_some(0));
        assert_eq!(noticed(often_gone), None, "what has nothing open is forgotten");
    }

    #[test]
    fn who_has_stopped_is_not_waited_for() {
        assert_eq!(noticed([Some(7), Some(crud::servers::STOPPED)]), Some(2));
    }
}
