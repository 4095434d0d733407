//! How many requests a user makes, and each of their API keys.
//!
//! A token bucket: as many requests as a minute has may come at once, and they come back evenly. The
//! counts are those of this process.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth::{Actor, Credential};
use models::{ApiKeyId, UserId};
use tokio::time::Instant;

use crate::error::{Error, Result};

/// When buckets that are full again are looked for.
const MANY: usize = 10_000;
const MINUTE: f64 = 60.0;

/// How many requests there may be in a minute; zero for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Of one user, however they log in.
    pub per_user: u32,
    /// Of one API key.
    pub per_key: u32,
}

/// The requests of this process. Clones share them.
#[derive(Debug, Clone)]
pub struct Requests {
    users: Buckets<UserId>,
    keys: Buckets<ApiKeyId>,
}

/// Where a user or a key stands with a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// How many requests a minute has.
    pub limit: u32,
    /// How many may come at once now.
    pub remaining: u32,
    /// How long until that is the limit again.
    pub reset: Duration,
}

impl Requests {
    pub(crate) fn new(limits: RequestLimits) -> Self {
        Self { users: Buckets::new(limits.per_user), keys: Buckets::new(limits.per_key) }
    }

    /// Counts a request of `actor`, or says when the next may come. Of its two limits the one is
    /// told that is nearer; none where there is none.
    pub fn count(&self, actor: &Actor) -> (Option<Standing>, Result<()>) {
        let own = self.users.count(actor.user_id, "requests_per_user");
        let key = match actor.credential {
            Credential::Key { id, .. } => self.keys.count(id, "requests_per_key"),
            Credential::Session(_) | Credential::Operator => None,
        };
        let nearer = [own, key].into_iter().flatten();
        let Some((standing, wait)) = nearer.min_by_key(|(standing, _)| standing.remaining) else {
            return (None, Ok(()));
        };
        let wait = [own, key].into_iter().flatten().filter_map(|(_, wait)| wait).max().or(wait);
        let refused = wait.map(|wait| Error::TooManyRequests { limit: standing.limit, wait });
        (Some(standing), refused.map_or(Ok(()), Err))
    }
}

/// A bucket for each of many.
#[derive(Debug)]
struct Buckets<K> {
    limit: u32,
    buckets: Arc<Mutex<HashMap<K, Bucket>>>,
}

impl<K> Clone for Buckets<K> {
    fn clone(&self) -> Self {
        Self { limit: self.limit, buckets: self.buckets.clone() }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// How many requests it had.
    left: f64,
    /// When that was.
    at: Instant,
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(limit: u32) -> Self {
        Self { limit, buckets: Arc::default() }
    }

    /// Takes a request out of the bucket of `key`: what is left, and how long the next one has to
    /// wait if there was none.
    fn count(&self, key: K, name: &'static str) -> Option<(Standing, Option<Duration>)> {
        if self.limit == 0 {
            return None;
        }
        let (limit, now) = (f64::from(self.limit), Instant::now());
        let in_bucket = |bucket: Bucket| {
            let came = now.duration_since(bucket.at).as_secs_f64() * limit / MINUTE;
            (bucket.left + came).min(limit)
        };
        let mut buckets = lock(&self.buckets);
        if buckets.len() >= MANY && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| in_bucket(*bucket) < limit);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: limit, at: now });
        let left = in_bucket(*bucket);
        let is_free = left >= 1.0;
        let left = if is_free { left - 1.0 } else { left };
        *bucket = Bucket { left, at: now };
        drop(buckets);
        let until =
            |wanted: f64| Duration::from_secs_f64(((wanted - left) * MINUTE / limit).max(0.001));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a u32")]
        let remaining = left as u32;
        let standing = Standing { limit: self.limit, remaining, reset: until(limit) };
        if !is_free {
            metrics::counter!("chatapp_http_limits_reached_total", "limit" => name).increment(1);
        }
        Some((standing, (!is_free).then(|| until(1.0))))
    }
}

// A panic while the lock is held leaves the buckets whole.
fn lock<K>(buckets: &Mutex<HashMap<K, Bucket>>) -> MutexGuard<'_, HashMap<K, Bucket>> {
    buckets.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use models::api_key::Scopes;
    use models::{SessionId, user::UserRole};

    use super::*;

    fn actor(user: u8, key: Option<u8>) -> Actor {
        let id = |kind: &str, number: u8| format!("{kind}_{number:032x}");
        let session = || id("sess", 1).parse::<SessionId>().unwrap();
        Actor {
            user_id: id("user", user).parse().unwrap(),
            credential: match key {
                Some(key) => Credential::Key {
                    id: id("key", key).parse().unwrap(),
                    scopes: Scopes::default(),
                },
                None => Credential::Session(session()),
            },
            role: UserRole::User,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn s10_requests_are_counted_by_user_and_by_key_and_come_back_evenly() {
        let requests = Requests::new(RequestLimits { per_user: 60, per_key: 6 });
        let by_key = actor(1, Some(1));
        for left in (0..6).rev() {
            let (standing, result) = requests.count(&by_key);
            result.unwrap();
            let standing = standing.unwrap();
            assert_eq!((standing.limit, standing.remaining), (6, left));
        }
        let (standing, refused) = requests.count(&by_key);
        let Err(Error::TooManyRequests { limit: 6, wait }) = refused else { panic!("{refused:?}") };
        assert_eq!(wait.as_secs(), 10);
        assert_eq!(standing.unwrap().reset.as_secs(), 60);
        // Neither another key nor the login has to wait for this one.
        requests.count(&actor(1, Some(2))).1.unwrap();
        let mut own = 0;
        while requests.count(&actor(1, None)).1.is_ok() {
            own += 1;
        }
        assert_eq!(own, 60 - 8, "all of the user's requests count for the user");
        requests.count(&actor(2, None)).1.unwrap();
        tokio::time::advance(Duration::from_secs(10)).await;
        requests.count(&by_key).1.unwrap();
        assert!(requests.count(&by_key).1.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn s10_without_limits_nothing_is_counted() {
        let requests = Requests::new(RequestLimits { per_user: 0, per_key: 0 });
        let (standing, result) = requests.count(&actor(1, Some(1)));
        result.unwrap();
        assert!(standing.is_none() && lock(&requests.users.buckets).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn s10_those_who_ask_no_more_are_forgotten() {
        let buckets = Buckets::<usize>::new(60);
        for key in 0..MANY {
            let _ = buckets.count(key, "");
        }
        tokio::time::advance(Duration::from_mins(1)).await;
        let _ = buckets.count(MANY, "");
        assert_eq!(lock(&buckets.buckets).len(), 1);
    }
}
