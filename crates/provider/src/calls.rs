//! Collects the calls of tools that a model makes, which arrive in fragments.
//!
//! Calls come out one after the other: each begins, has its arguments, and is over when the next
//! one begins. One that begins while the arguments of another are not whole yet is held back until
//! they are. What comes out does not depend on how the fragments were cut.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde_json::{Map, Value};

use crate::Delta;

/// The most calls of one answer.
pub(crate) const MAX_CALLS: usize = 128;
/// The longest id and the longest name of a call, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 256;
/// The most that is kept of what a provider says of a call beside its id, name and arguments, in
/// bytes of JSON.
const MAX_EXTRA_BYTES: usize = 64 * 1024;
/// What a tool without a name is called.
const NAMELESS: &str = "unknown";

/// A piece of a call; what it does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// Which call it belongs to; some servers leave it out.
    pub(crate) index: Option<u64>,
    pub(crate) id: String,
    pub(crate) name: String,
    /// More of the arguments.
    pub(crate) arguments: String,
    /// What else the provider says of the call, and wants back.
    pub(crate) extra: Map<String, Value>,
}

impl Fragment {
    /// How many bytes of the answer it is.
    pub(crate) fn len(&self) -> usize {
        let extra = if self.extra.is_empty() { 0 } else { size(&self.extra) };
        [self.id.len(), self.name.len(), self.arguments.len(), extra]
            .into_iter()
            .fold(0, usize::saturating_add)
    }
}

/// How many bytes fields have as JSON.
fn size(fields: &Map<String, Value>) -> usize {
    serde_json::to_vec(fields).map_or(usize::MAX, |json| json.len())
}

/// There are more calls than one answer may have, or one has too long a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excess;

/// The calls of one answer.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    calls: Vec<ToolCall>,
    /// How many of them are over.
    over: usize,
}

#[derive(Debug, Default)]
struct ToolCall {
    index: Option<u64>,
    id: String,
    name: String,
    /// What else the provider said of it, until its beginning is handed out.
    extra: Map<String, Value>,
    /// Arguments that are not handed out yet.
    held: String,
    /// Whether its beginning was handed out.
    begun: bool,
    extent: Extent,
}

impl ToolCall {
    /// Keeps what a provider says of the call beside the usual, as long as the call is not handed out:
    /// nobody could be told later. Those who want it back send it with the name.
    fn note(&mut self, extra: Map<String, Value>) {
        if extra.is_empty() {
            return;
        }
        if self.begun {
            tracing::debug!("fields of a call came after its beginning and are left out");
        } else if size(&self.extra).saturating_add(size(&extra)) > MAX_EXTRA_BYTES {
            tracing::warn!("fields of a call are too large and are left out");
        } else {
            self.extra.extend(extra);
        }
    }
}

impl Collector {
    /// Whether none came.
    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes a fragment and hands out what can be.
    pub(crate) fn push(
        &mut self,
        fragment: Fragment,
        out: &mut VecDeque<Delta>,
    ) -> Result<(), Excess> {
        if fragment.id.len().max(fragment.name.len()) > MAX_NAME_BYTES {
            return Err(Excess);
        }
        let place = self.find(&fragment);
        if place.is_none() && fragment.len() == 0 {
            return Ok(());
        }
        let Fragment { index, mut id, mut name, mut arguments, mut extra } = fragment;
        let mut place = place.unwrap_or(self.calls.len());
        loop {
            if place == self.calls.len() {
                if place >= MAX_CALLS {
                    return Err(Excess);
                }
                self.calls.push(ToolCall { index, ..ToolCall::default() });
            }
            if place < self.over {
                // Nothing that is over is changed.
                tracing::debug!("a piece of a call came after its end");
                return Ok(());
            }
            let Some(call) = self.calls.get_mut(place) else { return Ok(()) };
            if call.id.is_empty() {
                call.id = std::mem::take(&mut id);
            }
            if call.name.is_empty() {
                call.name = std::mem::take(&mut name);
            }
            call.note(std::mem::take(&mut extra));
            let next = call.extent.push(&arguments).map(|at| arguments.split_off(at));
            call.held.push_str(&arguments);
            let Some(next) = next else { break };
            // Whole arguments and more of them: another call of the same tool.
            (id, name, arguments) = (String::new(), call.name.clone(), next);
            place = self.calls.len();
        }
        self.settle(false, out);
        Ok(())
    }

