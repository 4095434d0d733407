//! Table `api_keys`.

use std::fmt;
use std::str::FromStr;

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, Time, UserId};

/// One thing that a key may be used for. Each route asks for exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reading conversations, messages, responses, models and who one is.
    Read,
    /// Making, changing and deleting conversations, sending messages, stopping answers.
    Write,
    /// The account itself: profile, password, sessions, keys, export, deletion.
    Account,
    /// The administration routes, as far as the owner is an administrator.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Account, Self::Admin];

    /// Its name, on the wire and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Account => "account",
            Self::Admin => "admin",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

/// A word that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is one of read, write, account, admin")]
pub struct UnknownScope;

/// What a key may be used for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Whether `scope` is among them.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes in their order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// Reads the stored form. A word of a later release grants nothing here.
    pub fn from_stored(text: &str) -> Self {
        text.split(' ').filter_map(|word| word.parse().ok()).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// The stored form: words with a space between them.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A long-lived credential of a user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// Whose key it is.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    /// The first characters, shown in lists.
    pub prefix: String,
    /// The stored form of its [`Scopes`].
    pub scopes: String,
    /// When it stops working.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_what_they_write() {
        for bits in 0..16 {
            let scopes = Scopes(bits);
            assert_eq!(Scopes::from_stored(&scopes.to_string()), scopes);
            assert_eq!(scopes.iter().collect::<Scopes>(), scopes);
        }
        let all: Scopes = Scope::ALL.into_iter().collect();
        assert_eq!(all.to_string(), "read write account admin");
    }

    #[test]
    fn words_that_are_no_scope_grant_nothing() {
        for text in ["", "  ", "READ", "root", "read,write", "reads"] {
            assert!(Scopes::from_stored(text).is_empty(), "{text:?}");
        }
        assert!(Scopes::from_stored("billing read").contains(Scope::Read));
    }
}
