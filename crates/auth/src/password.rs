//! Password hashing: Argon2id (RFC 9106), off the async threads, in bounded numbers, fairly.

mod foreign;
mod memory;
mod queue;

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::Output;
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordHash, Version};
use secrecy::{ExposeSecret as _, SecretString};

pub use self::queue::Purpose;
use self::queue::{Permit, Queue};
use crate::{AuthError, random};

pub use foreign::foreign_hash;

/// The cost of one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordParameters {
    /// Memory, in KiB (1,024 bytes); at least 8 per lane.
    pub memory_kib: u32,
    /// Passes over the memory; at least 1.
    pub iterations: u32,
    /// Lanes; they are computed one after the other.
    pub parallelism: u32,
}

impl Default for PasswordParameters {
    /// 19 MiB, 2 passes, 1 lane: ASVS 5.0.0, appendix C.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, iterations: 2, parallelism: 1 }
    }
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The password is right.
    Yes {
        /// The stored hash was made with other parameters than today's: hash again and store.
        rehash: bool,
    },
    /// It is wrong, or there is no such user.
    No,
}

/// Hashes and checks passwords, at most `concurrency` at once and, for each [`Purpose`], `queue`
/// waiting. Those who wait take turns ([`queue`]).
///
/// The bound is what keeps a storm of logins from taking all memory (20 at once are 380 MiB)
/// and every thread.
#[derive(Clone)]
pub struct Passwords {
    hasher: Arc<Hasher>,
    /// A permit is held by the blocking task itself, so that neither a caller who leaves nor a
    /// panic can lose one.
    queue: Queue,
}

struct Hasher {
    argon2: Argon2<'static>,
    /// Checked when there is no user, so that the answer takes as long as for one.
    dummy: PasswordHash,
}

impl Passwords {
    /// Fails if Argon2 does not accept the parameters. Hashes once, which takes a moment.
    pub fn new(
        parameters: PasswordParameters,
        concurrency: usize,
        queue: usize,
    ) -> Result<Self, AuthError> {
        let params =
            Params::new(parameters.memory_kib, parameters.iterations, parameters.parallelism, None)
                .map_err(AuthError::internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = hash(&argon2, &random::bytes::<32>())?;
        let concurrency = concurrency.max(1);
        Ok(Self {
            hasher: Arc::new(Hasher { argon2, dummy }),
            queue: Queue::new(concurrency, queue),
        })
    }

    /// Waits until a password may be hashed or checked for `caller`, which is whatever tells one
    /// caller from another.
    ///
    /// [`AuthError::TooMany`] if too much is asked for this caller at once, [`AuthError::Busy`] if
    /// there are too many callers.
    pub async fn turn(&self, purpose: Purpose, caller: u64) -> Result<Turn, AuthError> {
        let permit = self.queue.permit(purpose, caller).await?;
        Ok(Turn { hasher: Arc::clone(&self.hasher), permit })
    }

    /// As [`Turn::hash`], for commands, which have no callers.
    pub async fn hash(&self, password: SecretString) -> Result<String, AuthError> {
        self.turn(Purpose::Store, 0).await?.hash(password).await
    }
}

/// The right to hash or check one password now. Others wait until it is used or dropped.
pub struct Turn {
    hasher: Arc<Hasher>,
    permit: Permit,
}

impl Turn {
    /// The hash to store, in PHC string format with a fresh salt.
    pub async fn hash(self, password: SecretString) -> Result<String, AuthError> {
        self.run(move |hasher| {
            let hash = hash(&hasher.argon2, password.expose_secret().as_bytes())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Checks `password` against the `stored` hash. Without one (no such user) it takes the same
    /// time and the answer is [`Verified::No`].
    pub async fn verify(
        self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<Verified, AuthError> {
        self.run(move |hasher| hasher.verify(password.expose_secret().as_bytes(), stored)).await
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Hasher) -> Result<T, AuthError> + Send + 'static,
    ) -> Result<T, AuthError> {
        tokio::task::spawn_blocking(move || {
            let Self { hasher, permit: _permit } = self;
            work(&hasher)
        })
        .await
        .map_err(AuthError::internal)?
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

impl Hasher {
    fn verify(&self, password: &[u8], stored: Option<String>) -> Result<Verified, AuthError> {
        let Some(stored) = stored else {
            // The result does not matter; the work does.
            return matches(password, &self.dummy).map(|_| Verified::No);
        };
        if foreign::is_bcrypt(&stored) {
            let is_right = foreign::matches_bcrypt(password, &stored)?;
            return Ok(if is_right { Verified::Yes { rehash: true } } else { Verified::No });
        }
        let stored = PasswordHash::new(&stored).map_err(AuthError::internal)?;
        if stored.salt.is_none() || stored.hash.is_none() {
            return Err(AuthError::internal("a stored password hash is incomplete"));
        }
        Ok(if matches(password, &stored)? {
            Verified::Yes { rehash: !self.is_current(&stored) }
        } else {
            Verified::No
        })
    }

    /// Whether a hash was made with today's algorithm, version, parameters and length.
    fn is_current(&self, stored: &PasswordHash) -> bool {
        let today = &self.dummy;
        stored.algorithm == ARGON2ID_IDENT
            && stored.version == today.version
            && stored.params == today.params
            && stored.hash.as_ref().map(Output::len) == today.hash.as_ref().map(Output::len)
    }
}

fn matches(password: &[u8], stored: &PasswordHash) -> Result<bool, AuthError> {
    memory::matches(password, stored).map_err(AuthError::internal)
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<PasswordHash, AuthError> {
    memory::hash(argon2, password, &random::bytes::<16>()).map_err(AuthError::internal)
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("parameters", &self.hasher.argon2.params())
            .field("free", &self.queue.free())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
