//! Every metric there is.

use std::borrow::Cow;
use std::fmt::Write as _;

use provider::ProviderError;

use super::label::{Label, PROVIDER, Values, any, list, one_of};

/// What becomes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricKind {
    /// It only grows, until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Samples, sorted into buckets.
    Histogram,
}

impl MetricKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What becomes of it.
    pub kind: MetricKind,
    /// What it is told apart by.
    pub labels: &'static [Label],
    help: &'static str,
}

impl Metric {
    /// What it counts, in words, with the values of its labels that are listed here.
    pub fn help(&self) -> Cow<'static, str> {
        let listed = self.labels.iter().find_map(|label| match label.values {
            Values::OneOf(values) => Some(values.join(", ")),
            _ => None,
        });
        listed.map_or(self.help.into(), |values| format!("{} ({values})", self.help).into())
    }
}

/// Metrics that answer one question.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The question.
    pub question: &'static str,
    /// Its metrics.
    pub metrics: &'static [Metric],
}

const fn metric(
    kind: MetricKind,
    name: &'static str,
    labels: &'static [Label],
    help: &'static str,
) -> Metric {
    Metric { name, kind, labels, help }
}

/// The tables of `docs/OPERATING.md`.
pub fn markdown() -> String {
    let mut text = String::new();
    for Group { question, metrics } in GROUPS {
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            "**{question}**\n\n| Metric | Kind | Labels | Meaning |\n|---|---|---|---|\n"
        );
        for metric in *metrics {
            let labels = metric.labels.iter().map(|label| format!("`{}`", label.name));
            let (kind, labels) = (metric.kind.word(), labels.collect::<Vec<_>>().join(", "));
            let _ = writeln!(text, "| `{}` | {kind} | {labels} | {} |", metric.name, metric.help());
        }
        text.push('\n');
    }
    text
}

/// The codes of errors of requests.
fn error_codes() -> Vec<&'static str> {
    api::error_codes().collect()
}

/// The codes with which answers fail.
fn failure_codes() -> Vec<&'static str> {
    api::failure_codes().collect()
}

/// How calls of a provider end.
fn outcomes() -> Vec<&'static str> {
    ["ok", "cancelled"].iter().chain(ProviderError::CODES).copied().collect()
}

