//! What a provider's word for the end of an answer means.
//!
//! Words are compared, not whole values: providers invent new ones all the time, and most say
//! plainly whether something was withheld, went wrong or was cut off.

use super::words::Words;

/// The longest word that is handed out, in characters.
const LONGEST: usize = 40;

/// How a provider says that an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Its own word: printable, at most 40 characters, never empty.
    pub(crate) word: String,
    pub(crate) meaning: Meaning,
}

/// What a provider's word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The model was done.
    Stop,
    /// The model calls a tool. Some services run it and go on by themselves.
    Calls,
    /// The longest answer was reached.
    Length,
    /// The rest was withheld.
    Filtered,
    /// The provider gave up.
    Failed,
    /// None of these.
    Unknown,
}

/// Something was withheld.
const FILTERED: &[&str] = &[
    "filter",
    "safety",
    "unsafe",
    "prohibit",
    "spii",
    "pii",
    "guardrail",
    "toxic",
    "block",
    "recitation",
    "moderat",
    "refus",
    "sensitive",
    "policy",
    "violat",
    "harm",
    "hate",
    "sexual",
    "profan",
    "censor",
    "copyright",
    "inappropriate",
    "withheld",
    "denied",
    "armor",
    "jailbreak",
];
/// Something went wrong, although a limit may be named beside it.
const GAVE_UP: &[&str] = &[
    "rate",
    "quota",
    "usage",
    "concurren",
    "timeout",
    "timed",
    "deadline",
    "cancel",
    "abort",
    "network",
];
/// The answer is cut off.
const LENGTH: &[&str] = &[
    "max",
    "length",
    "limit",
    "truncat",
    "budget",
    "context",
    "ctx",
    "kv",
    "exceed",
    "incomplete",
    "cutoff",
];
/// Something went wrong.
const FAILED: &[&str] = &[
    "error",
    "fail",
    "insufficient",
    "exception",
    "unavailable",
    "overload",
    "interrupt",
    "malformed",
    "unexpected",
    "disconnect",
    "internal",
    "crash",
    "invalid",
    "reject",
    "expired",
    "kill",
    "missing",
    "broken",
    "connection",
    "preempt",
    "evict",
    "abnormal",
    "unfinish",
    "unsuccess",
    "uncomplet",
    "oom",
    "memory",
    "credit",
    "payment",
    "unauthori",
    "shutdown",
    "shut",
];
const CALLS: &[&str] = &["tool", "function", "call"];
/// The model was done. These are only looked for at the beginning of a word: glued to another
/// they say the contrary.
const STOP: &[&str] = &[
    "stop", "end", "eos", "eot", "eom", "complete", "finished", "done", "normal", "success", "ok",
];

impl Reason {
    /// Reads a `finish_reason`; an empty one says nothing.
    pub(crate) fn read(text: &str) -> Option<Self> {
        // Nearly all there are, without taking them apart.
        let known = match text {
            "stop" => Some(Meaning::Stop),
            "length" => Some(Meaning::Length),
            _ => None,
        };
        if let Some(meaning) = known {
            return Some(Self { word: text.to_owned(), meaning });
        }
        let head: String = text.chars().take(4 * LONGEST).collect();
        let words = Words::of(&head);
        if matches!(words.list(), [] | [_] if words.list().iter().all(|word| is_nothing(word))) {
            return None;
        }
        let printable = text.trim().chars().filter(|c| !c.is_control());
        Some(Self { word: printable.take(LONGEST).collect(), meaning: meaning(words.list()) })
    }
}

fn meaning(words: &[String]) -> Meaning {
    let any = |stems: &[&str]| words.iter().any(|word| stems.iter().any(|stem| is(word, stem)));
    let begins = |stem: &&str| words.iter().any(|word| word.starts_with(stem));
    if any(FILTERED) {
        Meaning::Filtered
    } else if any(GAVE_UP) {
        Meaning::Failed
    } else if any(LENGTH) {
        Meaning::Length
    } else if any(FAILED) {
        Meaning::Failed
    } else if any(CALLS) {
        Meaning::Calls
    } else if words.iter().any(|word| word == "not") {
        Meaning::Unknown
    } else if STOP.iter().any(begins) {
        Meaning::Stop
    } else {
        Meaning::Unknown
    }
}

/// Whether a word begins so; a longer stem may also be glued to another word (`contentfilter`).
fn is(word: &str, stem: &str) -> bool {
    word.starts_with(stem) || (stem.len() > 4 && word.contains(stem))
}

fn is_nothing(word: &str) -> bool {
    matches!(word, "null" | "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p3_reasons_are_compared_by_words() {
        for (meaning, reasons) in [
            (
                Meaning::Stop,
                "stop STOP end_turn eos eos_token stop_sequence complete COMPLETED endTurn done",
            ),
            (Meaning::Calls, "tool_calls function_call tool_use toolUse TOOL_CALL"),
            (
                Meaning::Length,
                "length max_tokens MAX_TOKENS maxTokens model_length max_output_tokens \
                 max_completion_tokens length_limit ERROR_LIMIT token_limit truncated \
                 model_context_window_exceeded incomplete outputlimit ctx_full kv_cache_full",
            ),
            (
                Meaning::Filtered,
                "content_filter contentFilter contentfiltered SAFETY PROHIBITED_CONTENT SPII \
                 IMAGE_SAFETY guardrail_intervened ERROR_TOXIC BLOCKLIST RECITATION refusal \
                 moderation IMAGE_PROHIBITED_CONTENT content_policy_violation sensitive \
                 MODEL_ARMOR",
            ),
            (
                Meaning::Failed,
                "error network_error model_error server_error cancelled canceled USER_CANCEL abort \
                 aborted failed insufficient_system_resource timeout rate_limit quota_exceeded MALFORMED_FUNCTION_CALL \
                 UNEXPECTED_TOOL_CALL internalError context_cancelled abnormal ABNORMAL_STOP \
                 abnormalEnd unfinished unsuccessful uncompleted oom out_of_memory \
                 not_enough_credits payment_required unauthorized server_shutdown",
            ),
            (
                Meaning::Unknown,
                "OTHER unknown LANGUAGE FINISH_REASON_UNSPECIFIED pause_turn 長 \
                not_finished weekend",
            ),
        ] {
            for word in reasons.split_whitespace() {
                let read = Reason::read(word).map(|reason| (reason.word, reason.meaning));
                assert_eq!(read, Some((word.to_owned(), meaning)), "{word}");
            }
        }
        for nothing in ["", " ", "null", "None", "-"] {
            assert_eq!(Reason::read(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_word_is_printable_and_short() {
        let long = format!("\u{1b}[31m{}", "é".repeat(99));
        let word = Reason::read(&long).unwrap().word;
        assert_eq!(word.chars().count(), 40);
        assert!(word.starts_with("[31mé"), "{word}");
    }
}
