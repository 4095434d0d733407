//! P2, P9, P12: patience, sources, what cannot be shown, counts.

use serde_json::json;

use super::*;

fn event(value: &serde_json::Value) -> Part {
    bytes(format!("data: {value}\n\n"))
}

async fn urls(parts: Vec<Part>) -> Vec<String> {
    let outcome = answer(parts).await;
    assert_eq!(outcome.end, Ok(Finish::Stop));
    outcome.citations.into_iter().map(|citation| citation.url).collect()
}

#[tokio::test(start_paused = true)]
async fn p2_silence_is_borne_and_comments_are_life() {
    let comments = |n: usize| (0..n).flat_map(|_| [bytes(": PROCESSING\n\n"), pause(200)]);
    let outcome =
        answer(vec![pause(280), text("a", ""), pause(290), text("b", "stop"), done()]).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Ok(Finish::Stop)));
    let parts = comments(4).chain([text("a", "")]).chain(comments(4)).chain([text("b", "stop")]);
    let outcome = answer(parts.collect()).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Ok(Finish::Stop)));
    for (parts, phase, setting) in [
        (vec![pause(301), text("a", "stop")], Phase::FirstToken, "first_token_timeout"),
        (vec![text("a", ""), pause(301), text("b", "stop")], Phase::Idle, "idle_timeout"),
        (comments(10).collect(), Phase::Total, "total_timeout"),
    ] {
        let error = answer(parts).await.end.unwrap_err();
        assert_eq!(error, ProviderError::Timeout(phase));
        assert!(error.public_message().contains(setting) && error.to_string().contains(setting));
    }
    // Models that are known to reason think longer.
    let parts = || vec![pause(590), text("a", ""), pause(590), text("b", "stop")];
    let outcome = answer_of("openai/o3-mini", parts()).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Ok(Finish::Stop)));
    assert_eq!(answer(parts()).await.end, Err(ProviderError::Timeout(Phase::FirstToken)));
}

#[tokio::test(start_paused = true)]
async fn p9_sources_of_every_shape() {
    let (a, b) = ("https://a.example/x", "https://b.example/");
    let source = json!({"url": a, "title": "A"});
    let cited = json!({"type": "url_citation", "url_citation": source});
    let flat = json!({"type": "url_citation", "url": a, "title": "A"});
    for (at, fields) in [
        ("top", json!({"citations": [a, b, a]})),
        ("top", json!({"citations": [source, {"url": b}]})),
        (
            "top",
            json!({"search_results": [source, {"title": "B", "url": b, "date": "2026-01-01"}]}),
        ),
        ("top", json!({"citations": [a, b], "search_results": [source]})),
        ("top", json!({"search_info": {"search_results": [source, {"index": 2, "url": b}]}})),
        ("top", json!({"web_search": [{"title": "A", "link": a}, {"link": b}]})),
        ("delta", json!({"annotations": [cited, {"url_citation": {"url": b}}]})),
        ("delta", json!({"annotations": [flat, {"type": "url_citation", "url": b}]})),
        ("delta", json!({"context": {"citations": [source, {"url": b, "content": "…"}]}})),
        ("delta", json!({"sources": [source, {"source": {"name": "B", "url": b}}]})),
        (
            "delta",
            json!({"executed_tools": [{"type": "search", "search_results": {"results": [source, {"url": b}]}}]}),
        ),
        (
            "choice",
            json!({"groundingMetadata": {"groundingChunks": [{"web": {"uri": a, "title": "A"}}, {"web": {"uri": b}}]}}),
        ),
        (
            "choice",
            json!({"grounding_metadata": {"grounding_chunks": [{"web": {"uri": a, "title": "A"}}, {"web": {"uri": b}}]}}),
        ),
    ] {
        for holder in ["delta", "message"] {
            let mut value = json!({"choices": [{"index": 0, "finish_reason": "stop"}]});
            value["choices"][0][holder] = json!({"content": "a [1][2]"});
            let place = match at {
                "top" => &mut value,
                "choice" => &mut value["choices"][0],
                _ => &mut value["choices"][0][holder],
            };
            for (name, field) in fields.as_object().unwrap() {
                place[name] = field.clone();
            }
            // Perplexity repeats them with every piece.
            assert_eq!(urls(vec![event(&value), event(&value), done()]).await, [a, b], "{value}");
            let first = answer(vec![event(&value), done()]).await.citations.remove(0);
            let has_title = value.to_string().contains("\"A\"");
            assert_eq!(first.title.as_deref(), has_title.then_some("A"), "{value}");
        }
    }
    let ranged = |start: u32| {
        json!({"choices": [{"delta": {"annotations": [
        {"type": "url_citation", "url_citation": {"url": a, "start_index": start, "end_index": 9}}]}}]})
    };
    let parts = vec![
        event(&ranged(2)),
        event(&ranged(5)),
        event(&ranged(2)),
        event(&ranged(9)),
        text("x", "stop"),
    ];
    let places: Vec<_> = answer(parts).await.citations.into_iter().map(|c| c.range).collect();
    assert_eq!(places, [Some((2, 9)), Some((5, 9)), None]);
    let nowhere = json!({"choices": [], "citations": ["javascript:alert(1)", "doc1", 5, null, {"title": "x"}]});
    assert_eq!(urls(vec![event(&nowhere), text("x", "stop")]).await, [""; 0]);
    // What leads nowhere, or stands there twice, has its number in the text all the same.
    let gaps = json!({"choices": [], "citations": [a, "doc1", a, b]});
    let alone = json!({"choices": [], "citations": ["https://c.example/"]});
    let found = answer(vec![event(&gaps), event(&alone), text("x", "stop")]).await.citations;
    let numbers: Vec<_> = found.iter().map(|citation| citation.number).collect();
    assert_eq!(numbers, [Some(1), Some(4), None]);
}

