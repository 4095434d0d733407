//! The Redis between the servers, which owes nobody anything, and what is done to it.

use std::collections::BTreeMap;

use reqwest::Method;
use testkit::Redis;

use crate::chance::Chance;
use crate::client::Client;
use crate::fleet::Address;

/// What was done to it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Troubles {
    pub(crate) kills: u64,
    pub(crate) freezes: u64,
    pub(crate) flushes: u64,
    /// It refused every write for a while.
    pub(crate) fills: u64,
}

/// How it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Well,
    Dead,
    Frozen,
    Full,
}

/// A Redis, well or not. It stays unwell while servers fall.
#[derive(Debug)]
pub(crate) struct Between {
    redis: Redis,
    state: State,
    chance: Chance,
    pub(crate) troubles: Troubles,
    /// How many events each life has received over it, as far as it could be asked.
    received: BTreeMap<usize, u64>,
}

impl Between {
    /// A Redis whose troubles come from `seed`.
    pub(crate) async fn start(seed: u64) -> Self {
        Self {
            redis: Redis::start().await,
            state: State::Well,
            chance: Chance::new(seed, "redis"),
            troubles: Troubles::default(),
            received: BTreeMap::new(),
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.redis.url()
    }

    /// Asks servers what they have received. Those that do not answer are left out.
    pub(crate) async fn count(&mut self, servers: &[Address], client: &Client) {
        for address in servers {
            let request = client.request(Method::GET, address, "/metrics", testkit::METRICS_TOKEN);
            let Ok(reply) = request.send().await else { continue };
            let text = reply.text().await.unwrap_or_default();
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("chatapp_bus_received_events_total "));
            if let Some(count) = line.and_then(|count| count.parse().ok()) {
                self.received.insert(address.life, count);
            }
        }
    }

    /// How many events came over it, at least.
    pub(crate) fn received(&self) -> u64 {
        self.received.values().sum()
    }

    /// Perhaps the beginning of a trouble, or the end of one.
    pub(crate) async fn trouble(&mut self) {
        if self.state != State::Well {
            if self.chance.percent(50) {
                self.heal().await;
            }
            return;
        }
        let troubles = &mut self.troubles;
        match self.chance.below(6) {
            0 => {
                self.redis.kill().await;
                (self.state, troubles.kills) = (State::Dead, troubles.kills + 1);
            }
            1 => {
                self.redis.freeze();
                (self.state, troubles.freezes) = (State::Frozen, troubles.freezes + 1);
            }
            2 => {
                self.redis.flush().await;
                troubles.flushes += 1;
            }
            3 => {
                self.redis.fill().await;
                (self.state, troubles.fills) = (State::Full, troubles.fills + 1);
            }
            _ => {}
        }
    }

    /// Ends a trouble.
    pub(crate) async fn heal(&mut self) {
        match std::mem::replace(&mut self.state, State::Well) {
            State::Well => {}
            State::Dead => self.redis.come_back().await,
            State::Frozen => self.redis.thaw(),
            State::Full => self.redis.make_room().await,
        }
    }
}
