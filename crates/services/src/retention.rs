//! Forgets what credentials leave behind when it has had its time: sessions that ended, refresh
//! tokens, idempotency keys and links that expired, counts of wrong passwords.
//!
//! Sleeps until the first is due. What is written meanwhile may be due earlier: then all is looked
//! at again a little later, and never while nobody writes.

use std::sync::Arc;
use std::time::Duration;

use engine::rows::{self, Skipped};
use engine::{Error, Result};
use models::Time;

use crate::core::Core;
use crate::throttle::remembered;

/// How long a session is kept after its end, for those who look into what happened.
const SESSION_KEPT: Duration = Duration::from_hours(30 * 24);
/// How soon what was written meanwhile is looked at.
const LOOK_AGAIN: Duration = Duration::from_mins(15);

/// What is forgotten.
#[derive(Debug, Clone, Copy)]
enum RetentionKind {
    Sessions,
    RefreshTokens,
    IdempotencyKeys,
    LoginFailures,
    Invitations,
    ResetLinks,
}

impl RetentionKind {
    const ALL: [Self; 6] = [
        Self::Sessions,
        Self::RefreshTokens,
        Self::IdempotencyKeys,
        Self::LoginFailures,
        Self::Invitations,
        Self::ResetLinks,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::RefreshTokens => "refresh tokens",
            Self::IdempotencyKeys => "idempotency keys",
            Self::LoginFailures => "login failures",
            Self::Invitations => "invitations",
            Self::ResetLinks => "links to a new password",
        }
    }

    /// How long a row is kept after the time that says how old it is.
    fn kept(self, core: &Core) -> Duration {
        match self {
            Self::Sessions => SESSION_KEPT,
            Self::RefreshTokens | Self::IdempotencyKeys | Self::Invitations | Self::ResetLinks => {
                Duration::ZERO
            }
            Self::LoginFailures => remembered(core.settings.throttle.longest),
        }
    }

    async fn oldest(self, core: &Core) -> Result<Option<Time>> {
        let db = &core.db;
        Ok(match self {
            Self::Sessions => crud::sessions::first_end(db).await?,
            Self::RefreshTokens => crud::sessions::first_token_end(db).await?,
            Self::IdempotencyKeys => crud::idempotency::oldest(db).await?,
            Self::LoginFailures => crud::login_failures::oldest(db).await?,
            Self::Invitations => crud::invitations::oldest(db).await?,
            Self::ResetLinks => crud::users::reset::oldest(db).await?,
        })
    }

    /// One step; how many rows went.
    async fn purge(self, core: &Core, until: Time) -> Result<u64> {
        let db = &core.db;
        Ok(match self {
            Self::Sessions => crud::sessions::purge(db, until).await?,
            Self::RefreshTokens => crud::sessions::purge_tokens(db, until).await?,
            Self::IdempotencyKeys => crud::idempotency::purge(db, until).await?,
            Self::LoginFailures => crud::login_failures::purge(db, until).await?,
            Self::Invitations => crud::invitations::purge(db, until).await?,
            Self::ResetLinks => crud::users::reset::purge(db, until).await?,
        })
    }

    /// Removes what is due; how long until more is.
    async fn see_to(self, core: &Core) -> Result<Option<Duration>> {
        let kept = self.kept(core);
        loop {
            let now = core.context.now();
            let Some(oldest) = self.oldest(core).await? else { return Ok(None) };
            let due = oldest + kept;
            if due > now {
                return Ok(due.signed_duration_since(now).to_std().ok());
            }
            if core.stopped.is_cancelled() {
                return Err(Error::ShuttingDown);
            }
            let gone = self.purge(core, now - kept).await?;
            tracing::debug!(rows = gone, of = self.name(), "purged");
            if gone == 0 {
                // Another server was quicker, or the oldest is not what goes.
                return Ok(Some(LOOK_AGAIN));
            }
        }
    }
}

/// Purges until the engine stops.
pub(crate) async fn run(core: Arc<Core>) {
    let mut skipped = Skipped::new("purge of credentials");
    loop {
        let mut waits = Vec::new();
        for kind in RetentionKind::ALL {
            if skipped.is_waiting(kind.name()) {
                continue;
            }
            let seen = kind.see_to(&core).await;
            match skipped.note(kind.name(), seen) {
                Ok(wait) => waits.extend(wait.flatten()),
                Err(Error::ShuttingDown) => return,
                Err(error) => waits.extend(rows::or_later(kind.name(), Err(error))),
            }
        }
        waits.extend(skipped.wait());
        let written = async {
            core.rows_age.notified().await;
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        tokio::select! {
            () = core.stopped.cancelled() => return,
            () = rows::due(waits.into_iter().min()) => {}
            () = written => {}
        }
    }
}
