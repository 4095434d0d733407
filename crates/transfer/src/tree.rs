//! Puts loose nodes that name their parents into a tree that can be stored.
//!
//! Exports hold missing parents, rings and doubled ids. None of them costs a message: every node
//! with content finds a place, and the notes say what was done.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use chrono::{DateTime, Utc};

use crate::budget::Budget;
use crate::conversation::{Conversation, Message, Note};
use crate::unreadable::Unreadable;

/// What a node takes besides its texts, in bytes: here, in the tree and as rows.
const NODE_BYTES: usize = 512;
/// The same of a message, a call of a tool, and a file.
const MESSAGE_BYTES: usize = 2048;
const CALL_BYTES: usize = 1024;
const FILE_BYTES: usize = 256;
/// The same of a part.
const PART_BYTES: usize = 128;

/// A node of an export.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its id.
    pub(crate) id: String,
    /// The id of its parent; `None` at a root.
    pub(crate) parent: Option<String>,
    /// Its message; `None` if the node only connects others. `parent` is filled in here.
    pub(crate) message: Option<Message>,
    /// Reasoning that belongs to the next message below it.
    pub(crate) reasoning: Option<String>,
    /// When it was made; decides the order of siblings.
    pub(crate) at: Option<DateTime<Utc>>,
}

impl Node {
    /// What it takes, in bytes.
    fn bytes(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let message = self.message.as_ref().map_or(0, |message| {
            let calls = message.calls.iter();
            let calls = calls.map(|call| {
                let texts = [&call.id, &call.name, &call.arguments, &call.status];
                CALL_BYTES + texts.map(String::len).iter().sum::<usize>()
            });
            let files = message.attachments.iter();
            let files = files.map(|file| {
                FILE_BYTES + file.place.len() + length(&file.name) + length(&file.media_type)
            });
            let sources = message.annotations.iter();
            let sources = sources.map(|source| FILE_BYTES + source.url.len() + source.title.len());
            let texts = [&message.reasoning, &message.model, &message.source_id, &message.call_id];
            let texts = message.text.len() + texts.map(length).iter().sum::<usize>();
            let parts = message.parts.iter();
            let parts = parts.map(|part| PART_BYTES + part.texts().map(String::len).sum::<usize>());
            let lists = calls.sum::<usize>() + files.sum::<usize>() + sources.sum::<usize>();
            MESSAGE_BYTES + texts + lists + parts.sum::<usize>()
        });
        // The id is also what the node is found by.
        let ids = 2 * self.id.len() + length(&self.parent);
        NODE_BYTES + ids + length(&self.reasoning) + message
    }
}

/// The nodes of a conversation that is being read.
#[derive(Debug)]
pub(crate) struct Nodes<'b, 'r> {
    list: Vec<Node>,
    budget: &'b mut Budget<'r>,
}

impl<'b, 'r> Nodes<'b, 'r> {
    /// None so far; what they take is taken from `budget`.
    pub(crate) fn new(budget: &'b mut Budget<'r>) -> Self {
        Self { list: Vec::new(), budget }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// What belongs to one of them takes `bytes`.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Unreadable> {
        self.budget.take(bytes)
    }

    /// Adds a node.
    pub(crate) fn push(&mut self, node: Node) -> Result<(), Unreadable> {
        self.budget.take(node.bytes())?;
        self.list.push(node);
        Ok(())
    }

    /// Puts them in order into `conversation`: parents first, siblings by time. `head` is the id
    /// of the newest node of the selected branch; without a usable one the newest message is.
    pub(crate) fn plant(
        self,
        head: Option<&str>,
        conversation: &mut Conversation,
    ) -> Result<(), Unreadable> {
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut kept: Vec<Node> = Vec::with_capacity(self.list.len());
        for node in self.list {
            if index.contains_key(&node.id) {
                if node.message.is_some() {
                    conversation.notes.add(Note::DuplicateSkipped);
                }
                continue;
            }
            index.insert(node.id.clone(), kept.len());
            kept.push(node);
        }
        let mut parents = resolve(&kept, &index, conversation);
        open_rings(&kept, &mut parents, conversation);
        let order = order(&kept, &parents);
        let mut places: Vec<Inherited> = vec![Inherited::default(); kept.len()];
        let mut thoughts: Vec<Thought> = Vec::new();
        for at in order {
            let above = parents.get(at).copied().flatten();
            let mut place = above.and_then(|above| places.get(above)).copied().unwrap_or_default();
            let Some(node) = kept.get_mut(at) else { continue };
            if let Some(text) = node.reasoning.take().filter(|text| !text.is_empty()) {
                thoughts.push(Thought { text, above: place.thought.take() });
                place.thought = Some(thoughts.len() - 1);
            }
            if let Some(mut message) = node.message.take() {
                message.parent = place.nearest;
                let thought = place.thought.take();
                if message.role == crate::Role::Assistant && thought.is_some() {
                    let own = message.reasoning.take();
                    message.reasoning =
                        Some(reasoning(&thoughts, thought, own.as_deref(), self.budget)?);
                }
                place.nearest = Some(conversation.messages.len());
                conversation.messages.push(message);
            }
            if let Some(slot) = places.get_mut(at) {
                *slot = place;
            }
        }
        let chosen = head.and_then(|id| index.get(id)).and_then(|at| places.get(*at));
        conversation.head = chosen
            .and_then(|place| place.nearest)
            .or_else(|| conversation.messages.len().checked_sub(1));
        Ok(())
    }
}

