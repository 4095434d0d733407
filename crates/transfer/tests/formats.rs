//! Every format, from files shaped like the real ones, with the damage that people report.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::ops::ControlFlow;

use transfer::{Conversation, Limits, ReadError, Record, Role, Room, Unreadable};

fn read(bytes: impl AsRef<[u8]>) -> Vec<Record> {
    read_with(bytes, Limits::default()).unwrap()
}

fn read_with(bytes: impl AsRef<[u8]>, limits: Limits) -> Result<Vec<Record>, ReadError> {
    let mut records = Vec::new();
    transfer::read(Cursor::new(bytes), limits, &Room::default(), |record| {
        records.push(record);
        ControlFlow::Continue(())
    })?;
    Ok(records)
}

fn describe(records: &[Record]) -> String {
    let mut text = String::new();
    for record in records {
        match record {
            Record::Conversation(conversation) => describe_one(conversation, &mut text),
            other @ Record::Unreadable { .. } => _ = writeln!(text, "{other:?}"),
        }
    }
    text
}

fn describe_one(conversation: &Conversation, text: &mut String) {
    let Conversation { source, source_id, title, model, instructions, .. } = conversation;
    let _ = writeln!(text, "{source:?} {source_id:?} {title:?} model={model:?} {instructions:?}");
    let _ = writeln!(
        text,
        "  pinned={} archived={:?} head={:?} created={:?} updated={:?}",
        conversation.is_pinned,
        conversation.archived,
        conversation.head,
        conversation.created_at,
        conversation.updated_at,
    );
    for (at, message) in conversation.messages.iter().enumerate() {
        let _ = writeln!(
            text,
            "  [{at}] below {:?} {:?} {:?} model={:?} complete={} at={:?}",
            message.parent,
            message.role,
            message.text,
            message.model,
            message.is_complete,
            message.created_at,
        );
        if let Some(reasoning) = &message.reasoning {
            let _ = writeln!(text, "      reasoning {reasoning:?}");
        }
        for file in &message.attachments {
            let _ = writeln!(text, "      {file:?}");
        }
    }
    for (note, count) in conversation.notes.iter() {
        let _ = writeln!(text, "  {count} x {note:?}");
    }
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const CHATGPT: &[u8] = include_bytes!("fixtures/chatgpt.json");
const CLAUDE: &[u8] = include_bytes!("fixtures/claude.json");

#[test]
fn chatgpt() {
    insta::assert_snapshot!(describe(&read(CHATGPT)));
}

#[test]
fn claude() {
    insta::assert_snapshot!(describe(&read(CLAUDE)));
}

#[test]
fn open_webui() {
    insta::assert_snapshot!(describe(&read(include_bytes!("fixtures/open_webui.json"))));
}

#[test]
fn librechat() {
    let recursive = describe(&read(include_bytes!("fixtures/librechat_recursive.json")));
    let sequential = describe(&read(include_bytes!("fixtures/librechat_sequential.json")));
    insta::assert_snapshot!(recursive + &sequential);
}

#[test]
fn an_archive_of_many_files_is_read_in_order_and_other_json_is_left_alone() {
    let archive = zip(&[
        ("user.json", b"{\"id\":\"u\",\"email\":\"a@example.com\"}"),
        ("conversations-001.json", CLAUDE),
        ("conversations-000.json", CHATGPT),
        ("shared_conversations.json", b"[{\"id\":\"s\",\"conversation_id\":\"c\"}]"),
        ("conversations-002.json", b"[{\"title\":\"Who am I?\"}]"),
        ("conversations-003.json", b"[{\"uuid\":\"x\", \"chat_me"),
        ("chat.html", b"<html>"),
        ("images/a.png", &[0x89, 0x50]),
    ]);
    let records = read(&archive);
    let kinds: Vec<String> = records
        .iter()
        .map(|record| match record {
            Record::Conversation(conversation) => conversation.source.name().to_owned(),
            Record::Unreadable { file, position, title, reason } => {
                format!("{} {position} {title:?} {reason}", file.as_deref().unwrap_or_default())
            }
        })
        .collect();
    let expected = [
        "chatgpt",
        "chatgpt",
        "chatgpt",
        "claude",
        "claude",
        "claude",
        "conversations-002.json 1 Some(\"Who am I?\") its format is not known; ChatGPT, Claude, \
         Open WebUI, LibreChat and our own are",
        "conversations-003.json 1 None the file ends before it is complete; export it again",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_damaged_archive_says_so_and_gives_what_it_can() {
    let mut archive = zip(&[("conversations-0.json", CLAUDE), ("conversations-1.json", CHATGPT)]);
    // Into the packed bytes of the first file.
    archive[200] ^= 0xFF;
    archive[300] ^= 0xFF;
    let records = read(&archive);
    let is_damage = |record: &Record| {
        matches!(
            record,
            Record::Unreadable { reason: Unreadable::Unpacking(_) | Unreadable::NotJson(_), .. }
        )
    };
    assert!(records.iter().any(is_damage), "{}", describe(&records));
    let chatgpt = records
        .iter()
        .filter(|r| matches!(r, Record::Conversation(c) if c.source == transfer::Source::Chatgpt));
    assert_eq!(chatgpt.count(), 3);
    archive.truncate(archive.len() / 2);
    assert!(matches!(read_with(&archive, Limits::default()), Err(ReadError::Archive(_))));
}

#[test]
fn a_deeply_nested_export_is_read_and_a_bottomless_one_refused() {
    let nested = |depth: usize| {
        let mut text = String::from("{\"conversationId\":\"deep\",\"messages\":[");
        for at in 0..depth {
            let _ = write!(
                text,
                "{{\"messageId\":\"{at}\",\"isCreatedByUser\":true,\"text\":\"m{at}\",\"children\":["
            );
        }
        text + &"]}".repeat(depth) + "]}"
    };
    let records = read(nested(4_900));
    let [Record::Conversation(conversation)] = records.as_slice() else { panic!() };
    assert_eq!(conversation.messages.len(), 4_900);
    assert_eq!(conversation.messages[4_899].parent, Some(4_898));

    let too_deep = |text: String| {
        let records = read(text);
        assert!(
            matches!(
                records.as_slice(),
                [Record::Unreadable { reason: Unreadable::TooDeep(_), .. }]
            ),
            "{}",
            describe(&records)
        );
    };
    too_deep(nested(6_000));
    // As deep as is let through, but not a conversation, or not even valid at its end.
    let reason = |text: String| match read(text).as_slice() {
        [Record::Unreadable { reason, .. }] => reason.clone(),
        other => panic!("{}", describe(other)),
    };
    let deep = format!("{}{}", "[".repeat(9_990), "]".repeat(9_990));
    assert_eq!(reason(format!("[{{\"a\":{deep}}}]")), Unreadable::UnknownFormat);
    assert!(matches!(reason(format!("[{{\"a\":{deep},bad}}]")), Unreadable::NotJson(_)));
}

#[test]
fn what_is_no_export_is_refused_as_a_whole() {
    assert!(matches!(read_with("<html>", Limits::default()), Err(ReadError::NotAnExport)));
    assert!(matches!(read_with([0u8, 159, 146], Limits::default()), Err(ReadError::NotAnExport)));
    assert!(read("").is_empty());
    assert!(read("\u{FEFF} \n").is_empty());
    let limits = Limits { conversation_bytes: 1000, ..Limits::default() };
    let large = format!("[{{\"chat_messages\":\"{}\"}}, 7]", "x".repeat(2000));
    let records = read_with(large, limits).unwrap();
    assert_eq!(
        describe(&records),
        "Unreadable { file: None, position: 1, title: None, reason: TooLarge(1000) }\n\
         Unreadable { file: None, position: 2, title: None, reason: UnknownFormat }\n"
    );
    let small = Limits { archive_bytes: 100, ..Limits::default() };
    let archive = zip(&[("conversations.json", CLAUDE)]);
    assert!(matches!(read_with(archive, small), Err(ReadError::ArchiveTooLarge(_))));
}

/// Writes what was read, in our format.
fn write(conversations: &[&Conversation]) -> String {
    use transfer::own;
    let now = conversations[0].created_at.unwrap();
    let mut text = own::header(now);
    let mut messages = 0;
    for (n, conversation) in conversations.iter().enumerate() {
        let id = |at: usize| format!("msg_{n}_{at}");
        let head = own::Head {
            id: format!("conv_{n}"),
            title: conversation.title.clone().unwrap_or_default(),
            title_source: "user".to_owned(),
            model: conversation.model.clone(),
            instructions: conversation.instructions.clone(),
            pinned: conversation.is_pinned,
            archived_at: conversation.archived.flatten(),
            chain: conversation.is_chain,
            metadata: conversation.metadata.clone(),
            head_id: conversation.head.map(id),
            created_at: conversation.created_at.unwrap_or(now),
            updated_at: conversation.updated_at.unwrap_or(now),
        };
        text += &own::open(&head).unwrap();
        for (at, message) in conversation.messages.iter().enumerate() {
            messages += 1;
            let line = own::Line {
                id: id(at),
                parent_id: message.parent.map(id),
                role: message.role,
                status: if message.is_complete { "completed" } else { "incomplete" }.to_owned(),
                content: message.text.clone(),
                parts: message.parts.clone(),
                reasoning: message.reasoning.clone(),
                calls: message.calls.clone(),
                call_id: message.call_id.clone(),
                model: message.model.clone(),
                annotations: message.annotations.clone(),
                attachments: message.attachments.clone(),
                response: message.response.map(|at| conversation.responses[at].clone()),
                created_at: message.created_at.unwrap_or(now),
                updated_at: message.updated_at.unwrap_or(now),
            };
            text += &own::message(&line, at == 0).unwrap();
        }
        text += own::close();
    }
    text + &own::end(conversations.len() as u64, messages)
}

fn conversations(records: &[Record]) -> Vec<&Conversation> {
    records
        .iter()
        .map(|record| match record {
            Record::Conversation(conversation) => &**conversation,
            other @ Record::Unreadable { .. } => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn our_own_export_is_read_as_it_was_written() {
    let first = read(CHATGPT);
    let text = write(&conversations(&first));
    let again = read(&text);
    assert_eq!(write(&conversations(&again)), text);
    assert_eq!(conversations(&again)[0].messages[1].role, Role::Assistant);

    // A cut file gives what is whole and says that there was more.
    let cut = &text[..text.len() - 200];
    let records = read(cut);
    assert!(matches!(
        records.last(),
        Some(Record::Unreadable { reason: Unreadable::Truncated, .. })
    ));
    let lines: Vec<&str> = text.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n");
    assert!(matches!(
        read(without_end).last(),
        Some(Record::Unreadable { reason: Unreadable::Truncated, .. })
    ));
    let newer = text.replace("\"version\":1", "\"version\":2");
    let records = read(newer);
    assert!(matches!(
        records.as_slice(),
        [Record::Unreadable { reason: Unreadable::TooNew { version: 2, known: 1 }, .. }]
    ));
    let damaged = text.replacen("\"role\":\"user\"", "\"role\":\"king\"", 1);
    assert!(matches!(
        read(damaged).first(),
        Some(Record::Unreadable { reason: Unreadable::Damaged(_), .. })
    ));
}

/// Conversations that are small as text and would be large in memory, of every format.
fn swollen() -> Vec<(&'static str, String)> {
    let many = |one: &str, count: usize| vec![one; count].join(",");
    let ours = |messages: &str| {
        format!(
            r#"{{"type":"conversation","id":"c","title":"t","title_source":"none","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","messages":[{messages}]}}"#
        )
    };
    let long = "a".repeat(1 << 20);
    let long = long.as_str();
    let message = |more: &str| {
        format!(
            r#"{{"id":"m","role":"user","status":"completed","content":"x","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z",{more}}}"#
        )
    };
    let id = "i".repeat(1_000);
    let wide: Vec<String> = (0..60_000).map(|at| format!("\"{at}\":0")).collect();
    let nodes: Vec<String> = (0..30_000).map(|at| format!("\"{at}\":{{}}")).collect();
    vec![
        ("numbers", format!(r#"{{"title":"x","mapping":[{}]}}"#, many("0", 200_000))),
        ("objects", format!(r#"{{"title":"x","mapping":{{"a":[{}]}}}}"#, many("{\"\":0}", 60_000))),
        ("arrays", format!(r#"{{"chat_messages":[{}]}}"#, many("[[]]", 60_000))),
        ("keys", format!(r#"{{"mapping":{{{}}}}}"#, wide.join(","))),
        ("one key", format!(r#"{{"mapping":{{{}}}}}"#, many("\"a\":0", 100_000))),
        ("nodes", format!(r#"{{"mapping":{{{}}}}}"#, nodes.join(","))),
        (
            "messages",
            format!(
                r#"{{"chat_messages":[{}]}}"#,
                many(r#"{"sender":"human","text":"x"}"#, 20_000)
            ),
        ),
        ("chats", format!(r#"{{"chat":{{"messages":[{}]}}}}"#, many("{}", 60_000))),
        (
            "children",
            format!(
                r#"{{"conversationId":"c","messages":[{{"messageId":"{id}","children":[{}]}}]}}"#,
                many("{}", 60_000)
            ),
        ),
        ("calls", ours(&message(&format!(r#""calls":[{}]"#, many("0", 20_000))))),
        (
            "files",
            ours(&message(&format!(r#""attachments":[{}]"#, many(r#"{"place":"p"}"#, 2_000)))),
        ),
        ("the id", ours("").replace(r#""id":"c""#, &format!(r#""id":"{long}""#))),
        (
            "a message's id",
            ours(&message("\"model\":null").replace("\"m\"", &format!("\"{long}\""))),
        ),
        ("a parent's id", ours(&message(&format!(r#""parent_id":"{long}""#)))),
        (
            "the head's id",
            ours("").replace(r#""id":"c""#, &format!(r#""id":"c","head_id":"{long}""#)),
        ),
        (
            "a response's id",
            ours(&message(&format!(
                r#""response":{{"id":"{long}","status":"completed","model":"m","provider":"p","created_at":"2026-01-01T00:00:00Z"}}"#
            ))),
        ),
        (
            "a call's id",
            ours(&message(&format!(
                r#""calls":[{{"id":"{long}","name":"n","arguments":"","status":"completed","offset":0}}]"#
            ))),
        ),
        (
            "what a response says",
            ours(&message(&format!(
                r#""response":{{"id":"r","status":"{long}","finish_reason":"{long}","model":"{long}","provider":"p","created_at":"2026-01-01T00:00:00Z"}}"#
            ))),
        ),
        ("lines", ours(&many(&message(r#""model":"m""#), 20_000))),
        (
            "text",
            format!(
                r#"{{"chat_messages":[{{"sender":"human","text":"{}"}}]}}"#,
                "x".repeat(3 << 20)
            ),
        ),
    ]
}

#[test]
fn s1_what_would_swell_in_memory_is_refused_and_takes_no_other_with_it() {
    let limits = Limits {
        conversation_bytes: 4 << 20,
        values: 100_000,
        memory: 6 << 20,
        ..Limits::default()
    };
    for (name, swollen) in swollen() {
        let fine = r#"{"uuid":"f","chat_messages":[{"uuid":"m","sender":"human","text":"Hi"}]}"#;
        for file in [
            format!("[{swollen},{fine}]").into_bytes(),
            format!("{swollen}\n{fine}\n").into_bytes(),
            zip(&[("conversations.json", format!("[{swollen},{fine}]").as_bytes())]),
        ] {
            let records = read_with(file, limits).unwrap();
            let [Record::Unreadable { reason, position: 1, .. }, Record::Conversation(_)] =
                records.as_slice()
            else {
                panic!("{name}: {} records", records.len())
            };
            assert!(
                matches!(
                    reason,
                    Unreadable::TooMany(_) | Unreadable::TooMuch(_) | Unreadable::Damaged(_)
                ),
                "{name}: {reason}"
            );
        }
    }
}

#[test]
fn s2_files_of_our_own_export_are_kept_as_those_of_others_are() {
    let long = "a".repeat(10_000);
    let file = format!(r#"{{"name":"{long}","type":"{long}","place":"{long}"}}"#);
    let files = vec![file.as_str(); 200].join(",");
    let line = format!(
        r#"{{"type":"conversation","id":"c","title":"t","title_source":"none","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","messages":[{{"id":"m","role":"user","status":"completed","content":"x","attachments":[{files}],"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}}]}}"#
    );
    let records = read(line);
    let kept = &conversations(&records)[0].messages[0].attachments;
    assert_eq!(kept.len(), 100);
    for file in kept {
        assert_eq!(file.place.len(), 2048);
        assert_eq!(file.name.as_ref().unwrap().len(), 255);
        assert_eq!(file.media_type.as_ref().unwrap().len(), 255);
    }
}

#[test]
fn s1_a_conversation_that_is_refused_is_named() {
    let file =
        format!(r#"{{"title":"The long one","mapping":{{"a":[{}0]}}}}"#, "0,".repeat(600_000));
    let limits = Limits { memory: 4 << 20, ..Limits::default() };
    let records = read_with(file, limits).unwrap();
    let [Record::Unreadable { title, reason, .. }] = records.as_slice() else { panic!() };
    assert_eq!(title.as_deref(), Some("The long one"));
    assert_eq!(reason.to_string(), "reading it would take more than 4194304 bytes of memory");
}

#[test]
fn s1_archives_are_bounded_by_their_list_and_by_what_they_unpack_to() {
    let too_large = |archive: Vec<u8>, limits: Limits| {
        assert!(matches!(read_with(archive, limits), Err(ReadError::ArchiveTooLarge(_))));
    };
    let names: Vec<String> = (0..50).map(|at| format!("conversations-{at}.json")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"[]"[..])).collect();
    too_large(zip(&files), Limits { archive_files: 49, ..Limits::default() });
    too_large(zip(&files), Limits { archive_list_bytes: 2_000, ..Limits::default() });
    assert!(read(zip(&files)).is_empty());
    // More empty room than the archive's size allows; a third of what any archive may have.
    let room = vec![b' '; 400_000];
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &room[..])).collect();
    too_large(zip(&files), Limits { archive_bytes: 1_000_000, ..Limits::default() });
    assert!(read(zip(&files)).is_empty());
}

#[test]
fn s1_a_file_of_nothing_but_oddities_is_given_up() {
    let mut seen = 0;
    let file = format!("[{}0]", "0,".repeat(100_000));
    let limits = Limits { unreadable: 100, ..Limits::default() };
    let ended = transfer::read(Cursor::new(file), limits, &Room::default(), |_| {
        seen += 1;
        ControlFlow::Continue(())
    });
    assert!(matches!(ended, Err(ReadError::TooManyUnreadable(100))));
    assert_eq!(seen, 100);
}

#[test]
fn s18_numbers_and_years_of_our_own_export_are_bounded() {
    let text = |usage: &str, year: &str| {
        let response = format!(
            r#"{{"id":"r","status":"completed","model":"m","provider":"p","usage":{usage},"created_at":"{year}-01-01T00:00:00Z"}}"#
        );
        format!(
            r#"{{"type":"conversation","id":"c","title":"t","title_source":"none","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","messages":[{{"id":"m","role":"assistant","status":"completed","content":"x","response":{response},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}}]}}"#
        )
    };
    let is_read = |text: String| matches!(read(text).as_slice(), [Record::Conversation(_)]);
    assert!(is_read(text(r#"{"input_tokens":7,"output_tokens":1000000000000}"#, "2026")));
    for odd in [r#"{"input_tokens":-1}"#, r#"{"cached_tokens":9223372036854775807}"#] {
        assert!(!is_read(text(odd, "2026")), "{odd}");
    }
    for year in ["+262142", "0001", "1969"] {
        assert!(!is_read(text("{}", year)), "{year}");
    }
}
