use std::collections::HashSet;

use serde_json::Value;

mod rules;

use super::*;
use crate::route_table::{Auth, routes};
use schemas::Scope;

#[test]
fn the_whole_document() {
    insta::assert_json_snapshot!(openapi());
}

#[test]
fn every_operation_is_described_and_lists_its_errors() {
    let document = openapi();
    let mut ids = HashSet::new();
    for (method, path, operation) in operations(&document) {
        let id = operation.operation_id.clone().unwrap();
        assert!(ids.insert(id.clone()), "{id} twice");
        assert!(operation.summary.is_some(), "{id}");
        assert_eq!(operation.tags.as_ref().map(Vec::len), Some(1), "{id}");
        let statuses: Vec<_> = operation.responses.responses.keys().map(String::as_str).collect();
        let is_fixed = ["/docs", "/docs/style.css", "/openapi.json", "/api/version", "/metrics"];
        let is_plain = is_fixed.contains(&path) || path.starts_with("/health/");
        assert_eq!(statuses.contains(&"500"), !is_plain, "{id}");
        assert_eq!(
            operation.security.is_some(),
            statuses.contains(&"401") && id != "login" && id != "refresh",
            "{id}"
        );
        if path.contains("{id}") {
            assert!(statuses.contains(&"404"), "{id}");
        }
        if operation.request_body.is_some() {
            assert!(["400", "408", "413", "415"].iter().all(|s| statuses.contains(s)), "{id}");
            assert_ne!(method, Method::GET);
        }
    }
    assert!(!ids.is_empty());
}

#[test]
fn every_reference_leads_somewhere() {
    fn visit(document: &Value, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(link) = members.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(link.trim_start_matches('#')).is_some(), "{link}");
                }
                members.values().for_each(|member| visit(document, member));
            }
            Value::Array(items) => items.iter().for_each(|item| visit(document, item)),
            _ => {}
        }
    }
    let document = serde_json::to_value(openapi()).unwrap();
    visit(&document, &document);
}

#[test]
fn the_route_table_knows_who_may_use_what() {
    let table = routes();
    let auth = |operation: &str| {
        table.iter().find(|route| route.operation == operation).map(|route| route.auth)
    };
    assert_eq!(auth("login"), Some(Auth::Public));
    assert_eq!(auth("logout"), Some(Auth::Bearer));
    assert_eq!(auth("create_message"), Some(Auth::Bearer));
    let public: Vec<_> = table
        .iter()
        .filter(|route| route.auth == Auth::Public && route.path.starts_with("/api/"))
        .map(|route| route.operation.as_str())
        .collect();
    assert_eq!(
        public,
        ["login", "refresh", "reset_password", "get_signup", "signup", "get_version"]
    );
}

#[test]
fn keys_reach_accounts_only_with_the_scope_for_them() {
    let document = openapi();
    for (_, path, operation) in operations(&document) {
        let id = operation.operation_id.clone().unwrap();
        assert_eq!(operation.security.is_some(), !scopes::named(operation).is_empty(), "{id}");
        let expected = match operation.tags.as_deref().and_then(<[String]>::first).unwrap().as_str()
        {
            "Accounts" | "Keys" if id != "get_me" => Scope::Account,
            "Administration" => Scope::Admin,
            _ => continue,
        };
        let named = scopes::named(operation);
        assert!(named.is_empty() || named.contains(&expected), "{id} at {path}: {named:?}");
    }
}

#[test]
fn every_error_names_codes_that_have_its_status() {
    let document = serde_json::to_value(openapi()).unwrap();
    let described = |response: &Value| {
        let link = response.get("$ref").and_then(Value::as_str);
        let found =
            link.map_or(response, |link| document.pointer(link.trim_start_matches('#')).unwrap());
        found["description"].as_str().unwrap().to_owned()
    };
    for (method, path, operation) in operations(&openapi()) {
        let responses = serde_json::to_value(&operation.responses).unwrap();
        for (status, response) in responses.as_object().unwrap() {
            let text = described(response);
            if !status.starts_with(['4', '5']) {
                continue;
            }
            let codes = text
                .split('`')
                .skip(1)
                .step_by(2)
                .filter_map(|code| crate::error::status_at(path, code));
            let codes: Vec<String> = codes.map(|code| code.as_str().to_owned()).collect();
            assert!(
                !codes.is_empty() && codes.iter().all(|of_code| of_code == status),
                "{method} {path} describes its {status} as {text:?}: name in backticks the codes \
                 of docs/ERRORS.md that it can have, and none of another status"
            );
        }
    }
}

#[test]
fn no_parameter_can_be_null() {
    for (method, path, operation) in operations(&openapi()) {
        for parameter in operation.parameters.iter().flatten() {
            let parameter = serde_json::to_value(parameter).unwrap();
            assert!(!parameter["schema"].to_string().contains("null"), "{method} {path}");
        }
    }
}
