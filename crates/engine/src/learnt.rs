//! What refusals have taught: how much of a context a model of a provider takes, in tokens as they
//! are counted here.
//!
//! A provider may count more tokens in a text than this server does, or have a smaller window than
//! it says. What it takes is found by halving what it refused. It is kept in memory and for a while
//! only: a refusal costs nothing but a moment, and the next conversation may be of other text.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use models::Time;

use crate::catalog::Chosen;

/// How long it counts.
const KEPT: TimeDelta = TimeDelta::hours(1);
/// The most models that are kept in mind.
const MODELS: usize = 1_000;
/// After how many refusals of one response nothing but the newest message is sent.
const HALVINGS: u32 = 7;

/// What is known of each model, by its provider and its name there.
#[derive(Debug, Default)]
pub(crate) struct Learnt(Mutex<HashMap<(String, String), (u32, Time)>>);

/// What may be sent next, and how often more was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// In tokens; `None` where the window decides.
    pub(crate) tokens: Option<u32>,
    /// For this response.
    pub(crate) refusals: u32,
}

impl Allowance {
    /// What may be sent after `sent` tokens were refused.
    pub(crate) fn after_refusal(self, sent: u32) -> Self {
        let refusals = self.refusals.saturating_add(1);
        let less = if refusals > HALVINGS { 0 } else { sent / 2 };
        Self { tokens: Some(self.tokens.map_or(less, |tokens| tokens.min(less))), refusals }
    }
}

impl Learnt {
    // A panic while the lock is held leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), (u32, Time)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the first attempt with `model` may send.
    pub(crate) fn of(&self, model: &Chosen, now: Time) -> Allowance {
        let known = self.lock().get(&key(model)).copied();
        let fresh = known.filter(|(_, since)| now.signed_duration_since(*since) < KEPT);
        Allowance { tokens: fresh.map(|(tokens, _)| tokens), refusals: 0 }
    }

    /// Takes note that `model` took what `allowance` let through: `sent` tokens, which may be more,
    /// as the newest message is sent in any case.
    pub(crate) fn note(&self, model: &Chosen, allowance: Allowance, sent: u32, now: Time) {
        let Some(tokens) = allowance.tokens.filter(|_| allowance.refusals > 0) else { return };
        let tokens = tokens.max(sent);
        let mut known = self.lock();
        known.retain(|_, (_, since)| now.signed_duration_since(*since) < KEPT);
        if known.len() < MODELS {
            known.insert(key(model), (tokens, now));
        }
    }
}

fn key(model: &Chosen) -> (String, String) {
    (model.provider.name().to_owned(), model.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_each_refusal_halves_and_the_last_leaves_the_newest_message() {
        let mut allowance = Allowance { tokens: None, refusals: 0 };
        for (sent, left) in [(8_000, 4_000), (3_900, 1_950), (1_000, 500)] {
            allowance = allowance.after_refusal(sent);
            assert_eq!(allowance.tokens, Some(left));
        }
        while allowance.refusals <= HALVINGS {
            allowance = allowance.after_refusal(u32::MAX);
        }
        assert_eq!(allowance.tokens, Some(0));
    }

    #[test]
    fn f1_what_was_learnt_counts_for_one_model_and_one_hour() {
        let learnt = Learnt::default();
        let model = |id: &str| Chosen {
            provider: provider::Provider::demo(),
            id: id.to_owned(),
            name: id.to_owned(),
            facts: provider::Provider::demo()
                .facts_of(&provider::Listed { id: id.to_owned(), context_tokens: None }),
        };
        let now = Time::UNIX_EPOCH;
        let taken = Allowance { tokens: Some(100), refusals: 2 };
        learnt.note(&model("one"), taken, 90, now);
        learnt.note(&model("two"), Allowance { refusals: 0, ..taken }, 90, now);
        let at = |minutes| now + TimeDelta::minutes(minutes);
        assert_eq!(learnt.of(&model("one"), at(59)).tokens, Some(100));
        assert_eq!(learnt.of(&model("one"), at(61)).tokens, None);
        assert_eq!(learnt.of(&model("two"), at(1)).tokens, None, "nothing was refused");
        // What was taken can be sent again, also where nothing but the newest message was left.
        learnt.note(&model("three"), Allowance { tokens: Some(0), refusals: 8 }, 800, now);
        assert_eq!(learnt.of(&model("three"), at(1)).tokens, Some(800));
    }
}
