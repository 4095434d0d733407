//! What a response answers of which nothing is stored.

use models::message;

/// What a response answers of which nothing is stored.
#[derive(Debug)]
pub(super) struct Given {
    /// Its items as rows, the newest first.
    pub(super) newest_first: Vec<message::Model>,
    /// The number of the stored message that the oldest hangs below; -1 if that is none.
    pub(super) seq: i64,
}
