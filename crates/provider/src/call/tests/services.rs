//! Streams as services send them, shortened.

use super::*;

/// What a service sends, and the text, the reasoning and the end that come of it.
type Sent = (&'static str, &'static str, &'static str, &'static str, Result<Finish, ProviderError>);

fn whole() -> Vec<Sent> {
    let stop = Ok(Finish::Stop);
    vec![
        (
            "Azure with its filter's results",
            concat!(
                r#"data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}]}"#,
                "\n\n",
                r#"data: {"choices":[{"content_filter_results":{},"delta":{"content":"","refusal":null,"role":"assistant"},"finish_reason":null,"index":0,"logprobs":null}],"usage":null}"#,
                "\n\n",
                r#"data: {"choices":[{"content_filter_results":{},"delta":{"content":"one"},"finish_reason":null,"index":0}],"usage":null}"#,
                "\n\n",
                r#"data: {"choices":[{"content_filter_offsets":{"check_offset":1},"content_filter_results":{"hate":{"filtered":false}},"finish_reason":null,"index":0}]}"#,
                "\n\n",
                r#"data: {"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0}],"usage":null}"#,
                "\n\ndata: [DONE]\n\n",
            ),
            "one",
            "",
            stop.clone(),
        ),
        (
            "Azure, withheld on the way",
            concat!(
                r#"data: {"choices":[{"delta":{"content":"one"},"finish_reason":null,"index":0}]}"#,
                "\n\n",
                r#"data: {"choices":[{"delta":{},"finish_reason":"content_filter","index":0,"content_filter_results":{"violence":{"filtered":true,"severity":"high"}}}]}"#,
                "\n\ndata: [DONE]\n\n",
            ),
            "one",
            "",
            Ok(Finish::ContentFilter),
        ),
        (
            "Gemini, which counts with every piece",
            concat!(
                r#"data: {"choices":[{"delta":{"content":"<thought>hm</thought>","role":"assistant","extra_content":{"google":{"thought":true}}},"index":0}],"usage":{"prompt_tokens":3,"completion_tokens":0,"total_tokens":9}}"#,
                "\n\n",
                r#"data: {"choices":[{"delta":{"content":"one","role":"assistant"},"finish_reason":"stop","index":0}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":11}}"#,
                "\n\ndata: [DONE]\n\n",
            ),
            "one",
            "hm",
            stop.clone(),
        ),
        (
            "LiteLLM in front of Anthropic",
            concat!(
                r#"data: {"choices":[{"index":0,"delta":{"thinking_blocks":[{"type":"thinking","thinking":"hm"}],"content":""}}]}"#,
                "\n\n",
                r#"data: {"choices":[{"index":0,"delta":{"content":"one"}}]}"#,
                "\n\n",
                r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"end_turn"}]}"#,
                "\n\ndata: [DONE]\n\n",
            ),
            "one",
            "hm",
            stop.clone(),
        ),
        (
            "CRLF, a mark, no spaces, several lines, an id, `null` and empty reasons",
            concat!(
                "\u{FEFF}event:message\r\nid:1\r\n",
                "data:{\"choices\":[{\"delta\":{\"content\":\"on\"},\r\ndata:\"finish_reason\":\"\"}]}\r\n\r\n",
                "data:{\"choices\":null}\r\n\r\ndata:{\"choices\":[{\"delta\":null}]}\r\n\r\n",
                "data:{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":{\"value\":\"e\"}}]},\"finish_reason\":\"null\"}]}\r\n\r\n",
                "data:{\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\ndata:\"[DONE]\"\r\n\r\n",
            ),
            "one",
            "",
            stop.clone(),
        ),
        (
            "MiniMax, which repeats the message",
            concat!(
                r#"data: {"choices":[{"index":0,"delta":{"content":"on","role":"assistant"}}],"object":"chat.completion.chunk","input_sensitive":false}"#,
                "\n\n",
                r#"data: {"choices":[{"index":0,"delta":{"content":"e","role":"assistant"}}],"object":"chat.completion.chunk"}"#,
                "\n\n",
                r#"data: {"choices":[{"finish_reason":"stop","index":0,"message":{"content":"one","role":"assistant"}}],"object":"chat.completion","usage":{"total_tokens":9},"base_resp":{"status_code":0,"status_msg":""}}"#,
                "\n\n",
            ),
            "one",
            "",
            stop,
        ),
    ]
}

fn failing() -> Vec<Sent> {
    use ProviderError as E;
    vec![
        (
            "Gemini, broken off",
            concat!(
                r#"data: {"choices":[{"delta":{"content":"on","role":"assistant"},"index":0}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#,
                "\n\n",
            ),
            "on",
            "",
            Err(E::Truncated),
        ),
        (
            "OpenRouter, failing on the way",
            concat!(
                ": OPENROUTER PROCESSING\n\n",
                r#"data: {"id":"gen","choices":[{"index":0,"delta":{"role":"assistant","content":"on"},"finish_reason":null,"native_finish_reason":null}]}"#,
                "\n\n",
                r#"data: {"id":"gen","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#,
                "\n\ndata: [DONE]\n\n",
            ),
            "on",
            "",
            Err(E::Overloaded { retry_after: None }),
        ),
        (
            "MiniMax, out of credit",
            r#"{"id":"x","choices":null,"created":0,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#,
            "",
            "",
            Err(E::QuotaExhausted),
        ),
        (
            "Groq over its capacity",
            concat!(
                r#"data: {"choices":[{"index":0,"delta":{"content":"on"},"finish_reason":null}]}"#,
                "\n\n",
                r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":null}],"x_groq":{"id":"req","error":"over_capacity"}}"#,
                "\n\n",
            ),
            "on",
            "",
            Err(E::Overloaded { retry_after: None }),
        ),
        (
            "vLLM, an error as an object",
            concat!(
                r#"data: {"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","param":null,"code":400}"#,
                "\n\ndata: [DONE]\n\n",
            ),
            "",
            "",
            Err(E::ContextTooLong),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn p5_streams_of_services_are_read_however_they_are_cut() {
    for (service, body, text, reasoning, end) in whole().into_iter().chain(failing()) {
        for size in [1, 7, body.len()] {
            let parts = body.as_bytes().chunks(size);
            let parts = parts.map(|part| Part::Bytes(Bytes::copy_from_slice(part))).collect();
            let outcome = answer(parts).await;
            let said = (outcome.text.as_str(), outcome.reasoning.as_str());
            assert_eq!((said, &outcome.end), ((text, reasoning), &end), "{service}");
        }
    }
}
