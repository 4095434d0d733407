use proptest::prelude::*;

use super::*;
use crate::ProviderError as E;

/// What may come of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece {
    Words,
    Reasoning,
    Word(&'static str),
    Counts(u64),
    Junk,
}

fn feed(end: &mut End, piece: Piece) {
    match piece {
        Piece::Words => end.content(true),
        Piece::Reasoning => end.content(false),
        Piece::Word(word) => end.reason(Reason::read(word).unwrap()),
        Piece::Counts(output) => end.usage(TokenUsage { output, ..TokenUsage::default() }),
        Piece::Junk => drop(end.unread()),
    }
}

/// The table in docs/PROVIDERS.md, read off the list of pieces.
fn model(pieces: &[Piece], sign: Sign) -> Result<Finish, (E, bool)> {
    let said = pieces.contains(&Piece::Words);
    let is_content = |piece: &Piece| matches!(piece, Piece::Words | Piece::Reasoning);
    let last_content = pieces.iter().rposition(is_content);
    let words: Vec<_> = pieces
        .iter()
        .enumerate()
        .filter_map(
            |(at, piece)| if let Piece::Word(word) = piece { Some((at, *word)) } else { None },
        )
        .collect();
    let counted = pieces.iter().rposition(|piece| matches!(piece, Piece::Counts(1..)));
    // More came although the last word before it said that this was all.
    let went_on = pieces.iter().enumerate().any(|(at, piece)| {
        let word = words.iter().rev().find(|(word, _)| *word < at);
        is_content(piece) && word.is_some_and(|(_, word)| *word != "tool_calls")
    });
    let ended = match sign {
        Sign::Done => !words.is_empty() || counted.is_some(),
        Sign::Eof => !words.is_empty() || (counted.is_some() && counted > last_content),
        Sign::Broken => !words.is_empty() && !went_on,
        Sign::Silence => !words.is_empty(),
    };
    if !ended {
        return Err(if pieces.contains(&Piece::Junk) {
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

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece = prop_oneof![
        3 => Just(Piece::Words),
        1 => Just(Piece::Reasoning),
        3 => proptest::sample::select(&WORDS).prop_map(Piece::Word),
        1 => (0..3_u64).prop_map(Piece::Counts),
        1 => Just(Piece::Junk),
    ];
    proptest::collection::vec(piece, 0..8)
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
        let counts = pieces.iter().rev().find_map(|piece| match piece {
            Piece::Counts(output @ 1..) => Some(*output),
            _ => None,
        });
        prop_assert_eq!(end.take_usage().map(|usage| usage.output), counts);
    }
}

#[test]
fn p12_zeros_never_replace_counts() {
    let mut end = End::default();
    let counts = TokenUsage { input: 3, output: 2, cached: 1, reasoning: 1 };
    end.usage(counts);
    end.usage(TokenUsage::default());
    end.usage(TokenUsage { input: 3, ..TokenUsage::default() });
    assert_eq!(end.take_usage(), Some(counts));
    end.usage(TokenUsage::default());
    assert_eq!(end.take_usage(), None, "zeros say nothing");
}
