//! P1, P3, P4, F6: how an answer ends.

use super::*;

const COUNTS: TokenUsage = TokenUsage { input: 3, output: 2, cached: 0, reasoning: 0 };

fn usage() -> Part {
    bytes(
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\n",
    )
}

#[tokio::test(start_paused = true)]
async fn p1_content_after_a_reason_goes_on_the_answer() {
    let mut parts: Vec<_> = (0..10).flat_map(|_| [text("1 ", "stop"), pause(1)]).collect();
    parts.push(done());
    let outcome = answer(parts).await;
    assert_eq!(outcome.text, "1 ".repeat(10));
    assert_eq!((outcome.end, outcome.word.as_deref()), (Ok(Finish::Stop), Some("stop")));
}

#[tokio::test(start_paused = true)]
async fn p1_a_service_may_run_its_tool_after_the_reason() {
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#;
    for silence in [7, 90] {
        let outcome = answer(vec![
            d(call, ""),
            d("{}", "tool_calls"),
            pause(silence),
            text("It rains.", "stop"),
            done(),
        ])
        .await;
        assert_eq!(outcome.text, "It rains.");
        assert_eq!(outcome.calls, [("f".to_owned(), "{}".to_owned())]);
        assert_eq!((outcome.end, outcome.word.as_deref()), (Ok(Finish::Stop), Some("stop")));
    }
    // Whoever leaves the call to us is done all the same.
    for end in [vec![done()], vec![], vec![Part::Stall]] {
        let outcome = answer([vec![d(call, ""), d("{}", "tool_calls")], end].concat()).await;
        assert_eq!((outcome.end, outcome.text.as_str()), (Ok(Finish::Stop), ""));
    }
}

#[tokio::test(start_paused = true)]
async fn p1_the_last_reason_counts() {
    let outcome =
        answer(vec![text("a", "stop"), text("b", "stop"), text("c", "length"), done()]).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("abc", Ok(Finish::Length)));
    assert_eq!(outcome.word.as_deref(), Some("length"));
    let outcome = answer(vec![text("a", "stop"), d("{}", "SAFETY")]).await;
    assert_eq!(outcome.end, Ok(Finish::ContentFilter));
}

#[tokio::test(start_paused = true)]
async fn p1_an_error_after_a_reason_fails_the_answer_and_keeps_what_came() {
    let error = bytes("data: {\"error\":{\"message\":\"boom\",\"code\":503}}\n\n");
    for reason in ["", "stop"] {
        let outcome = answer(vec![text("a", reason), usage(), error.clone(), done()]).await;
        assert_eq!(outcome.end, Err(ProviderError::Overloaded { retry_after: None }), "{reason}");
        assert_eq!((outcome.text.as_str(), outcome.usage), ("a", Some(COUNTS)));
        assert_eq!(outcome.word.as_deref().unwrap_or_default(), reason);
    }
}

#[tokio::test(start_paused = true)]
async fn p4_what_stands_beside_an_error_is_kept() {
    let parts = vec![
        text("a", ""),
        bytes(
            "data: {\"error\":{\"code\":502,\"message\":\"boom\"},\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"error\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
        ),
    ];
    let outcome = answer(parts).await;
    assert_eq!(outcome.end, Err(ProviderError::Overloaded { retry_after: None }));
    assert_eq!((outcome.text.as_str(), outcome.word.as_deref()), ("ab", Some("error")));
    assert_eq!(outcome.usage, Some(COUNTS));
}

#[tokio::test(start_paused = true)]
async fn p1_five_seconds_of_nothing_but_counts_are_the_end() {
    let began = Instant::now();
    let repeated = (0..9).flat_map(|_| [pause(2), usage()]);
    let parts = [text("a", "stop")].into_iter().chain(repeated).chain([text("late", "")]);
    let outcome = answer(parts.collect()).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("a", Ok(Finish::Stop)));
    assert_eq!(outcome.usage, Some(COUNTS));
    assert_eq!(began.elapsed().as_secs(), 5);
    // Content begins the five seconds anew, and so does any other sign of life.
    let comment = || bytes(": running a tool\n\n");
    let parts = vec![
        text("a", "stop"),
        pause(4),
        text("b", ""),
        pause(4),
        comment(),
        pause(4),
        text("c", ""),
    ];
    let outcome = answer(parts).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("abc", Ok(Finish::Stop)));
}

#[tokio::test(start_paused = true)]
async fn p1_a_connection_that_breaks_after_an_early_reason_breaks_the_answer() {
    let outcome = answer(vec![text("a", "stop"), Part::Break]).await;
    assert_eq!(outcome.end, Ok(Finish::Stop));
    let outcome = answer(vec![text("a", "stop"), text("b", "stop"), Part::Break]).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Err(ProviderError::Truncated)));
}

