use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::call::tests::{Part, answer, done};
use crate::{Phase, ProviderError as E};

/// What may come of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece {
    Words,
    Reasoning,
    Word(&'static str),
    Counts(u64),
    /// Both in one piece.
    WordsWithCounts(u64),
    Junk,
    Foreign,
}

fn counts(output: u64) -> TokenUsage {
    TokenUsage { output, ..TokenUsage::default() }
}

impl Piece {
    fn says(self) -> bool {
        matches!(self, Self::Words | Self::WordsWithCounts(_))
    }

    fn is_content(self) -> bool {
        self.says() || self == Self::Reasoning
    }

    /// The counts in it; zeros are none.
    fn counts(self) -> Option<u64> {
        match self {
            Self::Counts(output @ 1..) | Self::WordsWithCounts(output @ 1..) => Some(output),
            _ => None,
        }
    }
}

fn feed(end: &mut End, piece: Piece) {
    match piece {
        Piece::Words => end.content(true),
        Piece::Reasoning => end.content(false),
        Piece::Word(word) => end.reason(Reason::read(word).unwrap()),
        Piece::Counts(output) => end.usage(counts(output), false),
        Piece::WordsWithCounts(output) => {
            end.content(true);
            end.usage(counts(output), true);
        }
        Piece::Junk => drop(end.unread()),
        Piece::Foreign => drop(end.foreign()),
    }
}

/// The table in docs/PROVIDERS.md, read off the list of pieces.
fn model(pieces: &[Piece], sign: Sign) -> Result<Finish, (E, bool)> {
    let said = pieces.iter().any(|piece| piece.says());
    let last_content = pieces.iter().rposition(|piece| piece.is_content());
    let words: Vec<_> = pieces
        .iter()
        .enumerate()
        .filter_map(
            |(at, piece)| if let Piece::Word(word) = piece { Some((at, *word)) } else { None },
        )
        .collect();
    let counted = pieces.iter().rposition(|piece| piece.counts().is_some());
    // More came although the last word before it said that this was all.
    let went_on = pieces.iter().enumerate().any(|(at, piece)| {
        let word = words.iter().rev().find(|(word, _)| *word < at);
        piece.is_content() && word.is_some_and(|(_, word)| *word != "tool_calls")
    });
    let ended = match sign {
        Sign::Done => !words.is_empty() || counted.is_some(),
        Sign::Eof => !words.is_empty() || (counted.is_some() && counted > last_content),
        Sign::Broken => !words.is_empty() && !went_on,
        Sign::Silence => !words.is_empty(),
    };
    if !ended {
        let is_foreign = pieces.contains(&Piece::Foreign) && last_content.is_none();
        let not_understood = pieces.contains(&Piece::Junk) || is_foreign;
        return Err(if not_understood && sign != Sign::Broken {
            (E::Protocol, false)
        } else {
            (E::Truncated, sign != Sign::Done)
        });
    }
    match words.last().map(|(_, word)| *word) {
        Some("length") => Ok(Finish::Length),
        Some("SAFETY") => Ok(Finish::ContentFilter),
        Some("network_error") => Err((E::Failed, true)),
        Some("OTHER") if !said => Err((E::Failed, false)),
        _ if !said => Err((E::EmptyAnswer, false)),
        _ => Ok(Finish::Stop),
    }
}

const WORDS: [&str; 6] = ["stop", "tool_calls", "length", "SAFETY", "network_error", "OTHER"];

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        3 => Just(Piece::Words),
        1 => Just(Piece::Reasoning),
        3 => proptest::sample::select(&WORDS).prop_map(Piece::Word),
        1 => (0..3_u64).prop_map(Piece::Counts),
        1 => (0..3_u64).prop_map(Piece::WordsWithCounts),
        1 => Just(Piece::Junk),
        1 => Just(Piece::Foreign),
    ]
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    proptest::collection::vec(piece(), 0..8)
}

proptest! {
    #[test]
    fn p1_the_end_is_what_the_table_says(
        pieces in pieces(),
        sign in proptest::sample::select(&[Sign::Done, Sign::Eof, Sign::Broken, Sign::Silence]),
    ) {
        let mut end = End::default();
        for piece in &pieces {
            feed(&mut end, *piece);
        }
        let closed = end.close(sign).map_err(|failure| (failure.error, failure.retry));
        prop_assert_eq!(closed, model(&pieces, sign));
        let has_word = pieces.iter().any(|piece| matches!(piece, Piece::Word(_)));
        prop_assert_eq!(end.may_end(), has_word);
        let counts = pieces.iter().rev().find_map(|piece| piece.counts());
        prop_assert_eq!(end.take_usage().map(|usage| usage.output), counts);
    }
}

