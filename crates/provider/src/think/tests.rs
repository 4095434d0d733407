use proptest::prelude::*;

use super::*;

fn split<'a>(pieces: impl IntoIterator<Item = &'a str>, tags: &ReasoningTags) -> (String, String) {
    let mut splitter = Splitter::new(tags.clone());
    let (mut reasoning, mut text) = (String::new(), String::new());
    for piece in pieces {
        let out = splitter.push(piece.to_owned());
        reasoning.push_str(&out.reasoning);
        text.push_str(&out.text);
    }
    let out = splitter.end();
    (reasoning + &out.reasoning, text + &out.text)
}

fn check(tags: &ReasoningTags, cases: &[(&str, &str, &str)]) {
    for (whole, reasoning, text) in cases {
        let expected = ((*reasoning).to_owned(), (*text).to_owned());
        assert_eq!(split([*whole], tags), expected, "{whole:?}");
        let characters: Vec<String> = whole.chars().map(String::from).collect();
        let characters = characters.iter().map(String::as_str);
        assert_eq!(split(characters, tags), expected, "{whole:?} by character");
    }
}

#[test]
fn answers_with_and_without_reasoning() {
    check(
        &ReasoningTags::Leading,
        &[
            ("<think>\nHm.\n</think>\n\nYes.", "Hm.", "Yes."),
            ("\n<think>a < b</think>c", "a < b", "c"),
            ("<think>\n\n</think>\n\nYes.", "", "Yes."),
            ("<think>cut off </thi", "cut off </thi", ""),
            ("Yes. <think>no</think>", "", "Yes. <think>no</think>"),
            ("  <thin> air", "", "  <thin> air"),
            ("<thi", "", "<thi"),
            ("  \n", "", "  \n"),
            ("", "", ""),
        ],
    );
    check(
        &ReasoningTags::Implied,
        &[("Hm.\n</think>\nYes.", "Hm.", "Yes."), ("no end", "no end", "")],
    );
    check(&ReasoningTags::Off, &[("<think>a</think>b", "", "<think>a</think>b")]);
}

#[test]
fn f20_p14_all_known_tags_in_any_case_and_behind_a_word() {
    check(
        &ReasoningTags::Leading,
        &[
            ("<thinking>a</thinking>b", "a", "b"),
            ("<thought>\na\n</thought>\nb", "a", "b"),
            ("<reasoning>a</reasoning>b", "a", "b"),
            ("<THINK>a</THINK>b", "a", "b"),
            ("<Think>a</think>b", "a", "b"),
            ("[THINK]a[/THINK]b", "a", "b"),
            ("<|begin_of_thought|>a<|end_of_thought|>b", "a", "b"),
            ("<think>a </thinking> b</think>c", "a </thinking> b", "c"),
            ("Okay <think>a</think>b", "a", "Okay b"),
            ("Sure,\n<think>a</think>\n\nb", "a", "Sure,\nb"),
            ("\n\n<think>a</think>b", "a", "b"),
            // A later block, where it begins a line.
            ("<think>a</think>b\n<think>\nc\n</think>\nd", "a\n\nc", "b\nd"),
            ("<think>a</think>\n<think>c</think>d", "a\n\nc", "d"),
            ("<think>a</think><think></think>d", "a", "d"),
            ("b\n  <thinking>c</thinking> d", "c", "b\n  d"),
            // What only looks like a tag stays.
            ("[Think](https://example.org) of it", "", "[Think](https://example.org) of it"),
            ("The <think> tag opens a block.", "", "The <think> tag opens a block."),
            ("b, c <think>d</think> e", "", "b, c <think>d</think> e"),
            ("b\n<think> is a tag.\n", "", "b\n<think> is a tag.\n"),
            ("b\n</think>\nc", "", "b\n</think>\nc"),
            ("b\n<thinkers> c", "", "b\n<thinkers> c"),
            ("b\n- <think>c</think>", "", "b\n- <think>c</think>"),
        ],
    );
}

#[test]
fn f19_tags_in_code_are_no_tags() {
    check(
        &ReasoningTags::Leading,
        &[
            ("<think>the `</think>` tag ends it</think>yes", "the `</think>` tag ends it", "yes"),
            ("<think>``a` </think>`` b</think>c", "``a` </think>`` b", "c"),
            ("<think>a\n```\n</think>\n```\nb</think>c", "a\n```\n</think>\n```\nb", "c"),
            ("<think>a\n~~~xml\n</think>\n~~~\nb</think>c", "a\n~~~xml\n</think>\n~~~\nb", "c"),
            ("b\n```\n<think>\nc\n</think>\n```\nd", "", "b\n```\n<think>\nc\n</think>\n```\nd"),
            ("`<think>` begins it", "", "`<think>` begins it"),
            ("```\n<think>a</think>\n```", "", "```\n<think>a</think>\n```"),
            // A backtick or a fence that nothing closes must not swallow the answer.
            ("<think>a ` b</think>c\n`d`", "a ` b", "c\n`d`"),
            ("<think>a ` b\n</think>c", "a ` b", "c"),
            ("<think>a\n```\nb\n</think>\nc", "a\n```\nb", "c"),
            ("<think>a\n```\nb\n</think>\n```rust\nc\n```\n", "a\n```\nb", "```rust\nc\n```\n"),
            // The same where the answer has code that seems to close it.
            ("<think>a ` b</think>c `d` e", "a ` b", "c `d` e"),
            ("<think>a\n```\nb\n</think>\n```\nc\n```\nd", "a\n```\nb", "```\nc\n```\nd"),
            ("<think>a\n~~~\nb\n</think>\n\nc\n~~~\nd\n~~~", "a\n~~~\nb", "c\n~~~\nd\n~~~"),
            ("<think>it is `</think>` that", "it is `</think>` that", ""),
        ],
    );
}

