//! Ways into what reads requests, for the fuzz targets (`fuzz/`). Not part of the program.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use schemas::Invalid;
use schemas::account::{
    AccountDelete, DataExport, LoginRequest, MePatch, PasswordChange, PasswordReset,
    RefreshRequest, SignupRequest,
};
use schemas::admin::{InvitationCreate, ResetLinkByEmail, ResetLinkCreate};
use schemas::conversation::{BulkArchive, BulkDelete, ConversationCreate, ConversationPatch};
use schemas::key::{KeyCreate, KeyPatch};
use schemas::message::{FirstMessageCreate, MessageCreate, MessageRegenerate, ResponseContinue};
use serde::de::DeserializeOwned;

use super::conversations::{ConversationListParams, DeleteParams};
use super::messages::MessageListParams;
use super::responses::EventParams;
use super::search::SearchParams;
use super::transfer::{ExportParams, ImportParams};
use crate::ApiConfig;
use crate::error::ApiError;
use crate::extract::{Bodies, BodyLimits, Json, Query};

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// How many kinds of bodies [`body`] knows.
pub const BODIES: usize = 21;
/// How many kinds of queries [`query`] knows.
pub const QUERIES: usize = 7;

/// Reads the body of a request, of the kind of this number, and checks its bounds. A refusal comes
/// as the client sees it.
pub async fn body(kind: usize, content_type: &str, bytes: Vec<u8>) -> Result<(), String> {
    let limits = BodyLimits {
        bytes: MAX_BODY,
        time: std::time::Duration::from_mins(1),
        bodies: Bodies::new(&ApiConfig::default()),
    };
    let request = Request::builder().header("content-type", content_type).extension(limits);
    let Ok(request) = request.body(Body::from(bytes)) else { return Ok(()) };
    // As far as times matter, none of an input is near this one.
    let now = schemas::Time::UNIX_EPOCH;
    let read = match kind {
        0 => read(request, |_: &SignupRequest| Ok(())).await,
        1 => read(request, |_: &LoginRequest| Ok(())).await,
        2 => read(request, |_: &RefreshRequest| Ok(())).await,
        3 => read(request, |_: &PasswordReset| Ok(())).await,
        4 => read(request, |_: &PasswordChange| Ok(())).await,
        5 => read(request, |_: &AccountDelete| Ok(())).await,
        6 => read(request, |_: &DataExport| Ok(())).await,
        7 => read(request, |_: &MePatch| Ok(())).await,
        8 => read(request, |create: &InvitationCreate| create.validate(now)).await,
        9 => read(request, |create: &ResetLinkCreate| create.validate(now)).await,
        10 => read(request, |create: &KeyCreate| create.validate(now)).await,
        11 => read(request, KeyPatch::validate).await,
        12 => read(request, ConversationCreate::validate).await,
        13 => read(request, ConversationPatch::validate).await,
        14 => read(request, |delete: &BulkDelete| delete.selection().map(drop)).await,
        15 => read(request, |archive: &BulkArchive| archive.selection().map(drop)).await,
        16 => read(request, MessageCreate::validate).await,
        17 => read(request, FirstMessageCreate::validate).await,
        18 => read(request, MessageRegenerate::validate).await,
        19 => read(request, ResponseContinue::validate).await,
        _ => read(request, |_: &ResetLinkByEmail| Ok(())).await,
    };
    read.map_err(|error| shown(&error))
}

async fn read<T: DeserializeOwned>(
    request: Request,
    check: impl Fn(&T) -> Result<(), Invalid>,
) -> Result<(), ApiError> {
    let Json(value) = <Json<T> as FromRequest<()>>::from_request(request, &()).await?;
    check(&value).map_err(|invalid| services::Error::from(invalid).into())
}

/// Reads a query string, of the kind of this number. A refusal comes as the client sees it.
pub async fn query(kind: usize, text: &str) -> Result<(), String> {
    let Ok(request) = Request::builder().uri(format!("/?{text}")).body(()) else { return Ok(()) };
    let (mut parts, ()) = request.into_parts();
    let parts = &mut parts;
    let read = match kind {
        0 => Query::<ConversationListParams>::from_request_parts(parts, &()).await.map(drop),
        1 => Query::<DeleteParams>::from_request_parts(parts, &()).await.map(drop),
        2 => Query::<MessageListParams>::from_request_parts(parts, &()).await.map(drop),
        3 => Query::<EventParams>::from_request_parts(parts, &()).await.map(drop),
        4 => Query::<SearchParams>::from_request_parts(parts, &()).await.map(drop),
        5 => Query::<ExportParams>::from_request_parts(parts, &()).await.map(drop),
        _ => Query::<ImportParams>::from_request_parts(parts, &()).await.map(drop),
    };
    read.map_err(|error| shown(&error))
}

fn shown(error: &ApiError) -> String {
    String::from_utf8_lossy(&error.body("req_1")).into_owned()
}
