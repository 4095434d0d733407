//! Token counts under the names that providers use.

use serde_json::Value;

use crate::TokenUsage;

/// Reads token counts; none when there are none.
pub(crate) fn read_usage(usage: &Value) -> Option<TokenUsage> {
    let count = |paths: &[&str]| {
        paths.iter().find_map(|path| {
            let value = usage.pointer(path)?;
            let told = value.as_u64().or_else(|| value.as_f64().map(whole));
            told.or_else(|| value.as_str()?.trim().parse().ok())
        })
    };
    let input = count(&["/prompt_tokens", "/input_tokens"]);
    let output = count(&["/completion_tokens", "/output_tokens"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let (input, output) = (input.unwrap_or(0), output.unwrap_or(0));
    let cached = count(&[
        "/prompt_tokens_details/cached_tokens",
        "/input_tokens_details/cached_tokens",
        "/prompt_cache_hit_tokens",
        "/cached_tokens",
        "/num_cached_tokens",
        "/cache_read_input_tokens",
    ])
    .unwrap_or(0);
    let reasoning = count(&[
        "/completion_tokens_details/reasoning_tokens",
        "/output_tokens_details/reasoning_tokens",
        "/reasoning_tokens",
    ])
    .unwrap_or(0);
    let total = count(&["/total_tokens"]).unwrap_or(0);
    let (output, reasoning) = with_reasoning(input, output, cached, reasoning, total);
    Some(TokenUsage { input, output, cached, reasoning })
}

/// What was written and how much of it was reasoning, which some providers leave out of what was
/// written and count in the total only.
fn with_reasoning(input: u64, output: u64, cached: u64, reasoning: u64, total: u64) -> (u64, u64) {
    let missing = total.saturating_sub(input.saturating_add(output));
    if reasoning == 0 && missing > 0 && missing != cached && output > 0 {
        // Gemini's compatible interface says nothing but this about its thoughts.
        (output.saturating_add(missing), missing)
    } else if reasoning > output || (reasoning > 0 && missing >= reasoning) {
        (output.saturating_add(reasoning), reasoning)
    } else {
        (output, reasoning)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a nonsensical count may be any number"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn p12_reasoning_that_is_left_out_is_counted() {
        let read = |value: Value| {
            let TokenUsage { input, output, cached, reasoning } = read_usage(&value).unwrap();
            (input, output, cached, reasoning)
        };
        let words = json!({"prompt_tokens": "12", "completion_tokens": " 2 "});
        assert_eq!(read(words), (12, 2, 0, 0), "numbers as text");
        let details = json!({"reasoning_tokens": 340});
        let case = json!({"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 354,
            "completion_tokens_details": details});
        assert_eq!(read(case), (12, 342, 0, 340));
        let untold = json!({"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 354});
        assert_eq!(read(untold), (12, 342, 0, 340));
        let without_total = json!({"prompt_tokens": 12, "completion_tokens": 2,
            "completion_tokens_details": details});
        assert_eq!(read(without_total), (12, 342, 0, 340), "a part is not more than the whole");
        let usual = json!({"prompt_tokens": 12, "completion_tokens": 342, "total_tokens": 354,
            "completion_tokens_details": details});
        assert_eq!(read(usual), (12, 342, 0, 340));
        let cached_apart = json!({"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 114,
            "cache_read_input_tokens": 100});
        assert_eq!(read(cached_apart), (12, 2, 100, 0));
        for name in ["cached_tokens", "num_cached_tokens", "prompt_cache_hit_tokens"] {
            let mut usage = json!({"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10});
            usage[name] = json!(7);
            assert_eq!(read(usage), (9, 1, 7, 0), "{name}");
        }
    }
}
