//! Our extractors: each refuses in the one error shape, none repeats more than a parameter's name.

mod address;
mod bearer;
mod bodies;
mod client;
mod conditions;
mod cursor;
mod decode;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod head;
mod idempotency;
mod json;
mod lenient;
mod path;
mod prefer;
mod query;
mod request_id;
mod session_cookie;
mod strict;
mod upload;

pub(crate) use address::OwnAddress;
pub(crate) use bearer::{Administrator, Authenticated, UserSlot, bearer_token};
pub(crate) use bodies::Bodies;
pub(crate) use client::{ClientInfo, KeptForHealth};
pub(crate) use conditions::{IfMatch, IfNoneMatch};
pub(crate) use cursor::{event_cursor, event_number};
pub use head::Peer;
pub(crate) use head::named_host;
pub(crate) use idempotency::IdempotencyKey;
pub(crate) use json::{BodyLimits, Json};
pub(crate) use lenient::{Lenient, LenientQuery};
pub(crate) use path::{Path, PathId, PathPair};
pub(crate) use prefer::Prefer;
pub(crate) use query::{Limit, Query, names};
pub(crate) use request_id::RequestId;
pub(crate) use session_cookie::{SessionCookie, WithCookie};
pub(crate) use upload::{UploadLimits, receive};

#[cfg(test)]
mod tests;
