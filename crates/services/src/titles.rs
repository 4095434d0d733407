//! The title a conversation has until its owner sets one.

use schemas::validate::MAX_TITLE_CHARS;

/// The first line of `content` that says something, cut to the length of a title.
pub(crate) fn first_line(content: &str) -> String {
    let around = |c: char| c.is_whitespace() || c.is_control();
    let mut lines = content.lines().map(|line| line.trim_matches(around));
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
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
    let lines = || answer.lines().map(str::trim);
    let is_list = lines().any(|line| line.starts_with("2."));
    let lines = lines().filter(|line| !line.starts_with("```"));
    // "Here is a title:" is none.
    lines.filter(|line| !line.ends_with([':', '：'])).find_map(|line| {
        let first = line.strip_prefix("1.").filter(|_| is_list);
        from_line(first.unwrap_or(line))
    })
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

/// The names under which a title stands in JSON.
const NAMES: [&str; 4] = ["title", "Title", "name", "conversation_title"];

/// The title in JSON, perhaps in a fence.
fn in_json(answer: &str) -> Option<String> {
    let start = answer.find(['{', '['])?;
    let end = answer.rfind(['}', ']']).unwrap_or_default();
    let json = answer.get(start..=end).and_then(|json| serde_json::from_str(json).ok());
    let is_all = || {
        let before = answer.get(..start).unwrap_or_default().trim().trim_start_matches("```");
        let behind = answer.get(end..).unwrap_or_default().trim_start_matches(['}', ']']).trim();
        matches!(before, "" | "json") && (behind.is_empty() || behind.starts_with("```"))
    };
    match json {
        Some(json) if is_all() => in_value(&json, 0),
        // In a sentence only what is called a title is one.
        Some(serde_json::Value::Object(fields)) => named(&fields, 0),
        Some(_) => None,
        None => in_cut_json(answer.get(start..)?),
    }
}

/// The field that is called a title.
fn named(fields: &serde_json::Map<String, serde_json::Value>, depth: u8) -> Option<String> {
    NAMES.into_iter().find_map(|name| in_value(fields.get(name)?, depth + 1))
}

fn in_value(json: &serde_json::Value, depth: u8) -> Option<String> {
    use serde_json::Value;
    if depth > 3 {
        return None;
    }
    match json {
        Value::String(text) => Some(text.clone()).filter(|_| depth > 0),
        Value::Array(items) => items.iter().find_map(|item| in_value(item, depth + 1)),
        Value::Object(fields) => {
            let inner = fields.values().filter(|value| value.is_object());
            let alone = fields.values().next().filter(|_| fields.len() == 1);
            named(fields, depth)
                .or_else(|| inner.chain(alone).find_map(|value| in_value(value, depth + 1)))
        }
        _ => None,
    }
}

/// The title in what was to be JSON: it was cut off, or is in single quotes.
fn in_cut_json(text: &str) -> Option<String> {
    ['"', '\''].into_iter().find_map(|quote| {
        NAMES.into_iter().find_map(|name| {
            let (_, rest) = text.split_once(&format!("{quote}{name}{quote}"))?;
            let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix(quote)?;
            value.split(quote).next().map(str::to_owned)
        })
    })
}

/// What stands around titles, in pairs.
const PAIRS: [(&str, &str); 16] = [
    ("**", "**"),
    ("*", "*"),
    ("__", "__"),
    ("_", "_"),
    ("`", "`"),
    ("\"", "\""),
    ("'", "'"),
    ("“", "”"),
    ("„", "“"),
    ("”", "”"),
    ("‘", "’"),
    ("«", "»"),
    ("»", "«"),
    ("「", "」"),
    ("『", "』"),
    ("《", "》"),
];
/// What stands before lines.
const MARKERS: [&str; 5] = ["- ", "* ", "• ", "> ", "– "];
/// What a line begins with that leads to a title, and how a refusal begins.
const LEADS: [&str; 10] =
    ["sure", "here", "certainly", "of course", "okay", "ok,", "the title", "a ", "an ", "my "];
const REFUSALS: [&str; 6] = ["i'm sorry", "i’m sorry", "i cannot", "i can't", "i can’t", "sorry, "];
const LABELS: [&str; 6] = ["title", "titel", "titre", "título", "标题", "タイトル"];
/// What comes before the word in a label.
const KINDS: [&str; 5] = ["suggested", "proposed", "conversation", "chat", "the"];

/// The title in a line, if it says something.
fn from_line(line: &str) -> Option<String> {
    // What templates put at the end.
    let line = line.rsplit_once("<|message|>").map_or(line, |(_, line)| line);
    let line = line.split("<|").next().unwrap_or_default().replace("</s>", "");
    let words: Vec<&str> = line.split(is_blank).filter(|word| !word.is_empty()).collect();
    let line = first_line(&words.join(" "));
    let line = behind_label(unwrapped(&line));
    let begins = |heads: &[&str]| heads.iter().any(|head| line.to_lowercase().starts_with(head));
    if begins(&REFUSALS) || tag_name(line).is_some_and(|(_, rest)| rest.is_empty()) {
        return None;
    }
    let mut title: String = line.chars().take(MAX_MODEL_CHARS).collect();
    if title.len() < line.len() {
        title.pop();
        title.push('…');
    }
    Some(title).filter(|title| title.chars().any(char::is_alphanumeric))
}

/// Whether nothing is to be seen of a character.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A line without marks before it and pairs around it.
fn unwrapped(mut line: &str) -> &str {
    loop {
        let rest = without_one(line.trim());
        if rest.len() == line.len() {
            return line;
        }
        line = rest;
    }
}

fn without_one(line: &str) -> &str {
    let heading = line.trim_start_matches('#');
    if heading.len() < line.len() && heading.starts_with(' ') {
        return heading;
    }
    if let Some(rest) = MARKERS.iter().find_map(|marker| line.strip_prefix(marker)) {
        return rest;
    }
    for (open, close) in PAIRS {
        let Some(rest) = line.strip_prefix(open) else { continue };
        let inner = rest.strip_suffix(close).unwrap_or(rest);
        // Nothing else that it could belong to.
        if !(inner.contains(open) || inner.contains(close)) {
            return inner;
        }
    }
    if let Some((name, rest)) = tag_name(line)
        && let Some(inner) = rest.strip_suffix(&format!("</{name}>"))
    {
        return inner;
    }
    line.strip_suffix(['.', '。']).unwrap_or(line)
}

/// The name of the tag that a line begins with, and what follows it.
fn tag_name(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('<')?.split_once('>')?;
    let bare = name.strip_prefix('/').unwrap_or(name);
    let is_name = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_alphanumeric());
    is_name.then_some((name, rest))
}

