use models::response::ResponseStatus;
use proptest::prelude::*;
use provider::Citation;
use schemas::event::{Ending, ItemKind, ToolCall, WaitReason};
use uuid::Uuid;

use super::*;

fn id(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(n))
}

fn ending(status: ResponseStatus) -> Event {
    let at = chrono::DateTime::from_timestamp(0, 0).unwrap();
    Event::Ended(Ending {
        status,
        reason: None,
        finish_reason: None,
        error: None,
        usage: None,
        context: None,
        at,
    })
}

const WAIT: Wait = Wait { reason: WaitReason::Silent, until: None };

/// What a model says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Text,
    Reasoning,
    Call,
    /// More of the arguments of the newest call.
    Arguments,
    /// Nothing for a while.
    Wait,
}

fn called(id: &str, name: &str) -> ToolCall {
    ToolCall { call_id: id.to_owned(), name: name.to_owned(), offset: 0, extra: None }
}

/// A finished log with these deltas.
fn finished(deltas: &[(Said, String)]) -> Log {
    let log = Log::new(id(1));
    log.append([Event::Created, Event::InProgress]);
    for (n, (said, text)) in (10..).zip(deltas) {
        let text = text.clone();
        log.extend(|transcript| match said {
            Said::Text => transcript.text(text, || id(n)),
            Said::Reasoning => transcript.reasoning(&text, || id(n)),
            Said::Call => transcript.call(called(&n.to_string(), &text), id(n)),
            Said::Arguments => transcript.arguments(text),
            Said::Wait => vec![Event::Waiting(WAIT)],
        });
    }
    log.extend(|transcript| transcript.close(true, || id(3)));
    log.append([ending(ResponseStatus::Completed)]);
    log
}

fn read_all(log: &Log, after: Option<u64>) -> Vec<Numbered> {
    let mut cursor = log.cursor(after);
    let mut all = Vec::new();
    loop {
        let events = log.read(&mut cursor);
        if events.is_empty() {
            return all;
        }
        all.extend(events);
    }
}

fn deltas() -> impl Strategy<Value = Vec<(Said, String)>> {
    use Said::{Arguments, Call, Reasoning, Text, Wait};
    let said = prop::sample::select(vec![Text, Reasoning, Call, Arguments, Wait]);
    prop::collection::vec((said, ".{1,8}"), 0..20)
}

proptest! {
    #[test]
    fn a_cursor_at_every_position_reads_exactly_the_rest(deltas in deltas()) {
        let log = finished(&deltas);
        let all = read_all(&log, None);
        let last = all.last().unwrap().seq;
        for event in &all {
            let rest = read_all(&log, Some(event.seq));
            let begin = if event.seq == last { last } else { event.seq + 1 };
            let expected: Vec<_> = all.iter().filter(|e| e.seq >= begin).cloned().collect();
            prop_assert_eq!(rest, expected);
        }
    }

    #[test]
    fn a_log_stored_in_any_pieces_reads_back_the_same(deltas in deltas(), piece in 1_usize..9) {
        let log = finished(&deltas);
        let whole = log.unstored().unwrap();
        let lines: Vec<&str> = whole.payload.split_inclusive('\n').collect();
        let mut first = 0;
        let mut runs = Vec::new();
        for chunk in lines.chunks(piece) {
            runs.push((first, chunk.concat()));
            first += chunk.len() as u64;
        }
        let restored = Log::restore(id(1), runs.iter().map(|(seq, run)| (*seq, run.as_str())));
        prop_assert!(restored.has_ended());
        prop_assert_eq!(read_all(&restored, None), read_all(&log, None));
    }

    #[test]
    fn nothing_that_was_said_is_lost(deltas in deltas()) {
        let log = finished(&deltas);
        let said = |what: Said| -> String {
            deltas.iter().filter(|d| d.0 == what).map(|d| d.1.as_str()).collect()
        };
        let output = log.inspect(Transcript::output);
        let stored = |kind: ItemKind| -> String {
            output.iter().filter(|d| d.item.kind == kind).map(|d| d.text.as_str()).collect()
        };
        prop_assert_eq!(stored(ItemKind::Message), said(Said::Text));
        prop_assert_eq!(log.answer(), said(Said::Text));
        prop_assert_eq!(stored(ItemKind::Reasoning), said(Said::Reasoning));
        let names: String = output
            .iter()
            .filter_map(|d| match &d.item.kind {
                ItemKind::FunctionCall(call) => Some(call.name.as_str()),
                _ => None,
            })
            .collect();
        prop_assert_eq!(names, said(Said::Call));
        let ids: std::collections::BTreeSet<_> = output.iter().map(|d| d.item.id).collect();
        prop_assert_eq!(ids.len(), output.len(), "every item has its own id");
        let is_calls_only = said(Said::Text).is_empty() && deltas.iter().any(|d| d.0 == Said::Call);
        prop_assert_eq!(ids.contains(&id(1)), !is_calls_only, "the stored message is one of them");
    }
}

