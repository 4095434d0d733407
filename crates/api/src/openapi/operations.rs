//! The operations of a description.

use axum::http::Method;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

/// The path of a route as the description has it: a parameter that may have slashes is one like any
/// other there.
pub(crate) fn template(route: &str) -> String {
    route.replace("{*", "{")
}

/// Every operation with its method and path template, in the order of the document.
pub(crate) fn operations(document: &OpenApi) -> impl Iterator<Item = (Method, &str, &Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        let slots = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        slots.into_iter().filter_map(move |(method, operation)| {
            operation.as_ref().map(|operation| (method, path.as_str(), operation))
        })
    })
}

/// The same, to be completed.
pub(super) fn operations_mut(
    document: &mut OpenApi,
) -> impl Iterator<Item = (Method, &str, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let slots = [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::PUT, &mut item.put),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ];
        slots.into_iter().filter_map(|(method, operation)| {
            operation.as_mut().map(|operation| (method, path.as_str(), operation))
        })
    })
}
