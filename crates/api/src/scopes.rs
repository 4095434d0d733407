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

use crate::openapi::operations;

/// The scope of each operation that takes a bearer token.
#[derive(Debug, Clone)]
pub(crate) struct RouteScopes(HashMap<(Method, String), Scope>);

impl RouteScopes {
    /// Reads the description.
    pub(crate) fn from_document(document: &OpenApi) -> Self {
        let scopes = operations(document).filter_map(|(method, path, operation)| {
            Some(((method, path.to_owned()), named(operation)?))
        });
        Self(scopes.collect())
    }

    /// The scope of a request's route. One that is not described is kept from most keys.
    pub(crate) fn of(&self, parts: &Parts) -> Scope {
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        let path = parts.extensions.get::<MatchedPath>();
        path.and_then(|path| self.0.get(&(method, path.as_str().to_owned())))
            .copied()
            .unwrap_or(Scope::Account)
    }
}

/// The scope an operation names.
pub(crate) fn named(operation: &Operation) -> Option<Scope> {
    // A requirement shows what it holds only when it is serialised.
    let name = |requirement: &SecurityRequirement| {
        let json = serde_json::to_value(requirement).ok()?;
        json.get("bearer")?.get(0)?.as_str()?.parse().ok()
    };
    operation.security.iter().flatten().find_map(name)
}

/// Gives an operation that asks for a token but names no scope the one of its method.
pub(crate) fn complete(method: &Method, operation: &mut Operation) {
    if operation.security.is_some() && named(operation).is_none() {
        let scope = if method == Method::GET { Scope::Read } else { Scope::Write };
        operation.security = Some(vec![SecurityRequirement::new("bearer", [scope.as_str()])]);
    }
}
