//! The API description (`OpenAPI` 3.1), generated from the routes themselves.

mod errors;
mod operations;

use axum::http::Method;
use schemas::error::ErrorBody;
use serde_json::Value;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, RefOr};
use utoipa_axum::router::OpenApiRouter;

use crate::{routes, scopes};
use errors::DescribedOperation;
use operations::operations_mut;

pub(crate) use operations::{operations, template};

/// The parts of the document that belong to no route.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ChatApp",
        description = "A conversation server: every message is stored, answered by a language model, and the answer is streamed to every follower and stored too.\n\nTimes of `/api` are RFC 3339, those of responses Unix seconds. Lists are pages: `limit` and the id of an item as `after` or `before`. Every error has the same body, `ErrorBody`; programs decide on `error.code`.\n\nBefore a request comes to an operation it can be refused with `url_too_long` (414), `misdirected_request` (421), `headers_too_large` (431), `unknown_url` (404), `method_not_supported` (405), or `not_ready` (503) while the server waits for its database at its start.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(ErrorBody)),
    tags(
        (name = "Accounts", description = "Sign up, log in, sessions."),
        (name = "Keys", description = "API keys: long-lived credentials for programs. Each is good for the scopes it was made with: `read`, `write`, `account`, `admin`; every operation names what it needs."),
        (name = "Administration", description = "What administrators give away: invitations, and links to new passwords."),
        (name = "Conversations", description = "Created, listed, renamed, deleted by their owner."),
        (name = "Messages", description = "What is said and answered."),
        (name = "Responses", description = "Generations of an answer: follow one from anywhere, as often as needed, or stop it."),
        (name = "Chat", description = "Conversations as the chat screens of the AI SDK ask for them: `useChat` with this address and a token."),
        (name = "Import and export", description = "Conversations from other products, and on their way out."),
        (name = "Models", description = "What can be asked."),
        (name = "OpenAI", description = "The same conversations and models for clients of the OpenAI API: the base URL is this server's `/v1`, the key one of this server's. Unknown fields and query parameters are left alone here."),
        (name = "Operation", description = "Health, metrics, this document.")
    )
)]
struct Document;

/// The description of every route.
pub fn openapi() -> OpenApi {
    let (_, document) = documented(routes::auth_routes().merge(routes::other_routes()));
    document
}

/// Splits routes into a router and their completed description.
pub(crate) fn documented<S: Clone + Send + Sync + 'static>(
    all: OpenApiRouter<S>,
) -> (axum::Router<S>, OpenApi) {
    let (router, described) = all.split_for_parts();
    let mut document = Document::openapi();
    document.merge(described);
    complete(&mut document);
    (router, document)
}

/// Names the paths as they are called, adds the security scheme and the common errors.
fn complete(document: &mut OpenApi) {
    let paths = std::mem::take(&mut document.paths.paths).into_iter();
    document.paths.paths = paths.map(|(path, item)| (template(&path), item)).collect();
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "The `access_token` of POST /api/auth/login, or an API key of POST /api/keys (`sk-…`). \
             A key needs the scopes that the operation names; an access token needs none.",
        ))
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    // What refers to schemas by name is followed most easily in JSON.
    let described = serde_json::to_value(&*document).unwrap_or_default();
    for (method, path, operation) in operations_mut(document) {
        scopes::complete(&method, operation);
        without_null(operation);
        let mut responses = std::mem::take(&mut operation.responses);
        let body = json_body(&described, path, &method);
        errors::complete(
            &DescribedOperation { method: &method, path, operation, body },
            &mut responses,
        );
        operation.responses = responses;
    }
    let mut components = document.components.take().unwrap_or_default();
    let all = operations_mut(document).map(|(_, _, operation)| &mut operation.responses);
    errors::share(&mut components, all);
    document.components = Some(components);
}

/// A parameter that may be left out has no `null`: there is no way to send one.
fn without_null(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
            && let SchemaType::Array(types) = &mut schema.schema_type
        {
            types.retain(|kind| *kind != Type::Null);
            if let [only] = types.as_slice() {
                schema.schema_type = SchemaType::Type(only.clone());
            }
        }
    }
}

/// The schema of the operation's JSON body with its references followed, in the document as JSON.
fn json_body<'a>(document: &'a Value, path: &str, method: &Method) -> Option<&'a Value> {
    let operation = document.get("paths")?.get(path)?.get(method.as_str().to_lowercase())?;
    let content = operation.pointer("/requestBody/content")?.as_object()?;
    // What can be one of several types is a file.
    let schema = content.get("application/json").filter(|_| content.len() == 1)?.get("schema")?;
    let schema = schema.pointer("/oneOf/0").unwrap_or(schema);
    let Some(link) = schema.get("$ref").and_then(Value::as_str) else { return Some(schema) };
    document.pointer(link.trim_start_matches('#'))
}

#[cfg(test)]
mod tests;
