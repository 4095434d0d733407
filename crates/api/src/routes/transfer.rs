//! Conversations in and out: `/api/export`, `/api/import`.

use auth::Actor;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use schemas::ConversationId;
use schemas::account::DataExport;
use schemas::import::ImportLine;
use serde::Deserialize;
use services::ExportFormat;
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use super::answers::Answer;
use crate::extract::{Authenticated, Json, Path, Query, UploadLimits, receive};
use crate::state::AppState;

const JSON_LINES: &str = "application/x-ndjson";
const MARKDOWN: &str = "text/markdown; charset=utf-8";

/// How an export is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// A line of JSON per conversation, with every branch; can be imported again.
    #[default]
    Jsonl,
    /// The selected branch of each conversation, for people.
    Markdown,
}

/// A zip archive.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its description is used: the archive is streamed")]
pub(super) struct ZipFile(Bytes);

/// Query of the exports.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportParams {
    /// `jsonl` can be imported again; `markdown` is for people.
    #[serde(default)]
    #[param(value_type = Option<String>, default = "jsonl", example = "markdown", pattern = "^(jsonl|markdown)$")]
    format: Format,
}

/// Query of `POST /api/import`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportParams {
    /// Read everything and say what would happen, but store nothing.
    #[serde(default)]
    dry_run: bool,
}

/// Export all conversations
///
/// Archived ones included. The answer is streamed; its last line counts what should be in it, so
/// that a cut file can be told from a whole one. docs/TRANSFER.md describes the format.
#[utoipa::path(
    get, path = "/api/export", tag = "Import and export", security(("bearer" = [])),
    params(ExportParams),
    responses((status = 200, description = "The conversations", content(
        (String = "application/x-ndjson"), (String = "text/markdown"),
    )))
)]
pub(super) async fn export_all(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Query(ExportParams { format }): Query<ExportParams>,
) -> Answer<Response> {
    let stream = state.services.exports.all(&actor, format.into())?;
    Ok(file(stream, format, "conversations"))
}

/// Export everything about the account
///
/// A zip file of readable JSON: the account, its sessions and keys without their secrets, all
/// conversations (importable, as those of `/api/export`), and what each response used, with a JSON
/// Schema of these files. The answer is streamed; a file that was cut cannot be opened.
/// `docs/DATA_EXPORT.md` describes it. A session takes the password for this: `POST` to the same
/// path. An API key with these scopes took it when it was made.
#[utoipa::path(
    get, path = "/api/me/export", tag = "Accounts", security(("bearer" = ["account", "read"])),
    responses(
        (status = 200, description = "The archive", body = inline(ZipFile), content_type = "application/zip"),
        (status = 403, description = "`password_required` with a session, or `insufficient_scope`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn export_me(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
) -> Answer<Response> {
    archive(&state, &actor, None).await
}

/// Export everything about the account, with the password
///
/// The archive of `GET /api/me/export`, for a user who has a session.
#[utoipa::path(
    post, path = "/api/me/export", tag = "Accounts", security(("bearer" = ["account", "read"])),
    request_body = DataExport,
    responses(
        (status = 200, description = "The archive", body = inline(ZipFile), content_type = "application/zip"),
        (status = 403, description = "`wrong_password` or `insufficient_scope`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn export_me_confirmed(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Json(DataExport { current_password }): Json<DataExport>,
) -> Answer<Response> {
    archive(&state, &actor, Some(current_password)).await
}

async fn archive(state: &AppState, actor: &Actor, password: Option<String>) -> Answer<Response> {
    let stream = state.services.data_exports.archive(actor, password).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"chatapp-data.zip\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Export a conversation
#[utoipa::path(
    get, path = "/api/conversations/{id}/export", tag = "Import and export",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ExportParams,
    ),
    responses((status = 200, description = "The conversation", content(
        (String = "application/x-ndjson"), (String = "text/markdown"),
    )))
)]
pub(super) async fn export_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    Query(ExportParams { format }): Query<ExportParams>,
) -> Answer<Response> {
    let stream = state.services.exports.one(&actor, id, format.into()).await?;
    Ok(file(stream, format, &id.to_string()))
}

/// Import conversations
///
/// The body is an export of this server, of ChatGPT (the archive, or one of its JSON files), Claude,
/// Open WebUI or LibreChat; the format is recognised. The answer is streamed while the work goes
/// on: a line of JSON for each conversation, and a summary at the end. What was imported before is
/// left as it is, so the same file can be sent again. The work goes on when the client leaves.
#[utoipa::path(
    post, path = "/api/import", tag = "Import and export", security(("bearer" = [])),
    params(ImportParams),
    request_body(content(
        (String = "application/json"), (String = "application/x-ndjson"),
        (inline(ZipFile) = "application/zip"),
    )),
    responses((
        status = 200, description = "What became of each conversation, a line each",
        body = ImportLine, content_type = "application/x-ndjson",
    ))
)]
pub(super) async fn import_conversations(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Query(ImportParams { dry_run }): Query<ImportParams>,
    request: Request,
) -> Answer<Response> {
    // Before the body is received: a large one for nothing helps nobody.
    let slot = state.services.imports.reserve(&actor)?;
    let (bytes, idle) = (state.config.max_import_bytes, state.config.body_timeout);
    let limits = UploadLimits { bytes, idle, bodies: &state.bodies };
    let (parts, body) = request.into_parts();
    let file = receive(&parts, body, &state.config.upload_dir, limits).await?;
    let lines = state.services.imports.run(slot, file, dry_run);
    let headers = [
        (header::CONTENT_TYPE, JSON_LINES),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(report(lines))).into_response())
}

/// The lines of an import's report.
fn report(
    mut lines: mpsc::Receiver<ImportLine>,
) -> impl Stream<Item = Result<Bytes, serde_json::Error>> {
    async_stream::try_stream! {
        while let Some(line) = lines.recv().await {
            let mut text = serde_json::to_vec(&line)?;
            text.push(b'\n');
            yield Bytes::from(text);
        }
    }
}

fn file(
    stream: impl Stream<Item = services::Result<Bytes>> + Send + 'static,
    format: Format,
    name: &str,
) -> Response {
    let (media_type, ending) = match format {
        Format::Jsonl => (JSON_LINES, "jsonl"),
        Format::Markdown => (MARKDOWN, "md"),
    };
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{ending}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(stream)).into_response()
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::JsonLines,
            Format::Markdown => Self::Markdown,
        }
    }
}
