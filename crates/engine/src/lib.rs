//! The engine: makes the answer of a stored response, keeps it safe, and lets anybody follow it.
//!
//! What stands here knows no use case: who may ask for an answer, and with what, is decided above,
//! in `services`. A response is handed over with [`Engine::begin`], read with [`Engine::follow`]
//! and [`Engine::describe`], and ended early with [`Engine::cancel`] and its like.

mod ambiguous;
mod attempt;
mod begin;
pub mod branch;
mod catalog;
mod checkpoint;
mod context;
mod continuing;
mod engine;
mod error;
mod explain;
pub mod failures;
mod finish;
mod followed;
mod follower;
mod gauged;
mod generate;
mod generation;
mod given;
mod item;
mod learnt;
mod log;
mod observe;
mod options;
mod outcome;
mod pace;
mod publish;
mod purge;
mod reading;
mod recover;
mod remote;
mod render;
pub mod rows;
mod running;
mod settings;
mod silence;
mod slots;
mod sources;
mod start;
mod stops;
mod stored;
mod synthesis;
pub mod tokens;
mod transcript;
mod unstored;
mod usage;
mod watch;

pub use begin::Beginning;
pub use catalog::{Catalog, Chosen};
pub use engine::{Engine, OnCompleted, Parts};
pub use error::{Error, Result};
pub use follower::Follower;
pub use gauged::Gauged;
pub use generation::Generation;
pub use log::{Log, Numbered, SoFar};
pub use render::{call_of, output, view};
pub use running::Running;
pub use settings::{Continuing, Settings};
pub use slots::{Admission, Slot};
pub use sources::known_sources;
pub use unstored::Unstored;

/// An error with its causes, on one line, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