#[tokio::test(start_paused = true)]
async fn p3_what_the_reasons_of_providers_mean() {
    use ProviderError as E;
    for (words, with_text, without) in [
        (
            "PROHIBITED_CONTENT SPII IMAGE_SAFETY guardrail_intervened ERROR_TOXIC",
            Ok(Finish::ContentFilter),
            Ok(Finish::ContentFilter),
        ),
        ("network_error model_error server_error cancelled", Err(E::Failed), Err(E::Failed)),
        (
            "max_output_tokens max_completion_tokens length_limit",
            Ok(Finish::Length),
            Ok(Finish::Length),
        ),
        ("OTHER never_heard_of_it", Ok(Finish::Stop), Err(E::Failed)),
        ("stop", Ok(Finish::Stop), Err(E::EmptyAnswer)),
    ] {
        for word in words.split_whitespace() {
            let outcome = answer(vec![text("a", ""), d("{}", word), done()]).await;
            assert_eq!(outcome.end, with_text, "{word}");
            assert_eq!((outcome.text.as_str(), outcome.word.as_deref()), ("a", Some(word)));
            let outcome = answer(vec![d("{}", word), done()]).await;
            assert_eq!((outcome.end, outcome.word.as_deref()), (without.clone(), Some(word)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p3_reasons_stand_under_other_names_too() {
    for (last, end) in [
        (r#"{"choices":[{"delta":{},"finish_reason":null,"stop_reason":"max_tokens"}]}"#, "length"),
        (r#"{"choices":[{"delta":{},"stop_reason":"end_turn"}]}"#, "stop"),
        (r#"{"choices":[{"delta":{},"finishReason":"MAX_TOKENS"}]}"#, "length"),
        (r#"{"choices":[],"finish_reason":"length"}"#, "length"),
        (r#"{"choices":[{"delta":{},"finish_reason":{"type":"length"}}]}"#, "length"),
        // The text at which vLLM was told to stop is no reason.
        (r#"{"choices":[{"delta":{},"finish_reason":"stop","stop_reason":"error"}]}"#, "stop"),
    ] {
        let outcome = answer(vec![text("a", ""), bytes(format!("data: {last}\n\n")), done()]).await;
        let end = if end == "stop" { Finish::Stop } else { Finish::Length };
        assert_eq!((outcome.text.as_str(), outcome.end), ("a", Ok(end)), "{last}");
    }
}

#[tokio::test(start_paused = true)]
async fn p4_counts_and_done_are_an_end() {
    let words = || {
        bytes(
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one two\",\"role\":\"assistant\"}}]}\n\n",
        )
    };
    for (parts, end) in [
        (vec![words(), usage(), done()], Ok(Finish::Stop)),
        (vec![text("one two", ""), usage(), done()], Ok(Finish::Stop)),
        (vec![words(), usage()], Ok(Finish::Stop)),
        (vec![words(), done()], Err(ProviderError::Truncated)),
        (vec![words()], Err(ProviderError::Truncated)),
        (vec![usage(), words()], Err(ProviderError::Truncated)),
        (vec![words(), usage(), Part::Break], Err(ProviderError::Truncated)),
    ] {
        let counted = parts.len() > 2 || end.is_ok();
        let outcome = answer(parts.clone()).await;
        assert_eq!((outcome.text.as_str(), &outcome.end), ("one two", &end), "{parts:?}");
        // The provider's own counts are kept however it ended.
        assert_eq!(
            outcome.usage.is_some(),
            counted || matches!(parts[0], Part::Bytes(ref b) if b.ends_with(b"5}}\n\n")),
            "{parts:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn p4_a_whole_document_is_whole() {
    let json = &[("content-type", "application/json")];
    for reason in ["", ",\"finish_reason\":null", ",\"finish_reason\":\"\""] {
        let body = format!(
            "{{\"choices\":[{{\"index\":0,\"message\":{{\"content\":\"one two\"}}{reason}}}],\
             \"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":2}}}}"
        );
        let outcome = answer_with(|_| {}, json, vec![bytes(body.clone())]).await;
        assert_eq!((outcome.text.as_str(), outcome.end), ("one two", Ok(Finish::Stop)));
        assert_eq!(outcome.usage, Some(COUNTS));
        // The same as an event of a stream.
        let outcome = answer(vec![bytes(format!("data: {body}\n\n")), done()]).await;
        assert_eq!((outcome.text.as_str(), outcome.end), ("one two", Ok(Finish::Stop)));
    }
}

#[tokio::test(start_paused = true)]
async fn f6_the_last_event_needs_no_line_end() {
    let last = "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}";
    for end in ["", "\n", "\r", "\r\n", "\n\n"] {
        for broken in [None, Some(Part::Break)] {
            let parts = [text("a", ""), bytes(format!("{last}{end}"))].into_iter().chain(broken);
            let outcome = answer(parts.collect()).await;
            assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Ok(Finish::Stop)), "{end:?}");
        }
    }
    // What is cut off in the middle is not there.
    for cut in 0..last.len() {
        let outcome = answer(vec![text("a", ""), bytes(&last[..cut])]).await;
        assert_eq!(
            (outcome.text.as_str(), outcome.end),
            ("a", Err(ProviderError::Truncated)),
            "{cut}"
        );
    }
    let outcome = answer(vec![text("a", ""), usage(), bytes("data: [DONE]")]).await;
    assert_eq!(outcome.end, Ok(Finish::Stop));
}

#[tokio::test(start_paused = true)]
async fn p9_an_answer_that_says_nothing_is_none() {
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#;
    for (delta, end) in [
        ("{}", Err(ProviderError::EmptyAnswer)),
        (r#"{"content":"\n\n"}"#, Err(ProviderError::EmptyAnswer)),
        ("{\"content\":\"\u{200b} \u{feff}\"}", Err(ProviderError::EmptyAnswer)),
        (r#"{"reasoning_content":"hm"}"#, Err(ProviderError::EmptyAnswer)),
        (r#"{"content":"<think>hm</think>\n"}"#, Err(ProviderError::EmptyAnswer)),
        (r#"{"content":"<thi"}"#, Ok(Finish::Stop)),
        (r#"{"refusal":"No."}"#, Ok(Finish::Stop)),
        (call, Ok(Finish::Stop)),
    ] {
        let outcome = answer(vec![d(delta, ""), d("{}", "stop"), done()]).await;
        assert_eq!(outcome.end, end, "{delta}");
        let outcome = answer(vec![d(delta, "length"), done()]).await;
        assert_eq!(outcome.end, Ok(Finish::Length), "{delta}: cut off before it began");
    }
}
