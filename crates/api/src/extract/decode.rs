//! From a JSON tree or a query string to a typed request, with errors that name the field.
//!
//! `serde`'s derive does the matching; the error type keeps what it says as data instead of text,
//! so nothing has to be parsed back and no input is repeated.

use std::fmt::{self, Display};

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};

use super::strict::Node;
use crate::error::ApiError;

/// Reads `fields` as a `T`.
pub(super) fn decode<'de, T, V>(fields: Vec<(String, V)>) -> Result<T, ApiError>
where
    T: DeserializeOwned,
    V: Deserializer<'de, Error = Fault>,
{
    let fields = Fields { rest: fields.into_iter(), value: None };
    T::deserialize(de::value::MapAccessDeserializer::new(fields)).map_err(ApiError::from)
}

/// Why a request does not fit its type, and the path of the field.
#[derive(Debug, PartialEq)]
pub(super) enum Fault {
    /// The type has no such field.
    Unknown { path: String },
    /// The field has to be there.
    Missing { path: String },
    /// The value does not fit.
    Value { path: String, message: String },
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unknown { path } => Self::unknown_parameter(&path),
            Fault::Missing { path } => Self::missing_parameter(&path),
            Fault::Value { path, message } => Self::unfit_value(&path, &message),
        }
    }
}

impl Fault {
    /// The same fault, seen from the object that has the field `key`.
    fn within(mut self, key: &str) -> Self {
        let (Self::Unknown { path } | Self::Missing { path } | Self::Value { path, .. }) =
            &mut self;
        *path = if path.is_empty() { key.to_owned() } else { format!("{key}.{path}") };
        self
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { path } => write!(f, "unknown field {path}"),
            Self::Missing { path } => write!(f, "missing field {path}"),
            Self::Value { path, message } => write!(f, "{path}: {message}"),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::Value { path: String::new(), message: message.to_string() }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {expected}, got {}", name(unexpected)))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("expected one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::Unknown { path: field.to_owned() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing { path: field.to_owned() }
    }
}

/// What a value is, without its content.
fn name(unexpected: Unexpected<'_>) -> &'static str {
    match unexpected {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Str(_) | Unexpected::Char(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

/// The fields of an object, one after the other.
struct Fields<V> {
    rest: std::vec::IntoIter<(String, V)>,
    value: Option<(String, V)>,
}

impl<'de, V: Deserializer<'de, Error = Fault>> MapAccess<'de> for Fields<V> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        let name: StringDeserializer<Fault> = key.clone().into_deserializer();
        self.value = Some((key, value));
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let (key, value) =
            self.value.take().ok_or_else(|| de::Error::custom("a value was read twice"))?;
        seed.deserialize(value).map_err(|fault| fault.within(&key))
    }
}

/// The items of an array, one after the other.
struct Items {
    rest: std::iter::Enumerate<std::vec::IntoIter<Node>>,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((position, item)) = self.rest.next() else {
            return Ok(None);
        };
        seed.deserialize(item).map(Some).map_err(|fault| fault.within(&position.to_string()))
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Unsigned(value) => visitor.visit_u64(value),
            Self::Signed(value) => visitor.visit_i64(value),
            Self::Float(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(items) => visitor.visit_seq(Items { rest: items.into_iter().enumerate() }),
            Self::Object(fields) => {
                visitor.visit_map(Fields { rest: fields.into_iter(), value: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// One of a fixed set of words.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Self::Text(word) => visitor.visit_enum(word.into_deserializer()),
            other => {
                let got: &str = (&other).into();
                Err(de::Error::custom(format_args!("expected a string, got {got}")))
            }
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A value of a query string: a text that may stand for a boolean.
pub(super) struct QueryValue(pub(super) String);

impl<'de> Deserializer<'de> for QueryValue {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(de::Error::custom("expected true or false")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
