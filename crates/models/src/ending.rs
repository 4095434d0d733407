//! Why a response ended as it did.

use crate::word::words;

words! {
    /// Why a response ended early.
    EndReason {
        /// The model wrote as much as it may.
        MaxOutputTokens = "max_output_tokens",
        /// The provider withheld the rest.
        ContentFilter = "content_filter",
        /// The server that generated it stopped or died.
        Interrupted = "interrupted",
        /// A client asked to stop it.
        Cancelled = "cancelled",
    }
}

/// What people are told of a [`FailureCode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// When a response ends with it, a sentence.
    pub when: &'static str,
    /// What to do then, a sentence or two.
    pub remedy: &'static str,
}

/// `Name = "code", "when", "what to do";`
macro_rules! failures {
    ($($name:ident = $text:literal, $when:literal, $remedy:literal;)*) => {
        words! {
            /// Why a response failed: every code with which an answer can end. `docs/ERRORS.md` is
            /// made from it, and the web client has words for each.
            FailureCode { $(#[doc = $when] $name = $text,)* }
        }

        impl FailureCode {
            /// What people are told of it.
            pub const fn about(self) -> About {
                match self { $(Self::$name => About { when: $when, remedy: $remedy },)* }
            }
        }
    };
}

failures! {
    ContextTooLong = "context_length_exceeded",
        "Message and instructions alone are longer than the model takes.",
        "Shorten the message, or choose a model with a larger window.";
    ModelNotFound = "model_not_found",
        "No provider has the model.",
        "Choose one of `GET /api/models`; the message suggests similar names.";
    Internal = "internal_error",
        "The server failed while it was answering.",
        "Try again. The operator finds the reason in the log, under the response's id.";
    StorageUnavailable = "storage_unavailable",
        "The conversation could not be read from the database.",
        "Try again; the operator finds the reason in the log.";
    UpstreamAuth = "upstream_auth",
        "The model provider refused the server's credentials.",
        "The operator has to check the provider's API key.";
    UpstreamQuotaExhausted = "upstream_quota_exhausted",
        "The account at the model provider is out of credit, or over a limit of its spending.",
        "The operator has to check plan and billing; asking again does not help.";
    UpstreamAddress = "upstream_address",
        "What replies at the provider's address is not a provider's API: a web page, a redirect, or no such path.",
        "The operator has to check the provider's `base_url`; most end in `/v1`.";
    UpstreamRejected = "upstream_rejected",
        "The model provider refused the request.",
        "Try another model or message; the server's log has the reason.";
    UpstreamTruncated = "upstream_truncated",
        "The answer broke off before its end.",
        "Ask again; what came is kept.";
    EmptyAnswer = "empty_answer",
        "The model ended its answer without saying anything.",
        "Try again, ask differently or choose another model.";
    UpstreamTooLarge = "upstream_too_large",
        "The answer is larger than allowed.",
        "Ask for a shorter one.";
    UpstreamProtocol = "upstream_protocol",
        "The model provider's answer cannot be understood.",
        "Try again; if it persists, the operator has to check the provider's address.";
    UpstreamFailed = "upstream_failed",
        "The model provider reported a failure.",
        "Try again.";
    UpstreamMisconfigured = "upstream_misconfigured",
        "The model provider cannot be used as it is configured.",
        "The operator has to check the configuration.";
    UpstreamRateLimited = "upstream_rate_limited",
        "The model provider is receiving too many requests.",
        "Try again after `Retry-After`.";
    UpstreamOverloaded = "upstream_overloaded",
        "The model provider is overloaded.",
        "Try again after `Retry-After`.";
    UpstreamUnavailable = "upstream_unavailable",
        "The model provider cannot be reached, or failed so often lately that it is not asked.",
        "Try again after `Retry-After`.";
    UpstreamTimeout = "upstream_timeout",
        "The model did not begin, go on or end in time.",
        "Try again; what came is kept.";
    ConversationDeleted = "conversation_deleted",
        "The conversation was deleted while it was being answered.",
        "Restore it from the trash to see the text so far.";
    MessageDeleted = "message_deleted",
        "The message, or one above it, was deleted while it was being answered.",
        "Nothing: there is nothing left to show.";
    AnswerNotStored = "answer_not_stored",
        "The database refuses the end of the answer, which may be larger than it takes.",
        "What fits of the text is kept. The operator finds the reason in the log; on MySQL and MariaDB it is mostly `max_allowed_packet`.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::{OrUnknown, Words};

    #[test]
    fn a_word_of_another_version_stays_what_it_is() {
        let read = |text: &str| -> OrUnknown<FailureCode> {
            serde_json::from_value(serde_json::Value::from(text)).unwrap()
        };
        for text in ["upstream_eaten_by_a_newer_version", "", "Upstream_Auth"] {
            assert_eq!(read(text), OrUnknown::Unknown(text.into()));
            assert_eq!(serde_json::to_value(read(text)).unwrap(), text);
            assert_eq!(sea_orm::Value::from(read(text)), sea_orm::Value::from(text));
        }
        for code in FailureCode::ALL {
            assert_eq!(read(code.as_str()), OrUnknown::Known(*code));
        }
    }

    #[test]
    fn every_word_fits_its_column_and_is_the_only_one_of_its_kind() {
        let mut words: Vec<_> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(words.iter().all(|word| word.len() <= 64));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), FailureCode::ALL.len());
    }
}
