//! The smallest wire format: the lines of an answer's text as they grow. It shows that a format is
//! one file, and that the loop and the transports serve any.

use std::pin::pin;

use futures_util::StreamExt;
use schemas::event::ItemKind;
use schemas::stream::StreamEvent;
use services::Numbered;

use super::{Frames, Head, Projection};
use crate::follow::Step;
use crate::follow::scripted::{delta, ended, numbered, scripted};
use crate::sse::frames;

/// Says `hello`, then a frame for each line of a delta, then `bye`. The last one has the number.
struct Plain;

impl Projection for Plain {
    fn begin(&mut self, frames: &mut impl Frames) {
        frames.frame(Head::default(), |out| out.extend_from_slice(b"hello"));
    }

    fn event(&mut self, Numbered { seq, event }: &Numbered, frames: &mut impl Frames) {
        let StreamEvent::Delta(item, text) = event else { return };
        if item.kind != ItemKind::Message {
            return;
        }
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let id = lines.peek().is_none().then_some(*seq);
            frames.frame(Head { id, name: None }, |out| out.extend_from_slice(line.as_bytes()));
        }
    }

    fn end(&mut self, frames: &mut impl Frames) {
        frames.frame(Head::default(), |out| out.extend_from_slice(b"bye"));
    }

    fn silence(&mut self, frames: &mut impl Frames) {
        frames.frame(Head { name: Some("still"), id: None }, |_| {});
    }
}

#[tokio::test(start_paused = true)]
async fn another_format_is_followed_by_the_same_loop() {
    let (script, steps) = scripted(std::future::pending());
    let mut stream = pin!(frames(steps, Plain));
    let mut read = async || {
        let Ok(bytes) = stream.next().await?;
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    };
    assert_eq!(read().await.as_deref(), Some("data: hello\n\n"));
    // What it does not show is not written at all, not even as nothing.
    script.batches.send(numbered(0, vec![StreamEvent::Created, StreamEvent::InProgress])).unwrap();
    assert_eq!(read().await.as_deref(), Some("event: still\ndata: \n\n"));
    script.batches.send(numbered(2, vec![delta("a\nb"), delta("c")])).unwrap();
    let lines = "data: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n";
    assert_eq!(read().await.as_deref(), Some(lines));
    script.batches.send(numbered(4, vec![delta("d"), ended()])).unwrap();
    assert_eq!(read().await.as_deref(), Some("id: 4\ndata: d\n\ndata: bye\n\n"));
    assert_eq!(read().await, None);
}

#[tokio::test]
async fn another_format_is_sent_away_as_its_transport_does_it() {
    let (script, steps) = scripted(std::future::pending());
    drop(script);
    let written: Vec<_> = frames(steps, Plain).map(|Ok(bytes)| bytes).collect().await;
    assert_eq!(written, ["data: hello\n\n", "retry: 1000\n\n"]);
}

/// A transport that has messages, as a socket does, and pings by itself.
#[derive(Default)]
struct Messages(Vec<String>);

impl Frames for Messages {
    fn frame(&mut self, _: Head, data: impl FnOnce(&mut Vec<u8>)) {
        let mut message = Vec::new();
        data(&mut message);
        self.0.push(String::from_utf8(message).unwrap());
    }

    fn heartbeat(&mut self) {}

    fn come_back(&mut self) {
        self.0.push("again".to_owned());
    }
}

#[tokio::test]
async fn another_transport_carries_the_same_frames() {
    let (script, steps) = scripted(std::future::pending());
    script.batches.send(numbered(0, vec![delta("a\nb")])).unwrap();
    script.batches.send(numbered(1, vec![delta("c"), ended(), delta("too late")])).unwrap();
    let mut messages = Messages::default();
    let mut steps = pin!(steps);
    while let Some(step) = steps.next().await {
        match step {
            Step::Begun => Plain.begin(&mut messages),
            Step::Events { events, are_last } => {
                for event in &events {
                    Plain.event(event, &mut messages);
                }
                if are_last {
                    Plain.end(&mut messages);
                }
            }
            Step::Silence | Step::Away => unreachable!(),
        }
    }
    assert_eq!(messages.0, ["hello", "a", "b", "c", "bye"]);
}
