//! Words that are stored and sent: each set is an enum, and a word of another version stays as it is.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, StringLen, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, IntoActiveValue, QueryResult, TryGetError, TryGetable, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of words that this version knows.
pub trait Words: Copy + Eq + fmt::Debug + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The word as it is stored and sent.
    fn as_str(self) -> &'static str;
}

/// Makes an enum of words: `Variant = "word"`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $crate::word::Words for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}
pub(crate) use words;

/// A word of the set `T`, or one that this version does not know, because a newer or a removed
/// version has written it. Read and written again it is the same text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrUnknown<T> {
    /// One that this version knows.
    Known(T),
    /// Another one.
    Unknown(Box<str>),
}

impl<T: Words> OrUnknown<T> {
    /// The word as it is stored and sent.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(word) => word.as_str(),
            Self::Unknown(text) => text,
        }
    }

    /// Whether it is this word.
    pub fn is(&self, word: T) -> bool {
        matches!(self, Self::Known(known) if *known == word)
    }
}

impl<T: Words> From<&str> for OrUnknown<T> {
    fn from(text: &str) -> Self {
        let known = T::ALL.iter().copied().find(|word| word.as_str() == text);
        known.map_or_else(|| Self::Unknown(text.into()), Self::Known)
    }
}

impl<T: Words> From<T> for OrUnknown<T> {
    fn from(word: T) -> Self {
        Self::Known(word)
    }
}

impl<T: Words> FromStr for OrUnknown<T> {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl<T: Words> fmt::Display for OrUnknown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<T: Words> Serialize for OrUnknown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, T: Words> Deserialize<'de> for OrUnknown<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(text.as_ref().into())
    }
}

impl<T: Words> From<OrUnknown<T>> for Value {
    fn from(word: OrUnknown<T>) -> Self {
        word.as_str().into()
    }
}

impl<T: Words> TryGetable for OrUnknown<T> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, column: I) -> Result<Self, TryGetError> {
        String::try_get_by(row, column).map(|text| text.as_str().into())
    }
}

impl<T: Words> ValueType for OrUnknown<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <String as ValueType>::try_from(value).map(|text| text.as_str().into())
    }

    fn type_name() -> String {
        <String as ValueType>::type_name()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::String(StringLen::None)
    }
}

impl<T: Words> Nullable for OrUnknown<T> {
    fn null() -> Value {
        <String as Nullable>::null()
    }
}

impl<T: Words> IntoActiveValue<OrUnknown<T>> for OrUnknown<T> {
    fn into_active_value(self) -> sea_orm::ActiveValue<OrUnknown<T>> {
        sea_orm::ActiveValue::Set(self)
    }
}
