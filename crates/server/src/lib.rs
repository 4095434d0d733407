//! The program `chatapp`: command line, configuration, telemetry, and the wiring of everything.
//!
//! This is the only crate that knows all others. It decides nothing about conversations: it
//! reads what the operator wants, builds the parts from it, starts them, and ends them in order.

pub mod app;
pub mod backup;
pub mod banner;
pub mod cli;
pub mod config;
mod descriptors;
pub mod doctor;
pub mod files;
pub mod metrics;
pub mod operator;
mod packet;
pub mod secrets;
pub mod telemetry;
pub mod version;

pub use app::{App, migrate};
pub use config::Config;
