//! The counters with labels, from 0 on: a query for an increase sees the first one only where the
//! series was there before.

use metrics::counter;

use crate::config::Providers;

/// Counters whose one label has values that are known: name, label, values.
pub(super) const KNOWN: &[(&str, &str, &[&str])] = &[
    (
        "chatapp_http_limits_reached_total",
        "limit",
        &[
            "connections_per_address",
            "bodies_per_address",
            "requests_per_user",
            "requests_per_key",
            "storage_per_user",
        ],
    ),
    ("chatapp_generations_refused_total", "limit", &["server", "user"]),
    ("chatapp_generations_total", "status", &["completed", "incomplete", "failed", "cancelled"]),
    (
        "chatapp_database_errors_total",
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
    ),
    ("chatapp_database_statements_total", "handle", &["read", "write"]),
    (
        "chatapp_rows_skipped_total",
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
    ),
];

/// The kinds of tokens that an answer is charged for.
pub(super) const TOKENS: [&str; 4] = ["input", "output", "cached", "reasoning"];

/// Counters whose label is the code of an error, and those of [`KNOWN`].
pub(super) fn begin() {
    for (name, label, values) in KNOWN {
        for value in *values {
            counter!(*name, *label => *value).increment(0);
        }
    }
    for code in api::error_codes() {
        counter!("chatapp_http_errors_total", "code" => code).increment(0);
    }
    for code in api::failure_codes() {
        counter!("chatapp_generation_failures_total", "code" => code).increment(0);
    }
}

/// Counters of each provider that answers here.
pub(super) fn begin_providers(providers: &Providers) {
    let demo = providers.demo || providers.default.is_none();
    let names = providers.list.iter().map(|provider| provider.name.clone());
    for name in names.chain(demo.then(|| "demo".to_owned())) {
        for outcome in ["ok", "cancelled"].into_iter().chain(api::failure_codes()) {
            counter!("chatapp_upstream_calls_total", "provider" => name.clone(), "outcome" => outcome)
                .increment(0);
        }
        counter!("chatapp_upstream_retries_total", "provider" => name.clone()).increment(0);
        for kind in TOKENS {
            counter!("chatapp_generation_tokens_total", "provider" => name.clone(), "kind" => kind)
                .increment(0);
        }
    }
}
