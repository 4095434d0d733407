//! A scripted OpenAI-compatible server on a real socket, for tests, benchmarks and
//! `chatapp mock-provider`.
//!
//! It speaks its own minimal HTTP/1.1, because no proper HTTP library would split, cut, stall or
//! reset an answer at an exact byte. What it says is a [`provider::script::Script`]: the next one
//! pushed by a test, else the one in the name of the model, else a Markdown answer without pauses.
//!
//! ```
//! use mock::{CallOutcome, MockServer};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = MockServer::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
//! server.push(provider::script::Script::parse("mock:ticks=3").unwrap());
//! // … let something call server.base_url() …
//! assert!(server.calls().is_empty());
//! server.stop().await;
//! # });
//! ```
//!
//! Memory is bounded: requests have a limit, scripts are played lazily, and of past calls only the
//! newest are remembered.

mod answer;
mod connection;
mod http;
mod ledger;
mod server;
mod shared;

pub use ledger::{CallOutcome, ReceivedCall};
pub use provider::script::{self, Script, Step};
pub use server::MockServer;
