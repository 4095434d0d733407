//! A body too large for memory: received into a file that has no name.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use super::bodies::Bodies;
use crate::error::ApiError;

/// How long a whole upload may take.
const WHOLE: Duration = Duration::from_mins(30);

/// What an upload may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UploadLimits<'a> {
    /// The most bytes.
    pub(crate) bytes: u64,
    /// The longest time without a byte.
    pub(crate) idle: Duration,
    /// Those that are being received.
    pub(crate) bodies: &'a Bodies,
}

/// Receives `body` into a file in `folder`, which the system removes when it is closed. The file
/// is at its beginning.
pub(crate) async fn receive(
    Parts { headers, extensions, .. }: &Parts,
    body: Body,
    folder: &Path,
    limits: UploadLimits<'_>,
) -> Result<File, ApiError> {
    if !is_declared(headers) {
        return Err(ApiError::unsupported_upload());
    }
    let max = usize::try_from(limits.bytes).unwrap_or(usize::MAX);
    if body.size_hint().lower() > limits.bytes {
        return Err(ApiError::body_too_large(max));
    }
    let receiving = limits.bodies.begin(extensions, headers)?;
    let folder = folder.to_owned();
    let file = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
    let file = file.map_err(|_| ApiError::internal())?.map_err(|error| ApiError::upload(&error))?;
    let mut file = tokio::fs::File::from_std(file);
    let whole = async {
        let (mut frames, mut bytes) = (body.into_data_stream(), 0u64);
        loop {
            let now = Instant::now();
            let deadline = receiving.deadline(bytes).min(now + limits.idle);
            let frame = tokio::time::timeout_at(deadline, frames.next()).await;
            let frame = frame.map_err(|_| ApiError::body_timeout(deadline - now))?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|_| ApiError::body_incomplete())?;
            bytes = bytes.saturating_add(frame.len() as u64);
            if bytes > limits.bytes {
                return Err(ApiError::body_too_large(max));
            }
            file.write_all(&frame).await.map_err(|error| ApiError::upload(&error))?;
        }
        file.flush().await.map_err(|error| ApiError::upload(&error))
    };
    tokio::time::timeout(WHOLE, whole).await.unwrap_or(Err(ApiError::body_timeout(WHOLE)))?;
    let mut file = file.into_std().await;
    file.seek(SeekFrom::Start(0)).map_err(|error| ApiError::upload(&error))?;
    Ok(file)
}

/// A page on another site can send a form or plain text without asking, but not these.
fn is_declared(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = declared.and_then(|value| value.split(';').next()).unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence.starts_with("application/") && essence != "application/x-www-form-urlencoded"
}
