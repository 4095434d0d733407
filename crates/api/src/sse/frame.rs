//! Bytes of an event stream. Lines end with LF only: some clients see nothing behind CRLF.

use std::io::Write as _;

use crate::follow::Step;
use crate::projections::{Frames, Head, Projection};

/// A comment that keeps proxies and clients from giving up on a silent stream.
const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Asks the client to connect again in a second.
const COME_BACK: &[u8] = b"retry: 1000\n\n";

/// What is written at once; a step with nothing to send is empty.
pub(super) fn write(projection: &mut impl Projection, step: &Step) -> Vec<u8> {
    let mut lines = Lines::default();
    match step {
        Step::Begun => projection.begin(&mut lines),
        Step::Events { events, are_last } => {
            // A delta's frame is about 250 bytes.
            lines.0.reserve(events.len() * 256);
            for numbered in events {
                projection.event(numbered, &mut lines);
            }
            if *are_last {
                projection.end(&mut lines);
            }
        }
        Step::Silence => projection.silence(&mut lines),
        Step::Away => projection.away(&mut lines),
    }
    lines.0
}

/// Frames one after the other.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Frames for Lines {
    fn frame(&mut self, head: Head, data: impl FnOnce(&mut Vec<u8>)) {
        let Self(out) = self;
        // Writing to memory cannot fail.
        if let Some(id) = head.id {
            let _ = writeln!(out, "id: {id}");
        }
        if let Some(name) = head.name {
            let _ = writeln!(out, "event: {name}");
        }
        out.extend_from_slice(b"data: ");
        data(out);
        out.extend_from_slice(b"\n\n");
    }

    fn heartbeat(&mut self) {
        self.0.extend_from_slice(KEEP_ALIVE);
    }

    fn come_back(&mut self) {
        self.0.extend_from_slice(COME_BACK);
    }
}
