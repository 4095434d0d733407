use proptest::prelude::*;

use super::*;

fn fragment(index: Option<u64>, id: &str, name: &str, arguments: &str) -> Fragment {
    let [id, name, arguments] = [id, name, arguments].map(str::to_owned);
    Fragment { index, id, name, arguments, extra: Map::new() }
}

/// Id, name and arguments of each call that comes out.
type Told = Vec<(String, String, String)>;

fn tell(deltas: impl IntoIterator<Item = Delta>) -> Told {
    let mut told = Told::new();
    for delta in deltas {
        match delta {
            Delta::Call { id, name, .. } => {
                told.push((id.unwrap_or_default(), name, String::new()));
            }
            Delta::Arguments(text) => told.last_mut().expect("a call").2.push_str(&text),
            other => panic!("{other:?}"),
        }
    }
    told
}

fn collect(fragments: impl IntoIterator<Item = Fragment>) -> Told {
    let (mut collector, mut out) = (Collector::default(), VecDeque::new());
    for fragment in fragments {
        collector.push(fragment, &mut out).unwrap();
    }
    collector.end(&mut out);
    tell(out)
}

fn told(calls: &[(&str, &str, &str)]) -> Told {
    let owned = |text: &str| text.to_owned();
    calls.iter().map(|(id, name, text)| (owned(id), owned(name), owned(text))).collect()
}

#[test]
fn calls_as_providers_send_them() {
    let cases: [(&str, Vec<Fragment>, Told); 9] = [
        (
            "by index",
            vec![
                fragment(Some(0), "a", "f", ""),
                fragment(Some(0), "", "", "{\"x\""),
                fragment(Some(0), "", "", ":1}"),
                fragment(Some(1), "b", "g", "{}"),
            ],
            told(&[("a", "f", "{\"x\":1}"), ("b", "g", "{}")]),
        ),
        (
            "id and name repeated, later empty",
            vec![
                fragment(Some(0), "a", "f", "{"),
                fragment(Some(0), "a", "f", "}"),
                fragment(Some(0), "a", "", ""),
            ],
            told(&[("a", "f", "{}")]),
        ),
        (
            "all at index 0, with ids of their own",
            vec![fragment(Some(0), "a", "f", "{}"), fragment(Some(0), "b", "f", "{}")],
            told(&[("a", "f", "{}"), ("b", "f", "{}")]),
        ),
        (
            "by id alone",
            vec![
                fragment(None, "a", "f", "{"),
                fragment(None, "a", "", "}"),
                fragment(None, "b", "f", "{}"),
            ],
            told(&[("a", "f", "{}"), ("b", "f", "{}")]),
        ),
        (
            "neither index nor id",
            vec![
                fragment(None, "", "f", "{"),
                fragment(None, "", "", "}"),
                fragment(None, "", "f", "{\"again\":true}"),
            ],
            told(&[("", "f", "{}"), ("", "f", "{\"again\":true}")]),
        ),
        (
            "another name at the same index",
            vec![fragment(Some(0), "", "f", "{}"), fragment(Some(0), "", "g", "{}")],
            told(&[("", "f", "{}"), ("", "g", "{}")]),
        ),
        (
            "brackets and quotes in a string are no end",
            vec![
                fragment(Some(0), "a", "f", "{\"x\":\"}\\\"}"),
                fragment(Some(1), "b", "g", "{}"),
                fragment(Some(0), "", "", "\"}"),
            ],
            told(&[("a", "f", "{\"x\":\"}\\\"}\"}"), ("b", "g", "{}")]),
        ),
        ("no arguments", vec![fragment(Some(0), "a", "f", "")], told(&[("a", "f", "")])),
        (
            "no name at all",
            vec![fragment(Some(0), "a", "", "{}"), fragment(None, "", "", "")],
            told(&[("a", NAMELESS, "{}")]),
        ),
    ];
    for (what, fragments, expected) in cases {
        assert_eq!(collect(fragments), expected, "{what}");
    }
}

