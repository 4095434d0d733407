//! The counters, from 0 on: a query for an increase sees the first one only where the series was
//! there before.

use metrics::counter;

use super::reference::{GROUPS, Metric, MetricKind};

/// Begins every counter at 0, once for each of the values of its labels, where these are known.
pub(super) fn begin(providers: &[&str]) {
    let metrics = GROUPS.iter().flat_map(|group| group.metrics);
    for metric in metrics.filter(|metric| metric.kind == MetricKind::Counter) {
        for labels in series(metric, providers) {
            counter!(metric.name, labels).increment(0);
        }
    }
}

/// Every combination of the values of a metric's labels; none where those of one are not known.
fn series(metric: &Metric, providers: &[&str]) -> Vec<Vec<metrics::Label>> {
    metric.labels.iter().fold(vec![Vec::new()], |begun, label| {
        let with = |value: String| {
            let label = metrics::Label::new(label.name, value);
            begun
                .iter()
                .map(move |labels| [labels.as_slice(), std::slice::from_ref(&label)].concat())
        };
        label.known(providers).into_iter().flat_map(with).collect()
    })
}
