//! The chat completions format as providers really speak it.
//!
//! [`request`] writes the one request we send, [`reading`] reads a piece of an answer (streamed or
//! whole), [`failure`] reads what providers say when something went wrong, [`reason`] how they say that
//! an answer ended.
//! Reading is tolerant: whatever has an unexpected type is treated as absent.

pub(crate) mod chunk;
mod citations;
pub(crate) mod failure;
mod fast;
mod meaning;
pub(crate) mod reading;
pub(crate) mod reason;
pub(crate) mod repair;
pub(crate) mod request;
#[cfg(test)]
mod tests;
mod usage;
pub(crate) mod wait;
pub(crate) mod words;
