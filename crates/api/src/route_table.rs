//! The list of routes, for tests that must visit every one of them.

use axum::http::Method;

use crate::openapi::{openapi, operations};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Anybody.
    Public,
    /// Callers with a valid bearer token.
    Bearer,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// The method.
    pub method: Method,
    /// The path with its parameters in braces, such as `/api/messages/{id}`.
    pub path: String,
    /// Who may use it.
    pub auth: Auth,
    /// The operation id, which is the handler's name.
    pub operation: String,
}

/// Every route, derived from the API description, so it cannot forget one.
pub fn routes() -> Vec<RouteInfo> {
    operations(&openapi())
        .map(|(method, path, operation)| RouteInfo {
            method,
            path: path.to_owned(),
            auth: if operation.security.is_some() { Auth::Bearer } else { Auth::Public },
            operation: operation.operation_id.clone().unwrap_or_default(),
        })
        .collect()
}