    /// Hands out everything: the answer goes on with something else, or is at its end.
    pub(crate) fn end(&mut self, out: &mut VecDeque<Delta>) {
        self.settle(true, out);
    }

    /// The call that a fragment belongs to, unless it begins one.
    fn find(&self, fragment: &Fragment) -> Option<usize> {
        let Fragment { index, id, name, arguments, .. } = fragment;
        let newest = self.calls.len().checked_sub(1);
        let place = match index {
            Some(_) => self.calls.iter().rposition(|call| call.index == *index),
            None if id.is_empty() => newest,
            None => self.calls.iter().rposition(|call| call.id == *id).or(newest),
        }?;
        let call = self.calls.get(place)?;
        let is_new =
            |given: &str, known: &str| !given.is_empty() && !known.is_empty() && given != known;
        let is_whole = call.extent.is_whole();
        let begins = if is_new(id, &call.id) {
            // Some services give each piece of one call an id of its own.
            !name.is_empty() || is_whole
        } else if is_new(name, &call.name) {
            true
        } else {
            // Without an id a name begins a call, should the one before it be all there. Where
            // there are indexes the name may only be repeated, so the arguments tell.
            let is_over = id.is_empty() && place < self.over;
            let is_next = (id.is_empty() || call.id.is_empty())
                && is_whole
                && (index.is_none() || arguments.trim_start().starts_with('{'));
            !name.is_empty() && (is_over || is_next)
        };
        (!begins).then_some(place)
    }

    fn settle(&mut self, all: bool, out: &mut VecDeque<Delta>) {
        let count = self.calls.len();
        while let Some(call) = self.calls.get_mut(self.over) {
            // An id may still follow the name, but not the arguments.
            let has_more_to_say = call.id.is_empty() && call.held.is_empty();
            let is_bare_id = !call.begun && call.name.is_empty() && call.held.is_empty();
            if is_bare_id && all {
                // The last piece of a call before it, with an id of its own.
                self.over += 1;
                continue;
            }
            if !call.begun && (all || !(call.name.is_empty() || has_more_to_say)) {
                call.begun = true;
                let name = if call.name.is_empty() { NAMELESS } else { &call.name };
                let id = (!call.id.is_empty()).then(|| call.id.clone());
                let extra = std::mem::take(&mut call.extra);
                let extra = (!extra.is_empty()).then_some(extra);
                out.push_back(Delta::Call { id, name: name.to_owned(), extra });
            }
            if call.begun && !call.held.is_empty() {
                out.push_back(Delta::Arguments(std::mem::take(&mut call.held)));
            }
            let is_last = self.over + 1 == count;
            if !all && (is_last || !call.extent.is_whole()) {
                return;
            }
            self.over += 1;
        }
    }
}

/// How far an object or array goes, as seen from its brackets. Arguments that do not begin with
/// one, or go on behind it, are no JSON (code, say): they have no end of their own.
#[derive(Debug, Default)]
struct Extent {
    form: Form,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    /// Nothing but white space came.
    #[default]
    Unknown,
    Json,
    Foreign,
}

impl Extent {
    /// Takes more of it, up to where another one begins; its place in `text` if one does.
    fn push(&mut self, text: &str) -> Option<usize> {
        for (at, byte) in text.bytes().enumerate() {
            if self.form == Form::Foreign {
                return None;
            }
            match byte {
                b'{' if self.is_whole() => return Some(at),
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' if self.depth > 0 => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => {
                    self.form = Form::Json;
                    self.depth = self.depth.saturating_add(1);
                }
                b'}' | b']' if self.depth > 0 => self.depth -= 1,
                // Objects and lists one behind the other may have commas between them.
                byte if self.depth == 0 && !(byte.is_ascii_whitespace() || byte == b',') => {
                    self.form = Form::Foreign;
                }
                _ => {}
            }
        }
        None
    }

    fn is_whole(&self) -> bool {
        self.form == Form::Json && self.depth == 0
    }
}
