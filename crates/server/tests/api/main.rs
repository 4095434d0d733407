//! The API as its clients meet it: a whole server on a real socket, on every database engine.
//!
//! One file per subject; nothing here looks behind the socket but for plain SQL on the tables.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test a broken expectation is a panic"
)]

mod accounts;
mod bodies;
mod branches;
mod chains;
mod chat;
mod content;
mod conversations;
mod data_export;
mod example;
mod first_message;
mod http;
mod invitations;
mod keys;
mod limits;
mod messages;
mod own_account;
mod ownership;
mod pages;
mod providers;
mod results;
mod search;
mod session_cookie;
mod sessions;
mod signup;
mod site;
mod throttling;
mod titles;
mod transfer;
mod trash;
mod v1;
mod versions;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    testkit::main()
}

/// An id as it stands in the tables: the bytes of `conv_…` as an SQL literal.
fn sql_id(id: &str) -> String {
    let digits = id.rsplit('_').next().unwrap();
    format!("X'{digits}'")
}

/// An id of this kind that nothing has.
fn unknown_id(prefix: &str) -> String {
    format!("{prefix}_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")
}
