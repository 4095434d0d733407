//! Bytes of an event stream. Lines end with LF only: some clients see nothing behind CRLF.

use std::io::Write as _;

use services::Numbered;

use crate::projections::responses::{Projector, event_type};

/// A comment that keeps proxies and clients from giving up on a silent stream.
pub(super) const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Ends a finished stream. It has no id: a client that reconnects anyway asks for what follows
/// the terminal event.
const DONE: &[u8] = b"data: [DONE]\n\n";

/// Ends a stream whose response goes on elsewhere: come back in a second.
pub(super) const COME_BACK: &[u8] = b"retry: 1000\n\n";

/// The frames of a batch, and whether the last of them is the end.
pub(super) fn batch(projector: &mut Projector, events: &[Numbered]) -> (Vec<u8>, bool) {
    // A delta's frame is about 250 bytes.
    let mut out = Vec::with_capacity(events.len() * 256);
    let mut ended = false;
    for Numbered { seq, event } in events {
        // Writing to memory cannot fail.
        let _ = write!(out, "id: {seq}\nevent: {}\ndata: ", event_type(event));
        projector.write(*seq, event, &mut out);
        out.extend_from_slice(b"\n\n");
        if event.is_terminal() {
            out.extend_from_slice(DONE);
            ended = true;
            break;
        }
    }
    (out, ended)
}
