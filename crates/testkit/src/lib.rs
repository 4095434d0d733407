//! What the tests of the other crates are written with. Never a dependency of the program.
//!
//! - [`macro@test`] registers an asynchronous function as a test, and [`main()`] runs those of a
//!   binary, on every database engine, each with a database of its own ([`World`]).
//! - [`engine`] starts those engines as child processes with temporary data, [`redis`] a Redis.
//! - [`settings`] are what a server under test is told; [`client`] plays the people who use its API;
//!   [`process`] runs the real program, and `app` (with the feature of that name, which needs
//!   every other crate) runs the server inside the test.
//! - [`certificates`] are made by tests for themselves.
//! - [`proxy`] is a network between them that breaks on command.
//! - [`sse`] reads event streams; [`validator`] and [`ui_stream`] hold them against their standards.
//! - [`clock`] is a clock that tests move; [`sql`] looks at the tables as their operator would.
//! - [`rows`] are rows to begin with; `World::options` (with the feature `crud`) opens the
//!   database as our own code does.
//!
//! A test binary with `harness = false` in its `Cargo.toml` looks like this:
//!
//! ```no_run
//! use testkit::World;
//!
//! #[testkit::test]
//! async fn a_row_reads_back(world: World) {
//!     let mut sql = world.sql().await;
//!     sql.execute("CREATE TABLE t (n INT)").await;
//!     sql.execute("INSERT INTO t VALUES (7)").await;
//!     assert_eq!(sql.rows("SELECT n FROM t").await, [["7"]]);
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     testkit::main()
//! }
//! ```
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "in a test a broken expectation is a panic"
)]

#[cfg(feature = "app")]
pub mod app;
pub mod certificates;
pub mod client;
pub mod clock;
pub mod engine;
pub mod harness;
pub mod log;
mod ports;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod reverse_proxy;
pub mod rows;
pub mod schema;
pub mod settings;
pub mod sql;
pub mod sse;
#[cfg(feature = "crud")]
mod storage;
mod test;
pub mod ui_stream;
pub mod validator;
mod wait;
mod world;

#[cfg(feature = "app")]
pub use app::TestApp;
pub use clock::ManualClock;
pub use engine::{Database, Engine, Engines};
pub use harness::{main, run};
pub use inventory;
pub use ports::{free_port, outer_address};
pub use proxy::FaultProxy;
pub use redis::Redis;
pub use reverse_proxy::ReverseProxy;
pub use settings::{METRICS_TOKEN, Settings};
pub use test::{Case, Need, Test};
/// Registers an `async fn` as a test of its binary.
///
/// What it takes says what it runs on:
///
/// - a [`World`]: every engine, as `name::sqlite`, `name::mariadb` and `name::mysql`
/// - nothing: once, as `name`
/// - a [`Case`]: once for each of `cases`, as `name::case`
///
/// Options, separated by commas:
///
/// - `sqlite`, `mariadb`, `mysql`, or `servers` for the last two: on these engines only
/// - `needs = …`: a [`Need`], such as `Redis::need()`. Where it is missing, the test shows as
///   ignored, or fails if `CHATAPP_TEST_REQUIRE` names it.
/// - `cases = …`: the cases, as anything that can be iterated over
/// - `slow`: it may take ten minutes instead of four
/// - `heavy`: so it may, and the binary runs two tests at a time instead of four
pub use testkit_macros::test;
pub use wait::eventually;
pub use world::{OwnServer, World};
