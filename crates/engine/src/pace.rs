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

#[cfg(test)]
mod tests {
    use super::*;

    /// How long it is until the database is to be asked. That time passes.
    async fn next(pace: &Pace) -> Duration {
        let began = Instant::now();
        pace.wait().await;
        assert!(pace.is_due());
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_bus_the_database_is_asked_steadily() {
        let mut pace = Pace::new(false);
        for news in [false, true, false] {
            assert!(!pace.is_due());
            assert_eq!(next(&pace).await, POLL);
            pace.polled(news);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bus_that_tells_everything_puts_it_off_for_a_while() {
        let mut pace = Pace::new(true);
        let began = Instant::now();
        while !pace.is_due() {
            tokio::time::advance(Duration::from_millis(500)).await;
            pace.heard();
        }
        assert_eq!(began.elapsed(), TRUST, "in any case");
        pace.polled(false);
        assert_eq!(next(&pace).await, SILENCE, "it knew no more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bus_that_misses_something_is_not_waited_for_until_it_tells_something() {
        let mut pace = Pace::new(true);
        pace.fall_back();
        assert!(pace.is_due(), "at once");
        pace.polled(false);
        assert_eq!(next(&pace).await, POLL);
        pace.heard();
        assert_eq!(next(&pace).await, SILENCE);
        // The database knew more than the bus had told.
        pace.polled(true);
        assert_eq!(next(&pace).await, POLL);
    }
}
