//! The metrics of this process, as this layer needs them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

/// What has been counted. It belongs to `server`, which knows what counts.
pub trait Metrics: fmt::Debug + Send + Sync {
    /// Everything, in the text format of Prometheus.
    fn render(&self) -> String;

    /// Makes room of samples that wait to be rendered. Without it they would pile up on a server
    /// that nobody reads the metrics of.
    fn tidy(&self);
}

/// How many requests are between two calls of [`Metrics::tidy`].
const EVERY: u64 = 1024;

/// Tidies now and then, while there are requests: an idle server does nothing.
#[derive(Debug, Clone)]
pub(crate) struct Upkeep {
    metrics: Arc<dyn Metrics>,
    requests: Arc<AtomicU64>,
}

impl Upkeep {
    pub(crate) fn new(metrics: Arc<dyn Metrics>) -> Self {
        Self { metrics, requests: Arc::default() }
    }

    fn count(&self) {
        if (self.requests.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(EVERY) {
            self.metrics.tidy();
        }
    }
}

/// Counts a request.
pub(crate) async fn upkeep(State(upkeep): State<Upkeep>, request: Request, next: Next) -> Response {
    upkeep.count();
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Counted(AtomicU64);

    impl Metrics for Counted {
        fn render(&self) -> String {
            String::new()
        }

        fn tidy(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn samples_are_tidied_every_thousand_requests() {
        let counted = Arc::new(Counted::default());
        let upkeep = Upkeep::new(counted.clone());
        (1..EVERY).for_each(|_| upkeep.count());
        assert_eq!(counted.0.load(Ordering::Relaxed), 0);
        (0..=EVERY).for_each(|_| upkeep.count());
        assert_eq!(counted.0.load(Ordering::Relaxed), 2);
    }
}