/// What a node gives to those below it.
#[derive(Debug, Clone, Copy, Default)]
struct Inherited {
    /// The nearest message at or above it.
    nearest: Option<usize>,
    /// The newest thought since that message.
    thought: Option<usize>,
}

/// Reasoning that belongs to the messages below it.
#[derive(Debug)]
struct Thought {
    text: String,
    /// The one before it.
    above: Option<usize>,
}

/// The thoughts up to `newest`, and then the message's `own`. Every message below them gets them,
/// so they are counted for each.
fn reasoning(
    thoughts: &[Thought],
    newest: Option<usize>,
    own: Option<&str>,
    budget: &mut Budget<'_>,
) -> Result<String, Unreadable> {
    let mut texts: Vec<&str> = own.into_iter().collect();
    let mut next = newest;
    while let Some(thought) = next.and_then(|at| thoughts.get(at)) {
        budget.take(thought.text.len() + size_of::<&str>())?;
        texts.push(&thought.text);
        next = thought.above;
    }
    texts.reverse();
    Ok(texts.join("\n\n"))
}

fn resolve(
    nodes: &[Node],
    index: &HashMap<String, usize>,
    conversation: &mut Conversation,
) -> Vec<Option<usize>> {
    let parent = |node: &Node| {
        let name = node.parent.as_ref()?;
        let found = index.get(name).copied();
        if found.is_none() && node.message.is_some() {
            conversation.notes.add(Note::ParentMissing);
        }
        found
    };
    nodes.iter().map(parent).collect()
}

/// Makes the oldest node of every ring a root.
fn open_rings(nodes: &[Node], parents: &mut [Option<usize>], conversation: &mut Conversation) {
    // In which walk upwards a node was first seen; 0 for none.
    let mut seen = vec![0usize; nodes.len()];
    for start in 0..nodes.len() {
        let walk = start + 1;
        let mut at = Some(start);
        while let Some(here) = at {
            let Some(mark) = seen.get_mut(here) else { break };
            if *mark == walk {
                let oldest = oldest_of_ring(nodes, parents, here);
                if let Some(parent) = parents.get_mut(oldest) {
                    *parent = None;
                }
                conversation.notes.add(Note::RingOpened);
                break;
            }
            if *mark != 0 {
                break;
            }
            *mark = walk;
            at = parents.get(here).copied().flatten();
        }
    }
}

fn oldest_of_ring(nodes: &[Node], parents: &[Option<usize>], start: usize) -> usize {
    let key = |at: usize| (nodes.get(at).map_or(DateTime::<Utc>::MAX_UTC, time), at);
    let mut oldest = start;
    let mut at = parents.get(start).copied().flatten();
    while let Some(here) = at.filter(|here| *here != start) {
        if key(here) < key(oldest) {
            oldest = here;
        }
        at = parents.get(here).copied().flatten();
    }
    oldest
}

/// Parents before children, and otherwise by time, then as in the file.
fn order(nodes: &[Node], parents: &[Option<usize>]) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut ready = BinaryHeap::new();
    let key = |at: usize| Reverse((nodes.get(at).map_or(DateTime::<Utc>::MAX_UTC, time), at));
    for (at, parent) in parents.iter().enumerate() {
        match parent.and_then(|parent| children.get_mut(parent)) {
            Some(list) => list.push(at),
            None => ready.push(key(at)),
        }
    }
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse((_, at))) = ready.pop() {
        order.push(at);
        let below = children.get_mut(at).map(std::mem::take).unwrap_or_default();
        ready.extend(below.into_iter().map(key));
    }
    order
}

