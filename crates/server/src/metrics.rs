//! The metrics of the process: counted everywhere, described and rendered here.

mod label;
mod machine;
mod reference;
mod starts;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use services::Services;

pub use label::{Label, Values};
pub(crate) use machine::free_bytes;
pub use reference::{GROUPS, Group, Metric, MetricKind, markdown};

use crate::config::Config;
use crate::version::VERSION;

/// Upper bounds of the buckets of every metric in seconds: from a cached read to a long answer.
const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 300.0,
];
/// The same of how many writes share a commit.
const GROUP_SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// What counts in this process. It has no listener and no task.
#[derive(Debug, Clone)]
pub struct Recorder(PrometheusHandle);

impl Recorder {
    /// Begins to count; there is one in a process, however often this is called. Every metric is
    /// described.
    pub fn install() -> anyhow::Result<Self> {
        static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
        let mut handle = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = &*handle {
            return Ok(Self(handle.clone()));
        }
        let installed = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
            .set_buckets_for_metric(
                Matcher::Full("chatapp_database_group_size".to_owned()),
                GROUP_SIZES,
            )?
            .install_recorder()
            .context("metrics are counted already")?;
        for metric in GROUPS.iter().flat_map(|group| group.metrics) {
            match metric.kind {
                MetricKind::Counter => describe_counter!(metric.name, metric.help()),
                MetricKind::Gauge => describe_gauge!(metric.name, metric.help()),
                MetricKind::Histogram => describe_histogram!(metric.name, metric.help()),
            }
        }
        let commit = VERSION.commit.unwrap_or("unknown");
        gauge!("chatapp_build_info", "version" => VERSION.version, "commit" => commit).set(1.0);
        Ok(Self(handle.insert(installed).clone()))
    }
}

/// What `/metrics` shows: what was counted, and what is looked up when a client asks.
#[derive(Debug)]
pub struct Metrics {
    recorder: Recorder,
    services: Services,
    data_dir: PathBuf,
    database: Option<PathBuf>,
}

impl Metrics {
    /// Those of a server. Counters begin at 0, so that their first increase is seen.
    pub fn new(recorder: Recorder, services: &Services, config: &Config) -> Self {
        starts::begin(&services.models.names().collect::<Vec<_>>());
        Self {
            recorder,
            services: services.clone(),
            data_dir: config.storage.data_dir.clone(),
            database: config.database.sqlite_path().map(ToOwned::to_owned),
        }
    }
}

impl api::Metrics for Metrics {
    fn render(&self) -> String {
        self.services.health.measure();
        machine::measure(&self.data_dir, self.database.as_deref());
        self.recorder.0.render()
    }

    fn tidy(&self) {
        self.recorder.0.run_upkeep();
    }
}
