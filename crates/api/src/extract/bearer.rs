//! Who makes the request: an access token or an API key as the bearer token of RFC 6750, from the
//! header only.

use std::sync::{Arc, OnceLock};

use auth::Actor;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use schemas::{UserId, UserRole};
use services::Standing;

use crate::error::ApiError;
use crate::state::AppState;

/// The authenticated caller, whose credential may be used for this route.
///
/// Stands before any body extractor in a handler, so that a stranger's body is never read.
#[derive(Debug)]
pub(crate) struct Authenticated(pub(crate) Actor);

impl FromRequestParts<AppState> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let token = match bearer_token(&parts.headers) {
            // Below /v1 also where clients of other services send their key.
            Err(_) if is_openai(parts) && !parts.headers.contains_key(header::AUTHORIZATION) => {
                key(&parts.headers)?
            }
            token => token?,
        };
        let actor = state.services.accounts.authenticate(token).await?;
        let (standing, counted) = state.services.requests.count(&actor);
        if let Some(slot) = parts.extensions.get::<UserSlot>() {
            slot.fill(actor.user_id, standing);
        }
        counted?;
        let scopes = state.scopes.of(parts);
        if let Some(missing) = scopes.iter().find(|scope| !actor.has_scope(**scope)) {
            return Err(ApiError::insufficient_scope(*missing));
        }
        Ok(Self(actor))
    }
}

/// The authenticated caller, who administers the server.
#[derive(Debug)]
pub(crate) struct Administrator(pub(crate) Actor);

impl FromRequestParts<AppState> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        match actor.role {
            UserRole::Admin => Ok(Self(actor)),
            UserRole::User => Err(ApiError::administrator_required()),
        }
    }
}

/// Headers in which clients of other services send their key.
const KEY_HEADERS: [&str; 2] = ["api-key", "x-api-key"];

/// Whether the route is one for the clients of the `OpenAI` API.
fn is_openai(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/v1/")
}

/// The token of the one `Authorization: Bearer` header (RFC 6750, section 2.1).
///
/// The scheme's case does not matter; two headers are refused rather than chosen between.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(ApiError::missing_token)?;
    if values.next().is_some() {
        return Err(ApiError::invalid_token());
    }
    let text = value.to_str().map_err(|_| ApiError::invalid_token())?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ApiError::missing_token());
    }
    let token = token.trim_matches(' ');
    if token.is_empty() || token.contains(' ') {
        return Err(ApiError::invalid_token());
    }
    Ok(token)
}

/// What the one header for a key holds.
fn key(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = KEY_HEADERS.into_iter().flat_map(|name| headers.get_all(name));
    let value = values.next().ok_or_else(ApiError::missing_token)?;
    let token = value.to_str().map(str::trim).unwrap_or_default();
    if values.next().is_some() || token.is_empty() || token.contains(' ') {
        return Err(ApiError::invalid_token());
    }
    Ok(token)
}

/// Carries what [`Authenticated`] found out to the access log, and to the headers of the answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserSlot(Arc<OnceLock<(UserId, Option<Standing>)>>);

impl UserSlot {
    fn fill(&self, id: UserId, standing: Option<Standing>) {
        // A request has one caller; a second fill would be the same id.
        let _ = self.0.set((id, standing));
    }

    /// The caller, once known.
    pub(crate) fn get(&self) -> Option<UserId> {
        self.0.get().map(|(id, _)| *id)
    }

    /// Where the caller stands with the limit of requests; none if there is none.
    pub(crate) fn standing(&self) -> Option<Standing> {
        self.0.get().and_then(|(_, standing)| *standing)
    }
}
