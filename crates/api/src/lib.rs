//! The HTTP face of the server: routes, extractors, middleware, event streams, `OpenAPI`.
//!
//! A handler parses, calls one use case of [`services`] and renders. This crate knows no SQL, no
//! model provider and no stored row; every status code of the product is chosen in `error`, and
//! [`error_reference()`] lists them.
//!
//! [`router()`] is the whole application as a `tower` service, [`serve()`] puts it on a socket, and
//! [`openapi()`] describes it.

mod allowed_host;
mod config;
mod docs;
mod error;
mod extract;
mod follow;
mod metrics;
mod middleware;
mod openapi;
mod projections;
pub mod route_table;
mod router;
mod routes;
mod scopes;
mod serve;
mod sse;
mod state;

/// Ways into what is private here, for the fuzz targets.
#[cfg(feature = "fuzz")]
pub mod fuzz {
    pub use crate::extract::fuzz::{Head, fields, head};
    pub use crate::routes::fuzz::{BODIES, QUERIES, body, query};
}

pub use allowed_host::AllowedHost;
pub use config::{ApiConfig, VersionInfo};
pub use error::{error_codes, failure_codes, reference as error_reference};
pub use extract::Peer;
pub use metrics::Metrics;
pub use openapi::openapi;
pub use router::router;
pub use serve::{KEPT_CONNECTIONS, serve, wait_on};
