//! JSON with its members in the order in which they were sent, as a reader sees it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Lines are at most so long, where they can be.
const WIDTH: usize = 96;
/// Stands for what a text leaves out.
pub(crate) const ELLIPSIS: &str = "…";

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Leaf(Value),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads a text in which `{…}` and `[…]` may stand for anything.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let text = text.replace("{…}", r#""{…}""#).replace("[…]", r#""[…]""#);
        serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
    }

    /// Whether this is `{…}` or `[…]`.
    fn is_left_out(&self) -> bool {
        matches!(self, Self::Leaf(Value::String(text)) if text == "{…}" || text == "[…]")
    }

    /// In lines, those within a member further in.
    pub(crate) fn pretty(&self, indent: usize) -> String {
        let line = self.line();
        if indent + line.chars().count() <= WIDTH {
            return line;
        }
        let (space, end) = (" ".repeat(indent + 2), " ".repeat(indent));
        let lines =
            |parts: Vec<String>| format!("\n{space}{}\n{end}", parts.join(&format!(",\n{space}")));
        match self {
            Self::Leaf(_) => line,
            Self::List(items) => {
                format!("[{}]", lines(items.iter().map(|item| item.pretty(indent + 2)).collect()))
            }
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| {
                    format!("{}: {}", Value::from(name.as_str()), value.pretty(indent + 2))
                };
                format!("{{{}}}", lines(members.iter().map(member).collect()))
            }
        }
    }

    /// In one line.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Leaf(Value::String(text)) if self.is_left_out() => text.clone(),
            Self::Leaf(value) => value.to_string(),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::line).collect::<Vec<_>>().join(", "))
            }
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| {
                    format!("{}: {}", Value::from(name.as_str()), value.line())
                };
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// With what stands inside of its members left out.
    pub(crate) fn outline(&self) -> Self {
        let Self::Object(members) = self else { return self.clone() };
        let short = |value: &Self| match value {
            Self::Object(inner) if !inner.is_empty() => Self::Leaf("{…}".into()),
            Self::List(inner) if !inner.is_empty() => Self::Leaf("[…]".into()),
            other => other.clone(),
        };
        Self::Object(members.iter().map(|(name, value)| (name.clone(), short(value))).collect())
    }

    /// Where `self`, as shown, has another form than `real`; a reader would be misled there.
    ///
    /// Names of members must be the same, and so must words such as `completed`. Other texts and
    /// numbers may differ, and what is `null` in one may be there in the other.
    pub(crate) fn difference(&self, real: &Self, place: &str) -> Option<String> {
        match (self, real) {
            (Self::Leaf(Value::Null), _) | (_, Self::Leaf(Value::Null)) => None,
            (shown, Self::List(_) | Self::Object(_)) if shown.is_left_out() => None,
            (Self::Object(shown), Self::Object(real)) => {
                // An answer in progress may have come so far already, or not.
                let grows = real.iter().any(|(name, _)| name == "covers_seq");
                let names = |members: &[(String, Self)]| {
                    let mut names: Vec<_> = members.iter().map(|(name, _)| name.clone()).collect();
                    names.retain(|name| !(grows && name == "reasoning"));
                    names.sort();
                    names
                };
                if names(shown) != names(real) {
                    let (shown, real) = (names(shown).join(", "), names(real).join(", "));
                    return Some(format!("{place} has {real}, and not {shown}"));
                }
                shown.iter().find_map(|(name, value)| {
                    let (_, real) = real.iter().find(|(other, _)| other == name)?;
                    value.difference(real, &format!("{place}.{name}"))
                })
            }
            (Self::List(shown), Self::List(real)) => {
                if shown.len() > real.len() || (shown.is_empty() && !real.is_empty()) {
                    return Some(format!(
                        "{place} has {} items, and not {}",
                        real.len(),
                        shown.len()
                    ));
                }
                let mut pairs = shown.iter().zip(real);
                pairs.find_map(|(shown, real)| shown.difference(real, &format!("{place}[]")))
            }
            (Self::Leaf(Value::String(shown)), Self::Leaf(Value::String(real)))
                if (is_word(shown) || is_word(real)) && shown != real =>
            {
                Some(format!("{place} is {real:?}, and not {shown:?}"))
            }
            (Self::Leaf(shown), Self::Leaf(real))
                if std::mem::discriminant(shown) == std::mem::discriminant(real)
                    && (!shown.is_boolean() || shown == real) =>
            {
                None
            }
            _ => Some(format!("{place} is {}, and not {}", real.line(), self.line())),
        }
    }
}

/// Whether a text is one of a few that mean something.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.'))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Leaf(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Leaf(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Leaf(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Leaf(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Leaf(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Leaf(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Json::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
                let mut object = Vec::new();
                while let Some(member) = members.next_entry()? {
                    object.push(member);
                }
                Ok(Json::Object(object))
            }
        }

        deserializer.deserialize_any(InOrder)
    }
}