#[test]
fn a_call_cuts_the_answer_in_two_and_lasts_until_something_follows() {
    use models::message::MessageStatus::{Completed, InProgress};
    let log = Log::new(id(1));
    log.append([Event::Created, Event::InProgress]);
    log.extend(|transcript| transcript.text("🌈é?".to_owned(), || id(9)));
    log.extend(|transcript| transcript.call(called("call_1", "f"), id(2)));
    log.extend(|transcript| transcript.arguments("{\"x\":".to_owned()));
    let so_far = log.so_far();
    let [call] = &so_far.calls[..] else { panic!("{so_far:?}") };
    assert_eq!((call.arguments.as_str(), call.status, call.offset), ("{\"x\":", InProgress, 4));
    assert_eq!((call.id, call.call_id.as_str(), call.name.as_str()), (id(2), "call_1", "f"));
    log.extend(|transcript| transcript.arguments("1}".to_owned()));
    log.extend(|transcript| transcript.call(called("call_2", "g"), id(3)));
    log.extend(|transcript| transcript.text("!".to_owned(), || id(4)));
    let calls = log.so_far().calls;
    let shown: Vec<_> = calls.iter().map(|call| (call.arguments.as_str(), call.status)).collect();
    assert_eq!(
        shown,
        [("{\"x\":1}", Completed), ("{}", Completed)],
        "one without arguments has {{}}"
    );
    assert_eq!(log.answer(), "🌈é?!");
    log.extend(|transcript| transcript.close(true, || id(5)));
    let ids: Vec<_> = log.inspect(Transcript::output).iter().map(|done| done.item.id).collect();
    assert_eq!(ids, [id(1), id(2), id(3), id(4)]);
}

#[test]
fn numbers_go_on_at_the_next_million_after_a_crash_and_a_cursor_in_the_gap_replays_all() {
    let log = Log::new(id(1));
    log.append([Event::Created, Event::InProgress]);
    log.extend(|transcript| transcript.text("kept".to_owned(), || id(4)));
    let kept = log.unstored().unwrap();
    let restored = Log::restore(id(1), [(0, kept.payload.as_str())]);
    restored.skip_after_crash(1);
    restored.extend(|transcript| transcript.close(false, || id(3)));
    restored.append([ending(ResponseStatus::Incomplete)]);
    let all = read_all(&restored, None);
    let numbers: Vec<u64> = all.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 1_000_000, 1_000_001, 1_000_002, 1_000_003]);
    assert_eq!(read_all(&restored, Some(7)), all, "a number from the gap replays everything");
    assert_eq!(read_all(&restored, Some(4)).len(), 4);
    assert_eq!(read_all(&restored, Some(u64::MAX)).len(), 1, "only the terminal event is left");
}

#[test]
fn numbers_are_not_reused_after_a_crash_that_left_nothing() {
    let restored = Log::restore(id(1), []);
    restored.skip_after_crash(1);
    restored.append([Event::Created, Event::InProgress, ending(ResponseStatus::Incomplete)]);
    let all = read_all(&restored, None);
    let numbers: Vec<u64> = all.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, [1_000_000, 1_000_001, 1_000_002]);
    assert_eq!(restored.unstored().unwrap().first_seq, 1_000_000);
    assert_eq!(read_all(&restored, Some(7)), all, "a number nobody kept replays everything");
}

#[test]
fn each_crash_has_numbers_of_its_own_even_when_it_left_nothing() {
    let log = Log::new(id(1));
    log.append([Event::Created, Event::InProgress]);
    let kept = log.unstored().unwrap();
    for crash in 1..4 {
        let restored = Log::restore(id(1), [(0, kept.payload.as_str())]);
        restored.skip_after_crash(crash);
        assert_eq!(restored.next_seq(), crash * 1_000_000);
    }
}

#[test]
fn a_log_that_lags_lets_a_cursor_wait_for_its_event() {
    let whole = finished(&[(Said::Text, "a".to_owned()), (Said::Text, "b".to_owned())]);
    let all = read_all(&whole, None);
    let payload = whole.unstored().unwrap().payload;
    let lines: Vec<&str> = payload.split_inclusive('\n').collect();
    let log = Log::restore(id(1), [(0, lines[..3].concat().as_str())]).lagging();
    let mut cursor = log.cursor(Some(4));
    assert!(log.read(&mut cursor).is_empty(), "4 is not known yet");
    log.append_stored(3, &lines[3..].concat());
    assert_eq!(log.read(&mut cursor), all[5..]);

    // The other server died before it stored 4: the number will never come.
    let log = Log::restore(id(1), [(0, lines[..3].concat().as_str())]).lagging();
    let mut cursor = log.cursor(Some(4));
    assert!(log.read(&mut cursor).is_empty());
    log.append_stored(1_000_000, &lines[lines.len() - 1..].concat());
    let seqs: Vec<u64> = log.read(&mut cursor).iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [0, 1, 2, 1_000_000], "everything, from the beginning");
}