#[tokio::test(start_paused = true)]
async fn p1_a_last_event_that_repeats_the_message_adds_nothing() {
    let call = json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]);
    let whole = |message: &serde_json::Value| {
        event(&json!({"object": "chat.completion", "choices": [
            {"index": 0, "finish_reason": "stop", "message": message}]}))
    };
    let words = "é".repeat(70);
    let pieces = || {
        vec![
            d(r#"{"reasoning_content":"hm"}"#, ""),
            text(&words[..40], ""),
            text(&words[40..], ""),
            d(&json!({"tool_calls": call}).to_string(), "tool_calls"),
        ]
    };
    let said = |message: &serde_json::Value| [pieces(), vec![whole(message)]].concat();
    let all = json!({"content": words, "reasoning_content": "hm", "tool_calls": call});
    let outcome = answer(said(&all)).await;
    assert_eq!((outcome.text.as_str(), outcome.reasoning.as_str()), (words.as_str(), "hm"));
    assert_eq!((outcome.calls.len(), outcome.end), (1, Ok(Finish::Stop)));
    // What is more than before is added, and another message is one.
    let outcome = answer(said(&json!({"content": format!("{words}!")}))).await;
    assert_eq!(outcome.text, format!("{words}!"));
    let outcome = answer(said(&json!({"content": "More."}))).await;
    assert_eq!(outcome.text, format!("{words}More."));
}