/// All of them, by the questions they answer.
pub const GROUPS: &[Group] = &[
    Group {
        question: "Is it up, and which one is it?",
        metrics: &[
            metric(
                MetricKind::Gauge,
                "chatapp_build_info",
                &[any("version"), any("commit")],
                "1; the labels say which build runs",
            ),
            metric(
                MetricKind::Gauge,
                "process_resident_memory_bytes",
                &[],
                "Memory of the process (Linux)",
            ),
            metric(
                MetricKind::Gauge,
                "process_open_fds",
                &[],
                "File descriptors of the process (Linux)",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_panics_total",
                &[],
                "Requests and connections that ended in a panic; each is a bug",
            ),
        ],
    },
    Group {
        question: "What do clients ask for, and what do they get?",
        metrics: &[
            metric(
                MetricKind::Counter,
                "chatapp_http_requests_total",
                &[any("method"), any("route"), any("status")],
                "Requests; 499 is a client that went away before the reply began",
            ),
            metric(
                MetricKind::Histogram,
                "chatapp_http_request_seconds",
                &[any("method"), any("route")],
                "Time until the head of the reply; an event stream goes on after it",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_http_errors_total",
                &[list("code", error_codes)],
                "Requests refused or failed, by the code of the error",
            ),
            metric(MetricKind::Gauge, "chatapp_http_connections", &[], "Open connections"),
            metric(
                MetricKind::Gauge,
                "chatapp_http_connections_limit",
                &[],
                "How many there may be (server.max_connections, or what the system allows)",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_http_bodies",
                &[],
                "Request bodies that are being received",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_http_limits_reached_total",
                &[one_of(
                    "limit",
                    &[
                        "connections_per_address",
                        "bodies_per_address",
                        "requests_per_user",
                        "requests_per_key",
                        "storage_per_user",
                    ],
                )],
                "What was refused because an address, a user or a key has as much as it may",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_reads_cut_total",
                &[],
                "Large answers and exports that were given up because nobody took them",
            ),
            metric(MetricKind::Gauge, "chatapp_sse_followers", &[], "Open event streams"),
            metric(
                MetricKind::Counter,
                "chatapp_login_refused_total",
                &[],
                "Logins with a wrong address or password",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_login_throttled_total",
                &[],
                "Logins and password changes not looked at because too many before were wrong",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_signup_throttled_total",
                &[],
                "Sign-ups not looked at because too many came from their address before",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_refresh_reuse_total",
                &[],
                "Refresh tokens that were used twice: their sessions were ended",
            ),
        ],
    },
    Group {
        question: "How are answers made?",
        metrics: &[
            metric(
                MetricKind::Gauge,
                "chatapp_generations_running",
                &[],
                "Answers that are being made here",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_generations_limit",
                &[],
                "How many there may be (limits.generations, or what the system allows)",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generations_refused_total",
                &[one_of("limit", &["server", "user"])],
                "Answers not begun because a limit was reached",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generations_total",
                &[one_of("status", &["completed", "incomplete", "failed", "cancelled"])],
                "Answers that ended",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generation_failures_total",
                &[list("code", failure_codes)],
                "Answers that failed, by the code of the error",
            ),
            metric(
                MetricKind::Histogram,
                "chatapp_generation_first_token_seconds",
                &[],
                "Time from asking the provider to its first token, retries included",
            ),
            metric(
                MetricKind::Histogram,
                "chatapp_generation_seconds",
                &[],
                "Time from accepting a message to the end of its answer",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generation_tokens_total",
                &[PROVIDER, one_of("kind", &["input", "cached", "output", "reasoning"])],
                "Tokens; cached ones are a part of the input, reasoning of the output",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generation_panics_total",
                &[],
                "Answers that ended in a panic; each is a bug",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generation_context_refusals_total",
                &[],
                "Contexts that a provider refused as too long and that were sent again with less",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generation_ends_not_stored_total",
                &[],
                "Answers whose end could not be stored as it was",
            ),
        ],
    },
    Group {
        question: "How are the providers?",
        metrics: &[
            metric(
                MetricKind::Counter,
                "chatapp_upstream_calls_total",
                &[PROVIDER, list("outcome", outcomes)],
                "Calls by their outcome: ok, cancelled, or the code of the error",
            ),
            metric(
                MetricKind::Histogram,
                "chatapp_upstream_first_token_seconds",
                &[PROVIDER],
                "Time from a call to its first token",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_upstream_retries_total",
                &[PROVIDER],
                "Requests sent again",
            ),
        ],
    },
    Group {
        question: "How is the database?",
        metrics: &[
            metric(
                MetricKind::Gauge,
                "chatapp_database_up",
                &[],
                "1 if the last write or readiness check succeeded",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_database_full",
                &[],
                "1 after a write found no room, until there is some",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_database_errors_total",
                &[one_of(
                    "kind",
                    &[
                        "conflict",
                        "timeout",
                        "queue_full",
                        "unavailable",
                        "locked",
                        "storage_full",
                        "read_only",
                        "other",
                    ],
                )],
                "Failures; a conflict is tried again",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_rows_skipped_total",
                &[one_of(
                    "work",
                    &[
                        "checkpoint",
                        "end of an answer",
                        "purge of credentials",
                        "purge of events",
                        "recovery of an answer",
                        "removal of a conversation",
                        "removal of an account",
                        "search backlog",
                        "takeover from a server",
                    ],
                )],
                "Rows that were skipped because work on them failed for a reason of their own",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_database_write_queue",
                &[],
                "Writes that waited when the last group was taken (SQLite)",
            ),
            metric(
                MetricKind::Histogram,
                "chatapp_database_group_size",
                &[],
                "Writes that shared a commit (SQLite)",
            ),
            metric(
                MetricKind::Histogram,
                "chatapp_database_commit_seconds",
                &[],
                "Time of a group with its commit (SQLite)",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_database_groups_undone_total",
                &[],
                "Groups that were undone and done again one by one (SQLite)",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_database_statements_total",
                &[one_of("handle", &["read", "write"])],
                "Statements, to read or within a transaction that writes, without its begin and end",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_database_transactions_total",
                &[],
                "Transactions that write; on SQLite a group of writes is one",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_database_retries_total",
                &[],
                "Transactions run again because another one was in the way",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_database_panics_total",
                &[],
                "Transactions that ended in a panic; each is a bug",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_database_connections",
                &[any("pool"), any("state")],
                "Open connections, idle and busy",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_database_connections_limit",
                &[any("pool")],
                "How many there may be (storage.max_connections, storage.readers)",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_database_file_bytes",
                &[any("file")],
                "Size of the database file and its write-ahead log (SQLite)",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_data_disk_free_bytes",
                &[],
                "Room where the data folder is",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_checkpoint_interval_seconds",
                &[],
                "The most a crash loses of an answer, one commit aside",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_checkpoint_failures_total",
                &[],
                "Checkpoints that could not be stored; they are tried again",
            ),
        ],
    },
    Group {
        question: "What becomes of answers whose server died?",
        metrics: &[
            metric(
                MetricKind::Counter,
                "chatapp_server_takeovers_total",
                &[],
                "Dead servers whose answers this one took over",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generations_recovered_total",
                &[],
                "Answers of dead servers closed with the text that was stored",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_generations_continued_total",
                &[],
                "Answers of dead servers that were continued",
            ),
        ],
    },
    Group {
        question: "Do servers hear each other?",
        metrics: &[
            metric(
                MetricKind::Gauge,
                "chatapp_bus_up",
                &[],
                "1 while Redis can be used; absent without Redis",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_bus_forged_total",
                &[],
                "Batches in Redis that no server of ours has signed; they were not read",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_bus_published_events_total",
                &[],
                "Events sent to Redis",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_bus_dropped_events_total",
                &[],
                "Events not sent because Redis was away; followers got them from the database",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_bus_received_events_total",
                &[],
                "Events that followers here got from Redis",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_bus_fallbacks_total",
                &[],
                "How often a reader of another server's answer turned from Redis to the database",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_bus_returns_total",
                &[],
                "How often such a reader turned back to Redis",
            ),
            metric(
                MetricKind::Counter,
                "chatapp_bus_polls_total",
                &[],
                "How often this server polled its running responses because another one had notified it, of a stop or a delete",
            ),
            metric(
                MetricKind::Gauge,
                "chatapp_remote_responses_followed",
                &[],
                "Answers of other servers that are followed here",
            ),
        ],
    },
];
