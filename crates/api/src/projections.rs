//! Wire formats: pure functions from the log of a response to frames. Same events, same frames.
//!
//! A wire format is a [`Projection`] in a file of its own here. It knows no transport: frames
//! become lines of an event stream in [`sse`](crate::sse), and a socket's messages are made of the
//! same ones. A route answers in it with `sse::respond(follower, projection, …)`; `plain` among the
//! tests is a whole one.

use services::Numbered;

pub(crate) mod chat;
#[cfg(test)]
mod plain;
pub(crate) mod responses;
pub(crate) mod ui_messages;

/// What one reader is sent of a response, in one wire format. It keeps what it has to remember of
/// the events before.
pub(crate) trait Projection: Send + 'static {
    /// Appends what stands before all events. By default nothing does.
    fn begin(&mut self, frames: &mut impl Frames) {
        let _ = frames;
    }

    /// Appends the frames of one event: none, one or several. If a reader can come back with an
    /// `id`, only the last of them has it: a client that has that frame has the whole event.
    fn event(&mut self, event: &Numbered, frames: &mut impl Frames);

    /// Appends what stands behind the terminal event. By default nothing does.
    fn end(&mut self, frames: &mut impl Frames) {
        let _ = frames;
    }

    /// Appends what is sent when nothing comes for a while.
    fn silence(&mut self, frames: &mut impl Frames) {
        frames.heartbeat();
    }

    /// Appends what is sent when the response goes on elsewhere, instead of the end.
    fn away(&mut self, frames: &mut impl Frames) {
        frames.come_back();
    }
}

/// Where frames go: a transport's own way to write them.
pub(crate) trait Frames {
    /// Appends a frame. What `data` appends is one line, without a line end.
    fn frame(&mut self, head: Head, data: impl FnOnce(&mut Vec<u8>));

    /// Shows that the connection lives.
    fn heartbeat(&mut self);

    /// Asks the reader to come back in a second.
    fn come_back(&mut self);
}

/// What a frame says beside its data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number with which a reader goes on behind this frame.
    pub(crate) id: Option<u64>,
    /// What kind of frame it is.
    pub(crate) name: Option<&'static str>,
}
