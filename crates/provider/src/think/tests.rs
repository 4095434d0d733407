use proptest::prelude::*;

use super::*;

/// What shall come of a whole answer, said in one go.
fn expected(whole: &str, tags: ReasoningTags) -> (String, String) {
    let inner = match tags {
        ReasoningTags::Off => None,
        ReasoningTags::Leading => whole.trim_start().strip_prefix("<think>"),
        ReasoningTags::Implied => Some(whole),
    };
    match inner.map(|inner| inner.split_once("</think>").ok_or(inner)) {
        None => (String::new(), whole.to_owned()),
        Some(Ok((reasoning, text))) => (reasoning.trim().to_owned(), text.trim_start().to_owned()),
        Some(Err(unclosed)) => (unclosed.trim().to_owned(), String::new()),
    }
}

fn split<'a>(pieces: impl IntoIterator<Item = &'a str>, tags: ReasoningTags) -> (String, String) {
    let mut splitter = Splitter::new(tags);
    let (mut reasoning, mut text) = (String::new(), String::new());
    for piece in pieces {
        let out = splitter.push(piece.to_owned());
        reasoning.push_str(&out.reasoning);
        text.push_str(&out.text);
    }
    let out = splitter.end();
    (reasoning + &out.reasoning, text + &out.text)
}

#[test]
fn answers_with_and_without_reasoning() {
    let cases = [
        ("<think>\nHm.\n</think>\n\nYes.", "Hm.", "Yes."),
        ("\n<think>a < b</think>c", "a < b", "c"),
        ("<think>\n\n</think>\n\nYes.", "", "Yes."),
        ("<think>cut off </thi", "cut off </thi", ""),
        ("<think>one</think><think>two</think>", "one", "<think>two</think>"),
        ("Yes. <think>no</think>", "", "Yes. <think>no</think>"),
        ("  <thin> air", "", "  <thin> air"),
        ("<thi", "", "<thi"),
        ("", "", ""),
    ];
    for (whole, reasoning, text) in cases {
        let expected = (reasoning.to_owned(), text.to_owned());
        assert_eq!(split([whole], ReasoningTags::Leading), expected, "{whole:?}");
    }
    let implied = split(["Hm.\n</thi", "nk>\nYes."], ReasoningTags::Implied);
    assert_eq!(implied, ("Hm.".to_owned(), "Yes.".to_owned()));
}

#[test]
fn reasoning_is_passed_on_as_it_comes() {
    let mut splitter = Splitter::new(ReasoningTags::Leading);
    assert_eq!(splitter.push("<think>".to_owned()), Pieces::default());
    assert_eq!(splitter.push("one two".to_owned()).reasoning, "one two");
    assert_eq!(splitter.push(" three".to_owned()).reasoning, " three");
    assert_eq!(splitter.push("</think>yes".to_owned()).text, "yes");
}

/// Text made of what matters to the splitter.
fn answers() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("<think>"),
        Just("</think>"),
        Just("<"),
        Just("</"),
        Just("think>"),
        Just(" "),
        Just("\n"),
        Just("word"),
        Just("é"),
        Just("<think"),
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn how_an_answer_is_cut_does_not_matter(
        whole in answers(),
        opened in any::<bool>(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let whole = if opened { format!("<think>{whole}") } else { whole };
        let bounds: Vec<usize> =
            whole.char_indices().map(|(at, _)| at).chain([whole.len()]).collect();
        let mut at: Vec<usize> = cuts.iter().map(|cut| bounds[cut.index(bounds.len())]).collect();
        at.extend([0, whole.len()]);
        at.sort_unstable();
        let pieces = || at.windows(2).map(|pair| &whole[pair[0]..pair[1]]);
        for tags in [ReasoningTags::Off, ReasoningTags::Leading, ReasoningTags::Implied] {
            prop_assert_eq!(split(pieces(), tags), expected(&whole, tags), "{:?}", tags);
        }
        let characters = || bounds.windows(2).map(|pair| &whole[pair[0]..pair[1]]);
        prop_assert_eq!(
            split(characters(), ReasoningTags::Leading),
            expected(&whole, ReasoningTags::Leading)
        );
    }
}