#[tokio::test(start_paused = true)]
async fn p9_what_cannot_be_shown_is_said() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let parts = vec![
        text("Here:", ""),
        d(&json!({"images": [image]}).to_string(), ""),
        text("Nice.", "stop"),
        done(),
    ];
    let said = "Here:\n\n[An image is left out here: it cannot be shown yet.]\n\nNice.";
    let outcome = answer(parts).await;
    assert_eq!((outcome.text.as_str(), outcome.end), (said, Ok(Finish::Stop)));
    let array = json!({"content": [{"type": "text", "text": "Here:"}, image]});
    let outcome = answer(vec![d(&array.to_string(), ""), text("Nice.", "stop")]).await;
    assert_eq!((outcome.text.as_str(), outcome.end), (said, Ok(Finish::Stop)));
    let parts = json!({"content": [{"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "a"},
        {"type": "tool_use", "name": "f"}, {"type": "refusal", "refusal": "b"}, {"type": "video_url"}]});
    let outcome = answer(vec![d(&parts.to_string(), "stop")]).await;
    assert_eq!(outcome.text, "ab\n\n[A video is left out here: it cannot be shown yet.]");
    let many = json!({"images": vec![image; 20]}).to_string();
    let outcome = answer(vec![d(&many, ""), d(&many, "stop")]).await;
    assert_eq!(outcome.text.matches("An image is left out").count(), 4);
    assert_eq!(outcome.text.matches("More is left out").count(), 1);
    let sound = |transcript: &str| {
        d(&json!({"audio": {"id": "a", "transcript": transcript}}).to_string(), "")
    };
    let data = || d(&json!({"audio": {"data": "AAAA"}}).to_string(), "");
    let outcome = answer(vec![sound("Hel"), data(), sound("lo."), d("{}", "stop")]).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("Hello.", Ok(Finish::Stop)));
    let outcome = answer(vec![data(), data(), d("{}", "stop")]).await;
    assert_eq!(outcome.text, "[Sound is left out here: it cannot be shown yet.]");
    assert_eq!(outcome.end, Ok(Finish::Stop));
}

#[tokio::test(start_paused = true)]
async fn p12_counts() {
    let usage = |usage: &serde_json::Value| event(&json!({"choices": [], "usage": usage}));
    let zeros = json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0});
    let real = json!({"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 354,
        "completion_tokens_details": {"reasoning_tokens": 340}});
    let outcome =
        answer(vec![usage(&zeros), text("a", "stop"), usage(&real), usage(&zeros), done()]).await;
    let expected = TokenUsage { input: 12, output: 342, cached: 0, reasoning: 340 };
    assert_eq!(outcome.usage, Some(expected));
    assert_eq!(answer(vec![text("a", "stop"), usage(&zeros), done()]).await.usage, None);
}

#[tokio::test(start_paused = true)]
async fn p5_an_answer_is_one_choice_whatever_its_number() {
    let piece = |index: u64, text: &str, reason: &str| {
        event(
            &json!({"choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason}]}),
        )
    };
    let alone = answer(vec![piece(1, "a", ""), piece(1, "b", "stop"), done()]).await;
    assert_eq!((alone.text.as_str(), alone.end), ("ab", Ok(Finish::Stop)));
    let among =
        answer(vec![piece(0, "a", ""), piece(1, "x", "length"), piece(0, "b", "stop"), done()]);
    let among = among.await;
    assert_eq!((among.text.as_str(), among.end), ("ab", Ok(Finish::Stop)));
}

#[tokio::test(start_paused = true)]
async fn p9_words_and_calls_in_choices_of_their_own_are_one_answer() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let outcome =
        answer(vec![bytes(json!({"choices": [
        {"message": {"role": "assistant", "content": "a"}, "finish_reason": "tool_calls"},
        {"message": {"role": "assistant", "tool_calls": [call]}, "finish_reason": "tool_calls"},
    ]}).to_string())]);
    let outcome = outcome.await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("a", Ok(Finish::Stop)));
    assert_eq!(outcome.calls, [("f".to_owned(), "{}".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn p4_perplexity_is_read_at_once_and_piece_by_piece() {
    let piece = |delta: &str, so_far: &str, reason: Option<&str>| {
        json!({"choices": [{"index": 0, "finish_reason": reason,
            "message": {"role": "assistant", "content": so_far},
            "delta": {"role": "assistant", "content": delta}}],
            "citations": ["https://a.example/"], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    };
    let stream = [piece("a ", "a ", None), piece("b", "a b", None), piece("", "a b", Some("stop"))];
    let silent = [piece("", "a ", None), piece("", "a b", Some("stop"))];
    for parts in [
        vec![bytes(piece("", "a b", Some("stop")).to_string())],
        stream.iter().map(event).collect(),
        silent.iter().map(event).collect(),
    ] {
        let outcome = answer(parts).await;
        assert_eq!((outcome.text.as_str(), outcome.end), ("a b", Ok(Finish::Stop)));
        assert_eq!(outcome.citations.len(), 1);
    }
}
