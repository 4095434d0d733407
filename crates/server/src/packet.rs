//! Whether the database server takes what this server may have to store.

use crate::config::Config;

/// What a statement holds beside the text of an answer, in bytes.
const BESIDE: u64 = 1024 * 1024;
/// The largest `max_allowed_packet` there is.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// What to do about it.
pub(crate) const ADVICE: &str = "Raise max_allowed_packet in the database server's configuration ([mysqld]), or lower \
     provider.max_answer_bytes; docs/OPERATING.md says more.";

/// What the database server has to take, in bytes.
fn needed(config: &Config) -> u64 {
    let longest = config.providers.list.iter().map(|provider| provider.max_answer_bytes).max();
    let longest = u64::try_from(longest.unwrap_or_default()).unwrap_or(LARGEST);
    longest.saturating_add(BESIDE).min(LARGEST)
}

/// What is wrong with a `max_allowed_packet` of so many bytes, if anything is.
pub(crate) fn too_small(config: &Config, packet: u64) -> Option<String> {
    let needed = needed(config);
    (packet < needed).then(|| {
        format!(
            "max_allowed_packet is {packet} bytes; an answer as large as is allowed needs {needed}. \
             One that does not fit ends as failed and keeps what fits."
        )
    })
}

/// Warns at the start.
pub(crate) fn warn(config: &Config, packet: Option<u64>) {
    if let Some(sentence) = packet.and_then(|packet| too_small(config, packet)) {
        tracing::warn!("{sentence} {ADVICE}");
    }
}