proptest! {
    #[test]
    fn events_from_both_ways_in_any_pieces_are_joined_exactly(
        deltas in deltas(),
        steps in prop::collection::vec((any::<bool>(), 0_usize..40, 1_usize..9), 0..60),
    ) {
        let log = finished(&deltas);
        let whole = log.unstored().unwrap();
        let lines: Vec<&str> = whole.payload.split_inclusive('\n').collect();
        let joined = Log::new(id(1));
        // Whatever overlap they have: what comes live may be ahead, but leaves nothing out.
        for (is_live, first, count) in steps {
            let first = first.min(lines.len() - 1);
            let run = &lines[first..lines.len().min(first + count)];
            let (first, last) = (first as u64, (first + run.len() - 1) as u64);
            let known = joined.next_seq();
            if is_live {
                let added = joined.append_live(first, last, run.concat().as_bytes());
                let expected = (first <= known).then(|| (last + 1).saturating_sub(known));
                prop_assert_eq!(added.map(|added| added as u64), expected);
            } else if first <= known {
                joined.append_stored(first, &run.concat());
            }
            prop_assert!(joined.next_seq() >= known);
        }
        let prefix = usize::try_from(joined.next_seq()).unwrap();
        prop_assert_eq!(joined.len(), prefix);
        joined.append_stored(0, &whole.payload);
        prop_assert!(joined.has_ended());
        prop_assert_eq!(read_all(&joined, None), read_all(&log, None));
    }

    #[test]
    fn batches_of_any_size_are_the_whole_log(deltas in deltas(), limit in 0_usize..500) {
        let log = finished(&deltas);
        let copy = Log::new(id(1));
        let mut from = 0;
        while let Some(run) = log.run(from, limit) {
            prop_assert!(run.payload.len() <= limit || run.first_seq == run.last_seq);
            let lines = run.payload.as_bytes();
            prop_assert_eq!(copy.append_live(run.first_seq, run.last_seq, lines), Some(run.until - from));
            from = run.until;
        }
        prop_assert_eq!(read_all(&copy, None), read_all(&log, None));
    }
}

#[test]
fn what_does_not_read_or_continue_is_not_taken() {
    let log = Log::new(id(1));
    let line = b"{\"t\":\"created\"}\n";
    assert_eq!(log.append_live(0, 0, b"garbage\n"), None);
    assert_eq!(log.append_live(0, 1, line), None, "fewer lines than numbers");
    assert_eq!(log.append_live(0, u64::MAX, line), None);
    assert_eq!(log.append_live(1, 0, line), None);
    assert_eq!(log.append_live(0, 0, &[0xff]), None);
    assert_eq!(log.append_live(1, 1, line), None, "0 is missing");
    assert_eq!(log.len(), 0);
    assert_eq!(log.append_live(0, 0, line), Some(1));
    assert_eq!(log.append_live(0, 0, line), Some(0));
}

#[test]
fn a_cut_anywhere_in_the_closing_events_is_closed_properly() {
    let log = finished(&[(Said::Reasoning, "why".to_owned()), (Said::Text, "answer".to_owned())]);
    let lines = log.unstored().unwrap().payload;
    let lines: Vec<&str> = lines.split_inclusive('\n').collect();
    for cut in 0..lines.len() {
        let restored = Log::restore(id(1), [(0, lines[..cut].concat().as_str())]);
        restored.skip_after_crash(1);
        restored.extend(|transcript| transcript.close(false, || id(3)));
        let open = restored.inspect(|transcript| transcript.close(false, || id(3)).len());
        assert_eq!(open, 0, "nothing is open after closing a log cut after {cut} events");
    }
}

#[test]
fn a_wait_lasts_until_anything_else_comes() {
    let log = Log::begun(id(1), "", Vec::new());
    assert_eq!(log.waiting(), None);
    log.append([Event::Waiting(WAIT)]);
    assert_eq!(log.waiting(), Some(WAIT));
    log.extend(|transcript| transcript.text("more".to_owned(), || id(2)));
    assert_eq!(log.waiting(), None);
    // The stored form of it is small, and one without it reads as before.
    let line = r#"{"t":"waiting","reason":"asked_to_wait","until":5}"#;
    let wait = Wait { reason: WaitReason::AskedToWait, until: Some(5) };
    assert_eq!(Event::decode(line.as_bytes()).unwrap(), Event::Waiting(wait));
    log.append_stored(log.next_seq(), line);
    assert_eq!(log.waiting(), Some(wait));
}