/// What follows "Title:", "Here is a title for it:" or "The title is" in a line.
fn behind_label(line: &str) -> &str {
    let is_label = |head: &str| {
        let head = head.to_lowercase();
        let mut words = head.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let leads = LEADS.iter().any(|lead| head.starts_with(lead));
        let last = words.clone().next_back().unwrap_or_default();
        // A title may itself end a clause with the word.
        let first = words.clone().next().unwrap_or_default();
        let is_named = first == last || KINDS.contains(&first);
        is_named && LABELS.contains(&last) || leads && words.any(|word| LABELS.contains(&word))
    };
    if let Some((head, rest)) = line.split_once([':', '：'])
        && is_label(head)
    {
        let rest = rest.trim_start_matches(['*', '_', ' ']);
        return if rest.is_empty() { line } else { unwrapped(rest) };
    }
    for verb in [" is ", " would be ", " could be "] {
        if let Some((head, rest)) = line.split_once(verb)
            && is_label(head)
            && PAIRS.iter().any(|(open, _)| rest.starts_with(open))
        {
            return unwrapped(rest);
        }
    }
    line
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
        // Found by fuzzing.
        assert_eq!(first_line("\u{7}\n\u{7} Hello\u{7}"), "Hello");
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
            "- Oslo in May",
            "1. Oslo in May\n2. A trip",
            "Sure! Here is a title for your conversation: \"Oslo in May\"",
            "The title of this conversation is \"Oslo in May\".",
            "Suggested title: Oslo in May",
            "**Title**: Oslo in May",
            "[{\"title\":\"Oslo in May\"}]",
            "[\"Oslo in May\"]",
            "{\"title\": {\"text\": \"Oslo in May\"}}",
            "{\"response\":{\"title\":\"Oslo in May\"}}",
            "{'title': 'Oslo in May'}",
            "```json\n{\"title\":\"Oslo in May",
            "<answer>Oslo in May</answer>",
            "<title>\nOslo in May\n</title>",
            "<b>Oslo in May</b>",
            "\"Oslo in May",
            "Oslo in May</s>",
            "Oslo in May<|im_end|>",
            "<|channel|>final<|message|>Oslo in May",
            "\u{202e}Oslo\tin\u{2028}May",
            "I'm sorry, I cannot.\nOslo in May",
        ] {
            assert_eq!(from_model(answer).as_deref(), Some("Oslo in May"), "{answer}");
        }
        assert_eq!(from_model("Vectors < and > in C++").as_deref(), Some("Vectors < and > in C++"));
        for whole in [
            "C++ vs C#",
            "\"Null\" in C",
            "Rock 'n' Roll",
            "'Rock' and 'Roll'",
            "3. Liga",
            "Is 3 < 5?",
            "Sets {a} and [b]",
            "Arrays: [1, 2]",
            "Sorting [\"b\", \"a\"] in Python",
            "What a title is",
            "Title",
            "Oslo: a guide",
            "Parsing {\"id\": \"x\"} in Rust",
            "Choosing a job title: tips",
            "World title: boxing history",
        ] {
            assert_eq!(from_model(whole).as_deref(), Some(whole));
        }
        assert_eq!(from_model("I'm sorry, I cannot help with that."), None);
        assert_eq!(from_model("Titles of books").as_deref(), Some("Titles of books"));
        assert_eq!(from_model("Title").as_deref(), Some("Title"));
        for nothing in ["```json\n```", "Here is a title:", "<think>x</think>", "<think>x", "{}"] {
            assert_eq!(from_model(nothing), None, "{nothing}");
        }
    }
}
