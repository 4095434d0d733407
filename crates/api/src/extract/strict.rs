//! A JSON reader (RFC 8259) stricter than `serde_json`'s: bounded depth, no key twice.
//!
//! Two readers that disagree about `{"a":1,"a":2}` are a way around checks, so the second one is
//! an error here. Lone surrogates, `NaN`, numbers beyond a double, a byte order mark and anything
//! after the value are refused by `serde_json` itself.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// How deep arrays and objects may be nested.
const MAX_DEPTH: usize = 32;

/// A JSON value. Objects keep the order of the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// Reads one value and nothing else; the error says why and where, without echoing input.
pub(super) fn parse(bytes: &[u8]) -> Result<Node, String> {
    let refusal = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Seed { depth: 0, refusal: &refusal };
    seed.deserialize(&mut reader).and_then(|node| reader.end().map(|()| node)).map_err(|error| {
        match refusal.take() {
            Some(why) => {
                format!("{why} (line {}, column {})", error.line(), error.column())
            }
            None => error.to_string(),
        }
    })
}

/// Reads the value at one depth. The refusal travels beside `serde_json`'s error, whose text
/// could not be told from the client's words.
#[derive(Clone, Copy)]
struct Seed<'r> {
    depth: usize,
    refusal: &'r RefCell<Option<&'static str>>,
}

impl Seed<'_> {
    fn refuse<E: serde::de::Error>(&self, why: &'static str) -> E {
        self.refusal.replace(Some(why));
        E::custom(why)
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse("it is nested deeper than 32 levels"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let inner = self.deeper()?;
        let mut seen = HashSet::new();
        let mut object = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(self.refuse("an object has the same key twice"));
            }
            object.push((key, entries.next_value_seed(inner)?));
        }
        Ok(Node::Object(object))
    }
}

impl From<&Node> for &'static str {
    /// What the value is, for messages.
    fn from(node: &Node) -> Self {
        match node {
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Unsigned(_) | Node::Signed(_) | Node::Float(_) => "a number",
            Node::Text(_) => "a string",
            Node::List(_) => "an array",
            Node::Object(_) => "an object",
        }
    }
}
