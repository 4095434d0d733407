//! Gauges that go down again whatever happens.

/// One more in a gauge of the metrics, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Gauged(metrics::Gauge);

impl Gauged {
    /// Counts one more.
    pub fn begin(gauge: metrics::Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Gauged {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
