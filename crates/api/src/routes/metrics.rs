//! `/metrics`, for Prometheus.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};

use super::answers::Answer;
use crate::error::ApiError;
use crate::extract::bearer_token;
use crate::state::AppState;

/// Read the metrics
///
/// In the text format of Prometheus, for a client that sends `server.metrics_token` as a bearer
/// token; any other gets 404.
#[utoipa::path(
    get, path = "/metrics", tag = "Operation",
    responses(
        (status = 200, description = "The metrics", body = String, content_type = "text/plain"),
        (status = 404, description = "`unknown_url`: not for this caller", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn get_metrics(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Answer<Response> {
    // A request from this machine proves nothing: so look those of a proxy that adds no header.
    if !has_token(state.config.metrics_token.as_ref(), &headers) {
        return Err(ApiError::unknown_url());
    }
    let format = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((format, state.metrics.render()).into_response())
}

/// Whether the request carries the token, compared in a time that depends on its length only.
fn has_token(wanted: Option<&SecretString>, headers: &HeaderMap) -> bool {
    let (Some(wanted), Ok(got)) = (wanted, bearer_token(headers)) else {
        return false;
    };
    let (wanted, got) = (wanted.expose_secret().as_bytes(), got.as_bytes());
    let difference = wanted.iter().zip(got).fold(0, |all, (a, b)| all | (a ^ b));
    wanted.len() == got.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_opens_the_metrics() {
        let token = SecretString::from("correct horse".replace(' ', "-"));
        let with = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            has_token(Some(&token), &headers)
        };
        assert!(with("Bearer correct-horse"));
        for wrong in ["Bearer correct-hors", "Bearer correct-horses", "correct-horse", "Bearer x"] {
            assert!(!with(wrong), "{wrong}");
        }
        assert!(!has_token(None, &HeaderMap::new()));
    }
}