#[test]
fn p14_configured_tags_count_beside_the_known_ones() {
    let pairs = [TagPair { open: "<reason>".into(), close: "</reason>".into() }];
    let tags = ReasoningTags::Pairs(pairs.into());
    let cases = [("<reason>a</reason>b", "a", "b"), ("<think>a</think>b", "a", "b")];
    check(&tags, &cases);
    check(&ReasoningTags::Leading, &[("<reason>a</reason>b", "", "<reason>a</reason>b")]);
}

#[test]
fn reasoning_is_passed_on_as_it_comes() {
    let mut splitter = Splitter::new(ReasoningTags::Leading);
    assert_eq!(splitter.push("<think>".to_owned()), Pieces::default());
    assert_eq!(splitter.push("one two".to_owned()).reasoning, "one two");
    assert_eq!(splitter.push(" three".to_owned()).reasoning, " three");
    assert_eq!(splitter.push("</think>yes".to_owned()).text, "yes");
    assert_eq!(splitter.push(", <b>and".to_owned()).text, ", <b>and");
    assert_eq!(splitter.push("\n<".to_owned()).text, "\n");
    assert_eq!(splitter.push("p>".to_owned()).text, "<p>");
    assert_eq!(splitter.push("\n<think>\n".to_owned()).text, "\n");
    assert_eq!(splitter.push("more".to_owned()).reasoning, "\n\nmore");
}

#[test]
fn the_work_grows_as_the_answer_does() {
    let work = |begin: &str, run: &str, count: usize, by_character: bool| {
        let whole = format!("{begin}{}", run.repeat(count));
        let before = lines::WORK.get();
        if by_character {
            let characters: Vec<String> = whole.chars().map(String::from).collect();
            split(characters.iter().map(String::as_str), &ReasoningTags::Leading);
        } else {
            split([whole.as_str()], &ReasoningTags::Leading);
        }
        lines::WORK.get() - before
    };
    for (begin, run) in [
        ("", " "),
        ("", "\n"),
        ("<think>", "\n"),
        ("<think>a", " "),
        ("<think>a", "\n"),
        ("<think>a", "`"),
        ("<think>a\n", "~"),
        ("<think>a\n```\nb\n```", " "),
        ("<think>a ` </think>", "b"),
        ("<think>a\n```\n</think>\n```\n", "b\n"),
        ("<think>a\n```\n", "</think>\n"),
        ("<think>a\n```\n</think>\n```\n```\n", "</think>"),
        ("<think>a</think>", " "),
        ("<think>a</think>b\n", "`"),
        ("<think>a</think>b\n<think> ", "c"),
        ("", "<think>a</think>b\n"),
    ] {
        for by_character in [true, false] {
            let [once, twice] = [8_000, 16_000].map(|count| work(begin, run, count, by_character));
            assert!(twice < 3 * once, "{begin:?} {run:?} {by_character}: {once}, {twice}");
            assert!(once < 8_000 * 2_000, "{begin:?} {run:?} {by_character}: {once}");
        }
    }
}

/// Text made of what matters to the splitter.
fn answers() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "<think>",
        "</think>",
        "<THINKING>",
        "</thinking>",
        "[THINK]",
        "[/THINK]",
        "<",
        "</",
        "think>",
        " ",
        "\n",
        "\n\n",
        "word",
        "é",
        "<think",
        "`",
        "``",
        "```",
        "\n```\n",
        "~~~",
    ]);
    proptest::collection::vec(word, 0..14).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
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
        let characters = || bounds.windows(2).map(|pair| &whole[pair[0]..pair[1]]);
        for tags in [ReasoningTags::Off, ReasoningTags::Leading, ReasoningTags::Implied] {
            let expected = split([whole.as_str()], &tags);
            prop_assert_eq!(&split(pieces(), &tags), &expected, "{:?}", tags);
            prop_assert_eq!(&split(characters(), &tags), &expected, "{:?}", tags);
            // Nothing but tags and white space is lost.
            let count = |text: &str| text.matches("word").count() + text.matches('é').count();
            prop_assert_eq!(count(&expected.0) + count(&expected.1), count(&whole));
        }
    }
}
