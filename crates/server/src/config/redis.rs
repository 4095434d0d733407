//! Section `redis`.

use std::time::Duration;

use bus::Address;

use super::key::Privacy;
use super::section::section;
use super::setting::Setting;

section! {
    /// Redis as a bus between several servers on one MySQL or MariaDB database: what one of them
    /// generates reaches followers on the others at once, instead of by way of the database.
    /// Nothing depends on it, and nothing is lost with it (`docs/REPLICAS.md`).
    RedisConfig = "redis";

    /// `redis://USER:PASSWORD@HOST:PORT/NUMBER` (all but the host may be left out), the same with
    /// `rediss:` for TLS, or `redis+unix:///PATH`. Redis 6 or later, or Valkey; one server, no
    /// cluster.
    url: Option<RedisUrl>, env "REDIS_URL";
    /// How long one operation may take. A Redis that takes longer counts as away.
    timeout: Duration = "1s", range "50ms" to "10s";
    /// How many batches of events are kept there of an answer, roughly; a follower needs those of
    /// the last checkpoint interval.
    stream_length: u32 = "1000", range "16" to "1000000";
    /// How long they are kept after the newest of them.
    retention: Duration = "2m", range "5s" to "1d";
}

/// The address of a Redis.
#[derive(Debug, Clone)]
pub struct RedisUrl(pub Address);

impl Setting for RedisUrl {
    const EXPECTS: &'static str = "a URL beginning with `redis://`, `rediss://` or `redis+unix://`";
    const PRIVACY: Privacy = Privacy::Secret;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: bus::BadAddress| error.to_string())
    }
}
