//! When the reader of a response that runs elsewhere asks the database.

use std::time::Duration;

use tokio::time::Instant;

/// How often, as long as nothing comes from the bus. The other server stores what it has at
/// least every 2 s.
const POLL: Duration = Duration::from_millis(300);
/// How long the bus may say nothing about a response.
const SILENCE: Duration = Duration::from_secs(1);
/// How often in any case: what comes may come from a server that has lost the response.
const TRUST: Duration = Duration::from_secs(5);

/// When to ask next.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Whether events come from the bus.
    live: bool,
    looked: Instant,
    due: Instant,
}

impl Pace {
    /// Just after the database was read. With a bus it is given the chance to be quicker.
    pub(crate) fn new(live: bool) -> Self {
        let now = Instant::now();
        Self { live, looked: now, due: now + if live { SILENCE } else { POLL } }
    }

    /// Whether the database should be asked now.
    pub(crate) fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Waits until it should.
    pub(crate) async fn wait(&self) {
        tokio::time::sleep_until(self.due).await;
    }

    /// The database was asked; `news` when it knew more than the bus had told.
    pub(crate) fn polled(&mut self, news: bool) {
        self.looked = Instant::now();
        if news {
            self.fall_back();
        }
        self.due = self.looked + if self.live { SILENCE } else { POLL };
    }

    /// The bus had something new.
    pub(crate) fn heard(&mut self) {
        if !self.live {
            self.live = true;
            metrics::counter!("chatapp_bus_returns_total").increment(1);
        }
        self.due = (Instant::now() + SILENCE).min(self.looked + TRUST);
    }

    /// The bus is away, or something is missing in it.
    pub(crate) fn fall_back(&mut self) {
        if self.live {
            self.live = false;
            self.due = Instant::now();
            metrics::counter!("chatapp_bus_fallbacks_total").increment(1);
        }
    }
}
