//! What happens to every request around its handler.
//!
//! From the outside in: [`observe()`] (request id, panics, error bodies, headers, metrics, access
//! log), [`bounds()`] (size of the head), [`known_hosts()`], CORS, [`known_queries()`], below `/v1`
//! [`openai()`], the handler.

mod access;
mod bounds;
mod cors;
mod headers;
mod hosts;
mod observe;
mod openai;
mod queries;

pub(crate) use bounds::bounds;
pub(crate) use cors::cors;
pub(crate) use headers::HTML_POLICY;
pub(crate) use hosts::{Hosts, known_hosts};
pub(crate) use observe::observe;
pub(crate) use openai::openai;
pub(crate) use queries::{KnownQueries, known_queries};

#[cfg(test)]
mod tests;
