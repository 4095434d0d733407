//! The errors of each operation: those that its route describes, and those that follow from what
//! the operation is.

use std::collections::{BTreeMap, HashMap};

use axum::http::Method;
use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{
    Components, ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Responses,
};

use crate::error::status_at;

/// An operation, and what its body may have.
pub(super) struct DescribedOperation<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) operation: &'a Operation,
    /// The schema of its JSON body, references followed.
    pub(super) body: Option<&'a Value>,
}

/// Whether an operation can have a code.
type Rule<'a> = fn(&DescribedOperation<'a>) -> bool;

impl<'a> DescribedOperation<'a> {
    /// Codes that an operation can have, because of what it is.
    const RULES: [(&'static str, Rule<'a>); 25] = [
        ("invalid_json", |place| place.body.is_some()),
        ("missing_required_parameter", Self::requires_fields),
        ("unknown_parameter", Self::is_api),
        ("invalid_value", Self::takes_value),
        ("invalid_query", |place| place.is_api() || place.takes_query()),
        ("request_incomplete", Self::takes_body),
        ("model_not_found", Self::takes_model),
        ("context_length_exceeded", Self::is_answered),
        ("missing_token", Self::has_caller),
        ("invalid_token", Self::has_caller),
        ("token_expired", Self::has_caller),
        ("invalid_api_key", Self::has_caller),
        ("insufficient_scope", Self::has_caller),
        ("storage_quota_exceeded", |place| {
            (place.takes_model() && place.stores()) || place.takes_field("items")
        }),
        ("not_found", Self::takes_path),
        ("request_timeout", Self::takes_body),
        ("request_too_large", Self::takes_body),
        ("unsupported_media_type", Self::takes_body),
        ("rate_limit_exceeded", |place| place.has_caller() || place.takes_body()),
        ("internal_error", Self::is_about_data),
        ("unavailable", Self::is_about_data),
        // A connection is always kept for health checks.
        ("overloaded", |place| !place.path.starts_with("/health/")),
        ("shutting_down", Self::waits_for_its_turn),
        ("storage_full", Self::stores),
        ("storage_read_only", Self::stores),
    ];

    fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// Whether it asks for a token.
    fn has_caller(&self) -> bool {
        self.operation.security.is_some()
    }

    /// Whether it works with what is stored; the others only say what the server is.
    fn is_about_data(&self) -> bool {
        self.has_caller() || self.path.starts_with("/api/auth/")
    }

    fn takes_body(&self) -> bool {
        self.operation.request_body.is_some()
    }

    fn takes_path(&self) -> bool {
        self.parameters().any(|parameter| parameter.parameter_in == ParameterIn::Path)
    }

    /// Whether there is a value that can break a rule. What `Prefer` says is a wish, and those that
    /// are not known are ignored.
    fn takes_value(&self) -> bool {
        let mut others = self.parameters().filter(|parameter| parameter.name != "prefer");
        self.body.is_some()
            || others.any(|parameter| {
                matches!(parameter.parameter_in, ParameterIn::Query | ParameterIn::Header)
            })
    }

    fn parameters(&self) -> impl Iterator<Item = &utoipa::openapi::path::Parameter> {
        self.operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
    }

    fn requires_fields(&self) -> bool {
        let required = self.body.and_then(|body| body.get("required")).and_then(Value::as_array);
        required.is_some_and(|names| !names.is_empty())
    }

    fn takes_field(&self, name: &str) -> bool {
        self.body.and_then(|body| body.pointer("/properties")?.get(name)).is_some()
    }

    /// Whether it names a model, which may be unknown.
    fn takes_model(&self) -> bool {
        self.takes_field("model")
    }

    /// Whether it begins an answer.
    fn is_answered(&self) -> bool {
        let begins = self.takes_field("stream") || self.takes_field("trigger");
        self.takes_model() && begins && !self.only_counts()
    }

    /// Whether it only counts what an answer would read.
    fn only_counts(&self) -> bool {
        self.path == "/v1/responses/input_tokens"
    }

    fn takes_query(&self) -> bool {
        self.parameters().any(|parameter| parameter.parameter_in == ParameterIn::Query)
    }

