//! Server-sent events (WHATWG HTML, section 9.2): frames and the loop that follows a response.

mod follow;
mod frame;

pub(crate) use follow::{Closing, respond, stream};

#[cfg(test)]
mod tests;