#[test]
fn a_log_begins_with_the_text_it_goes_on_with() {
    let log = Log::begun(id(1), "Öne. ", Vec::new());
    assert_eq!((log.answer().as_str(), log.earlier()), ("Öne. ", 6));
    log.extend(|transcript| transcript.text("Two.".to_owned(), || id(2)));
    assert_eq!((log.answer().as_str(), log.earlier()), ("Öne. Two.", 6));
    assert_eq!(Log::begun(id(1), "", Vec::new()).earlier(), 0);
    // Of any length, in deltas that fit into a statement each.
    let text = "text ".repeat(200_000);
    let log = Log::begun(id(1), &text, Vec::new());
    assert_eq!((log.answer(), log.earlier()), (text, 1_000_000));
    assert_eq!(log.len(), 4 + 1_000_000_usize.div_ceil(64 * 1024));
}

fn cited(url: &str, range: Option<(u32, u32)>) -> Citation {
    Citation { url: url.to_owned(), title: None, range, number: None }
}

/// The annotations of the events that tell one, and of the one part that is done.
fn told(log: &Log) -> (Vec<Annotation>, Vec<Annotation>) {
    let (mut cited, mut done) = (Vec::new(), Vec::new());
    for Numbered { event, .. } in read_all(log, None) {
        match event {
            StreamEvent::Cited(_, place, annotation) => {
                assert_eq!(place, cited.len(), "each has its number in the part");
                assert!(done.is_empty(), "before the part is done");
                cited.push(annotation);
            }
            StreamEvent::PartDone(_, _, annotations) => done.extend(annotations),
            _ => {}
        }
    }
    (cited, done)
}

fn places(annotations: &[Annotation]) -> Vec<(&str, u32, u32)> {
    annotations.iter().map(|a| (a.url.as_str(), a.start, a.end)).collect()
}

#[test]
fn p9_sources_are_told_before_their_part_is_done_and_kept() {
    let cite = |log: &Log, url: &str, range| {
        log.extend(|transcript| transcript.cite(cited(url, range)));
    };
    let say = |log: &Log, text: &str| {
        log.extend(|transcript| transcript.text(text.to_owned(), || id(2)));
    };
    let log = Log::begun(id(1), "", Vec::new());
    // Named before the first word, as some providers do.
    cite(&log, "https://a.example/", None);
    cite(&log, "https://b.example/", None);
    say(&log, "Blüe[1]");
    cite(&log, "https://c.example/", Some((0, 4)));
    assert_eq!(places(&told(&log).0), [("https://c.example/", 0, 4)], "its place is known at once");
    say(&log, ", and so on.");
    log.extend(|transcript| transcript.close(true, || id(3)));
    log.append([ending(ResponseStatus::Completed)]);

    let (cited, done) = told(&log);
    let expected =
        [("https://c.example/", 0, 4), ("https://a.example/", 4, 7), ("https://b.example/", 0, 0)];
    assert_eq!(places(&cited), expected);
    assert_eq!(done, cited);
    assert_eq!(log.so_far().annotations, cited);
    let Some(Numbered { event: StreamEvent::Ended(_, output), .. }) = read_all(&log, None).pop()
    else {
        panic!("no end");
    };
    assert_eq!(output[0].annotations, cited);
    // From the disk the same events with the same numbers.
    let run = log.unstored().unwrap();
    let restored = Log::restore(id(1), [(run.first_seq, run.payload.as_str())]);
    assert_eq!(read_all(&restored, None), read_all(&log, None));
}

#[test]
fn p9_sources_of_an_answer_that_a_call_cuts_stay_with_their_text() {
    let log = Log::begun(id(1), "", Vec::new());
    let say = |text: &str, n| {
        log.extend(|transcript| transcript.text(text.to_owned(), || id(n)));
    };
    say("Öne[1] ", 2);
    log.extend(|transcript| transcript.cite(cited("https://a.example/", None)));
    log.extend(|transcript| transcript.call(called("c", "f"), id(3)));
    say("two more", 4);
    let range = Some((11, 15));
    log.extend(|transcript| transcript.cite(cited("https://b.example/", range)));
    log.extend(|transcript| transcript.close(true, || id(5)));
    let cited: Vec<_> = read_all(&log, None)
        .into_iter()
        .filter_map(|numbered| match numbered.event {
            StreamEvent::Cited(item, _, a) => Some((item.index, a.start, a.end)),
            _ => None,
        })
        .collect();
    assert_eq!(cited, [(0, 3, 6), (2, 4, 8)], "places in the text of the item");
    let whole = log.so_far().annotations;
    assert_eq!(places(&whole), [("https://a.example/", 3, 6), ("https://b.example/", 11, 15)]);
}