#[test]
fn p13_pieces_that_belong_together_and_calls_that_do_not() {
    let cases: [(&str, Vec<Fragment>, Told); 8] = [
        (
            "each piece with an id of its own, only the first with a name",
            vec![
                fragment(Some(0), "a", "f", ""),
                fragment(Some(0), "b", "", "{\"x\""),
                fragment(Some(0), "c", "", ":1}"),
                fragment(Some(0), "d", "", ""),
            ],
            told(&[("a", "f", "{\"x\":1}")]),
        ),
        (
            "the same without an index",
            vec![
                fragment(None, "a", "f", "{"),
                fragment(None, "b", "", "\"x\":1"),
                fragment(None, "c", "", "}"),
            ],
            told(&[("a", "f", "{\"x\":1}")]),
        ),
        (
            "whole calls at index 0 without ids",
            vec![fragment(Some(0), "", "f", "{\"x\":1}"), fragment(Some(0), "", "f", "{\"x\":2}")],
            told(&[("", "f", "{\"x\":1}"), ("", "f", "{\"x\":2}")]),
        ),
        (
            "the same, the name apart from the arguments",
            vec![
                fragment(Some(0), "", "f", "{}"),
                fragment(Some(0), "", "f", ""),
                fragment(Some(0), "", "", "{\"x\":2}"),
            ],
            told(&[("", "f", "{}"), ("", "f", "{\"x\":2}")]),
        ),
        (
            "a new id without a name behind whole arguments",
            vec![fragment(Some(0), "a", "f", "{}"), fragment(Some(0), "b", "", "{}")],
            told(&[("a", "f", "{}"), ("b", NAMELESS, "{}")]),
        ),
        (
            "a new id with a name amid arguments",
            vec![fragment(Some(0), "a", "f", "{\"x\":"), fragment(Some(0), "b", "f", "{}")],
            told(&[("a", "f", "{\"x\":"), ("b", "f", "{}")]),
        ),
        (
            "glued together in one piece",
            vec![fragment(Some(0), "a", "f", "{\"x\":1} {\"x\":\"}{\"}{}")],
            told(&[("a", "f", "{\"x\":1} "), ("", "f", "{\"x\":\"}{\"}"), ("", "f", "{}")]),
        ),
        (
            "a name repeated with every piece",
            vec![
                fragment(Some(0), "a", "f", "{"),
                fragment(Some(0), "", "f", "}"),
                fragment(Some(0), "", "f", ""),
            ],
            told(&[("a", "f", "{}")]),
        ),
    ];
    for (what, fragments, expected) in cases {
        assert_eq!(collect(fragments), expected, "{what}");
    }
}

#[test]
fn p13_arguments_that_are_no_json_are_not_cut() {
    for code in [
        "x = {}\ny = {1: 2}",
        "print({}) {}",
        "  f({\"a\": 1}); g({})",
        "\"{} {}\"",
        "{} + {}",
        "{\"a\": 1}; {\"b\": 2}",
        "[x for x in {}] + [{}]",
        "# {}\n{}",
        "é{}{}",
    ] {
        assert_eq!(collect([fragment(Some(0), "a", "f", code)]), told(&[("a", "f", code)]));
        let pieces = code.char_indices().map(|(at, c)| {
            let (id, name) = if at == 0 { ("a", "f") } else { ("", "") };
            fragment(Some(0), id, name, &c.to_string())
        });
        assert_eq!(collect(pieces), told(&[("a", "f", code)]), "{code}");
        // Another call begins with an id and a name all the same.
        let next = fragment(Some(0), "b", "f", code);
        let both = collect([fragment(Some(0), "a", "f", code), next]);
        assert_eq!(both, told(&[("a", "f", code), ("b", "f", code)]), "{code}");
    }
}

#[test]
fn a_call_is_shown_as_it_comes() {
    let (mut collector, mut out) = (Collector::default(), VecDeque::new());
    let mut push = |fragment| {
        collector.push(fragment, &mut out).unwrap();
        out.drain(..).collect::<Vec<_>>()
    };
    let begun =
        |id: &str| Delta::Call { id: Some(id.to_owned()), name: "f".to_owned(), extra: None };
    let more = |text: &str| Delta::Arguments(text.to_owned());
    assert_eq!(push(fragment(Some(0), "a", "f", "")), [begun("a")]);
    assert_eq!(push(fragment(Some(0), "", "", "{\"x\":")), [more("{\"x\":")]);
    assert_eq!(push(fragment(Some(1), "b", "f", "{")), [], "held back");
    assert_eq!(push(fragment(Some(0), "", "", "1}")), [more("1}"), begun("b"), more("{")]);
}

#[test]
fn what_follows_other_output_is_another_call() {
    let (mut collector, mut out) = (Collector::default(), VecDeque::new());
    for _ in 0..2 {
        collector.push(fragment(Some(0), "", "f", "{}"), &mut out).unwrap();
        collector.end(&mut out);
    }
    // The rest of one that is over belongs to none.
    collector.push(fragment(Some(0), "", "", "}"), &mut out).unwrap();
    collector.end(&mut out);
    assert_eq!(tell(out), told(&[("", "f", "{}"), ("", "f", "{}")]));
}

