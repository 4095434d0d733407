//! The title a conversation has until somebody sets one.

use schemas::validate::MAX_TITLE_CHARS;

/// The first line of `content` that says something, cut to the length of a title.
pub(crate) fn first_line(content: &str) -> String {
    let line = content.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let title: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_TITLE_CHARS + 1)
        .collect();
    if title.chars().count() <= MAX_TITLE_CHARS {
        return title;
    }
    let mut cut: String = title.chars().take(MAX_TITLE_CHARS - 1).collect();
    cut.push('…');
    cut
}

/// How long a title of a model may be, in characters.
const MAX_MODEL_CHARS: usize = 80;

/// The longest name of a tag that models put around their reasoning.
const MAX_TAG_BYTES: usize = 20;

/// The title in a model's answer, without what models put before and around one, or nothing.
pub(crate) fn from_model(answer: &str) -> Option<String> {
    let answer = behind_reasoning(answer);
    if let Some(title) = in_json(answer) {
        return from_line(&title);
    }
    let lines = answer.lines().filter(|line| !line.trim_start().starts_with("```"));
    // "Here is a title:" is none.
    lines.filter(|line| !line.trim_end().ends_with([':', '：'])).find_map(from_line)
}

/// What follows blocks such as `<thinking>…</thinking>`.
fn behind_reasoning(answer: &str) -> &str {
    let mut answer = answer.trim_start();
    while let Some(rest) = behind_block(answer) {
        answer = rest.trim_start();
    }
    // The opening tag may have been part of the prompt.
    answer.rsplit_once("</think>").map_or(answer, |(_, title)| title)
}

/// The names of tags that hold nothing but reasoning.
const REASONING: [&str; 6] = ["think", "thinking", "thought", "thoughts", "reason", "reasoning"];

fn behind_block(answer: &str) -> Option<&str> {
    let (open, close) = match answer.chars().next()? {
        '<' => ('<', '>'),
        '[' => ('[', ']'),
        _ => return None,
    };
    let (name, rest) = answer.strip_prefix(open)?.split_once(close)?;
    let name = name.to_ascii_lowercase();
    let is_name = name.len() <= MAX_TAG_BYTES && name.chars().all(|c| c.is_ascii_alphanumeric());
    if !is_name || name.is_empty() {
        return None;
    }
    let is_reasoning = REASONING.contains(&name.as_str());
    let tag = format!("{open}/{name}{close}");
    let Some(at) = rest.to_ascii_lowercase().find(&tag) else {
        return is_reasoning.then_some("");
    };
    let behind = rest.get(at + tag.len()..)?;
    // A title may itself be in tags.
    (is_reasoning || !behind.trim().is_empty()).then_some(behind)
}

/// The title in an object, perhaps in a fence.
fn in_json(answer: &str) -> Option<String> {
    let object = answer.get(answer.find('{')?..=answer.rfind('}')?)?;
    let object: serde_json::Value = serde_json::from_str(object).ok()?;
    ["title", "Title", "name", "conversation_title"]
        .into_iter()
        .find_map(|key| object.get(key)?.as_str().map(str::to_owned))
}

/// The title in a line, if it says something.
fn from_line(line: &str) -> Option<String> {
    let around = |c: char| c.is_whitespace() || "\"'`*_#<>“”„«»「」『』".contains(c);
    let line = first_line(line);
    let mut line = line.trim_matches(around);
    for label in ["title", "conversation title", "titel", "titre", "título", "标题", "タイトル"]
    {
        let begins = line.get(..label.len()).is_some_and(|it| it.to_lowercase() == label);
        let rest = line.get(label.len()..).filter(|_| begins).map(|rest| rest.trim_matches(around));
        if let Some(rest) = rest.and_then(|rest| rest.strip_prefix([':', '：'])) {
            line = rest.trim_matches(around);
            break;
        }
    }
    // `<title>Oslo</title>`
    let line = line.strip_prefix("title>").unwrap_or(line);
    let line = line.strip_suffix("</title").unwrap_or(line).trim_matches(around);
    let line = line.strip_suffix(['.', '。']).unwrap_or(line).trim_matches(around);
    let mut title: String = line.chars().take(MAX_MODEL_CHARS).collect();
    if title.len() < line.len() {
        title.pop();
        title.push('…');
    }
    Some(title).filter(|title| title.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_line_with_something_in_it() {
        assert_eq!(first_line("\n  \r\n  Hello there \nsecond"), "Hello there");
        assert_eq!(first_line(&"ä".repeat(300)).chars().count(), MAX_TITLE_CHARS);
        assert_eq!(first_line(&"ä".repeat(255)), "ä".repeat(255));
        assert_eq!(first_line("a\u{7}b"), "a b");
    }

    #[test]
    fn a_title_of_a_model_is_taken_out_of_its_answer() {
        for (answer, title) in [
            ("Oslo in May", Some("Oslo in May")),
            ("\n **\"Oslo in May.\"**\n\nI chose this", Some("Oslo in May")),
            ("# Title: Oslo in May.", Some("Oslo in May")),
            ("「奥斯陆」", Some("奥斯陆")),
            (" \"\" ", None),
            ("...", None),
            ("", None),
        ] {
            assert_eq!(from_model(answer).as_deref(), title, "{answer}");
        }
        let long = from_model(&"ä".repeat(100)).unwrap();
        assert_eq!((long.chars().count(), long.chars().last()), (80, Some('…')));
    }

    #[test]
    fn f17_what_stands_before_a_title_is_no_title() {
        for answer in [
            "<thinking>x</thinking>\nOslo in May",
            "<think>\nHm.\n</think>\n\n\"Oslo in May\"",
            "<THINK>a</THINK><reasoning>b</reasoning>Oslo in May",
            "[THINK]x[/THINK]Oslo in May",
            "Hm.\n</think>\nOslo in May",
            "```json\n{\"title\": \"Oslo in May\"}\n```",
            "```json\n{\n  \"title\": \"Oslo in May.\",\n  \"emoji\": \"x\"\n}\n```\nDone.",
            "{\"title\":\"Oslo in May\"}",
            "<think>x</think>\n```json\n{\"title\": \"Oslo in May\"}\n```",
            "```\nOslo in May\n```",
            "Title: Oslo in May",
            "**Title:** Oslo in May",
            "**Title: \"Oslo in May\"**",
            "Here is a title:\n\nOslo in May",
            "Sure! A title for it:\n**Oslo in May**",
            "<title>Oslo in May</title>",
            "# *Oslo in May*",
        ] {
            assert_eq!(from_model(answer).as_deref(), Some("Oslo in May"), "{answer}");
        }
        assert_eq!(from_model("Vectors < and > in C++").as_deref(), Some("Vectors < and > in C++"));
        assert_eq!(from_model("Titles of books").as_deref(), Some("Titles of books"));
        assert_eq!(from_model("Title").as_deref(), Some("Title"));
        for nothing in ["```json\n```", "Here is a title:", "<think>x</think>", "<think>x", "{}"] {
            assert_eq!(from_model(nothing), None, "{nothing}");
        }
    }
}
