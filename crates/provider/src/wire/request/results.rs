//! Which result belongs to which call.

use std::collections::{HashMap, VecDeque};

use crate::{ChatMessage, Part};

/// A call: the number of its message and its own number in there.
type CallPlace = (usize, usize);

/// The results of calls, by the calls they belong to.
#[derive(Debug, Default)]
pub(super) struct Results<'a> {
    by_call: HashMap<CallPlace, Vec<&'a [Part]>>,
    /// The numbers of the messages that belong to a call.
    taken: Vec<bool>,
}

impl<'a> Results<'a> {
    /// A result belongs to the newest message before it that has an unanswered call with its id,
    /// and there to the first such call; if all are answered, to the newest of them, too.
    pub(super) fn of(messages: &'a [ChatMessage]) -> Self {
        let mut results = Self { by_call: HashMap::new(), taken: vec![false; messages.len()] };
        let mut open: HashMap<&str, Vec<VecDeque<CallPlace>>> = HashMap::new();
        let mut newest: HashMap<&str, CallPlace> = HashMap::new();
        for (number, message) in messages.iter().enumerate() {
            match message {
                ChatMessage::Said { .. } => {}
                ChatMessage::Called { calls, .. } => {
                    for (place, call) in
                        calls.iter().enumerate().map(|(n, call)| ((number, n), call))
                    {
                        newest.insert(&call.id, place);
                        let groups = open.entry(&call.id).or_default();
                        match groups.last_mut() {
                            Some(group) if group.front().is_some_and(|(n, _)| *n == number) => {
                                group.push_back(place);
                            }
                            _ => groups.push(VecDeque::from([place])),
                        }
                    }
                }
                ChatMessage::Returned { call_id, output } => {
                    let unanswered = open.get_mut(call_id.as_str()).and_then(next);
                    let place = unanswered.or_else(|| newest.get(call_id.as_str()).copied());
                    if let (Some(place), Some(taken)) = (place, results.taken.get_mut(number)) {
                        *taken = true;
                        results.by_call.entry(place).or_default().push(output);
                    }
                }
            }
        }
        results
    }

    /// What a call returned, if anything; more than one if it was told several times.
    pub(super) fn take(&mut self, place: CallPlace) -> Vec<&'a [Part]> {
        self.by_call.remove(&place).unwrap_or_default()
    }

    /// Whether the result with this number belongs to a call.
    pub(super) fn is_taken(&self, number: usize) -> bool {
        self.taken.get(number).copied().unwrap_or_default()
    }
}

fn next(groups: &mut Vec<VecDeque<CallPlace>>) -> Option<CallPlace> {
    let group = groups.last_mut()?;
    let place = group.pop_front();
    if group.is_empty() {
        groups.pop();
    }
    place
}
