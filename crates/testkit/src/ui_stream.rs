//! Holds a UI message stream against the protocol of the AI SDK (version 1), more strictly than its
//! client does: that one throws when a delta or an end comes without its start, and is left with
//! parts that never end by the rest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::sse::Frame;

/// What a stream showed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UiStream {
    /// `messageId` of `start`.
    pub message_id: String,
    /// The metadata of `start`, then that of `finish`.
    pub metadata: [Value; 2],
    /// All texts, joined.
    pub text: String,
    /// All reasoning, joined.
    pub reasoning: String,
    /// The arguments of each call, by its id; none of one whose arguments are not whole.
    pub calls: BTreeMap<String, Option<Value>>,
    /// What tools returned, by the id of the call.
    pub outputs: BTreeMap<String, Value>,
    /// The addresses of sources.
    pub sources: Vec<String>,
    /// How many steps there were.
    pub steps: usize,
    /// The text of an error.
    pub error: Option<String>,
    /// Whether it was stopped.
    pub is_aborted: bool,
    /// `finishReason` of `finish`.
    pub finish_reason: String,
    open: BTreeMap<(&'static str, String), String>,
    seen: BTreeSet<(&'static str, String)>,
    is_in_step: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Begin,
    Started,
    Finished,
    Done,
}

/// Reads a whole stream, from `start` to `[DONE]`; the error says which rule it breaks.
pub fn read(frames: &[Frame]) -> Result<UiStream, String> {
    let mut stream = UiStream::default();
    for (at, frame) in frames.iter().enumerate() {
        stream.frame(frame).map_err(|why| format!("frame {at}: {why}: {}", frame.data))?;
    }
    if stream.phase != Phase::Done {
        return Err("it has no [DONE]".to_owned());
    }
    Ok(stream)
}

/// The same; fails the test when the stream breaks a rule.
#[track_caller]
pub fn valid(frames: &[Frame]) -> UiStream {
    let lines = || frames.iter().map(|frame| frame.data.as_str()).collect::<Vec<_>>().join("\n");
    read(frames).unwrap_or_else(|why| panic!("the stream is not valid: {why}\n{}", lines()))
}

impl UiStream {
    fn frame(&mut self, frame: &Frame) -> Result<(), String> {
        if frame.event != "message" || frame.id.is_some() {
            return Err("a frame has data only".to_owned());
        }
        if frame.is_done_marker() {
            if self.phase != Phase::Finished {
                return Err("[DONE] follows finish".to_owned());
            }
            self.phase = Phase::Done;
            return Ok(());
        }
        let chunk = frame.json();
        let kind = text(&chunk, "type")?;
        match (self.phase, kind.as_str()) {
            (Phase::Begin, "start") => {
                self.message_id = text(&chunk, "messageId")?;
                self.metadata[0] = chunk["messageMetadata"].clone();
                self.phase = Phase::Started;
                Ok(())
            }
            (Phase::Started, "start") => Err("there is one start".to_owned()),
            (Phase::Started, _) => self.chunk(&kind, &chunk),
            (Phase::Begin, _) => Err("start is the first chunk".to_owned()),
            (Phase::Finished | Phase::Done, _) => Err("finish is the last chunk".to_owned()),
        }
    }

    fn chunk(&mut self, kind: &str, chunk: &Value) -> Result<(), String> {
        match kind {
            "start-step" if self.is_in_step => return Err("a step ends first".to_owned()),
            "start-step" => {
                self.is_in_step = true;
                self.steps += 1;
                return Ok(());
            }
            "finish" => return self.finish(chunk),
            "error" => {
                let another = self.error.replace(text(chunk, "errorText")?).is_some();
                return if another { Err("there is one error".to_owned()) } else { Ok(()) };
            }
            "abort" => {
                self.is_aborted = true;
                return Ok(());
            }
            _ if !self.is_in_step => return Err("it is in no step".to_owned()),
            "finish-step" => {
                self.is_in_step = false;
                let open = self.open.keys().next();
                return open.map_or(Ok(()), |open| Err(format!("{open:?} has no end")));
            }
            _ if self.error.is_some() => return Err("something comes after an error".to_owned()),
            _ => {}
        }
        match kind {
            "text-start" => self.begin("text", text(chunk, "id")?),
            "reasoning-start" => self.begin("reasoning", text(chunk, "id")?),
            "text-delta" => {
                let delta = self.delta("text", &text(chunk, "id")?, text(chunk, "delta")?)?;
                self.text.push_str(&delta);
                Ok(())
            }
            "reasoning-delta" => {
                let delta = self.delta("reasoning", &text(chunk, "id")?, text(chunk, "delta")?)?;
                self.reasoning.push_str(&delta);
                Ok(())
            }
            "text-end" => self.end("text", text(chunk, "id")?).map(drop),
            "reasoning-end" => self.end("reasoning", text(chunk, "id")?).map(drop),
            "tool-input-start" => {
                text(chunk, "toolName")?;
                self.begin("tool", text(chunk, "toolCallId")?)
            }
            "tool-input-delta" => {
                let (id, delta) = (text(chunk, "toolCallId")?, text(chunk, "inputTextDelta")?);
                self.delta("tool", &id, delta).map(drop)
            }
            "tool-input-available" => {
                let id = text(chunk, "toolCallId")?;
                let input = chunk.get("input").ok_or("it has no input")?.clone();
                let said = self.end("tool", id.clone())?;
                let said = if said.trim().is_empty() { None } else { Some(said) };
                if said
                    .is_some_and(|said| serde_json::from_str(&said).ok().as_ref() != Some(&input))
                {
                    return Err("the input is not what the deltas say".to_owned());
                }
                self.calls.insert(id, Some(input));
                text(chunk, "toolName").map(drop)
            }
            "tool-input-error" => {
                let id = text(chunk, "toolCallId")?;
                self.end("tool", id.clone())?;
                self.calls.insert(id, None);
                text(chunk, "toolName").and(text(chunk, "errorText")).map(drop)
            }
            "tool-output-available" => {
                let id = text(chunk, "toolCallId")?;
                if !self.calls.contains_key(&id) {
                    return Err("there is no such call".to_owned());
                }
                self.outputs.insert(id, chunk["output"].clone());
                Ok(())
            }
            "source-url" => {
                text(chunk, "sourceId")?;
                self.sources.push(text(chunk, "url")?);
                Ok(())
            }
            other => Err(format!("nobody knows {other}")),
        }
    }

    fn begin(&mut self, kind: &'static str, id: String) -> Result<(), String> {
        // A provider may use the id of a call again in a later step.
        let is_known = !self.seen.insert((kind, id.clone())) && kind != "tool";
        let is_open = self.open.insert((kind, id), String::new()).is_some();
        if is_known || is_open { Err("it has begun before".to_owned()) } else { Ok(()) }
    }

    fn delta(&mut self, kind: &'static str, id: &str, delta: String) -> Result<String, String> {
        let open = self.open.get_mut(&(kind, id.to_owned()));
        open.ok_or("it has not begun, or has ended")?.push_str(&delta);
        Ok(delta)
    }

    fn end(&mut self, kind: &'static str, id: String) -> Result<String, String> {
        self.open.remove(&(kind, id)).ok_or_else(|| "it has not begun, or has ended".to_owned())
    }

    fn finish(&mut self, chunk: &Value) -> Result<(), String> {
        if self.is_in_step {
            return Err("the step ends first".to_owned());
        }
        self.finish_reason = text(chunk, "finishReason")?;
        let known = ["stop", "length", "content-filter", "tool-calls", "error", "other"];
        if !known.contains(&self.finish_reason.as_str()) {
            return Err("nobody knows this reason".to_owned());
        }
        if (self.finish_reason == "error") != self.error.is_some() {
            return Err("an error is the reason, and none is not".to_owned());
        }
        self.metadata[1] = chunk["messageMetadata"].clone();
        self.phase = Phase::Finished;
        Ok(())
    }
}

fn text(chunk: &Value, name: &str) -> Result<String, String> {
    chunk[name].as_str().map(str::to_owned).ok_or_else(|| format!("it has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(chunks: &[&str]) -> Vec<Frame> {
        let frame =
            |data: &&str| Frame { id: None, event: "message".to_owned(), data: (*data).to_owned() };
        chunks.iter().map(frame).collect()
    }

    const WHOLE: [&str; 13] = [
        r#"{"type":"start","messageId":"m"}"#,
        r#"{"type":"start-step"}"#,
        r#"{"type":"text-start","id":"1"}"#,
        r#"{"type":"text-delta","id":"1","delta":"a"}"#,
        r#"{"type":"tool-input-start","toolCallId":"c","toolName":"f"}"#,
        r#"{"type":"tool-input-delta","toolCallId":"c","inputTextDelta":"[1]"}"#,
        r#"{"type":"tool-input-available","toolCallId":"c","toolName":"f","input":[1]}"#,
        r#"{"type":"text-delta","id":"1","delta":"b"}"#,
        r#"{"type":"text-end","id":"1"}"#,
        r#"{"type":"source-url","sourceId":"s","url":"https://a.example"}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"finish","finishReason":"tool-calls"}"#,
        "[DONE]",
    ];

    #[test]
    fn a_whole_stream_is_read() {
        let stream = valid(&frames(&WHOLE));
        assert_eq!((stream.text.as_str(), stream.steps), ("ab", 1));
        assert_eq!(stream.calls["c"], Some(serde_json::json!([1])));
    }

    #[test]
    fn no_chunk_can_be_missing_or_come_twice() {
        for at in 0..WHOLE.len() {
            let mut chunks = WHOLE.to_vec();
            let chunk = chunks.remove(at);
            let is_free = matches!(at, 3 | 5 | 7 | 9);
            assert_eq!(read(&frames(&chunks)).is_ok(), is_free, "without {chunk}");
            chunks.insert(at, chunk);
            chunks.insert(at, chunk);
            // Text may be said twice, and a source named; arguments would be others.
            let is_free = matches!(at, 3 | 7 | 9);
            assert_eq!(read(&frames(&chunks)).is_ok(), is_free, "twice {chunk}");
        }
        for at in 1..WHOLE.len() {
            assert!(read(&frames(&WHOLE[..at])).is_err());
        }
    }

    #[test]
    fn a_frame_has_neither_name_nor_number() {
        let mut all = frames(&WHOLE);
        all[3].event = "text-delta".to_owned();
        assert!(read(&all).is_err());
        let mut all = frames(&WHOLE);
        all[3].id = Some("3".to_owned());
        assert!(read(&all).is_err());
    }
}
