//! Server-sent events (WHATWG HTML, section 9.2): frames and the loop that follows a response.

mod follow;
mod frame;
mod place;

pub(crate) use follow::{Closing, respond, stream};
pub(crate) use place::{Place, Streaming};

#[cfg(test)]
mod tests;
