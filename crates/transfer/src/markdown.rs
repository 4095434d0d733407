//! A conversation as Markdown, for people to read and keep.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::conversation::{Annotation, Attachment, Part, Role, ToolCall};

/// The top of a document: title, model and instructions.
pub fn top(title: &str, created_at: DateTime<Utc>, instructions: Option<&str>) -> String {
    let title = if title.is_empty() { "Untitled conversation" } else { title };
    let mut text = format!(
        "# {}\n\n*{}*\n",
        one_line(title),
        created_at.to_rfc3339_opts(SecondsFormat::Secs, true)
    );
    if let Some(instructions) = instructions {
        let _ = write!(text, "\n## Instructions\n\n{}\n", quote(instructions));
    }
    text
}

/// What is said of a message.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Who speaks.
    pub role: Role,
    /// What was said.
    pub text: &'a str,
    /// What the model reasoned before.
    pub reasoning: Option<&'a str>,
    /// The calls of tools that the model made.
    pub calls: &'a [ToolCall],
    /// Of what a tool returned: the provider's id of the call.
    pub call_id: Option<&'a str>,
    /// The model.
    pub model: Option<&'a str>,
    /// Whether the text is whole.
    pub is_complete: bool,
    /// The sources that it names.
    pub annotations: &'a [Annotation],
    /// Its files.
    pub attachments: &'a [Attachment],
    /// All its parts, where images or files are among them; its texts are `text`.
    pub parts: &'a [Part],
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// A message. Headings inside of it stay as they are: the text is the author's.
pub fn message(entry: &Entry<'_>) -> String {
    let speaker = match (entry.role, entry.model) {
        (Role::User, _) => "User".to_owned(),
        (Role::System, _) => "System".to_owned(),
        (Role::Assistant | Role::Call | Role::Reasoning, Some(model)) => {
            format!("Assistant ({})", one_line(model))
        }
        (Role::Assistant | Role::Call | Role::Reasoning, None) => "Assistant".to_owned(),
        (Role::Tool, _) => match entry.call_id {
            Some(id) => format!("Tool result ({})", one_line(id)),
            None => "Tool result".to_owned(),
        },
    };
    let at = entry.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut text = format!("\n## {speaker}\n\n*{at}*\n\n");
    if let Some(reasoning) = entry.reasoning {
        let _ = write!(text, "{}\n\n", quote(reasoning));
    }
    for call in entry.calls {
        let _ = write!(text, "*Tool: {}*\n\n{}\n\n", one_line(&call.name), code(&call.arguments));
    }
    if entry.role == Role::Tool {
        // Data, which Markdown would garble.
        text.push_str(&code(entry.text));
    } else if entry.role == Role::Reasoning {
        text.push_str(&quote(entry.text));
    } else {
        text.push_str(entry.text.trim_end());
    }
    text.push('\n');
    if !entry.annotations.is_empty() {
        text.push_str("\nSources:\n\n");
    }
    for (number, source) in (1..).zip(entry.annotations) {
        let Annotation { url, title, .. } = source;
        // Angle brackets keep whatever is in an address, and these two cannot be.
        let url = url.replace('<', "%3C").replace('>', "%3E");
        let _ = writeln!(text, "{number}. [{}](<{}>)", label(title), one_line(&url));
    }
    for part in entry.parts {
        text.push_str(&shown(part));
    }
    for file in entry.attachments {
        let name = file.name.as_deref().unwrap_or(&file.place);
        let _ = write!(text, "\n*File: {} ({})*\n", one_line(name), one_line(&file.place));
    }
    if !entry.is_complete {
        text.push_str("\n*(This answer was not finished.)*\n");
    }
    text
}

/// Between two conversations of one document.
pub const fn between() -> &'static str {
    "\n---\n\n"
}

