//! What of a branch is sent: whole units of it, from the newest on, until the window is full.
//!
//! A unit is what makes no sense apart: an answer with its calls and the results of these, however
//! many there are, or calls that a client told with the reasoning and the text before them. An item
//! that belongs to nothing else is a unit of its own.

use std::collections::HashSet;

use crud::responses::ContextSent;
use models::message::Role;
use provider::Tokenizer;

use super::{Beside, Window};
use crate::item::Item;

/// What of a branch is sent, found from its newest item on.
pub(super) struct History {
    newest_first: Vec<(Item, u32)>,
    /// What was read last and is not whole yet.
    unit: Unit,
    /// How many of the oldest items of the branch are left out.
    pub(super) omitted: u32,
    /// What would be used with the unit that did not fit any more.
    pub(super) refused: Option<u32>,
    /// What it costs, with what is sent beside it.
    used: u32,
    budget: u32,
}

/// Items that are sent together or not at all, newest first.
#[derive(Default)]
struct Unit {
    items: Vec<(Item, u32)>,
    cost: u32,
    /// The calls of its results, as far as they have not come.
    called: HashSet<String>,
}

impl Unit {
    /// Whether the next older item belongs to it.
    fn takes(&self, item: &Item) -> bool {
        let Some((oldest, _)) = self.items.last() else { return true };
        // A result whose call is not behind a person's words has none.
        !item.is_of_people() && (!self.called.is_empty() || (oldest.is_told() && !is_result(item)))
    }

    fn push(&mut self, item: Item, cost: u32) {
        for call in &item.calls {
            self.called.remove(&call.id);
        }
        self.called.extend(item.call_id.clone());
        self.cost = self.cost.saturating_add(cost);
        self.items.push((item, cost));
    }
}

fn is_result(item: &Item) -> bool {
    item.call_id.is_some()
}

impl History {
    /// Nothing yet, beside what costs `used`.
    pub(super) fn new(used: u32, budget: u32) -> Self {
        let (newest_first, unit) = (Vec::new(), Unit::default());
        Self { newest_first, unit, omitted: 0, refused: None, used, budget }
    }

    /// Takes the next older item; `false` when it is full. The newest unit is taken in any case.
    pub(super) fn takes(&mut self, item: Item, cost: u32) -> bool {
        if !self.unit.takes(&item) && !self.close() {
            return false;
        }
        self.unit.push(item, cost);
        true
    }

    /// Takes the unit that was read, now that it is whole; `false` when it does not fit.
    pub(super) fn close(&mut self) -> bool {
        let unit = std::mem::take(&mut self.unit);
        let used = self.used.saturating_add(unit.cost);
        let Some((newest, _)) = unit.items.first() else { return true };
        if used > self.budget && !self.newest_first.is_empty() {
            self.omitted = with_all_before(newest);
            self.refused = Some(used);
            return false;
        }
        self.used = used;
        self.newest_first.extend(unit.items);
        true
    }

    /// The same without what comes before the first question; instructions among it are kept. What
    /// has no question at all is sent as it is.
    pub(super) fn beginning_with_a_question(mut self) -> Self {
        let spoken = &self.newest_first;
        let is_question = |(item, _): &(Item, u32)| item.role == Some(Role::User);
        if let Some(question) = spoken.iter().rposition(is_question) {
            let older = spoken.iter().skip(question);
            let kept = older.take_while(|(item, _)| item.is_of_people()).count();
            for (item, cost) in self.newest_first.drain(question.saturating_add(kept)..) {
                self.used = self.used.saturating_sub(cost);
                self.omitted = self.omitted.max(with_all_before(&item));
            }
        }
        self
    }

