use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use metrics::counter;

use super::*;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn documented() -> BTreeMap<&'static str, Metric> {
    GROUPS.iter().flat_map(|group| group.metrics).map(|metric| (metric.name, *metric)).collect()
}

#[test]
fn metrics_are_installed_once_and_seconds_have_buckets() {
    let first = Recorder::install().unwrap();
    let second = Recorder::install().unwrap();
    metrics::histogram!("chatapp_test_seconds").record(0.2);
    counter!("chatapp_test_total").increment(1);
    let text = second.0.render();
    first.0.run_upkeep();
    assert!(text.contains("chatapp_test_seconds_bucket{le=\"0.25\"} 1"), "{text}");
    assert!(text.contains("chatapp_test_total 1"), "{text}");
    counter!("chatapp_panics_total").increment(0);
    assert!(
        second.0.render().contains("# HELP chatapp_panics_total Requests and connections"),
        "{text}"
    );
}

/// Counters that appear with their first increment: too many values, or none known beforehand.
const LATE: [&str; 1] = ["chatapp_http_requests_total"];

#[test]
fn o12_every_counter_is_shown_before_it_is_incremented() {
    let recorder = Recorder::install().unwrap();
    starts::begin(&["openai"]);
    let text = recorder.0.render();
    for metric in documented().values().filter(|metric| metric.kind == MetricKind::Counter) {
        let late = LATE.contains(&metric.name);
        assert_eq!(text.contains(&format!("\n{}", metric.name)), !late, "{}", metric.name);
    }
}

/// A value that nothing counts would be 0 for ever.
#[test]
fn every_value_that_begins_at_0_is_counted_somewhere() {
    let text: String = all_sources().iter().map(read).collect();
    for label in documented().values().flat_map(|metric| metric.labels) {
        let Values::OneOf(values) = label.values else { continue };
        for value in values {
            assert!(text.contains(&format!("\"{value}\"")), "{value}");
        }
    }
}

fn read(file: &PathBuf) -> String {
    fs::read_to_string(file).unwrap()
}

/// The Rust files that count, tests and the list of what there is aside.
fn all_sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for krate in fs::read_dir(Path::new(ROOT).join("crates")).unwrap() {
        let folder = krate.unwrap().path().join("src");
        if folder.exists() {
            sources(&folder, &mut files);
        }
    }
    files.retain(|file| !file.ends_with("metrics/reference.rs"));
    files
}

/// The Rust files of the products' crates.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

#[test]
fn whatever_is_counted_is_documented_and_nothing_else() {
    let mut counted = BTreeSet::new();
    for text in all_sources().iter().map(read) {
        let calls = [
            ("counter!(", MetricKind::Counter),
            ("gauge!(", MetricKind::Gauge),
            ("histogram!(", MetricKind::Histogram),
            // One gauge a line, in `machine`.
            ("        set(", MetricKind::Gauge),
        ];
        for (call, kind) in calls {
            for rest in text.split(call).skip(1) {
                let name = rest.trim_start().strip_prefix('"');
                counted.extend(
                    name.and_then(|name| name.split('"').next())
                        .map(|name| (name.to_owned(), kind)),
                );
            }
        }
    }
    let documented: BTreeSet<_> =
        documented().values().map(|metric| (metric.name.to_owned(), metric.kind)).collect();
    let (here, there) = (counted.difference(&documented), documented.difference(&counted));
    let (here, there): (Vec<_>, Vec<_>) = (here.collect(), there.collect());
    assert!(
        here.is_empty() && there.is_empty(),
        "not documented: {here:?}; not counted: {there:?}"
    );
}

/// `UPDATE_DOCS=1` writes the tables instead of comparing them.
#[test]
fn the_tables_are_current() {
    let path = format!("{ROOT}/docs/OPERATING.md");
    let found = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- metrics: generated -->\n\n", "<!-- metrics: end -->");
    let (before, rest) = found.split_once(begin).expect("the beginning is marked");
    let (_, after) = rest.split_once(end).expect("the end is marked");
    let expected = format!("{before}{begin}{}{end}{after}", markdown());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(found == expected, "stale; run: UPDATE_DOCS=1 cargo test -p chatapp metrics");
}

