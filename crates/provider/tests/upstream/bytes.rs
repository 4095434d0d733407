//! A recorded stream, cut and split at every byte.

use bytes::Bytes;
use mock::{Script, Step};
use provider::{Delta, Finish, Provider, ProviderError, TokenUsage};

use crate::support::{call, provider_with, server};

/// As several kinds of server send it: a byte order mark, all line ends, a comment, reasoning,
/// characters of up to four bytes, an empty choice list, the counts after the end.
const RECORDED: &str = concat!(
    "\u{FEFF}: OPENROUTER PROCESSING\n\n",
    "data: {\"choices\":[],\"prompt_filter_results\":[]}\r\n\r\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"reasoning\":\"hm é\"}}]}\r\r",
    "event: message\ndata: {\"choices\":[{\"delta\":\ndata: {\"content\":\"😀 a\\n\"}}]}\n\n",
    "data:{\"choices\":[{\"delta\":{\"content\":\"漢\"},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n",
    "data: [DONE]\n\n",
);

fn whole() -> Vec<Delta> {
    let usage = TokenUsage { input: 3, output: 4, cached: 0, reasoning: 0 };
    vec![
        Delta::Reasoning("hm é".to_owned()),
        Delta::Text("😀 a\n".to_owned()),
        Delta::Text("漢".to_owned()),
        Delta::FinishReason("stop".to_owned()),
        Delta::Usage(usage),
        Delta::Finish(Finish::Stop),
    ]
}

async fn deltas(provider: &Provider) -> (Vec<Delta>, Option<ProviderError>) {
    let outcome = call(provider, "m").await;
    (outcome.deltas, outcome.error)
}

#[tokio::test]
async fn every_chunking_gives_the_same_answer() {
    let server = server().await;
    let provider = provider_with(&server, |_| {});
    let recorded = Bytes::from_static(RECORDED.as_bytes());
    for size in [1, 2, 3, 5, 7, 64, 100_000] {
        // As chunks of the transfer coding …
        let steps = recorded.chunks(size).map(|part| Step::Raw(Bytes::copy_from_slice(part)));
        server.push(Script::steps(steps));
        assert_eq!(deltas(&provider).await, (whole(), None), "{size} bytes a chunk");
        // … and as packets.
        let script = Script::steps([Step::Raw(recorded.clone())]);
        server.push(Script { chunk_bytes: Some(size), ..script });
        assert_eq!(deltas(&provider).await, (whole(), None), "{size} bytes a packet");
    }
    for cut in 0..=recorded.len() {
        server.push(Script::steps([
            Step::Raw(recorded.slice(..cut)),
            Step::Raw(recorded.slice(cut..)),
        ]));
        assert_eq!(deltas(&provider).await, (whole(), None), "split at {cut}");
    }
}

#[tokio::test]
async fn truncation_anywhere_is_noticed() {
    let server = server().await;
    let provider = provider_with(&server, |config| config.max_retries = 0);
    let recorded = Bytes::from_static(RECORDED.as_bytes());
    // What stands at the end without its line end is whole when its JSON is.
    let finish = RECORDED.find("\"stop\"}]}").unwrap() + "\"stop\"}]}".len();
    for (what, end) in [("properly", None), ("by closing", Some(Step::Close))] {
        for cut in 0..recorded.len() {
            let part = Step::Raw(recorded.slice(..cut));
            server.push(Script::steps([part].into_iter().chain(end.clone())));
            let (deltas, error) = deltas(&provider).await;
            let said: Vec<_> = deltas
                .iter()
                .filter(|delta| matches!(delta, Delta::Text(_) | Delta::Reasoning(_)))
                .cloned()
                .collect();
            assert!(whole().starts_with(&said), "cut at {cut}: {deltas:?}");
            if cut < finish {
                assert_eq!(error, Some(ProviderError::Truncated), "ended {what} at {cut}");
            } else {
                assert_eq!(error, None, "ended {what} at {cut}");
                assert_eq!(deltas.last(), Some(&Delta::Finish(Finish::Stop)));
            }
        }
    }
}

#[tokio::test]
async fn invalid_utf8_becomes_replacement_characters() {
    let server = server().await;
    let provider = provider_with(&server, |_| {});
    let mut bytes = b"data: {\"choices\":[{\"delta\":{\"content\":\"a".to_vec();
    bytes.extend_from_slice(b"\xFF\xE2\x82");
    bytes.extend_from_slice(b"b\"},\"finish_reason\":\"stop\"}]}\n\n");
    for size in [1, 4, 1000] {
        let steps = bytes.chunks(size).map(|part| Step::Raw(Bytes::copy_from_slice(part)));
        server.push(Script::steps(steps));
        let outcome = call(&provider, "m").await;
        assert_eq!((outcome.text.as_str(), outcome.error), ("a\u{FFFD}\u{FFFD}b", None), "{size}");
    }
}
