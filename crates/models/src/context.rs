//! Where times and ids come from, so that tests can control both.

use std::fmt;
use std::sync::Arc;

use chrono::{SubsecRound, Utc};
use uuid::Uuid;

use crate::Time;
use crate::id::Id;

/// A source of the current time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Time + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine for the time"
    )]
    pub fn system() -> Self {
        Self(Arc::new(Utc::now))
    }

    /// A clock that shows what `now` returns.
    pub fn from_fn(now: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The current time in UTC, cut to whole microseconds, which is what every engine can store.
    pub fn now(&self) -> Time {
        (self.0)().trunc_subsecs(6)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// The source of times and ids that every use case is given.
#[derive(Clone, Debug)]
pub struct Context {
    /// The clock that [`Context::now`] reads.
    pub clock: Clock,
}

impl Context {
    /// A context on the machine's clock.
    pub fn system() -> Self {
        Self { clock: Clock::system() }
    }

    /// The current time, see [`Clock::now`].
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// A new UUIDv7 id; ids made by one process sort by the order of their making.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    pub fn new_id<T: Id>(&self) -> T {
        T::from(Uuid::now_v7())
    }
}
