use proptest::prelude::*;

use super::*;

fn decode(chunks: &[&[u8]], limit: usize) -> (Vec<Event>, bool) {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    for chunk in chunks {
        if decoder.push(chunk, &mut events).is_err() {
            return (events, true);
        }
    }
    (events, false)
}

fn data(bytes: &[u8]) -> Vec<String> {
    decode(&[bytes], 1024).0.into_iter().map(|event| event.data).collect()
}

#[test]
fn line_ends_and_byte_order_mark() {
    for text in
        ["data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n", "data: a\r\rdata: b\r\r"]
    {
        assert_eq!(data(text.as_bytes()), ["a", "b"], "{text:?}");
    }
    assert_eq!(data(b"\xEF\xBB\xBFdata: a\r\n\n"), ["a"]);
    assert_eq!(data(b"\xEF\xBB\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n"), ["a", "b"]);
}

#[test]
fn fields() {
    assert_eq!(data(b"data:a\ndata: b\ndata:  c\n\n"), ["a\nb\n c"]);
    assert_eq!(data(b"data\n\n"), [""], "a field without a colon has an empty value");
    assert_eq!(data(b": comment\nid: 1\nretry: 5\nother: x\ndata: a\n\n"), ["a"]);
    assert_eq!(data(b"event: x\n\ndata: a\n\n"), ["a"], "no data, no event");
    assert_eq!(data(b"data: a\n\ndata: cut"), ["a"], "the end of the stream discards a part");
    let (events, _) = decode(&[b"event: x\nevent: error\ndata: a\n\ndata: b\n\n"], 1024);
    assert_eq!(events[0].name, "error");
    assert_eq!(events[1].name, "", "a name counts for one event");
}

#[test]
fn p5_fields_are_known_however_they_are_written() {
    for text in ["  data: a\n\n", "\tdata:a\n\n", "Data: a\n\n", "DATA : a\n\n", "data : a\n\n"] {
        assert_eq!(data(text.as_bytes()), ["a"], "{text:?}");
    }
    assert_eq!(data(b"\x1e{\"a\":1}\n\x1e{\"b\":2}\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    let (events, _) = decode(&[b"Event: error\nData: a\n\n"], 1024);
    assert_eq!((events[0].name.as_str(), events[0].data.as_str()), ("error", "a"));
}

#[test]
fn p5_json_goes_on_over_lines_without_a_field() {
    assert_eq!(data(b"data: {\n  \"a\": \"b\"\n}\n\n"), ["{\n  \"a\": \"b\"\n}"]);
    assert_eq!(data(b"data: {\"a\":\"x\ny z\"}\n\ndata: b\n\n"), ["{\"a\":\"x\ny z\"}", "b"]);
    assert_eq!(data(b"data: a\nmore: b\n\n"), ["a"], "an unknown field");
    assert_eq!(data(b"data: {\"a\":1}\nmore: b\n\n"), ["{\"a\":1}"], "behind whole JSON, too");
}

#[test]
fn invalid_utf8_becomes_replacement_characters() {
    assert_eq!(data(b"data: a\xFFb\xE2\x82c\n\n"), ["a\u{FFFD}b\u{FFFD}c"]);
    let text = "data: \u{1F600}é\n\n".as_bytes();
    for cut in 0..=text.len() {
        let (head, tail) = text.split_at(cut);
        assert_eq!(decode(&[head, tail], 1024).0[0].data, "\u{1F600}é", "cut at {cut}");
    }
}

#[test]
fn size_is_bounded() {
    let mut decoder = Decoder::new(64);
    let mut events = Vec::new();
    decoder.push(b"data: small\n\n", &mut events).unwrap();
    for _ in 0..6 {
        decoder.push(b"0123456789", &mut events).unwrap();
    }
    assert_eq!(decoder.push(b"0123456789", &mut events), Err(EventTooLarge { limit: 64 }));
    assert!(decoder.line.capacity() <= 256);
    assert!(decoder.push(b"\n\n", &mut events).is_err(), "a refused stream stays refused");
    assert_eq!(events.len(), 1);

    let many_lines = "data: 12345678\n".repeat(20);
    assert!(decode(&[many_lines.as_bytes()], 64).1, "lines of one event add up");
    let many_events = "data: 12345678\n\n".repeat(20);
    assert!(!decode(&[many_events.as_bytes()], 64).1);
}

/// Bytes that are mostly stream syntax, so that chance finds its corners.
fn stream_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"data: ".to_vec()),
        Just(b"data:".to_vec()),
        Just(b"event: error".to_vec()),
        Just(b": comment".to_vec()),
        Just(BYTE_ORDER_MARK.to_vec()),
        Just("\u{1F600}".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_events(
        bytes in stream_bytes(),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
        limit in prop_oneof![Just(1024_usize), 8..64_usize],
    ) {
        let whole = decode(&[&bytes], limit);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for cut in cuts {
            chunks.push(&bytes[from..cut]);
            from = cut;
        }
        chunks.push(&bytes[from..]);
        prop_assert_eq!(&decode(&chunks, limit), &whole);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&decode(&single, limit), &whole);
    }
}
