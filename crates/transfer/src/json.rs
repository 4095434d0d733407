//! JSON read into little memory, to any depth without recursion.
//!
//! A [`Document`] keeps the text as it came and 12 bytes for each value in it, whatever the values
//! are. Texts are decoded when they are asked for. `serde_json::Value` takes up to 80 bytes for a
//! value of one byte, and recurses as deep as the text is nested.

mod parse;

use std::borrow::Cow;
use std::fmt;

pub(crate) use parse::Limits;

/// A value's place in the text.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Where it begins, in bytes.
    start: u32,
    /// Where it ends.
    end: u32,
    /// The node behind it and all that is in it.
    next: u32,
}

/// What one node takes, in bytes.
pub(crate) const NODE_BYTES: usize = size_of::<Node>();

/// Why a text is no JSON that is read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not JSON: what is wrong at which byte.
    Syntax(&'static str, usize),
    /// It has more values than it may have.
    TooMany,
    /// It is nested deeper than it may be.
    TooDeep,
}

/// A text of JSON, checked.
pub(crate) struct Document {
    text: String,
    /// In the order of the text. Keys of objects are nodes, too, each before its value.
    nodes: Vec<Node>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

impl Document {
    /// Reads a text that is one value.
    pub(crate) fn read(bytes: Vec<u8>, limits: Limits) -> Result<Self, Fault> {
        let text = String::from_utf8(bytes)
            .map_err(|error| Fault::Syntax("invalid UTF-8", error.utf8_error().valid_up_to()))?;
        let nodes = parse::nodes(&text, limits)?;
        Ok(Self { text, nodes })
    }

    /// The value.
    pub(crate) fn root(&self) -> Value<'_> {
        Value { document: self, at: 0 }
    }

    /// How many values there are, keys included.
    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }
}

/// A value of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'d> {
    document: &'d Document,
    at: usize,
}

impl<'d> Value<'d> {
    fn node(self) -> Option<Node> {
        self.document.nodes.get(self.at).copied()
    }

    /// Its text as it stands in the document.
    pub(crate) fn raw(self) -> &'d str {
        let range = self.node().map(|node| node.start as usize..node.end as usize);
        range.and_then(|range| self.document.text.get(range)).unwrap_or_default()
    }

    fn first(self) -> u8 {
        self.raw().as_bytes().first().copied().unwrap_or_default()
    }

    pub(crate) fn is_true(self) -> bool {
        self.raw() == "true"
    }

    pub(crate) fn is_false(self) -> bool {
        self.raw() == "false"
    }

    pub(crate) fn is_null(self) -> bool {
        self.raw() == "null"
    }

    pub(crate) fn is_string(self) -> bool {
        self.first() == b'"'
    }

    pub(crate) fn is_array(self) -> bool {
        self.first() == b'['
    }

    /// A number, as it is written.
    pub(crate) fn as_number(self) -> Option<&'d str> {
        matches!(self.first(), b'-' | b'0'..=b'9').then(|| self.raw())
    }

    pub(crate) fn as_u64(self) -> Option<u64> {
        self.as_number()?.parse().ok()
    }

    pub(crate) fn as_f64(self) -> Option<f64> {
        self.as_number()?.parse().ok()
    }

    pub(crate) fn as_str(self) -> Option<Cow<'d, str>> {
        let inner = self.raw().strip_prefix('"')?.strip_suffix('"')?;
        Some(if inner.contains('\\') { parse::decoded(inner).into() } else { inner.into() })
    }

    pub(crate) fn as_object(self) -> Option<Object<'d>> {
        (self.first() == b'{').then_some(Object(Some(self)))
    }

    /// The elements of an array; none if it is something else.
    pub(crate) fn items(self) -> Items<'d> {
        if self.is_array() { Items::inside(self) } else { Items::default() }
    }
}

/// The values directly in another one, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Items<'d> {
    document: Option<&'d Document>,
    at: usize,
    end: usize,
}

impl<'d> Items<'d> {
    fn inside(value: Value<'d>) -> Self {
        let end = value.node().map_or(0, |node| node.next as usize);
        Self { document: Some(value.document), at: value.at + 1, end }
    }
}

impl<'d> Iterator for Items<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        let value = Value { document: self.document?, at: self.at };
        let node = value.node().filter(|_| self.at < self.end)?;
        self.at = node.next as usize;
        Some(value)
    }
}

/// An object; without any fields by default.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Object<'d>(Option<Value<'d>>);

impl<'d> Object<'d> {
    fn pairs(self) -> impl Iterator<Item = (Value<'d>, Value<'d>)> {
        let mut inside = self.0.map(Items::inside).unwrap_or_default();
        std::iter::from_fn(move || Some((inside.next()?, inside.next()?)))
    }

    /// The value of `key`; of several the last.
    pub(crate) fn get(self, key: &str) -> Option<Value<'d>> {
        let is_it = |name: Value<'d>| {
            let raw = name.raw();
            // Without escapes a key is as long as it is written.
            let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
            inner == key || (inner.contains('\\') && name.as_str().as_deref() == Some(key))
        };
        self.pairs().filter(|(name, _)| is_it(*name)).last().map(|(_, value)| value)
    }

    /// All keys and values, in the order of the text.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Cow<'d, str>, Value<'d>)> {
        self.pairs().map(|(key, value)| (key.as_str().unwrap_or_default(), value))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.pairs().next().is_none()
    }

    /// Its text as it stands in the document.
    pub(crate) fn raw(self) -> &'d str {
        self.0.map_or("{}", Value::raw)
    }
}

#[cfg(test)]
mod tests;
