//! What happens to every request around its handler.
//!
//! From the outside in: [`observe()`] (request id, panics, error bodies, headers, metrics, access
//! log), [`bounds()`] (size of the head), CORS, [`known_queries()`], the handler.

mod access;
mod bounds;
mod cors;
mod headers;
mod observe;
mod queries;

pub(crate) use bounds::bounds;
pub(crate) use cors::cors;
pub(crate) use headers::HTML_POLICY;
pub(crate) use observe::observe;
pub(crate) use queries::{KnownQueries, known_queries};

#[cfg(test)]
mod tests;
