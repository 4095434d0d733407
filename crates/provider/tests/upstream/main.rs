//! The client against a scripted server on a real socket.

#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod bytes;
mod calls;
mod faults;
mod lists;
mod manners;
mod retries;
mod support;
