//! What a call adds to the metrics.

use tokio::time::Instant;

/// Counts one call; a call dropped before its end counts as cancelled.
#[derive(Debug)]
pub(crate) struct Meter {
    provider: String,
    began: Instant,
    first_token: bool,
    ended: bool,
}

impl Meter {
    pub(crate) fn new(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            began: Instant::now(),
            first_token: false,
            ended: false,
        }
    }

    /// The answer has begun; only the first report counts.
    pub(crate) fn first_token(&mut self) {
        if !std::mem::replace(&mut self.first_token, true) {
            metrics::histogram!("chatapp_upstream_first_token_seconds", "provider" => self.provider.clone())
                .record(self.began.elapsed().as_secs_f64());
        }
    }

    /// The request is sent again.
    pub(crate) fn retry(&self) {
        metrics::counter!("chatapp_upstream_retries_total", "provider" => self.provider.clone())
            .increment(1);
    }

    /// The call is over; only the first report counts.
    pub(crate) fn end(&mut self, outcome: &'static str) {
        if !std::mem::replace(&mut self.ended, true) {
            metrics::counter!(
                "chatapp_upstream_calls_total", "provider" => self.provider.clone(), "outcome" => outcome
            )
            .increment(1);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.end("cancelled");
    }
}
