//! Conversations without branches, as the tables of a plain chat service have them: messages in
//! no order, each with an id, a sender and perhaps a time.

use chrono::{DateTime, Utc};

use crate::conversation::{Conversation, Message, Note, Role, Source};
use crate::read::without_nul;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A person.
    User,
    /// The model.
    Assistant,
    /// The operator or the application.
    System,
    /// A tool.
    Tool,
    /// Nothing says who.
    Unknown,
}

impl Sender {
    /// The one that a word stands for.
    pub fn named(word: &str) -> Self {
        match word.trim().to_lowercase().as_str() {
            "user" | "human" | "person" | "customer" | "client" => Self::User,
            "assistant" | "ai" | "bot" | "model" | "agent" | "chatbot" | "llm" | "gpt" => {
                Self::Assistant
            }
            "system" | "developer" => Self::System,
            "tool" | "function" => Self::Tool,
            _ => Self::Unknown,
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its id as a text.
    pub id: String,
    /// The same as a number, where ids are numbers: they rise as messages are written.
    pub number: Option<i128>,
    /// Who wrote it.
    pub sender: Sender,
    /// What was said.
    pub text: String,
    /// When, as far as that is known.
    pub at: Option<DateTime<Utc>>,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// The product it comes from.
    pub source: Source,
    /// Its id there.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// Its messages, in any order.
    pub messages: Vec<Said>,
}

impl From<Plain> for Conversation {
    /// One branch: by time, then by id. Of messages with one time whose ids say nothing about
    /// their order, question and answer take turns.
    fn from(plain: Plain) -> Self {
        let mut conversation = Self::new(plain.source);
        conversation.source_id = Some(plain.id);
        conversation.title = plain.title;
        conversation.created_at = plain.created_at;
        for said in ordered(plain.messages, &mut conversation) {
            let role = match said.sender {
                Sender::User => Role::User,
                Sender::Assistant => Role::Assistant,
                // What stands before all others is what the model was told.
                Sender::System
                    if conversation.messages.is_empty()
                        && conversation.instructions.is_none()
                        && !said.text.trim().is_empty() =>
                {
                    conversation.instructions = Some(said.text);
                    continue;
                }
                skipped => {
                    conversation.notes.add(match skipped {
                        Sender::System => Note::SystemSkipped,
                        Sender::Tool => Note::ToolSkipped,
                        _ => Note::SenderSkipped,
                    });
                    continue;
                }
            };
            if said.text.trim().is_empty() {
                conversation.notes.add(Note::EmptySkipped);
                continue;
            }
            conversation.messages.push(Message {
                source_id: Some(said.id),
                parent: conversation.messages.len().checked_sub(1),
                role,
                text: said.text,
                reasoning: None,
                calls: Vec::new(),
                call_id: None,
                parts: Vec::new(),
                model: None,
                is_complete: true,
                annotations: Vec::new(),
                attachments: Vec::new(),
                response: None,
                created_at: said.at,
                updated_at: None,
            });
        }
        conversation.head = conversation.messages.len().checked_sub(1);
        let newest = conversation.messages.iter().filter_map(|message| message.created_at).max();
        // The time of a row hardly ever tells when its conversation was last written in.
        conversation.updated_at = plain.updated_at.max(newest);
        without_nul(&mut conversation);
        conversation
    }
}

/// Messages as they were said.
fn ordered(mut messages: Vec<Said>, conversation: &mut Conversation) -> Vec<Said> {
    messages.sort_by(|one, other| (one.number, &one.id).cmp(&(other.number, &other.id)));
    // A message without a time is as old as the one whose number comes before.
    let mut before = None;
    for said in &mut messages {
        if said.at.is_none() {
            conversation.notes.add(Note::TimeUnknown);
            said.at = before.filter(|_| said.number.is_some());
        }
        before = said.at.or(before);
    }
    messages.sort_by_key(|said| said.at);
    let mut ordered: Vec<Said> = Vec::with_capacity(messages.len());
    let mut left = messages.into_iter().peekable();
    while let Some(first) = left.next() {
        let mut same = vec![first];
        while let Some(next) =
            left.next_if(|next| same.first().is_some_and(|one| one.at == next.at))
        {
            same.push(next);
        }
        if same.len() > 1 && !same.iter().all(says_its_order) {
            same = in_turns(same, ordered.last().map(|said| said.sender));
        }
        ordered.extend(same);
    }
    ordered
}

/// Whether ids like this one rise as messages are written: numbers, and UUIDs that begin with a
/// time.
fn says_its_order(said: &Said) -> bool {
    let is_uuid = said.id.len() == 36 && said.id.as_bytes().get(8) == Some(&b'-');
    said.number.is_some() || is_uuid && matches!(said.id.as_bytes().get(14), Some(b'6' | b'7'))
}

/// Messages of one time: those of the system first, then question and answer in turns, beginning
/// with the sender who did not speak `before`.
fn in_turns(messages: Vec<Said>, before: Option<Sender>) -> Vec<Said> {
    let (answers, others): (Vec<_>, Vec<_>) =
        messages.into_iter().partition(|said| said.sender == Sender::Assistant);
    let (system, questions): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|said| said.sender == Sender::System);
    let mut ordered = system;
    let (mut questions, mut answers) = (questions.into_iter(), answers.into_iter());
    let mut is_answer = before == Some(Sender::User);
    loop {
        let next = if is_answer {
            answers.next().or_else(|| questions.next())
        } else {
            questions.next().or_else(|| answers.next())
        };
        let Some(next) = next else { return ordered };
        is_answer = next.sender != Sender::Assistant;
        ordered.push(next);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(id: &str, sender: Sender, seconds: Option<i64>) -> Said {
        Said {
            id: id.to_owned(),
            number: id.parse().ok(),
            sender,
            text: format!("text of {id}"),
            at: seconds
                .map(|seconds| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()),
        }
    }

    fn conversation(messages: Vec<Said>) -> Conversation {
        Conversation::from(Plain {
            source: Source::Fastapi,
            id: "7".to_owned(),
            title: None,
            created_at: None,
            updated_at: None,
            messages,
        })
    }

    fn ids(conversation: &Conversation) -> Vec<&str> {
        conversation.messages.iter().filter_map(|one| one.source_id.as_deref()).collect()
    }

    #[test]
    fn messages_are_in_the_order_of_time_and_then_of_their_numbers() {
        use Sender::{Assistant, User};
        let found = conversation(vec![
            said("10", Assistant, Some(5)),
            said("9", User, Some(5)),
            said("2", User, Some(7)),
            said("11", Assistant, None),
            said("1", User, Some(1)),
        ]);
        assert_eq!(ids(&found), ["1", "9", "10", "11", "2"]);
        let parents: Vec<_> = found.messages.iter().map(|message| message.parent).collect();
        assert_eq!(parents, [None, Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(found.head, Some(4));
        assert_eq!(found.notes.count(Note::TimeUnknown), 1);
        assert_eq!(found.messages[3].created_at, found.messages[2].created_at);
    }

    #[test]
    fn of_one_second_questions_and_answers_take_turns_where_ids_are_random() {
        use Sender::{Assistant, User};
        let (a, b, c, d) = (
            "0f000000-0000-4000-8000-000000000000",
            "1f000000-0000-4000-8000-000000000000",
            "2f000000-0000-4000-8000-000000000000",
            "3f000000-0000-4000-8000-000000000000",
        );
        let found = conversation(vec![
            said(a, Assistant, Some(5)),
            said(b, Assistant, Some(5)),
            said(c, User, Some(5)),
            said(d, User, Some(5)),
        ]);
        assert_eq!(ids(&found), [c, a, d, b]);
        let found = conversation(vec![
            said(a, User, Some(5)),
            said(d, User, Some(4)),
            said(b, Assistant, Some(5)),
        ]);
        assert_eq!(ids(&found), [d, b, a]);
        let timed = a.replace("-4000-", "-7000-");
        let found = conversation(vec![said(&timed, Assistant, Some(5))]);
        assert_eq!(ids(&found), [timed.as_str()]);
    }

    #[test]
    fn what_is_not_imported_is_noted() {
        let mut messages = vec![
            said("1", Sender::System, Some(0)),
            said("2", Sender::User, Some(1)),
            said("3", Sender::System, Some(2)),
            said("4", Sender::Tool, Some(3)),
            said("5", Sender::Unknown, Some(4)),
            said("6", Sender::Assistant, Some(5)),
            said("7", Sender::Assistant, Some(6)),
        ];
        messages[5].text = " \n".to_owned();
        messages[6].text = "nul \0".to_owned();
        let found = conversation(messages);
        assert_eq!(ids(&found), ["2", "7"]);
        assert_eq!(found.instructions.as_deref(), Some("text of 1"));
        assert_eq!(found.messages[1].text, "nul \u{fffd}");
        for note in [
            Note::SystemSkipped,
            Note::ToolSkipped,
            Note::SenderSkipped,
            Note::EmptySkipped,
            Note::NulReplaced,
        ] {
            assert_eq!(found.notes.count(note), 1, "{note:?}");
        }
    }

    #[test]
    fn activity_is_the_newest_message_when_the_row_is_older() {
        let mut plain = Plain {
            source: Source::Fastapi,
            id: "7".to_owned(),
            title: None,
            created_at: None,
            updated_at: DateTime::from_timestamp(1_600_000_000, 0),
            messages: vec![said("1", Sender::User, Some(0))],
        };
        let newest = Conversation::from(plain.clone()).updated_at;
        assert_eq!(newest, DateTime::from_timestamp(1_700_000_000, 0));
        plain.updated_at = DateTime::from_timestamp(1_800_000_000, 0);
        let found = Conversation::from(plain.clone());
        assert_eq!(found.updated_at, plain.updated_at);
    }

    proptest! {
        #[test]
        fn no_message_is_lost_and_time_never_goes_back(
            list in prop::collection::vec((0u8..3, 0i64..4, any::<bool>()), 0..20),
        ) {
            let messages = list.iter().enumerate().map(|(at, (sender, seconds, is_number))| {
                let sender = match sender {
                    0 => Sender::User,
                    _ => Sender::Assistant,
                };
                let id = if *is_number { at.to_string() } else { format!("id-{at}") };
                said(&id, sender, (*seconds > 0).then_some(*seconds))
            });
            let found = conversation(messages.collect());
            prop_assert_eq!(found.messages.len(), list.len());
            prop_assert!(found.messages.is_sorted_by_key(|message| message.created_at));
        }
    }
}