    /// Whether what it reads waits for its turn, or it begins work: both end when the server does.
    fn waits_for_its_turn(&self) -> bool {
        let reads = [
            "/api/conversations",
            "/api/conversations/{id}/messages",
            "/api/messages/{id}",
            "/v1/conversations",
            "/v1/conversations/{id}/items",
            "/v1/conversations/{id}/items/{item_id}",
        ];
        let reads_much = self.method == Method::GET
            && (reads.contains(&self.path)
                || self.path.starts_with("/api/responses/")
                || self.path.starts_with("/api/chat/")
                || self.path.starts_with("/v1/responses/"));
        let works = [
            "/api/import",
            "/api/responses/{id}/cancel",
            "/api/chat/{id}/stop",
            "/v1/responses/{id}/cancel",
        ];
        let works = works.contains(&self.path);
        reads_much || works || self.is_answered()
    }

    /// Whether it stores something.
    fn stores(&self) -> bool {
        let only_reads = self.path == "/api/me/export" || self.only_counts();
        self.is_about_data() && self.method != Method::GET && !only_reads
    }
}

/// What is said of every error of a status, behind its codes.
const NOTES: [(&str, &str, &str); 11] = [
    ("400", "BadRequest", "; `error.param` names the field, if it is one"),
    ("401", "Unauthorized", "; with `WWW-Authenticate`"),
    ("403", "Forbidden", ""),
    ("404", "NotFound", ": it does not exist, or it belongs to another user"),
    ("408", "RequestTimeout", ": the body did not arrive in time"),
    ("413", "TooLarge", ": the message names the limit"),
    ("415", "UnsupportedMediaType", ": the body is declared as something that is not taken here"),
    ("429", "TooManyRequests", ": the message says which limit; with `Retry-After`"),
    ("500", "InternalError", ": the request id leads to the reason in the server's log"),
    ("503", "Unavailable", "; with `Retry-After`"),
    ("507", "StorageFull", ": nothing was saved"),
];

/// Adds to the operation's responses what its route does not say itself.
pub(super) fn complete(place: &DescribedOperation<'_>, responses: &mut Responses) {
    for (status, codes) in implied(place) {
        let missing = |described: &str| -> Vec<&str> {
            let names = |code: &&&str| !described.contains(&format!("`{code}`"));
            codes.iter().filter(names).copied().collect()
        };
        match responses.responses.get_mut(status.as_str()) {
            Some(RefOr::T(response)) => {
                let missing = missing(&response.description);
                if !missing.is_empty() {
                    let separator = if response.description.is_empty() { "" } else { "; also " };
                    response.description =
                        format!("{}{separator}{}", response.description, listed(&missing));
                }
            }
            Some(RefOr::Ref(_)) => {}
            None => {
                let note = NOTES.iter().find(|(of, ..)| *of == status).map_or("", |note| note.2);
                let description = format!("{}{note}", listed(&codes));
                responses.responses.insert(status, RefOr::T(response(&description)));
            }
        }
    }
}

/// The codes of an operation by their status.
fn implied(place: &DescribedOperation<'_>) -> BTreeMap<String, Vec<&'static str>> {
    let mut found: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for (code, applies) in &DescribedOperation::RULES {
        if let Some(status) = status_at(place.path, code).filter(|_| applies(place)) {
            found.entry(status.as_str().to_owned()).or_default().push(code);
        }
    }
    found
}

/// `` `a`, `b` or `c` ``.
fn listed(codes: &[&str]) -> String {
    let quoted: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

fn response(description: &str) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    ResponseBuilder::new().description(description).content("application/json", body).build()
}

/// Writes the commonest error of each status once, as a component.
pub(super) fn share<'a>(components: &mut Components, all: impl Iterator<Item = &'a mut Responses>) {
    let mut all: Vec<&mut Responses> = all.collect();
    for (status, name, _) in NOTES {
        let mut counted: HashMap<&str, usize> = HashMap::new();
        for responses in &all {
            if let Some(RefOr::T(response)) = responses.responses.get(status) {
                *counted.entry(&response.description).or_default() += 1;
            }
        }
        let commonest = counted.into_iter().max_by_key(|(text, count)| (*count, *text));
        let Some(commonest) = commonest.map(|(text, _)| text.to_owned()) else { continue };
        for responses in &mut all {
            if let Some(found) = responses.responses.get_mut(status)
                && matches!(found, RefOr::T(response) if response.description == commonest)
            {
                *found = RefOr::Ref(Ref::from_response_name(name));
            }
        }
        components.responses.insert(name.to_owned(), RefOr::T(response(&commonest)));
    }
}
