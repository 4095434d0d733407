//! Bodies and queries below `/v1`, read leniently: the clients are newer than this server, so what it
//! does not know is left alone. The bounds are those of the strict readers, and no key may be there
//! twice.

use std::cell::RefCell;

use axum::body::HttpBody;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::request::Parts;
use serde::de::value::SeqDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};

use super::decode::{Fault, QueryValue, decode};
use super::query::pairs;
use super::strict::Node;
use super::{RequestId, json};
use crate::error::ApiError;

/// The most names that one event of the log has.
const MAX_NAMES: usize = 16;
/// The longest of them, in characters.
const MAX_NAME_CHARS: usize = 64;

/// A JSON body whose unknown fields are left alone.
#[derive(Debug)]
pub(crate) struct Lenient<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Lenient<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let request_id = request.extensions().get::<RequestId>().cloned();
        let fields = json::fields(json::parse(request).await?)?;
        read(fields, request_id.as_ref()).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Lenient<T> {
    type Rejection = ApiError;

    /// `None` for a request without a body, and for the body `null`.
    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Self::Rejection> {
        if request.body().is_end_stream() {
            return Ok(None);
        }
        let request_id = request.extensions().get::<RequestId>().cloned();
        match json::parse(request).await? {
            Node::Null => Ok(None),
            node => read(json::fields(node)?, request_id.as_ref()).map(|body| Some(Self(body))),
        }
    }
}

/// Query parameters of which unknown ones are left alone. One that is a list may be repeated, and
/// written with brackets: `include[]=`.
#[derive(Debug)]
pub(crate) struct LenientQuery<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for LenientQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let mut fields: Vec<(String, QueryValues)> = Vec::new();
        for (name, value) in pairs(parts.uri.query().unwrap_or_default())? {
            let name = name.strip_suffix("[]").unwrap_or(&name);
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, QueryValues(values))) => values.push(value),
                None => fields.push((name.to_owned(), QueryValues(vec![value]))),
            }
        }
        read(fields, parts.extensions.get::<RequestId>()).map(Self)
    }
}

/// Reads fields as a `T`, and says once which of them it has no use for: their names only.
fn read<'de, T, V>(fields: Vec<(String, V)>, request_id: Option<&RequestId>) -> Result<T, ApiError>
where
    T: DeserializeOwned,
    V: Deserializer<'de, Error = Fault>,
{
    let left = RefCell::new(Vec::new());
    let noted = fields.into_iter().map(|(name, value)| {
        let noted = Noted { name: name.clone(), value, left: &left };
        (name, noted)
    });
    let read = decode(noted.collect());
    let left = left.into_inner();
    if !left.is_empty() {
        let request_id = request_id.map(RequestId::as_str);
        tracing::debug!(request_id, names = ?left, "fields that are not known were left alone");
    }
    read
}

/// A value whose name is noted when nobody wants it.
struct Noted<'a, D> {
    name: String,
    value: D,
    left: &'a RefCell<Vec<String>>,
}

impl<'de, D: Deserializer<'de, Error = Fault>> Deserializer<'de> for Noted<'_, D> {
    type Error = Fault;

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let mut left = self.left.borrow_mut();
        if left.len() < MAX_NAMES {
            left.push(self.name.chars().take(MAX_NAME_CHARS).collect());
        }
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.value.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.value.deserialize_bool(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.value.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.value.deserialize_option(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.value.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.value.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct map struct identifier
    }
}

/// The values of a query parameter, in their order; at least one.
struct QueryValues(Vec<String>);

impl QueryValues {
    fn single(mut self) -> Result<QueryValue, Fault> {
        match (self.0.pop(), self.0.is_empty()) {
            (Some(value), true) => Ok(QueryValue(value)),
            _ => Err(Fault::custom("it is given twice")),
        }
    }
}

impl<'de> Deserializer<'de> for QueryValues {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.single()?.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.single()?.deserialize_bool(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.single()?.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests;