/// A node without a time follows its parent at once.
fn time(node: &Node) -> DateTime<Utc> {
    node.at.unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Role, Source};

    fn message(text: &str) -> Message {
        Message {
            source_id: Some(text.to_owned()),
            parent: None,
            role: Role::Assistant,
            text: text.to_owned(),
            reasoning: None,
            calls: Vec::new(),
            call_id: None,
            parts: Vec::new(),
            model: None,
            is_complete: true,
            annotations: Vec::new(),
            attachments: Vec::new(),
            response: None,
            created_at: None,
            updated_at: None,
        }
    }

    fn node(id: &str, parent: Option<&str>, seconds: i64) -> Node {
        Node {
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            message: Some(message(id)),
            reasoning: None,
            at: DateTime::from_timestamp(seconds, 0),
        }
    }

    fn planted(nodes: Vec<Node>, head: Option<&str>) -> Conversation {
        within(1 << 30, nodes, head).unwrap()
    }

    fn within(
        bytes: usize,
        nodes: Vec<Node>,
        head: Option<&str>,
    ) -> Result<Conversation, Unreadable> {
        let room = crate::Room::default();
        let mut budget = Budget::new(&room, bytes);
        let mut all = Nodes::new(&mut budget);
        for node in nodes {
            all.push(node)?;
        }
        let mut conversation = Conversation::new(Source::Chatgpt);
        all.plant(head, &mut conversation)?;
        Ok(conversation)
    }

    fn shape(conversation: &Conversation) -> Vec<(&str, Option<usize>)> {
        conversation.messages.iter().map(|m| (m.text.as_str(), m.parent)).collect()
    }

    #[test]
    fn siblings_stand_in_the_order_of_time() {
        let nodes = vec![
            node("late", Some("root"), 9),
            node("root", None, 1),
            node("early", Some("root"), 2),
            node("below", Some("early"), 3),
        ];
        let conversation = planted(nodes, Some("early"));
        assert_eq!(
            shape(&conversation),
            [("root", None), ("early", Some(0)), ("below", Some(1)), ("late", Some(0))]
        );
        assert_eq!(conversation.head, Some(1));
    }

    #[test]
    fn a_skipped_node_connects_those_around_it_and_hands_reasoning_down() {
        let mut hidden = node("hidden", Some("root"), 2);
        hidden.message = None;
        hidden.reasoning = Some("Let me think.".to_owned());
        let conversation =
            planted(vec![node("root", None, 1), hidden, node("leaf", Some("hidden"), 3)], None);
        assert_eq!(shape(&conversation), [("root", None), ("leaf", Some(0))]);
        assert_eq!(conversation.messages[1].reasoning.as_deref(), Some("Let me think."));
        assert_eq!(conversation.messages[0].reasoning, None);
        assert_eq!(conversation.head, Some(1));
    }

    #[test]
    fn damage_costs_no_message() {
        let nodes = vec![
            node("a", Some("c"), 3),
            node("b", Some("a"), 1),
            node("c", Some("b"), 2),
            node("orphan", Some("gone"), 5),
            node("self", Some("self"), 6),
            node("a", None, 7),
        ];
        let conversation = planted(nodes, Some("gone"));
        assert_eq!(
            shape(&conversation),
            [("b", None), ("c", Some(0)), ("a", Some(1)), ("orphan", None), ("self", None)]
        );
        let noted: Vec<_> = conversation.notes.iter().collect();
        assert_eq!(
            noted,
            [(Note::ParentMissing, 1), (Note::RingOpened, 2), (Note::DuplicateSkipped, 1)]
        );
        assert_eq!(conversation.head, Some(4));
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_is_no_deep_recursion() {
        let chain = (0..100_000i64).map(|at| {
            let parent = (at > 0).then(|| (at - 1).to_string());
            node(&at.to_string(), parent.as_deref(), at)
        });
        assert_eq!(planted(chain.collect(), None).messages.len(), 100_000);
    }

    #[test]
    fn s1_thoughts_that_many_messages_share_count_for_each() {
        let mut thought = node("thought", None, 1);
        thought.message = None;
        thought.reasoning = Some("x".repeat(1000));
        let below = (0..1000i64).map(|at| node(&at.to_string(), Some("thought"), 2));
        let nodes: Vec<Node> = std::iter::once(thought).chain(below).collect();
        assert!(within(1000 * 4000, nodes, None).is_ok());
        // A chain of thoughts that no message ends is handed down without being copied.
        let chain = (0..20_000i64).map(|at| {
            let parent = (at > 0).then(|| (at - 1).to_string());
            let mut node = node(&at.to_string(), parent.as_deref(), at);
            node.message = None;
            node.reasoning = Some("x".repeat(1000));
            node
        });
        let leaves = (0..1000i64).map(|at| node(&format!("leaf{at}"), Some("19999"), 20_000));
        let nodes = chain.chain(leaves).collect();
        assert!(matches!(within(100 << 20, nodes, None), Err(Unreadable::TooMuch(_))));
    }

    proptest! {
        /// Whatever the parents are, every message is there once and below one that stands before.
        #[test]
        fn every_message_finds_a_place(
            parents in prop::collection::vec((prop::option::of(0usize..12), 0i64..5, any::<bool>()), 0..12),
        ) {
            let nodes: Vec<Node> = parents
                .iter()
                .enumerate()
                .map(|(at, (parent, seconds, has_message))| {
                    let parent = parent.map(|parent| parent.to_string());
                    let mut node = node(&at.to_string(), parent.as_deref(), *seconds);
                    if !has_message {
                        node.message = None;
                    }
                    node
                })
                .collect();
            let expected = parents.iter().filter(|(_, _, has_message)| *has_message).count();
            let conversation = planted(nodes, Some("3"));
            prop_assert_eq!(conversation.messages.len(), expected);
            for (at, message) in conversation.messages.iter().enumerate() {
                prop_assert!(message.parent.is_none_or(|parent| parent < at));
            }
            prop_assert_eq!(conversation.head.is_some(), expected > 0);
        }
    }
}
