//! P5, P6, P11, F2: bodies as they come.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

const COMPLETION: &str = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"one two"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
const STREAM: &str = concat!(
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one \"},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

fn assert_whole(outcome: &Outcome, what: &str) {
    assert_eq!((outcome.text.as_str(), &outcome.end), ("one two", &Ok(Finish::Stop)), "{what}");
    assert_eq!(outcome.usage.map(|usage| usage.output), Some(2), "{what}");
}

/// These bytes, all at once and byte by byte.
async fn both_ways(head: &[(&str, &str)], body: &[u8]) -> [Outcome; 2] {
    let whole = Part::Bytes(Bytes::copy_from_slice(body));
    let single = body.iter().map(|byte| Part::Bytes(Bytes::copy_from_slice(&[*byte]))).collect();
    [answer_with(|_| {}, head, vec![whole]).await, answer_with(|_| {}, head, single).await]
}

#[tokio::test(start_paused = true)]
async fn p5_the_first_bytes_decide_whatever_is_declared() {
    let pretty = serde_json::to_string_pretty(
        &serde_json::from_str::<serde_json::Value>(COMPLETION).unwrap(),
    )
    .unwrap();
    let lines: String = STREAM
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .fold(String::new(), |all, line| all + line + "\n");
    let single_breaks = STREAM.replace("\n\n", "\n");
    let array =
        format!("[{}]", lines.trim_end().trim_end_matches("[DONE]").trim_end().replace('\n', ","));
    let behind = lines.replace('\n', "").replace("[DONE]", "");
    for (what, body) in [
        ("a document", COMPLETION.to_owned()),
        ("a document on a line", format!("{COMPLETION}\n")),
        ("a document on lines", pretty),
        ("blank lines before a document", format!("\n\n  \n{COMPLETION}")),
        ("a mark before a document", format!("\u{FEFF}{COMPLETION}")),
        ("a comment before a document", format!(": PROCESSING\n\n{COMPLETION}")),
        ("events", STREAM.to_owned()),
        ("blank lines before events", format!("\n\n{STREAM}")),
        ("lines of JSON", lines),
        ("events without blank lines", single_breaks),
        ("a list of pieces", array),
        ("pieces one behind the other", behind),
        ("events in events", STREAM.replace("data: ", "data: data: ")),
    ] {
        for kind in [
            "",
            "application/octet-stream",
            "application/json",
            "text/event-stream",
            "text/html",
            "text/plain",
        ] {
            let head = [("content-type", kind)];
            let head = if kind.is_empty() { &[][..] } else { &head[..] };
            for outcome in both_ways(head, body.as_bytes()).await {
                assert_whole(&outcome, &format!("{what} as {kind}"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p5_events_in_events_are_read_however_deep_they_are() {
    let piece = r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#;
    let within = |depth: usize, data: &str| format!("data: {}{data}\n\n", "data:".repeat(depth));
    for depth in [1, 2, 10_000] {
        let outcome = answer(vec![bytes(within(depth, piece))]).await;
        assert_eq!((outcome.text.as_str(), outcome.end), ("a", Ok(Finish::Stop)), "{depth}");
        let lines = format!("{piece}\n{}", within(depth, "[DONE]"));
        let outcome = answer(vec![bytes(within(depth, &lines))]).await;
        assert_eq!((outcome.text.as_str(), outcome.end), ("a", Ok(Finish::Stop)), "{depth}");
        let outcome = answer(vec![bytes(within(depth, "x"))]).await;
        assert_eq!(outcome.end, Err(ProviderError::Protocol), "{depth}");
    }
    for depth in [1, 100, 100_000] {
        for list in [
            format!("{}{piece}{}", "[".repeat(depth), "]".repeat(depth)),
            format!("{piece}\n{}", "[".repeat(depth)),
            format!("{}x", "[data:".repeat(depth)),
        ] {
            let outcome = answer(vec![bytes(within(0, &list)), text("b", "stop")]).await;
            assert_eq!((outcome.text.chars().last(), outcome.end), (Some('b'), Ok(Finish::Stop)));
        }
    }
}

fn packed(coding: &str, text: &str) -> Vec<u8> {
    let level = Compression::default();
    match coding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            for event in text.split_inclusive("\n\n") {
                encoder.write_all(event.as_bytes()).unwrap();
                encoder.flush().unwrap();
            }
            encoder.finish().unwrap()
        }
        "zlib" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }
        _ => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p5_what_is_packed_unasked_is_unpacked() {
    for text in [STREAM, COMPLETION] {
        for (declared, coding) in [
            ("gzip", "gzip"),
            ("x-gzip", "gzip"),
            ("", "gzip"),
            ("deflate", "zlib"),
            ("deflate", "raw"),
        ] {
            let head = [("content-encoding", declared)];
            for outcome in both_ways(&head, &packed(coding, text)).await {
                assert_whole(&outcome, &format!("{coding} as {declared}"));
            }
        }
        // Declared, but not done.
        for declared in ["gzip", "deflate", "identity", "none"] {
            for outcome in both_ways(&[("content-encoding", declared)], text.as_bytes()).await {
                assert_whole(&outcome, declared);
            }
        }
    }
    // Words come as they are flushed, and what breaks off keeps them.
    let bytes = packed("gzip", STREAM);
    let first = Part::Bytes(Bytes::copy_from_slice(&bytes[..bytes.len() / 2]));
    let gzip = [("content-encoding", "gzip")];
    let outcome = answer_with(|_| {}, &gzip, vec![first, Part::Stall]).await;
    assert!(outcome.text.starts_with("one "), "{outcome:?}");
    assert_eq!(outcome.end, Err(ProviderError::Timeout(Phase::Idle)));
    let mut spoilt = bytes.clone();
    let middle = spoilt.len() - 20;
    spoilt[middle..].fill(0xFF);
    let outcome = answer_with(|_| {}, &gzip, vec![Part::Bytes(spoilt.into())]).await;
    assert!(outcome.text.starts_with("one"), "{outcome:?}");
    let outcome =
        answer_with(|_| {}, &[("content-encoding", "br")], vec![bytes_of(b"\x1b\x03")]).await;
    assert_eq!(outcome.end, Err(ProviderError::Protocol));
}

#[tokio::test(start_paused = true)]
async fn p5_packed_twice_or_otherwise_than_declared_or_with_junk_behind_is_read() {
    let twice = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&packed("gzip", STREAM)).unwrap();
        encoder.finish().unwrap()
    };
    let members: Vec<u8> = STREAM.split_inclusive("\n\n").flat_map(|e| packed("gzip", e)).collect();
    for (coding, body) in [
        ("gzip, gzip", twice.clone()),
        ("gzip", twice.clone()),
        ("", twice),
        ("br", STREAM.as_bytes().to_vec()),
        ("zstd", COMPLETION.as_bytes().to_vec()),
        ("br", packed("gzip", STREAM)),
        ("gzip", members),
        ("gzip", [packed("gzip", STREAM), vec![0; 700]].concat()),
        ("gzip", [packed("gzip", COMPLETION), b"\r\n".to_vec()].concat()),
    ] {
        for outcome in both_ways(&[("content-encoding", coding)], &body).await {
            assert_whole(&outcome, coding);
        }
    }
    // What came before a fault is kept.
    let mut cut = packed("gzip", STREAM);
    cut.truncate(cut.len() - 12);
    let outcome = answer_with(|_| {}, &[], vec![Part::Bytes(cut.into()), Part::Break]).await;
    assert!(outcome.text.starts_with("one"), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn fuzz_what_came_before_a_fault_in_the_same_piece_is_kept() {
    for (declared, coding) in [("gzip", "gzip"), ("deflate", "zlib")] {
        let mut spoilt = packed(coding, STREAM);
        // In its checksum.
        if let Some(last) = spoilt.iter_mut().nth_back(if coding == "gzip" { 7 } else { 0 }) {
            *last ^= 1;
        }
        for outcome in both_ways(&[("content-encoding", declared)], &spoilt).await {
            assert_whole(&outcome, coding);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p5_events_are_read_however_they_are_written() {
    let quoted: String = STREAM
        .lines()
        .map(|line| match line.strip_prefix("data: ") {
            Some(json) if json != "[DONE]" => format!("data: {}\n", serde_json::json!(json)),
            _ => format!("{line}\n"),
        })
        .collect();
    let python = STREAM.replace('"', "'").replace("null", "None");
    let pretty: String = STREAM
        .split_inclusive("\n\n")
        .map(|event| event.replace("[{", "[\n  {").replace(",\"", ",\n  \"").replace("}]", "}\n]"))
        .collect();
    let records: String = STREAM
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .fold(String::new(), |all, data| all + "\u{1e}" + data + "\n");
    for (what, body) in [
        ("quoted", quoted),
        ("Python", python),
        ("on lines", pretty),
        ("records", records),
        ("indented", STREAM.replace("data:", "  data:")),
        ("capitals", STREAM.replace("data:", "Data:")),
        ("a mark before each", STREAM.replace("data:", "\u{FEFF}data:")),
    ] {
        for outcome in both_ways(&[], body.as_bytes()).await {
            assert_whole(&outcome, what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p4_counts_behind_the_end_are_read() {
    let counts =
        bytes("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n");
    let Part::Bytes(counted) = counts.clone() else { panic!() };
    let together = format!("data: [DONE]\n\n{}", String::from_utf8_lossy(&counted));
    for reason in ["stop", ""] {
        for behind in [vec![done(), counts.clone()], vec![bytes(together.clone())]] {
            let outcome = answer([vec![text("one two", reason)], behind].concat()).await;
            assert_whole(&outcome, reason);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p5_a_document_that_is_cut_off_keeps_what_came() {
    let begun =
        r#"{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"one two thr"#;
    for parts in [vec![bytes(begun)], vec![bytes(begun), Part::Break]] {
        let outcome = answer(parts).await;
        assert_eq!(outcome.text, "one two thr");
        assert_eq!(outcome.end, Err(ProviderError::Truncated));
    }
    let error = r#"{"error":{"message":"Insufficient Balance","code":"inv"#;
    assert_eq!(answer(vec![bytes(error)]).await.end, Err(ProviderError::QuotaExhausted));
}

fn bytes_of(bytes: &'static [u8]) -> Part {
    Part::Bytes(Bytes::from_static(bytes))
}

#[tokio::test(start_paused = true)]
async fn p5_a_packed_bomb_is_bounded() {
    let bomb = packed("raw", &"data: x".repeat(1 << 20));
    let limits = |config: &mut OpenAiConfig| config.max_event_bytes = 64 * 1024;
    let head = [("content-encoding", "deflate")];
    let outcome = answer_with(limits, &head, vec![Part::Bytes(bomb.into())]).await;
    assert_eq!(outcome.end, Err(ProviderError::TooLarge(Limit::Event)));
    // No piece that is handed on is much larger than what deflate makes of one that is packed.
    let zeros = packed("raw", &"\0".repeat(64 << 20));
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert(reqwest::header::CONTENT_ENCODING, "deflate".parse().unwrap());
    let mut unpack = Unpack::new(&headers);
    let (mut largest, mut all) = (0, 0);
    let pushed: Result<_, ()> = unpack.push(&zeros, |piece| {
        largest = piece.len().max(largest);
        all += piece.len();
        Ok(())
    });
    pushed.unwrap().unwrap();
    assert_eq!(all, 64 << 20);
    assert!(largest <= 1 << 20, "{largest}");
}

#[tokio::test(start_paused = true)]
async fn p5_what_is_not_understood_is_not_asked_again() {
    for body in [
        "upstream connect error or disconnect/reset before headers",
        "{\"hello\":\"world\"}",
        "data: {\"hello\":\"world\"}\n\n",
        "data: canary\n\n",
        "{\"choices\": [",
        "[]",
    ] {
        let outcome = answer(vec![bytes(body)]).await;
        assert_eq!(outcome.end, Err(ProviderError::Protocol), "{body}");
    }
    let outcome = answer(vec![bytes("<html><h1>Sign in</h1>"), Part::Stall]).await;
    assert_eq!(outcome.end, Err(ProviderError::WrongAddress));
    for body in ["", "\n\n", ": waiting\n\n", "{\"choices\": ["] {
        let outcome = answer(vec![bytes(body), Part::Break]).await;
        assert_eq!(outcome.end, Err(ProviderError::Truncated), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn p5_an_error_in_any_frame_is_a_failure() {
    let error = r#"{"code":400,"message":"the request exceeds the available context size","type":"invalid_request_error"}"#;
    for body in [
        format!("error: {error}\n\ndata: [DONE]\n\n"),
        format!("error: {error}\ndata: [DONE]\n\n"),
        format!("data: {{\"error\":{error}}}\n\ndata: [DONE]\n\n"),
        format!("event: error\ndata: {error}\n\ndata: [DONE]\n\n"),
        format!("{{\"error\":{error}}}"),
        format!("{{\"error\":{error}}}\n"),
        format!("[{{\"error\":{error}}}]"),
    ] {
        for outcome in both_ways(&[], body.as_bytes()).await {
            assert_eq!(outcome.end, Err(ProviderError::ContextTooLong), "{body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p5_a_line_end_behind_a_document_changes_nothing() {
    let piece = |text: &str| format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}");
    let long = "x".repeat(700);
    let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    for tail in ["", "\n", "\r\n", "\n\n \n"] {
        let list = format!("[{},{end}]{tail}", piece(&long));
        for outcome in both_ways(&[], list.as_bytes()).await {
            assert_eq!((outcome.text.as_str(), outcome.end), (long.as_str(), Ok(Finish::Stop)));
        }
        let whole = format!("{COMPLETION}{tail}");
        for outcome in both_ways(&[], whole.as_bytes()).await {
            assert_whole(&outcome, tail);
        }
    }
    // What comes line by line is read line by line, whatever the first of them is.
    for first in [r#"{"type":"begin"}"#, r#"{"choices":[],"model":"m"}"#, ""] {
        for lines in [
            format!("{first}\n{}\n{end}\n", piece("one two")),
            format!("{first}\n\n{}\n\n{end}", piece("one two")),
            format!("{first}\ndata: {}\n\n: comment\n\ndata: {end}\n\n", piece("one two")),
            format!("{}\n{end}\n[DONE]\n{first}", piece("one two")),
        ] {
            for outcome in both_ways(&[], lines.as_bytes()).await {
                let (text, end) = (outcome.text.as_str(), outcome.end);
                assert_eq!((text, end), ("one two", Ok(Finish::Stop)), "{lines}");
            }
        }
    }
    // A piece is shown when it is there, and one line of several is not the whole.
    let first = bytes(format!("{}\n", piece("one")));
    let outcome = answer(vec![first.clone(), Part::Stall]).await;
    assert_eq!(outcome.text, "one");
    assert_eq!(outcome.end, Err(ProviderError::Timeout(Phase::Idle)));
    assert_eq!(answer(vec![first]).await.end, Err(ProviderError::Truncated));
}

#[tokio::test(start_paused = true)]
async fn p5_what_stands_around_an_answer_is_no_harm() {
    let wrapped = |holder: &str| {
        STREAM
            .lines()
            .map(|line| match line.strip_prefix("data: ") {
                Some(json) if json != "[DONE]" => {
                    format!("data: {{\"code\":0,\"msg\":\"success\",\"{holder}\":{json}}}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect::<String>()
    };
    for body in [
        wrapped("data"),
        wrapped("result"),
        format!("{{\"success\":true,\"errors\":[],\"result\":{COMPLETION}}}"),
        format!("{COMPLETION}data: [DONE]"),
        format!("{COMPLETION} [DONE]\n"),
        format!("data: {COMPLETION}\0\n\n"),
        STREAM.replace("data: ", "data: \u{FEFF}"),
    ] {
        for outcome in both_ways(&[], body.as_bytes()).await {
            assert_whole(&outcome, &body);
        }
    }
    // What is cut off is not there, wherever it stands.
    let cut = format!("data: {}", &COMPLETION[..COMPLETION.len() - 1]);
    assert_eq!(answer(vec![bytes(cut)]).await.end, Err(ProviderError::Truncated));
}

#[tokio::test(start_paused = true)]
async fn p6_a_large_event_is_read() {
    let text_of = |kilobytes: usize| "x".repeat(kilobytes * 1024);
    let noise = format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"one \"}}}}],\"noise\":\"{}\"}}\n\n",
        text_of(3000)
    );
    let outcome = answer(vec![bytes(noise), text("two", "stop"), done()]).await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("one two", Ok(Finish::Stop)));
    let outcome = answer(vec![text("a", ""), text(&text_of(300), "stop")]).await;
    assert_eq!((outcome.text.len(), outcome.end), (1 + 300 * 1024, Ok(Finish::Stop)));
    let outcome = answer(vec![text("a", ""), text(&text_of(9000), "stop")]).await;
    assert_eq!(outcome.text, "a", "what came before is kept");
    let error = outcome.end.unwrap_err();
    assert!(error.public_message().contains("max_event_bytes"), "{error}");
    let outcome = answer(vec![text("a", ""), text(&text_of(5000), "stop")]).await;
    assert!(outcome.end.unwrap_err().public_message().contains("max_answer_bytes"));
}

#[tokio::test(start_paused = true)]
async fn p11_what_cannot_be_read_is_skipped() {
    let junk = [
        "data: ping\n\n",
        "data: {\"a\":\n\n",
        "ping\n\n",
        "data: {\"type\":\"ping\"}\n\n",
        "event: x\ndata: y\n\n",
    ];
    for junk in junk {
        let parts =
            vec![bytes(junk), text("a", ""), bytes(junk), bytes(junk), text("b", "stop"), done()];
        let outcome = answer(parts).await;
        assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Ok(Finish::Stop)), "{junk}");
    }
    for error in ["\"\"", "null", "{}", "[]", "false"] {
        let piece = |text: &str, reason: &str| {
            bytes(format!(
                "data: {{\"error\":{error},\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":{reason}}}]}}\n\n"
            ))
        };
        let outcome = answer(vec![piece("a", "null"), piece("b", "\"stop\""), done()]).await;
        assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Ok(Finish::Stop)), "{error}");
    }
    let outcome = answer(vec![
        bytes("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"logprobs\":NaN}],\"cost\":-Infinity}\n\n"),
        text("b", "stop"),
    ])
    .await;
    assert_eq!((outcome.text.as_str(), outcome.end), ("ab", Ok(Finish::Stop)));
}

#[tokio::test(start_paused = true)]
async fn f2_p11_lists_and_glued_documents_are_mended_too() {
    let piece = |text: &str| {
        format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}},\"logprobs\":NaN}}]}}")
    };
    let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"cost":-Infinity}"#;
    let pieces = [piece(r"hi \ud83d"), piece(r"\ude00 \udc00"), end.to_owned()];
    for body in [
        format!("[{}]", pieces.join(",\n")),
        pieces.concat(),
        pieces.join("\n"),
        format!("data: [{}]\n\n", pieces.join(",")),
        format!("data: {}\n\n", pieces.concat()),
        format!("data: {}\n\n", pieces.join("\ndata: ")),
    ] {
        for outcome in both_ways(&[], body.as_bytes()).await {
            let (text, end) = (outcome.text.as_str(), outcome.end);
            assert_eq!((text, end), ("hi 😀 \u{FFFD}", Ok(Finish::Stop)), "{body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f2_halves_of_characters_are_joined_over_pieces() {
    let piece = |field: &str, text: &str| d(&format!("{{\"{field}\":\"{text}\"}}"), "");
    for field in ["content", "reasoning_content"] {
        let parts = vec![
            piece(field, r"hi \ud83d"),
            d("{}", ""),
            piece(field, r"\ude00 bye \ud83d"),
            text("!", "stop"),
        ];
        let outcome = answer(parts).await;
        let (said, end) = if field == "content" {
            (outcome.text, "hi 😀 bye \u{FFFD}!")
        } else {
            (outcome.reasoning, "hi 😀 bye \u{FFFD}")
        };
        assert_eq!((said.as_str(), outcome.end), (end, Ok(Finish::Stop)));
    }
    let outcome =
        answer(vec![text("a", ""), piece("content", r"\udc00"), piece("content", r"\ud83d")]).await;
    assert_eq!(outcome.text, "a\u{FFFD}\u{FFFD}");
    let arguments = |text: &str| {
        d(
            &format!(
                "{{\"tool_calls\":[{{\"index\":0,\"id\":\"a\",\"function\":{{\"name\":\"f\",\"arguments\":\"{text}\"}}}}]}}"
            ),
            "",
        )
    };
    let parts = vec![
        arguments(r#"{\"x\":\"\ud83d"#),
        arguments(r#"\ude00\"}"#),
        d("{}", "tool_calls"),
        done(),
    ];
    let outcome = answer(parts).await;
    assert_eq!(outcome.calls, [("f".to_owned(), "{\"x\":\"😀\"}".to_owned())]);
    let parts = vec![arguments(r#"{\"x\":\"\ud83d"#), d("{}", "tool_calls"), done()];
    assert_eq!(answer(parts).await.calls, [("f".to_owned(), "{\"x\":\"\u{FFFD}".to_owned())]);
}
