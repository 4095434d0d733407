//! Typed ids: UUIDv7 (RFC 9562) inside, `prefix_` and 32 hexadecimal digits outside.

use std::fmt;
use std::str::FromStr;

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form {prefix}_ followed by 32 lower-case hexadecimal digits")]
pub struct ParseIdError {
    /// What the id should have begun with, without the underscore.
    pub prefix: &'static str,
}

/// An id that a [`Context`](crate::Context) can make.
pub trait Id: Copy + From<Uuid> {
    /// What the readable form begins with, without the underscore.
    const PREFIX: &'static str;
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, ParseIdError> {
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|digits| digits.len() == 32)
        .filter(|digits| digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        .ok_or(ParseIdError { prefix })?;
    Uuid::try_parse(digits).map_err(|_| ParseIdError { prefix })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
        pub struct $name(pub Uuid);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse(text, $prefix).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        // SeaORM asks this of every primary key; only integer keys have an answer.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

id!(
    /// A person with an account.
    UserId, "user"
);
id!(
    /// One login of a user; owns refresh tokens.
    SessionId, "sess"
);
id!(
    /// A long-lived credential of a user.
    ApiKeyId, "key"
);
id!(
    /// A link with which people make accounts.
    InvitationId, "inv"
);
id!(
    /// A conversation.
    ConversationId, "conv"
);
id!(
    /// A row of a conversation.
    MessageId, "msg"
);
id!(
    /// One generation of an answer.
    ResponseId, "resp"
);
id!(
    /// One running server process.
    ServerId, "srv"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_what_it_writes(bits: u128) {
            let id = ConversationId(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<ConversationId>(), Ok(id));
        }

        #[test]
        fn no_text_panics_the_parser(text in ".*") {
            let _ = text.parse::<MessageId>();
        }
    }

    #[test]
    fn only_the_canonical_form_of_the_right_kind_is_read() {
        let id = MessageId(Uuid::from_u128(0xabc));
        let text = id.to_string();
        assert!(text.starts_with("msg_0000"));
        assert!(text.to_uppercase().parse::<MessageId>().is_err());
        assert!(text.parse::<ConversationId>().is_err());
        assert!(id.0.to_string().parse::<MessageId>().is_err());
    }
}
