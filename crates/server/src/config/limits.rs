//! Section `limits`.

use std::time::Duration;

use super::section::section;

section! {
    /// How much is generated at once, and how long things are kept.
    LimitsConfig = "limits";

    /// How many answers are generated at once by this server; more are refused for the moment.
    generations: u32 = "1000", range "1" to "1000000";
    /// How many answers of one user are generated at once by this server. A conversation has
    /// one at a time in any case.
    generations_per_user: u32 = "8", range "1" to "1000000";
    /// How many event streams of one user are open at once on this server; more are refused.
    streams_per_user: u32 = "256", range "1" to "1000000";
    /// The same for all users together, from one address (of IPv6: one /64 network). Behind a
    /// proxy that is not trusted everybody has the proxy's address.
    streams_per_address: u32 = "1024", range "1" to "1000000";
    /// How many requests a user may make in a minute on this server, with all logins and keys
    /// together. As many may come at once; more are refused until some of the minute has passed.
    /// 0 is no limit.
    requests_per_user: u32 = "3000", range "0" to "1000000";
    /// The same for each API key.
    requests_per_key: u32 = "1200", range "0" to "1000000";
    /// How many bytes of text a user may store: messages, what stands beside them, and
    /// instructions, the trash included. An answer that has begun is stored in any case. 0 is no
    /// limit.
    storage_per_user: u64 = "0", range "0" to "1000000000000000";
    /// How many API keys a user may have. Revoked ones do not count.
    keys_per_user: u32 = "50", range "1" to "10000";
    /// How often running answers are written to disk at the most. A crash loses no more than
    /// what was generated in this time, or in five times the last write's duration if that is
    /// longer.
    checkpoint_interval: Duration = "200ms", range "10ms" to "2s";
    /// How long the numbered events of an answer are kept after its end. The answer itself stays;
    /// a client that resumes later gets it whole.
    event_retention: Duration = "24h", range "0s" to "3650d";
    /// How long a deleted conversation lies in the trash, from where its owner can restore it.
    /// With `0s` deleting removes it at once.
    trash_retention: Duration = "30d", range "0s" to "3650d";
}