    /// How many items are sent.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.newest_first.len()).unwrap_or(u32::MAX)
    }

    /// What is noted of it, below a message whose number is `seq`.
    pub(super) fn sent(
        &self,
        seq: i64,
        window: Window,
        beside: &Beside,
        tokenizer: Tokenizer,
    ) -> ContextSent {
        let small = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        ContextSent {
            messages: small(self.count()),
            omitted: small(self.omitted),
            from_seq: self.newest_first.last().map_or(seq, |(item, _)| item.seq),
            window: small(window.context),
            reserve: small(window.reserve),
            budget: window.allowed.map(|_| small(window.budget())),
            refusals: None,
            tokens: small(self.used),
            instructions_tokens: small(beside.instructions),
            kept_tokens: small(beside.tail),
            tokenizer: tokenizer.name(),
        }
    }

    /// The items in the order of the conversation.
    pub(super) fn into_items(self) -> impl Iterator<Item = Item> {
        self.newest_first.into_iter().rev().map(|(item, _)| item)
    }
}

/// How many items of its branch an item and all before it are.
fn with_all_before(item: &Item) -> u32 {
    u32::try_from(item.depth).unwrap_or(0).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use models::{Content, MessageId};
    use proptest::prelude::*;
    use provider::{CalledTool, ChatMessage};

    use super::*;
    use crate::item;

    /// What an item of a branch is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum ItemKind {
        Said(Role),
        /// An answer with this many calls.
        Called(u8),
        /// A call that a client told.
        Told,
        Reasoning,
        /// The result of the call so many calls before.
        Result(u8),
    }

    fn any_kind() -> impl Strategy<Value = ItemKind> {
        prop_oneof![
            3 => Just(ItemKind::Said(Role::User)),
            3 => Just(ItemKind::Said(Role::Assistant)),
            1 => Just(ItemKind::Said(Role::System)),
            3 => (1..4_u8).prop_map(ItemKind::Called),
            2 => Just(ItemKind::Told),
            1 => Just(ItemKind::Reasoning),
            6 => (0..4_u8).prop_map(ItemKind::Result),
        ]
    }

    fn call(number: usize) -> CalledTool {
        let (name, arguments) = ("f".to_owned(), "{}".to_owned());
        CalledTool { id: format!("call_{number}"), name, arguments, extra: None }
    }

    fn branch(kinds: &[ItemKind]) -> Vec<Item> {
        let (mut items, mut known) = (Vec::new(), 0);
        for (depth, kind) in (0..).zip(kinds) {
            let mut item = Item {
                id: MessageId(uuid::Uuid::nil()),
                seq: i64::from(depth),
                depth,
                role: None,
                content: Content::from(format!("item {depth}")),
                reasoning: String::new(),
                calls: Vec::new(),
                call_id: None,
            };
            match kind {
                ItemKind::Said(role) => item.role = Some(*role),
                ItemKind::Called(count) => {
                    item.role = Some(Role::Assistant);
                    item.calls = (1..=usize::from(*count)).map(|n| call(known + n)).collect();
                }
                ItemKind::Told => item.calls = vec![call(known + 1)],
                ItemKind::Reasoning => item.reasoning = "hm".to_owned(),
                // Some of them of calls that nobody knows.
                ItemKind::Result(back) => {
                    let number = known.saturating_sub(usize::from(*back));
                    item.call_id = Some(format!("call_{number}"));
                }
            }
            known += item.calls.len();
            items.push(item);
        }
        items
    }

    fn calls_of(items: &[Item]) -> HashSet<&str> {
        items.iter().flat_map(|item| &item.calls).map(|call| call.id.as_str()).collect()
    }

    proptest! {
        /// Every branch of every tree is a line of items.
        #[test]
        fn f4_what_is_sent_is_the_newest_whole_units_from_a_question_on(
            kinds in prop::collection::vec(any_kind(), 0..30),
            last in prop::sample::select(vec![ItemKind::Said(Role::User), ItemKind::Result(0)]),
            costs in prop::collection::vec(1..50_u32, 31),
            budget in 0..600_u32,
        ) {
            let kinds: Vec<ItemKind> = kinds.into_iter().chain([last]).collect();
            let line = branch(&kinds);
            let mut history = History::new(3, budget);
            let mut is_full = false;
            for (item, cost) in line.iter().zip(&costs).rev() {
                if !history.takes(item.clone(), *cost) {
                    is_full = true;
                    break;
                }
            }
            is_full |= !history.close();
            prop_assert_eq!(is_full, history.refused.is_some());
            prop_assert!(history.refused.is_none_or(|refused| refused > budget));
            let whole = history.newest_first.len();
            let history = history.beginning_with_a_question();
            let sent: Vec<Item> =
                history.newest_first.iter().rev().map(|(item, _)| item.clone()).collect();
            // The newest of the branch, without a gap but for what precedes the first question.
            prop_assert!(sent.len() <= whole);
            prop_assert_eq!(sent.last().unwrap().seq, line.last().unwrap().seq);
            let cost: u32 = sent.iter().map(|item| costs[usize::try_from(item.seq).unwrap()]).sum();
            prop_assert_eq!(history.used, 3 + cost);
            // A result has its call, if there is one on the branch that nobody has spoken behind.
            let called = calls_of(&sent);
            for item in sent.iter().filter(|item| is_result(item)) {
                let at = usize::try_from(item.seq).unwrap();
                let since = line[..at].iter().rposition(Item::is_of_people).map_or(0, |n| n + 1);
                let id = item.call_id.as_deref().unwrap();
                prop_assert!(called.contains(id) || !calls_of(&line[since..at]).contains(id));
            }
            // More than fits is sent of the newest unit only: that of the last item.
            if history.used > budget {
                let newest = usize::try_from(sent[0].seq).unwrap();
                prop_assert!(!line[newest + 1..].iter().any(Item::is_of_people) || whole == 1);
            }
            if sent.iter().any(|item| item.role == Some(Role::User)) {
                let first = sent.iter().find(|item| item.role != Some(Role::System));
                prop_assert_eq!(first.unwrap().role, Some(Role::User));
            }
            // Everything is sent or left out.
            let left_out = line.len() - sent.len();
            prop_assert_eq!(usize::try_from(history.omitted).unwrap(), left_out);
        }

        #[test]
        fn every_call_and_result_is_a_message_and_reasoning_goes_with_calls(
            kinds in prop::collection::vec(any_kind(), 0..20),
        ) {
            let line = branch(&kinds);
            let messages = item::messages(line.iter().cloned());
            let calls: Vec<String> = messages
                .iter()
                .filter_map(|message| match message {
                    ChatMessage::Called { calls, .. } => Some(calls),
                    _ => None,
                })
                .flatten()
                .map(|call| call.id.clone())
                .collect();
            let expected: Vec<String> =
                line.iter().flat_map(|item| &item.calls).map(|call| call.id.clone()).collect();
            prop_assert_eq!(calls, expected);
            let results =
                messages.iter().filter(|message| matches!(message, ChatMessage::Returned { .. }));
            prop_assert_eq!(results.count(), line.iter().filter(|item| is_result(item)).count());
            let told = |item: &&Item| item.is_told() && item.calls.is_empty();
            prop_assert_eq!(messages.len(), line.len() - line.iter().filter(told).count());
        }
    }

    #[test]
    fn the_results_of_a_turn_bring_the_calls_that_they_answer() {
        use ItemKind::{Called, Reasoning, Result, Said, Told};
        let user = Said(Role::User);
        // How many of the newest are sent where nothing fits.
        for (kinds, sent) in [
            (&[user, Called(2), Result(0), Result(1)][..], 3),
            (&[user, Called(1), Result(0), Said(Role::Assistant), user], 1),
            (&[user, Reasoning, Told, Told, Result(1), Result(0)], 5),
            (&[user, Said(Role::Assistant), Told, Result(0)], 3),
            // Nobody knows its call.
            (&[user, Said(Role::Assistant), Result(0)], 2),
            (&[Called(1), user, Result(0)], 1),
        ] {
            let mut history = History::new(0, 0);
            for item in branch(kinds).into_iter().rev() {
                if !history.takes(item, 1) {
                    break;
                }
            }
            history.close();
            assert_eq!(history.newest_first.len(), sent, "{kinds:?}");
        }
    }
}
