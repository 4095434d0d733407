//! On a shared database: notices servers that stopped moving and sees to what they left open.
//!
//! A server counts as dead when its `(epoch, beat)` was the same at [`LOOKS`] looks in a row after
//! the first. No clock is read, of this machine or another: a process that was frozen, or could
//! not reach the database, for however long, has not looked meanwhile. One that has stopped in
//! good order says so, and nobody waits.

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

/// Observes until the engine stops. A server that is to stop takes nothing over any more.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut others = Others::default();
    let mut skipped = Skipped::new(recover::WORK);
    loop {
        if let Err(error) = look(&engine, &mut others, &mut skipped).await {
            tracing::warn!(error = %crate::chain(&error), "looking after other servers failed");
        }
        tokio::select! {
            () = engine.draining.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn look(
    engine: &Arc<Engine>,
    others: &mut Others,
    skipped: &mut Skipped<ResponseId>,
) -> Result<()> {
    let found = crud::servers::list_with_open_responses(&engine.db, engine.fence().owner).await?;
    for dead in others.note(found) {
        // Whoever sees to its responses may die too: then they are still open, and this server
        // stands still again at the new epoch.
        let taken = match crud::servers::take_over(&engine.db, dead.clone())
            .await
            .map_err(Error::from)
        {
            Err(error) if !error.is_outage() => {
                // It says nothing about the other servers.
                tracing::error!(server = %dead.id, error = %crate::chain(&error), "not taken over");
                continue;
            }
            taken => taken?,
        };
        if taken {
            tracing::warn!(server = %dead.id, "seeing to what a dead server left open");
            #[cfg(feature = "kill-points")]
            crud::kill_point("takeover.committed");
            metrics::counter!("server_takeovers_total").increment(1);
            recover::take_open_of(engine, dead.id, skipped).await?;
        }
    }
    Ok(())
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
