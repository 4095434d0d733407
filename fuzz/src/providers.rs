//! Bytes of a provider.

use std::cell::OnceCell;

use bytes::Bytes;
use provider::fuzz::{Answers, Arrival};
use provider::script::{Prompt, Script, Step};
use provider::{Delta, ProviderError};

/// Limits that inputs of a fuzzer can reach, in bytes.
const MAX_EVENT: usize = 512;
const MAX_ANSWER: usize = 1024;
/// What may be handed out beyond an answer's limit: sentences of ours about what is left out.
const OURS: usize = 1024;
/// Up to here a body is also read byte by byte.
const SINGLE: usize = 600;

thread_local! {
    static WIDE: OnceCell<Option<Answers>> = const { OnceCell::new() };
    static NARROW: OnceCell<Option<Answers>> = const { OnceCell::new() };
}

/// The body of an answer: behind a byte of manners and two that say where it is cut.
///
/// However it is cut, the same is handed out; what is handed out has the promised form and stays
/// within the limits.
pub(crate) fn answer(input: &[u8]) {
    let [manners, first, second, body @ ..] = input else { return };
    let coding = match manners & 3 {
        1 => Some("gzip"),
        2 => Some("deflate"),
        3 => Some("br"),
        _ => None,
    };
    let breaks = manners & 4 != 0;
    let is_narrow = manners & 8 != 0;
    let read = |pieces: Vec<Bytes>| {
        let arrival = Arrival { coding, pieces, breaks };
        let (reader, event, answer) =
            if is_narrow { (&NARROW, MAX_EVENT, MAX_ANSWER) } else { (&WIDE, 1 << 20, 1 << 20) };
        reader.with(|reader| {
            let reader = reader.get_or_init(|| Answers::new(event, answer));
            reader.as_ref().map(|reader| reader.read(arrival)).unwrap_or_default()
        })
    };
    let body = Bytes::copy_from_slice(body);
    let whole = read(vec![body.clone()]);
    holds(&whole, if is_narrow { MAX_ANSWER } else { 1 << 20 });
    let whole = joined(whole);

    let at = |cut: &u8| body.len() * usize::from(*cut) / 255;
    let (first, second) = (at(first).min(at(second)), at(first).max(at(second)));
    let pieces = vec![body.slice(..first), body.slice(first..second), body.slice(second..)];
    assert_eq!(joined(read(pieces)), whole, "cut at {first} and {second}");
    if body.len() <= SINGLE {
        let pieces = body.chunks(1).map(|byte| body.slice_ref(byte)).collect();
        assert_eq!(joined(read(pieces)), whole, "byte by byte");
    }
}

/// What every answer promises.
fn holds(said: &[Result<Delta, ProviderError>], limit: usize) {
    let Some((last, before)) = said.split_last() else { panic!("nothing comes, not even an end") };
    assert!(matches!(last, Ok(Delta::Finish(_)) | Err(_)), "it ends with {last:?}");
    let mut bytes = 0;
    let mut behind_the_answer = 0;
    for delta in before.iter().map(|item| item.as_ref()) {
        let Ok(delta) = delta else { panic!("{delta:?} is not the last item") };
        assert!(behind_the_answer == 0 || matches!(delta, Delta::Usage(_)), "{delta:?} is late");
        match delta {
            Delta::Text(text) | Delta::Reasoning(text) | Delta::Arguments(text) => {
                assert!(!text.is_empty());
                bytes += text.len();
            }
            Delta::Call { id, name, .. } => {
                assert!(!name.is_empty());
                bytes += name.len() + id.as_ref().map_or(0, String::len);
            }
            Delta::Citation(citation) => {
                bytes += citation.url.len() + citation.title.as_ref().map_or(0, String::len);
            }
            Delta::FinishReason(word) => {
                behind_the_answer += 1;
                assert!(word.chars().count() <= 40 && !word.contains(char::is_control), "{word:?}");
            }
            Delta::Usage(_) => behind_the_answer += 2,
            Delta::Waiting(_) | Delta::Finish(_) => panic!("{delta:?} is out of place"),
        }
    }
    assert!(behind_the_answer <= 3, "a word or counts came twice");
    assert!(bytes <= limit + OURS, "{bytes} bytes are handed out");
}

/// The same with pieces of one text joined.
fn joined(said: Vec<Result<Delta, ProviderError>>) -> Vec<Result<Delta, ProviderError>> {
    let mut joined: Vec<Result<Delta, ProviderError>> = Vec::new();
    for item in said {
        match (joined.last_mut(), &item) {
            (Some(Ok(Delta::Text(text))), Ok(Delta::Text(more)))
            | (Some(Ok(Delta::Reasoning(text))), Ok(Delta::Reasoning(more)))
            | (Some(Ok(Delta::Arguments(text))), Ok(Delta::Arguments(more))) => text.push_str(more),
            _ => joined.push(item),
        }
    }
    joined
}

/// The body of a refusal, behind a byte for its status and a line for `Retry-After`.
///
/// What is written to the log is bounded, a wait is one that a caller can add to a clock, and the
/// same bytes mean the same.
pub(crate) fn refusal(input: &[u8]) {
    const STATUSES: [u16; 12] = [400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 529];
    let [status, rest @ ..] = input else { return };
    let status = STATUSES.get(usize::from(*status) % STATUSES.len()).copied().unwrap_or(500);
    let (after, body) = match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) => rest.split_at(end),
        None => (&[][..], rest),
    };
    let read = provider::fuzz::refusal(status, after, body);
    assert_eq!(provider::fuzz::refusal(status, after, body), read);
    assert!(read.for_log.chars().count() <= MAX_LOGGED, "too much for a log: {read:?}");
    assert!(!read.for_log.contains(char::is_control), "{:?} in a line of a log", read.for_log);
    assert!(read.pause.is_none_or(|pause| pause.as_secs() <= 60), "{:?}", read.pause);
}

/// The most characters of a provider's words in a line of the log: 500 and a sign that it is cut.
const MAX_LOGGED: usize = 501;

/// A list of models: each has a name that can be shown and stored, and is there as it was sent.
pub(crate) fn models(input: &[u8]) {
    let read = provider::fuzz::model_list(input);
    for (name, window) in read.iter().flatten() {
        assert!(!name.is_empty() && name.len() <= 255, "{name:?}");
        assert!(!name.contains(char::is_control) && name.trim() == name, "{name:?}");
        assert!(window.is_none_or(|tokens| tokens >= 512), "{window:?} tokens");
    }
    assert_eq!(provider::fuzz::model_list(input), read);
}

/// The script in the name of a demo model, and behind a line feed the message that it answers.
///
/// The beginning of what it plays comes in the order of its times, and is soon there.
pub(crate) fn script(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (name, message) = text.split_once('\n').unwrap_or((text, ""));
    let demo = provider::Provider::demo();
    let Ok(script) = Script::parse(name) else { return };
    assert!(!name.starts_with("demo") || demo.offers(name).is_some());
    let prompt = Prompt::new([("user", message.into())], None);
    let mut before = std::time::Duration::ZERO;
    for timed in script.play(&prompt).take(200) {
        assert!(timed.at >= before, "{timed:?} after {before:?}");
        assert!(!matches!(timed.step, Step::Wait(_) | Step::Usage(None)), "{timed:?}");
        before = timed.at;
    }
}
