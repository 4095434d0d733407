//! What of a reply is shown, and whether what is shown is so.

use std::collections::HashMap;

use serde_json::Value;

use super::exchange::Exchange;
use super::guide::Shown;
use super::json::{ELLIPSIS, Json, is_word};

/// The most characters of a text that are shown.
const MAX_CHARS: usize = 64;

/// Stands for every moment, which differ from run to run.
const TIME: &str = "2026-05-04T09:30:00.123456Z";
const UNIX_TIME: i64 = 1_777_887_000;

/// Stable names of what has another id in every run.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// A reply as it is shown: in lines, without what differs from run to run.
    pub(crate) fn describe(&mut self, call: &Exchange) -> Shown {
        let body = match call.media_type.as_str() {
            "application/json" => self.document(&call.body),
            "application/x-ndjson" => self.lines(&call.body),
            "text/event-stream" => self.events(&call.body),
            _ => String::new(),
        };
        let media_type = Some(&call.media_type)
            .filter(|name| !name.is_empty() && name.as_str() != "application/json");
        Shown { status: call.status, media_type: media_type.cloned(), body }
    }

    fn document(&mut self, text: &str) -> String {
        let mut json = Json::read(text).unwrap_or_else(|error| panic!("{error}"));
        self.settle(&mut json);
        let text = json.pretty(0);
        // A description of itself or the like is nothing to be read here.
        let text = if text.lines().count() > 120 { json.outline().pretty(0) } else { text };
        text + "\n"
    }

    fn lines(&mut self, text: &str) -> String {
        let mut shown = String::new();
        for line in text.lines() {
            let mut json = Json::read(line).unwrap_or_else(|error| panic!("{error}"));
            self.settle(&mut json);
            shown += &(json.outline().line() + "\n");
        }
        shown
    }

    /// The events, of several of a kind in a row the first.
    fn events(&mut self, text: &str) -> String {
        let (mut shown, mut last) = (String::new(), None);
        for frame in text.split("\n\n") {
            let Some((head, data)) = frame.split_once("data: ") else { continue };
            if data.trim() == "[DONE]" {
                shown += "data: [DONE]\n";
                continue;
            }
            if last == Some(event(head)) {
                if !shown.ends_with("…\n\n") {
                    shown += "…\n\n";
                }
                continue;
            }
            let mut json = Json::read(data).unwrap_or_else(|error| panic!("{error}"));
            self.settle(&mut json);
            shown.extend([head, "data: ", &json.outline().line(), "\n\n"]);
            last = Some(event(head));
        }
        shown
    }

    /// Replaces what differs from run to run.
    fn settle(&mut self, json: &mut Json) {
        match json {
            Json::List(items) => items.iter_mut().for_each(|item| self.settle(item)),
            Json::Object(members) => members.iter_mut().for_each(|(_, value)| self.settle(value)),
            Json::Leaf(Value::String(text)) => *text = self.settled(text),
            Json::Leaf(Value::Number(number)) if number.as_i64() > Some(1_600_000_000) => {
                *number = UNIX_TIME.into();
            }
            Json::Leaf(_) => {}
        }
    }

    fn settled(&mut self, text: &str) -> String {
        let is_hex = |text: &str| text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if let Some((kind, id)) = text.rsplit_once('_')
            && id.len() == 32
            && is_hex(id)
        {
            let count = self.0.keys().filter(|known| known.starts_with(kind)).count() + 1;
            let name = || format!("{kind}_01890a5d7f1e7c3b8a1e2f3a4b5c{count:04x}");
            return self.0.entry(text.to_owned()).or_insert_with(name).clone();
        }
        let is_time = text.len() >= 20 && text.ends_with('Z') && text.get(10..11) == Some("T");
        if is_time && text.starts_with("20") {
            return TIME.to_owned();
        }
        if text.starts_with("curl/") {
            return "curl/8.14.1".to_owned();
        }
        if text.len() >= 7 && text.len() <= 40 && is_hex(text) {
            return "0123456789ab".to_owned();
        }
        if text.starts_with("sk-") && text.len() < 16 {
            return "sk-AbCd1234".to_owned();
        }
        let is_token = text.len() > 30 && !text.contains([' ', '/', '\n']) && !is_word(text);
        let end = match text.find(['_', '-', '.']).filter(|_| is_token) {
            Some(place) => Some(place.min(MAX_CHARS) + 1),
            None => text.char_indices().nth(MAX_CHARS).map(|(end, _)| end),
        };
        let cut = |end| text.get(..end).unwrap_or_default().to_owned() + ELLIPSIS;
        end.map_or_else(|| text.to_owned(), cut)
    }
}

/// Whether a reply that was shown tells the truth about the real one; else where it does not.
pub(crate) fn compare(shown: Option<&Shown>, real: &Shown) -> Result<(), String> {
    let Some(shown) = shown else { return Err("no reply is shown".to_owned()) };
    if (shown.status, &shown.media_type) != (real.status, &real.media_type) {
        let said = |reply: &Shown| {
            format!("{} {}", reply.status, reply.media_type.as_deref().unwrap_or_default())
        };
        return Err(format!("is answered {}, and not {}: {}", said(real), said(shown), real.body));
    }
    let different = match real.media_type.as_deref() {
        None if real.body.is_empty() && shown.body.is_empty() => None,
        None => Json::read(&shown.body)?.difference(&Json::read(&real.body)?, "the reply"),
        Some("application/x-ndjson") => {
            in_turn(shown.body.lines(), real.body.lines(), |shown, real| {
                Ok(Json::read(shown)?.difference(&Json::read(real)?, "a line"))
            })?
        }
        Some("text/event-stream") => in_turn(frames(&shown.body), frames(&real.body), frame)?,
        // Pages, style sheets, metrics: no more than their type is said.
        Some(_) => None,
    };
    different.map_or(Ok(()), Err)
}

/// Compares one by one.
fn in_turn<'a>(
    shown: impl Iterator<Item = &'a str>,
    real: impl Iterator<Item = &'a str>,
    compare: impl Fn(&str, &str) -> Result<Option<String>, String>,
) -> Result<Option<String>, String> {
    let (shown, real): (Vec<_>, Vec<_>) = (shown.collect(), real.collect());
    if shown.len() != real.len() {
        return Ok(Some(format!("{} parts came, {} are shown", real.len(), shown.len())));
    }
    for (shown, real) in shown.into_iter().zip(real) {
        if let Some(different) = compare(shown, real)? {
            return Ok(Some(different));
        }
    }
    Ok(None)
}

/// The frames that are shown; how many are left out does not matter.
fn frames(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").filter(|frame| !frame.is_empty() && *frame != ELLIPSIS)
}

fn frame(shown: &str, real: &str) -> Result<Option<String>, String> {
    let parts = |frame: &str| {
        let (head, data) = frame.split_once("data: ").unwrap_or((frame, ""));
        (event(head).to_owned(), data.trim().to_owned())
    };
    let ((name, shown), (real_name, real)) = (parts(shown), parts(real));
    if name != real_name {
        return Ok(Some(format!("the event {real_name:?} came for {name:?}")));
    }
    if shown == "[DONE]" || real == "[DONE]" {
        return Ok((shown != real).then(|| format!("{real} came for {shown}")));
    }
    Ok(Json::read(&shown)?.difference(&Json::read(&real)?, &name))
}

/// The name of an event in what stands before its data; empty for one without a name.
fn event(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("event: ")).unwrap_or_default()
}
