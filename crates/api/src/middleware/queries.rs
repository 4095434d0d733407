//! Query parameters that no route asked for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::ParameterIn;

use crate::error::ApiError;
use crate::extract::names;
use crate::openapi::operations;

/// The query parameters of each `/api` operation, taken from its description: what the document
/// does not show is refused, on every route, without each handler having to say so.
#[derive(Debug, Clone)]
pub(crate) struct KnownQueries(Arc<HashMap<(Method, String), HashSet<String>>>);

impl KnownQueries {
    /// Reads the description.
    pub(crate) fn from_document(document: &OpenApi) -> Self {
        let known = operations(document).filter(|(_, path, _)| path.starts_with("/api/")).map(
            |(method, path, operation)| {
                let names = operation
                    .parameters
                    .iter()
                    .flatten()
                    .filter_map(|parameter| match parameter {
                        utoipa::openapi::RefOr::T(parameter) => Some(parameter),
                        utoipa::openapi::RefOr::Ref(_) => None,
                    })
                    .filter(|parameter| matches!(parameter.parameter_in, ParameterIn::Query))
                    .map(|parameter| parameter.name.clone())
                    .collect();
                ((method, path.to_owned()), names)
            },
        );
        Self(Arc::new(known.collect()))
    }

    fn check(&self, request: &Request) -> Result<(), ApiError> {
        let (Some(query), Some(path)) =
            (request.uri().query(), request.extensions().get::<MatchedPath>())
        else {
            return Ok(());
        };
        let method =
            if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
        let Some(known) = self.0.get(&(method, path.as_str().to_owned())) else {
            return Ok(());
        };
        match names(query)?.iter().find(|name| !known.contains(*name)) {
            Some(unknown) => Err(ApiError::unknown_parameter(unknown)),
            None => Ok(()),
        }
    }
}

/// Refuses a request with a query parameter that its route does not have.
pub(crate) async fn known_queries(
    State(known): State<KnownQueries>,
    request: Request,
    next: Next,
) -> Response {
    match known.check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}
