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

/// Registers functions of this module as stories under the module's name.
macro_rules! stories {
    ($harness:expr, $($story:ident),+ $(,)?) => {
        $harness$(.story(concat!(module_path!(), "::", stringify!($story)), $story))+
    };
}

mod accounts;
mod bodies;
mod branches;
mod content;
mod conversations;
mod data_export;
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
mod search;
mod session_cookie;
mod sessions;
mod signup;
mod site;
mod throttling;
mod titles;
mod transfer;
mod trash;
mod versions;
mod wire;

use std::process::ExitCode;

use testkit::Harness;

fn main() -> ExitCode {
    let harness = accounts::stories(Harness::new());
    let harness = bodies::stories(harness);
    let harness = branches::stories(harness);
    let harness = content::stories(harness);
    let harness = conversations::stories(harness);
    let harness = data_export::stories(harness);
    let harness = first_message::stories(harness);
    let harness = http::stories(harness);
    let harness = invitations::stories(harness);
    let harness = keys::stories(harness);
    let harness = limits::stories(harness);
    let harness = messages::stories(harness);
    let harness = own_account::stories(harness);
    let harness = ownership::stories(harness);
    let harness = pages::stories(harness);
    let harness = providers::stories(harness);
    let harness = search::stories(harness);
    let harness = session_cookie::stories(harness);
    let harness = sessions::stories(harness);
    let harness = signup::stories(harness);
    let harness = site::stories(harness);
    let harness = throttling::stories(harness);
    let harness = titles::stories(harness);
    let harness = transfer::stories(harness);
    let harness = trash::stories(harness);
    versions::stories(harness).run()
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
