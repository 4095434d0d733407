//! What a client holds of an answer after several connections.

use crate::sse::{Frame, text_of};

/// The frames of one response as a client puts them together: `response.created` begins
/// from the start, everything else goes on where the last connection ended.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    frames: Vec<Frame>,
}

impl Transcript {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what one more connection brought.
    ///
    /// A number that came before, or a lower one, fails the test: the client would show
    /// something twice.
    #[track_caller]
    pub fn extend(&mut self, frames: &[Frame]) {
        for frame in frames {
            if frame.event == "response.created" {
                self.frames.clear();
            }
            let number = frame.json()["sequence_number"].as_u64();
            assert!(
                number.is_none() || number > self.last_seq(),
                "{number:?} came after {:?}",
                self.last_seq()
            );
            self.frames.push(frame.clone());
        }
    }

    /// The frames, for a validator to look at.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The text a person sees.
    pub fn text(&self) -> String {
        text_of(&self.frames)
    }

    /// The cursor of the next connection.
    pub fn last_seq(&self) -> Option<u64> {
        self.frames.iter().rev().find_map(|frame| frame.json()["sequence_number"].as_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(event: &str, number: u64) -> Frame {
        let data = format!(r#"{{"sequence_number":{number},"delta":"{number}"}}"#);
        Frame { id: None, event: event.to_owned(), data }
    }

    fn delta(number: u64) -> Frame {
        frame("response.output_text.delta", number)
    }

    #[test]
    fn connections_continue_or_begin_again() {
        let mut transcript = Transcript::new();
        transcript.extend(&[frame("response.created", 0), delta(1), delta(2)]);
        transcript.extend(&[delta(3)]);
        assert_eq!(transcript.text(), "123");
        transcript.extend(&[frame("response.created", 0), delta(4)]);
        assert_eq!((transcript.text(), transcript.last_seq()), ("4".to_owned(), Some(4)));
    }

    #[test]
    #[should_panic(expected = "came after")]
    fn a_repeated_number_fails() {
        let mut transcript = Transcript::new();
        transcript.extend(&[delta(1), delta(2)]);
        transcript.extend(&[delta(2)]);
    }
}