#[test]
fn neither_the_number_of_calls_nor_their_names_are_endless() {
    let (mut collector, mut out) = (Collector::default(), VecDeque::new());
    for n in 0..MAX_CALLS {
        let call = fragment(u64::try_from(n).ok(), &n.to_string(), "f", "{}");
        assert_eq!(collector.push(call, &mut out), Ok(()));
    }
    assert_eq!(collector.push(fragment(Some(999), "x", "f", ""), &mut out), Err(Excess));
    let long = "x".repeat(MAX_NAME_BYTES + 1);
    for call in [fragment(Some(0), &long, "f", ""), fragment(Some(0), "a", &long, "")] {
        assert_eq!(Collector::default().push(call, &mut out), Err(Excess));
    }
}

/// Some calls with whole arguments, and where each is cut and in which order the pieces come.
fn cut() -> impl Strategy<Value = (Vec<String>, Vec<(usize, usize)>)> {
    let call = "[a-z\"\\\\{}\\[\\]:, é]{0,12}"
        .prop_map(|text| serde_json::json!({ "text": text, "more": [text, {}] }).to_string());
    let order = prop::collection::vec((0..4_usize, 1..9_usize), 0..60);
    (prop::collection::vec(call, 1..4), order)
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_calls((arguments, order) in cut()) {
        let count = arguments.len();
        let mut rest: Vec<Vec<char>> =
            arguments.iter().map(|text| text.chars().collect()).collect();
        let mut fragments: Vec<Fragment> = (0..count)
            .map(|n| fragment(u64::try_from(n).ok(), &format!("call_{n}"), "f", ""))
            .collect();
        let finish = (0..count).map(|n| (n, usize::MAX));
        for (n, size) in order.into_iter().chain(finish) {
            let Some(rest) = rest.get_mut(n % count) else { continue };
            let piece: String = rest.drain(..size.min(rest.len())).collect();
            fragments.push(fragment(u64::try_from(n % count).ok(), "", "", &piece));
        }
        let expected: Told = (0..count)
            .map(|n| (format!("call_{n}"), "f".to_owned(), arguments[n].clone()))
            .collect();
        prop_assert_eq!(collect(fragments), expected);
    }

    #[test]
    fn p13_glued_calls_come_apart_wherever_they_are_cut(
        (arguments, sizes) in cut(),
        fresh_ids in any::<bool>(),
    ) {
        let mut rest: Vec<char> = arguments.concat().chars().collect();
        let mut fragments = vec![fragment(Some(0), "id", "f", "")];
        for size in sizes.into_iter().map(|(_, size)| size).chain([usize::MAX]) {
            let piece: String = rest.drain(..size.min(rest.len())).collect();
            // An id of its own for each piece, unless it would begin a call.
            let id = if fresh_ids && arguments.len() == 1 && !rest.is_empty() {
                format!("id_{}", rest.len())
            } else {
                String::new()
            };
            fragments.push(fragment(Some(0), &id, "", &piece));
        }
        let expected: Told = arguments
            .iter()
            .enumerate()
            .map(|(n, text)| (if n == 0 { "id" } else { "" }.to_owned(), "f".to_owned(), text.clone()))
            .collect();
        prop_assert_eq!(collect(fragments), expected);
    }
}

#[test]
fn what_a_provider_says_of_a_call_is_kept_within_bounds() {
    let with = |extra: &str, name: &str| {
        let mut fragment = fragment(Some(0), "a", name, "");
        fragment.extra.insert("extra_content".to_owned(), extra.into());
        fragment
    };
    let extra = |fragments: [Fragment; 2]| {
        let (mut collector, mut out) = (Collector::default(), VecDeque::new());
        for fragment in fragments {
            collector.push(fragment, &mut out).unwrap();
        }
        collector.end(&mut out);
        match out.pop_front() {
            Some(Delta::Call { extra, .. }) => {
                extra.map(|extra| extra["extra_content"].as_str().unwrap().len())
            }
            other => panic!("{other:?}"),
        }
    };
    let plain = fragment(Some(0), "", "", "{}");
    assert_eq!(extra([with("sig", "f"), plain.clone()]), Some(3));
    assert_eq!(
        extra([with("sig", ""), fragment(Some(0), "", "f", "{}")]),
        Some(3),
        "before its name"
    );
    assert_eq!(extra([fragment(Some(0), "a", "f", ""), with("sig", "")]), None, "too late");
    let large = "x".repeat(MAX_EXTRA_BYTES);
    assert_eq!(extra([with(&large, "f"), plain]), None);
    assert!(with(&large, "f").len() > MAX_EXTRA_BYTES, "it counts as a part of the answer");
}