/// A part that is not text: a link where it has an address of the web, else its name. The bytes of a
/// data URL are nothing to read.
fn shown(part: &Part) -> String {
    let (kind, name, url) = match part {
        Part::Text { .. } => return String::new(),
        Part::Image { url, .. } => ("Image", None, Some(url)),
        Part::File { filename, url, .. } => ("File", filename.as_deref(), url.as_ref()),
    };
    let is_web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    match (url.filter(is_web), name) {
        (Some(url), name) => {
            let address = one_line(&url.replace('<', "%3C").replace('>', "%3E"));
            format!("\n*{kind}: [{}](<{address}>)*\n", label(name.unwrap_or(url)))
        }
        (None, Some(name)) => format!("\n*{kind}: {}*\n", one_line(name)),
        (None, None) => format!("\n*{kind}*\n"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text within the brackets of a link.
fn label(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

fn quote(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { ">".to_owned() } else { format!("> {line}") };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// An indented block: nothing in it can end it.
fn code(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_reads_well() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let file = Attachment {
            name: Some("sky.png".to_owned()),
            media_type: None,
            size: None,
            place: "file-1".to_owned(),
        };
        let call = ToolCall {
            id: "call_1".to_owned(),
            name: "look\nup".to_owned(),
            arguments: "{\"of\":\n\"sky\"}".to_owned(),
            status: "completed".to_owned(),
            offset: 0,
        };
        let mut text = top("Sky\n# and more", at, Some("Be brief.\n\nAnd kind."));
        text += &message(&Entry {
            role: Role::User,
            text: "Why is it *blue*?\n",
            reasoning: None,
            calls: &[],
            call_id: None,
            model: None,
            is_complete: true,
            annotations: &[],
            attachments: &[file],
            parts: &[],
            at,
        });
        text += &message(&Entry {
            role: Role::Assistant,
            text: "Because",
            reasoning: Some("Light.\nAir."),
            calls: &[call],
            call_id: None,
            model: Some("gpt"),
            is_complete: false,
            annotations: &[Annotation {
                url: "https://example.org/a(b)<c>".to_owned(),
                title: "On [blue]\nlight".to_owned(),
                start_index: 0,
                end_index: 0,
            }],
            attachments: &[],
            parts: &[],
            at,
        });
        text += &message(&Entry {
            role: Role::Tool,
            text: "{\"is\":\n\"blue\"}\n",
            reasoning: None,
            calls: &[],
            call_id: Some("call_1"),
            model: None,
            is_complete: true,
            annotations: &[],
            attachments: &[],
            parts: &[],
            at,
        });
        let parts = [
            Part::Text { text: "Look".to_owned() },
            Part::Image { url: "https://example.org/a.png".to_owned(), detail: None },
            Part::Image { url: "data:image/png;base64,AA".to_owned(), detail: None },
            Part::File {
                filename: Some("a\nb.pdf".to_owned()),
                data: Some("data:application/pdf;base64,AA".to_owned()),
                url: None,
            },
        ];
        let pictures = message(&Entry {
            role: Role::User,
            text: "Look",
            reasoning: None,
            calls: &[],
            call_id: None,
            model: None,
            is_complete: true,
            annotations: &[],
            attachments: &[],
            parts: &parts,
            at,
        });
        assert!(pictures.ends_with(
            "Look\n\n*Image: [https://example.org/a.png](<https://example.org/a.png>)*\n\n\
             *Image*\n\n*File: a b.pdf*\n"
        ));
        let expected = "# Sky # and more\n\n*2023-11-14T22:13:20Z*\n\n## Instructions\n\n\
            > Be brief.\n>\n> And kind.\n\n## User\n\n*2023-11-14T22:13:20Z*\n\nWhy is it *blue*?\n\n\
            *File: sky.png (file-1)*\n\n## Assistant (gpt)\n\n*2023-11-14T22:13:20Z*\n\n\
            > Light.\n> Air.\n\n*Tool: look up*\n\n    {\"of\":\n    \"sky\"}\n\nBecause\n\nSources:\n\n1. [On \\[blue\\] light](<https://example.org/a(b)%3Cc%3E>)\n\n*(This answer was not finished.)*\n\n\
            ## Tool result (call_1)\n\n*2023-11-14T22:13:20Z*\n\n    {\"is\":\n    \"blue\"}\n";
        assert_eq!(text, expected);
    }
}
