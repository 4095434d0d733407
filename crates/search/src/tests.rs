use proptest::prelude::*;

use super::*;

/// The found parts of `text`, or nothing.
fn found(query: &str, text: &str) -> Option<Vec<String>> {
    let found = Query::parse(query).unwrap().find(text)?;
    Some(found.places.into_iter().map(|place| text[place].to_owned()).collect())
}

fn rank(query: &str, text: &str) -> (bool, bool) {
    let Rank { is_phrase, is_whole } = Query::parse(query).unwrap().find(text).unwrap().rank;
    (is_phrase, is_whole)
}

/// Whether an index with the terms of `text` would propose it.
fn is_proposed(query: &str, text: &str) -> bool {
    let kept = terms(text);
    Query::parse(query).unwrap().terms().iter().all(|term| match term {
        Term::Whole(term) => kept.contains(term),
        Term::Beginning(term) => kept.iter().any(|kept| kept.starts_with(term)),
    })
}

#[test]
fn a_text_is_found_by_its_words() {
    for (query, text, places) in [
        // Case, beginnings, order.
        ("SKY", "The sky is blue.", &["sky"][..]),
        ("blu sky", "The sky is blue.", &["sky", "blue"]),
        ("the", "The other theatre", &["The", "theatre"]),
        // Short words are whole words.
        ("go", "Go or goat, Go!", &["Go", "Go"]),
        ("ai", "AI said it again", &["AI"]),
        // Accents and compatible forms.
        ("uber", "Über die Straße", &["Über"]),
        ("über", "uber", &["uber"]),
        ("STRASSE", "die Straße", &["Straße"]),
        ("straße", "STRASSE", &["STRASSE"]),
        ("cafe", "cafe\u{301}", &["cafe\u{301}"]),
        ("café", "CAFÉ", &["CAFÉ"]),
        ("ﬁne ｗｉｄｅ", "fine wide", &["fine", "wide"]),
        ("σοφος", "Σοφός ΣΟΦΟΣ", &["Σοφός", "ΣΟΦΟΣ"]),
        ("ёж", "ЕЖ", &["ЕЖ"]),
        ("istanbul", "İSTANBUL", &["İSTANBUL"]),
        ("שלום", "שָׁלוֹם", &["שָׁלוֹם"]),
        // Scripts without spaces.
        ("日本", "今日は日本語を学ぶ。", &["日本"]),
        ("本語", "日本語", &["本語"]),
        ("語", "日本語", &["語"]),
        ("日", "日本語", &["日"]),
        ("カラオケ", "ｶﾗｵｹに行く", &["ｶﾗｵｹ"]),
        ("ガ", "ｶﾞ", &["ｶﾞ"]),
        ("中文 搜索", "搜索引擎支持中文吗", &["搜索", "中文"]),
        ("한국", "나는 한국어를 배운다", &["한국"]),
        ("국어", "한국어", &["국어"]),
        ("한국", "\u{1112}\u{1161}\u{11ab}국어", &["\u{1112}\u{1161}\u{11ab}국"]),
        ("ภาษา", "ฉันเรียนภาษาไทย", &["ภาษา"]),
        ("株式会社", "㍿", &["㍿"]),
        // Emoji.
        ("🦀", "I like 🦀!", &["🦀"]),
        ("👍", "👍🏽", &["👍"]),
        ("👩‍💻", "a 👩‍💻 at work", &["👩‍💻"]),
        ("💻", "a 👩‍💻 at work", &["💻"]),
        ("🇩🇪", "🇫🇷 🇩🇪", &["🇩🇪"]),
        // Code.
        ("getusername", "x.getUserName()", &["getUserName"]),
        ("username", "x.getUserName()", &["getUserName"]),
        ("name", "getUserName", &["getUserName"]),
        ("server", "HTTPServer", &["HTTPServer"]),
        ("http", "HTTPServer", &["HTTPServer"]),
        ("foo_bar", "let foo_bar = 1;", &["foo_bar"]),
        ("bar", "foo_bar", &["bar"]),
        ("std::vec", "use std::vec::Vec;", &["std::vec"]),
        ("c++", "C++ and C", &["C++"]),
        ("a.b@c.org", "mail a.b@c.org now", &["a.b@c.org"]),
        // Signs stand for themselves.
        ("100%", "100% sure, 100 percent", &["100%"]),
        ("%", "50% of _", &["%"]),
        ("_", "50% of _", &["_"]),
        ("don’t", "don't", &["don't"]),
        ("\"so\" *", "he said \"so\" * twice", &["\"so\"", "*"]),
        // Places that meet or overlap.
        ("aa", "aa aa", &["aa", "aa"]),
        ("日本 本語", "日本語", &["日本語"]),
    ] {
        let places = Some(places.iter().map(|&place| place.to_owned()).collect());
        assert_eq!(found(query, text), places, "{query} in {text}");
        assert!(is_proposed(query, text), "{query} in {text}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    for (query, text) in [
        ("sky sea", "The sky is blue."),
        ("ky", "The sky"),
        ("kys", "sky s"),
        ("a", "an apple"),
        ("日語", "日本語"),
        ("本日", "日本"),
        ("日 本語", "日本 語"),
        ("か", "が"),
        ("foo_bar", "foo bar, foo _bar"),
        ("c++", "C and C#"),
        ("%", "100 percent"),
        ("*", "anything"),
        ("sk*", "sky"),
        ("\"sky\"", "sky"),
        ("-sky", "sea"),
        ("title:sky", "sky"),
        ("sky OR sea", "sky"),
        ("ser", "user"),
        ("std::v", "std::vec"),
    ] {
        assert_eq!(found(query, text), None, "{query} in {text}");
    }
}

#[test]
fn what_stands_side_by_side_and_whole_ranks_first() {
    assert_eq!(rank("blue sky", "a blue sky"), (true, true));
    assert_eq!(rank("blu sky", "a blue sky"), (true, false));
    assert_eq!(rank("sky blue", "a blue sky"), (false, true));
    assert_eq!(rank("sky blu", "a blue sky"), (false, false));
    assert_eq!(rank("name", "getUserName name"), (true, true));
    assert_eq!(rank("name", "getUserName"), (true, false));
    assert!(Rank { is_phrase: true, is_whole: false } > Rank { is_phrase: false, is_whole: true });
}

#[test]
fn a_query_has_bounds() {
    assert_eq!(Query::parse(""), Err(QueryError::Empty));
    assert_eq!(Query::parse(" \n\u{200d}\u{fe0f} "), Err(QueryError::Empty));
    assert_eq!(Query::parse(&"a ".repeat(17)), Err(QueryError::TooManyPieces));
    assert!(Query::parse(&"a ".repeat(16)).is_ok());
    assert_eq!(Query::parse(&"ä".repeat(257)), Err(QueryError::TooLong));
    assert!(Query::parse(&"ä".repeat(256)).is_ok());
}

#[test]
fn long_words_are_found_by_what_an_index_keeps() {
    let long = "x".repeat(60);
    for query in [&long[..31], &long[..32], &long[..33], &long] {
        assert!(found(query, &long).is_some() && is_proposed(query, &long), "{query}");
    }
    assert!(found(&"x".repeat(61), &long).is_none());
    // Beyond 64 characters all words are the same.
    assert!(found(&"x".repeat(100), &"x".repeat(70)).is_some());
    assert!(terms(&"aB".repeat(100_000)).iter().all(|term| term.len() <= 32));
}

fn shown(segments: Vec<Segment>) -> String {
    segments.into_iter().fold(String::new(), |shown, Segment { text, is_match }| {
        if is_match { format!("{shown}[{text}]") } else { shown + &text }
    })
}

#[test]
fn a_snippet_shows_the_best_place() {
    let query = Query::parse("blue sky").unwrap();
    let show = |text: &str| shown(snippet(text, &query.find(text).unwrap()));
    assert_eq!(show("A <b>blue</b>\n\n sky"), "A <b>[blue]</b> [sky]");
    let far =
        format!("Skyblue things {}a blue sky {}", "and more ".repeat(30), "after ".repeat(99));
    let shown = show(&far);
    assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
    assert!(shown.contains("a [blue] [sky] after"), "{shown}");
    assert!(shown.chars().count() < 260, "{shown}");
    let wide = "本".repeat(500);
    let query = Query::parse("本").unwrap();
    assert!(snippet(&wide, &query.find(&wide).unwrap()).len() <= 2);
}

proptest! {
    #[test]
    fn an_index_proposes_all_that_is_found(
        text in "([a-cA-CäßÉİ0-2日本語がｶﾞ한국\u{1112}\u{1161}🦀👩‍💻_%'.’ﬁ㍿①\u{301}\u{200d} \n]{0,3}|[ -~]{0,4}){0,12}",
        begin in 0..40_usize,
        length in 1..12_usize,
    ) {
        let chars: Vec<char> = text.chars().collect();
        let part: String = chars.iter().skip(begin).take(length).collect();
        if let Ok(query) = Query::parse(&part)
            && query.find(&text).is_some()
        {
            prop_assert!(is_proposed(&part, &text), "{part:?} in {text:?}");
        }
    }

    #[test]
    fn a_text_finds_itself(text in "[a-zA-ZäöüßÉ日本語🦀%_]{1,8}( [a-zA-ZäöüßÉ日本語🦀%_]{1,8}){0,8}") {
        let query = Query::parse(&text).unwrap();
        let found = query.find(&text);
        prop_assert!(found.is_some_and(|found| found.rank.is_phrase), "{text:?}");
    }

    #[test]
    fn no_text_panics(query in ".{0,30}", text in ".{0,200}") {
        let kept = terms(&text);
        prop_assert!(kept.iter().all(|term| term.bytes().all(|b| b.is_ascii_alphanumeric())));
        if let Ok(query) = Query::parse(&query)
            && let Some(found) = query.find(&text)
        {
            let joined: String = marked(&text, &found).into_iter().map(|part| part.text).collect();
            prop_assert!(joined.chars().count() <= text.chars().count());
            prop_assert!(!snippet(&text, &found).is_empty());
        }
    }
}
