use super::*;

fn content(text: &str) -> Content {
    Content::from(text.to_owned())
}

/// Numbers that the encodings' makers give.
#[tokio::test]
async fn known_tokenizers_count() {
    let counter = Counter::new();
    for (text, cl100k, o200k) in [
        ("", 0, 0),
        ("hello world", 2, 2),
        ("tiktoken is great!", 6, 6),
        ("antidisestablishmentarianism", 6, 6),
        ("2 + 2 = 4", 7, 7),
        ("お誕生日おめでとう", 9, 8),
    ] {
        assert_eq!(counter.of_text(Tokenizer::Cl100k, text).await.unwrap(), cl100k, "{text}");
        assert_eq!(counter.of_text(Tokenizer::O200k, text).await.unwrap(), o200k, "{text}");
    }
}

#[tokio::test]
async fn texts_are_counted_once_and_in_order() {
    let counter = Counter::new();
    let said = ["hello world", "", "tiktoken is great!"].map(content);
    let texts: Vec<Counted<'_>> = said.iter().map(Counted::from).collect();
    let expected = [2, 0, 6].map(|tokens| tokens + PER_MESSAGE);
    assert_eq!(counter.of_messages(Tokenizer::O200k, &texts).await.unwrap(), expected);
    // From now on whoever wants to count is refused.
    counter.turns.close();
    assert_eq!(counter.of_messages(Tokenizer::O200k, &texts).await.unwrap(), expected);
    let another = content("another");
    assert!(counter.of_messages(Tokenizer::O200k, &[Counted::from(&another)]).await.is_err());
}

/// The bound that decides whether anything is counted at all.
#[tokio::test]
async fn nothing_has_more_tokens_than_bytes() {
    let counter = Counter::new();
    let hostile: String = (0..2_000_u32).filter_map(|n| char::from_u32(n * 547)).collect();
    let texts = ["", "a", " \n\t", "!@#$%^&*()", "é", "漢字", "👩‍👩‍👧", "\u{10ffff}", hostile.as_str()];
    let said = texts.map(content);
    let contents: Vec<Counted<'_>> = said.iter().map(Counted::from).collect();
    for tokenizer in [Tokenizer::O200k, Tokenizer::Cl100k, Tokenizer::Estimate] {
        let counts = counter.of_messages(tokenizer, &contents).await.unwrap();
        for (content, count) in said.iter().zip(counts) {
            let text = content.text();
            assert!(count <= Counted::from(content).most(), "{count} by {tokenizer:?}: {text}");
        }
    }
}

#[test]
fn an_estimate_is_near_and_rather_high() {
    let tables = tiktoken::get_encoding("o200k_base");
    for text in [
        include_str!("../../../../README.md"),
        "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ",
        "Съешь же ещё этих мягких французских булок да выпей чаю. ",
        "我能吞下玻璃而不伤身体。今天天气很好,我们去公园散步吧。",
        "これはテストです。日本語の文章をトークンに分けます。",
    ] {
        let (counted, estimated) = (count_by(tables, text), estimate(text));
        assert!(estimated * 10 >= counted * 9, "{estimated} for {counted}: {text}");
        assert!(estimated <= counted * 3, "{estimated} for {counted}: {text}");
    }
}
