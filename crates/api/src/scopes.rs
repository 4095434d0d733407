//! What an API key must be good for, route by route.
//!
//! The description of the API says it (`security(("bearer" = ["account"]))`), and what it says is
//! what is asked for: the two cannot drift apart.

use std::collections::HashMap;

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::http::request::Parts;
use schemas::Scope;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;

use crate::openapi::{operations, template};

/// The scopes of each operation that takes a bearer token; a key needs all of them.
#[derive(Debug, Clone)]
pub(crate) struct RouteScopes(HashMap<(Method, String), Vec<Scope>>);

impl RouteScopes {
    /// Reads the description.
    pub(crate) fn from_document(document: &OpenApi) -> Self {
        let scopes = operations(document)
            .map(|(method, path, operation)| ((method, path.to_owned()), named(operation)));
        Self(scopes.filter(|(_, scopes)| !scopes.is_empty()).collect())
    }

    /// The scopes of a request's route. One that is not described is kept from most keys.
    pub(crate) fn of(&self, parts: &Parts) -> &[Scope] {
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        let path = parts.extensions.get::<MatchedPath>();
        path.and_then(|path| self.0.get(&(method, template(path.as_str()))))
            .map_or(&[Scope::Account], Vec::as_slice)
    }
}

/// The scopes an operation names.
pub(crate) fn named(operation: &Operation) -> Vec<Scope> {
    // A requirement shows what it holds only when it is serialised.
    let names = |requirement: &SecurityRequirement| {
        let json = serde_json::to_value(requirement).ok()?;
        let names = json.get("bearer")?.as_array()?.clone();
        Some(names.into_iter().filter_map(|name| name.as_str()?.parse().ok()))
    };
    operation.security.iter().flatten().filter_map(names).flatten().collect()
}

/// Gives an operation that asks for a token but names no scope the one of its method.
pub(crate) fn complete(method: &Method, operation: &mut Operation) {
    if operation.security.is_some() && named(operation).is_empty() {
        let scope = if method == Method::GET { Scope::Read } else { Scope::Write };
        operation.security = Some(vec![SecurityRequirement::new("bearer", [scope.as_str()])]);
    }
}