/// The metrics that a query of Prometheus names, and the labels it uses.
fn named(query: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut metrics, mut labels) = (BTreeSet::new(), BTreeSet::new());
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = query;
    let mut in_braces = false;
    while let Some(c) = rest.chars().next() {
        let word: String = rest.chars().take_while(|c| is_word(*c)).collect();
        if word.is_empty() {
            in_braces = (in_braces || c == '{') && c != '}';
            // What is between quotes or brackets is no name.
            let closing = match c {
                '"' => Some('"'),
                '[' => Some(']'),
                _ => None,
            };
            rest = &rest[c.len_utf8()..];
            if let Some(closing) = closing {
                rest = rest.split_once(closing).expect("it is closed").1;
            }
            continue;
        }
        rest = &rest[word.len()..];
        let rest_trimmed = rest.trim_start();
        let is_function = ["(", "by ", "without "].iter().any(|it| rest_trimmed.starts_with(it));
        if ["by", "without"].contains(&word.as_str()) {
            let (list, after) = rest.trim_start().trim_start_matches('(').split_once(')').unwrap();
            labels.extend(list.split(',').map(|label| label.trim().to_owned()));
            rest = after;
        } else if in_braces {
            labels.insert(word);
        } else if !["or", "and", "unless"].contains(&word.as_str())
            && !is_function
            && !word.starts_with(|c: char| c.is_ascii_digit())
        {
            metrics.insert(word);
        }
    }
    (metrics, labels)
}

#[test]
fn queries_are_understood() {
    let query = r#"histogram_quantile(0.9, sum by (le, provider) (rate(a_seconds_bucket{x="y z"}[$__rate_interval]))) / b > 10"#;
    let (metrics, labels) = named(query);
    assert_eq!(metrics.into_iter().collect::<Vec<_>>(), ["a_seconds_bucket", "b"]);
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["le", "provider", "x"]);
}

#[track_caller]
fn assert_exists(query: &str) {
    /// Those that Prometheus adds.
    const ADDED: [&str; 3] = ["le", "instance", "job"];
    let all = documented();
    let (metrics, labels) = named(query);
    assert!(!metrics.is_empty(), "{query}");
    let mut known: BTreeSet<String> = ADDED.map(str::to_owned).into();
    for name in metrics {
        let of_histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| name.strip_suffix(end))
            .find_map(|base| all.get(base).filter(|metric| metric.kind == MetricKind::Histogram));
        let plain = all.get(name.as_str()).filter(|metric| metric.kind != MetricKind::Histogram);
        let Some(metric) = of_histogram.or(plain) else {
            assert_eq!(name, "up", "{query}");
            continue;
        };
        known.extend(metric.labels.iter().map(|label| label.name.to_owned()));
    }
    assert!(labels.is_subset(&known), "{query}: {labels:?} beyond {known:?}");
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let text = fs::read_to_string(format!("{ROOT}/docs/grafana-dashboard.json")).unwrap();
    let board: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(board["title"].is_string() && board["schemaVersion"].as_u64() >= Some(36));
    assert_eq!(board["templating"]["list"][0]["type"], "datasource");
    let mut asked = BTreeSet::new();
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in board["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(places.insert(panel["gridPos"].to_string()), "{panel}");
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            assert_exists(query);
            asked.extend(named(query).0);
        }
    }
    assert!(asked.len() > 30, "it shows most of what there is: {asked:?}");
}

#[test]
fn the_alerts_ask_for_what_there_is() {
    let text = fs::read_to_string(format!("{ROOT}/docs/OPERATING.md")).unwrap();
    let queries: Vec<_> =
        text.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).collect();
    assert!(queries.len() > 5, "{queries:?}");
    queries.into_iter().for_each(assert_exists);
}
