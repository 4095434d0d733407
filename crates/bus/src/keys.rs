//! Who may publish: programs that know a key of the servers.
//!
//! Redis is shared with other programs more often than a database is. Without a proof, any program
//! that can write there could put words into an answer that is being read. So each batch carries an
//! HMAC-SHA256 over its stream, its numbers and its lines; one without the right proof is treated
//! as a batch that is missing.

use std::fmt;

use aws_lc_rs::hmac;

/// The keys of the servers that share a bus.
#[derive(Clone)]
pub struct Keys {
    signing: hmac::Key,
    accepted: Vec<hmac::Key>,
}

impl Keys {
    /// Signs with `own`, and takes what is signed with it or with one of `others`.
    pub fn new(own: &[u8; 32], others: &[[u8; 32]]) -> Self {
        let key = |bytes: &[u8; 32]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let accepted = std::iter::once(own).chain(others).map(key).collect();
        Self { signing: key(own), accepted }
    }

    /// The proof of a batch.
    pub(crate) fn sign(&self, stream: &str, first: u64, last: u64, lines: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.signing);
        context.update(&head(stream, first, last));
        context.update(lines);
        context.sign()
    }

    /// Whether the proof is right.
    pub(crate) fn accept(
        &self,
        stream: &str,
        (first, last): (u64, u64),
        lines: &[u8],
        proof: &[u8],
    ) -> bool {
        let signed = [&head(stream, first, last), lines].concat();
        self.accepted.iter().any(|key| hmac::verify(key, &signed, proof).is_ok())
    }
}

/// What is signed before the lines; every part has a length that is fixed or written.
fn head(stream: &str, first: u64, last: u64) -> Vec<u8> {
    let mut head = Vec::with_capacity(24 + stream.len());
    for number in [first, last, u64::try_from(stream.len()).unwrap_or(u64::MAX)] {
        head.extend_from_slice(&number.to_be_bytes());
    }
    head.extend_from_slice(stream.as_bytes());
    head
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("accepted", &self.accepted.len()).finish_non_exhaustive()
    }
}