#[test]
fn p12_zeros_never_replace_counts() {
    let mut end = End::default();
    let counts = TokenUsage { input: 3, output: 2, cached: 1, reasoning: 1 };
    end.usage(counts, false);
    end.usage(TokenUsage::default(), false);
    end.usage(TokenUsage { input: 3, ..TokenUsage::default() }, true);
    assert_eq!(end.take_usage(), Some(counts));
    end.usage(TokenUsage::default(), false);
    assert_eq!(end.take_usage(), None, "zeros say nothing");
}

/// The bytes of a piece.
fn event(piece: Piece) -> String {
    let choice = |delta: &str, reason: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{{delta}}},\"finish_reason\":{reason}}}]}}\n\n")
    };
    match piece {
        Piece::Words => choice("\"content\":\"w\"", "null"),
        Piece::Reasoning => choice("\"reasoning\":\"r\"", "null"),
        Piece::Word(word) => choice("", &format!("\"{word}\"")),
        Piece::Counts(output) => {
            format!("data: {{\"choices\":[],\"usage\":{{\"completion_tokens\":{output}}}}}\n\n")
        }
        Piece::WordsWithCounts(output) => format!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"w\"}}}}],\
             \"usage\":{{\"completion_tokens\":{output}}}}}\n\n"
        ),
        Piece::Junk => "data: ping\n\n".to_owned(),
        Piece::Foreign => ": comment\n\ndata: {\"type\":\"ping\"}\n\n".to_owned(),
    }
}

/// A pause in milliseconds, the piece that follows, and whether its first bytes came before the
/// pause.
type Timed = (u64, Piece, bool);

/// What is read before time runs out, and what becomes of it.
fn timed_model(pieces: &[Timed], sign: Sign) -> (usize, Result<Finish, E>) {
    const MINUTES: u64 = 300_000;
    let mut now = 0;
    let mut life = 0;
    let mut reason = None;
    let mut begun = false;
    let limit = |now, life, reason: Option<&str>| match reason {
        Some("tool_calls") | None => now + MINUTES,
        Some(_) => life + 5_000,
    };
    let stall = (sign == Sign::Silence).then_some((MINUTES * 2, Piece::Words, false));
    for (count, (pause, piece, is_begun)) in pieces.iter().copied().chain(stall).enumerate() {
        if is_begun {
            life = now;
        }
        if now + pause > limit(now, life, reason) {
            let read: Vec<_> = pieces[..count].iter().map(|(_, piece, _)| *piece).collect();
            let phase = if begun { Phase::Idle } else { Phase::FirstToken };
            let end = match reason {
                Some(_) => model(&read, Sign::Silence).map_err(|(error, _)| error),
                None => Err(E::Timeout(phase)),
            };
            return (count, end);
        }
        now += pause;
        if !matches!(piece, Piece::Counts(_)) {
            life = now;
        }
        begun |= piece.is_content();
        if let Piece::Word(word) = piece {
            reason = Some(word);
        }
    }
    let read: Vec<_> = pieces.iter().map(|(_, piece, _)| *piece).collect();
    (read.len(), model(&read, sign).map_err(|(error, _)| error))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// The same through bytes: cut anywhere, with pauses of every length between any two of them.
    #[test]
    fn p1_the_end_is_what_the_table_says_for_bytes_and_clocks(
        pieces in proptest::collection::vec(
            (proptest::sample::select(&[0_u64, 0, 1_100, 2_300, 7_100, 301_000]), piece(), 0..90_usize),
            0..8,
        ),
        sign in proptest::sample::select(&[Sign::Done, Sign::Eof, Sign::Broken, Sign::Silence]),
        size in 1..90_usize,
    ) {
        let (mut parts, mut timed) = (Vec::new(), Vec::<Timed>::new());
        for (pause, piece, at) in pieces {
            let event = Bytes::from(event(piece));
            let before = at % event.chunks(size).count();
            timed.push((pause, piece, before > 0));
            let bytes = event.chunks(size).map(|part| Part::Bytes(event.slice_ref(part)));
            let begin = parts.len();
            parts.extend(bytes);
            parts.insert(begin + before, Part::Pause(Duration::from_millis(pause)));
        }
        parts.extend(match sign {
            Sign::Done => Some(done()),
            Sign::Eof => None,
            Sign::Broken => Some(Part::Break),
            Sign::Silence => Some(Part::Stall),
        });
        let (read, end) = timed_model(&timed, sign);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all().start_paused(true).build().unwrap();
        let outcome = runtime.block_on(answer(parts));
        let read: Vec<_> = timed[..read].iter().map(|(_, piece, _)| *piece).collect();
        let words = read.iter().filter(|piece| piece.says()).count();
        prop_assert_eq!(&outcome.text, &"w".repeat(words));
        prop_assert_eq!(&outcome.end, &end);
        let word = read.iter().rev().find_map(|piece| match piece {
            Piece::Word(word) => Some((*word).to_owned()),
            _ => None,
        });
        prop_assert_eq!(&outcome.word, &word);
        let counts = read.iter().rev().find_map(|piece| piece.counts());
        prop_assert_eq!(outcome.usage.map(|usage| usage.output), counts);
    }
}
