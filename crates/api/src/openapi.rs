//! The API description (`OpenAPI` 3.1), generated from the routes themselves.

use axum::http::Method;
use schemas::error::ErrorBody;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::{routes, scopes};

/// The parts of the document that belong to no route.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ChatApp",
        description = "A conversation server: every message is stored, answered by a language model, and the answer is streamed to every follower and stored too.\n\nTimes of `/api` are RFC 3339, those of responses Unix seconds. Lists are pages: `limit` and the id of an item as `after` or `before`. Every error has the same body, `ErrorBody`; programs decide on `error.code`.",
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
        (name = "Import and export", description = "Conversations from other products, and on their way out."),
        (name = "Models", description = "What can be asked."),
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

/// An error that follows from what an operation is, so that no route has to list it.
struct Common {
    name: &'static str,
    status: &'static str,
    description: &'static str,
    applies: fn(&Operation) -> bool,
}

const COMMON: [Common; 10] = [
    Common {
        name: "BadRequest",
        status: "400",
        description: "`invalid_json`, `invalid_value`, `unknown_parameter`, `missing_required_parameter`, `invalid_query`, `model_not_found` or `context_length_exceeded`; `error.param` names the field",
        applies: |operation| takes_body(operation) || takes(operation, &ParameterIn::Query),
    },
    Common {
        name: "Unauthorized",
        status: "401",
        description: "`missing_token`, `invalid_token`, `token_expired` or `invalid_api_key`; with `WWW-Authenticate`",
        applies: |operation| operation.security.is_some(),
    },
    Common {
        name: "Forbidden",
        status: "403",
        description: "`insufficient_scope`: the API key may not be used for this; `WWW-Authenticate` names the scope",
        applies: |operation| operation.security.is_some(),
    },
    Common {
        name: "NotFound",
        status: "404",
        description: "`not_found`: it does not exist, or it is somebody else's",
        applies: |operation| takes(operation, &ParameterIn::Path),
    },
    Common {
        name: "RequestTimeout",
        status: "408",
        description: "`request_timeout`: the body did not arrive in time",
        applies: takes_body,
    },
    Common {
        name: "TooLarge",
        status: "413",
        description: "`request_too_large`: the message names the limit",
        applies: takes_body,
    },
    Common {
        name: "UnsupportedMediaType",
        status: "415",
        description: "`unsupported_media_type`: the body is not declared as JSON",
        applies: takes_body,
    },
    Common {
        name: "InternalError",
        status: "500",
        description: "`internal_error`: the request id leads to the reason in the server's log",
        applies: |_| true,
    },
    Common {
        name: "Unavailable",
        status: "503",
        description: "`overloaded`, `unavailable` or `shutting_down`; with `Retry-After`",
        applies: |_| true,
    },
    Common {
        name: "StorageFull",
        status: "507",
        description: "`storage_full`, `storage_read_only`: nothing was saved",
        applies: takes_body,
    },
];

fn takes_body(operation: &Operation) -> bool {
    operation.request_body.is_some()
}

fn takes(operation: &Operation, place: &ParameterIn) -> bool {
    operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == *place,
        RefOr::Ref(_) => false,
    })
}

/// Adds the security scheme and the common errors.
fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "The `access_token` of POST /api/auth/login, or an API key of POST /api/keys (`sk-…`). \
             A key needs the scopes that the operation names; an access token needs none.",
        ))
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for common in &COMMON {
        let response = error_response(common.description);
        components.responses.insert(common.name.to_owned(), RefOr::T(response));
    }
    for item in document.paths.paths.values_mut() {
        let slots = [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in slots {
            let Some(operation) = operation else { continue };
            scopes::complete(&method, operation);
            without_null(operation);
            add_errors(operation);
        }
    }
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

fn add_errors(operation: &mut Operation) {
    for common in &COMMON {
        if (common.applies)(operation) && !operation.responses.responses.contains_key(common.status)
        {
            let link = RefOr::Ref(Ref::from_response_name(common.name));
            operation.responses.responses.insert(common.status.to_owned(), link);
        }
    }
}

fn error_response(description: &str) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    ResponseBuilder::new().description(description).content("application/json", body).build()
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

#[cfg(test)]
mod tests;
