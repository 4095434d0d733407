use axum::http::HeaderMap;
use schemas::event::{EndReason, FailureCode, Words};
use serde_json::{Value, json};
use services::Error as Failure;

use super::*;

/// Status, headers and body of an error, as a client gets them.
fn rendered(error: impl Into<ApiError>) -> (u16, HeaderMap, Value) {
    let error = error.into();
    let body = serde_json::from_slice(&error.body("req_1")).unwrap();
    let response = error.into_response();
    (response.status().as_u16(), response.headers().clone(), body)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn every_failure_has_its_status_type_and_code() {
    let response = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e".parse().unwrap();
    let invalid = schemas::Invalid::new("title", "title must not be empty");
    let table: Vec<(Failure, u16, &str, &str)> = vec![
        (Failure::NotFound("message"), 404, "not_found_error", "not_found"),
        (Failure::Invalid(invalid), 400, "invalid_request_error", "invalid_value"),
        (Failure::InvalidCredentials, 401, "authentication_error", "invalid_credentials"),
        (Failure::WrongPassword, 403, "permission_error", "wrong_password"),
        (Failure::PasswordRequired("This"), 403, "permission_error", "password_required"),
        (Failure::TooManyAtOnce, 429, "rate_limit_error", "rate_limit_exceeded"),
        (
            Failure::TooManyAttempts(Duration::from_secs(3)),
            429,
            "rate_limit_error",
            "rate_limit_exceeded",
        ),
        (Failure::LastAdministrator, 409, "conflict_error", "last_administrator"),
        (Failure::InvalidToken, 401, "authentication_error", "invalid_token"),
        (Failure::TokenExpired, 401, "authentication_error", "token_expired"),
        (Failure::InvalidKey, 401, "authentication_error", "invalid_api_key"),
        (Failure::SessionRequired, 403, "permission_error", "session_required"),
        (Failure::TooManyKeys(2), 409, "conflict_error", "key_limit_reached"),
        (Failure::SignupClosed, 403, "permission_error", "signup_closed"),
        (Failure::InvitationRequired, 403, "permission_error", "invitation_required"),
        (Failure::InvitationInvalid, 403, "permission_error", "invitation_invalid"),
        (Failure::InvitationOfAnother, 403, "permission_error", "invitation_invalid"),
        (Failure::TooManyInvitations(200), 409, "conflict_error", "invitation_limit_reached"),
        (Failure::ResetTokenInvalid, 403, "permission_error", "reset_token_invalid"),
        (Failure::SetupTokenInvalid, 403, "permission_error", "setup_token_invalid"),
        (Failure::Stale("conversation"), 412, "invalid_request_error", "etag_mismatch"),
        (Failure::EmailTaken, 409, "conflict_error", "email_taken"),
        (Failure::ConversationLocked(response), 409, "conflict_error", "conversation_locked"),
        (
            Failure::ContextTooLong { limit: 10, got: 20 },
            400,
            "invalid_request_error",
            "context_length_exceeded",
        ),
        (
            Failure::ModelNotFound { model: "x".into(), suggestions: vec!["y".into()] },
            400,
            "invalid_request_error",
            "model_not_found",
        ),
        (
            Failure::LimitReached { what: "answers at once", limit: 3 },
            429,
            "rate_limit_error",
            "rate_limit_exceeded",
        ),
        (Failure::Busy, 503, "server_error", "overloaded"),
        (Failure::StorageFull, 507, "server_error", "storage_full"),
        (Failure::ReadOnly, 507, "server_error", "storage_read_only"),
        (Failure::ShuttingDown, 503, "server_error", "shutting_down"),
        (Failure::Internal("secret".into()), 500, "server_error", "internal_error"),
    ];
    for (failure, status, kind, code) in table {
        let (got, headers, body) = rendered(failure);
        assert_eq!(got, status, "{code}");
        assert_eq!(body["error"]["type"], kind);
        assert_eq!(body["error"]["code"], code);
        assert_eq!(body["request_id"], "req_1");
        assert!(!body.to_string().contains("secret"), "{body}");
        assert_eq!(status == 401, headers.contains_key("www-authenticate"), "{code}");
        let retryable = matches!(status, 429 | 503);
        assert_eq!(retryable, headers.contains_key("retry-after"), "{code}");
        assert_eq!(retryable, headers.contains_key("retry-after-ms"), "{code}");
    }
}

#[test]
fn an_unknown_model_comes_with_suggestions() {
    for (suggestions, words) in [
        (&[][..], "There is no model \"x\". GET /api/models lists the models."),
        (&["y"], "There is no model \"x\". Did you mean \"y\"? GET"),
        (&["y", "z", "a/b"], "Did you mean \"y\", \"z\" or \"a/b\"?"),
    ] {
        let suggestions = suggestions.iter().map(|name| (*name).to_owned()).collect();
        let (_, _, body) = rendered(Failure::ModelNotFound { model: "x".into(), suggestions });
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_provider_failure_is_told_apart_by_its_code() {
    for (code, status) in [
        ("context_length_exceeded", 400),
        ("model_not_found", 400),
        ("upstream_timeout", 504),
        ("upstream_unavailable", 503),
        ("upstream_auth", 502),
        ("upstream_failed", 502),
    ] {
        let (got, _, body) = rendered(service::upstream(code, "The provider did not.".to_owned()));
        assert_eq!((got, &body["error"]["code"]), (status, &json!(code)));
        assert_eq!(body["error"]["message"], "The provider did not.");
    }
}

#[test]
fn a_locked_conversation_names_the_response_and_forbids_blind_retries() {
    let id = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e";
    let (_, headers, body) = rendered(Failure::ConversationLocked(id.parse().unwrap()));
    assert_eq!(body["error"]["response_id"], id);
    assert_eq!(header(&headers, "x-should-retry"), "false");
}

#[test]
fn the_challenge_names_an_error_only_for_a_token_that_was_sent() {
    let (_, sent, _) = rendered(Failure::InvalidToken);
    assert_eq!(
        header(&sent, "www-authenticate"),
        r#"Bearer realm="chatapp", error="invalid_token""#
    );
    let (_, missing, _) = rendered(ApiError::missing_token());
    assert_eq!(header(&missing, "www-authenticate"), r#"Bearer realm="chatapp""#);
    let (status, headers, body) = rendered(Failure::InsufficientScope(schemas::Scope::Write));
    assert_eq!((status, &body["error"]["code"]), (403, &json!("insufficient_scope")));
    assert_eq!(
        header(&headers, "www-authenticate"),
        r#"Bearer realm="chatapp", error="insufficient_scope", scope="write""#
    );
}

#[test]
fn absent_foreign_and_malformed_ids_read_the_same() {
    let (_, _, absent) = rendered(Failure::NotFound("conversation"));
    let (_, _, malformed) = rendered(ApiError::not_found("conversation"));
    assert_eq!(absent, malformed);
}

#[test]
fn reasons_stand_beside_the_error() {
    let (status, _, body) = rendered(ApiError::not_ready(vec!["database", "draining"]));
    assert_eq!(status, 503);
    assert_eq!(body["reasons"], json!(["database", "draining"]));
    assert_eq!(body["error"]["code"], "not_ready");
}

#[test]
fn a_clients_own_words_are_cut() {
    let (_, _, body) = rendered(ApiError::unknown_parameter(&"é".repeat(500)));
    assert_eq!(body["error"]["param"].as_str().unwrap().chars().count(), 64);
}

#[test]
fn the_log_has_the_whole_chain() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("storage failed")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    assert_eq!(chain(&Outer(std::io::Error::other("disk gone"))), "storage failed: disk gone");
}

/// `UPDATE_DOCS=1` writes the file instead of comparing it.
#[test]
fn the_table_of_errors_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ERRORS.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == reference(),
        "docs/ERRORS.md is stale; run: UPDATE_DOCS=1 cargo test -p api error"
    );
}

/// An author who adds a code or a reason with which an answer can end says what it means: to
/// programmers in the documents, to people in each language of the web client.
#[test]
fn every_way_an_answer_can_end_is_documented_and_has_words_in_the_web_client() {
    let read = |name: &str| {
        let path = format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let errors = read("docs/ERRORS.md");
    let (_, answers) = errors.split_once("## Of answers").unwrap();
    let streaming = read("docs/STREAMING.md");
    let mut missing = Vec::new();
    for code in FailureCode::ALL.iter().map(|code| code.as_str()) {
        if !answers.contains(&format!("\n| `{code}` | ")) {
            missing.push(format!("{code} in docs/ERRORS.md"));
        }
    }
    for reason in EndReason::ALL.iter().map(|reason| reason.as_str()) {
        if !streaming.contains(&format!("`{reason}`")) {
            missing.push(format!("{reason} in docs/STREAMING.md"));
        }
    }
    for language in ["en", "de", "ja"] {
        let words = read(&format!("frontend/src/i18n/{language}.ts"));
        let block = |name: &str| {
            let (_, rest) = words.split_once(&format!("\n  {name}: {{")).unwrap();
            rest.split_once("\n  },").unwrap().0.to_owned()
        };
        let codes = FailureCode::ALL.iter().map(|code| (code.as_str(), "error"));
        let reasons = EndReason::ALL.iter().map(|reason| (reason.as_str(), "ended"));
        for (word, name) in codes.chain(reasons) {
            if !block(name).contains(&format!("\n    {word}: ")) {
                missing.push(format!("{word} in `{name}` of frontend/src/i18n/{language}.ts"));
            }
        }
    }
    assert!(missing.is_empty(), "no words for: {missing:#?}");
}

#[test]
fn codes_are_told_apart() {
    let names: std::collections::HashSet<_> =
        Code::ALL.iter().map(|code| code.about().name).collect();
    assert_eq!(names.len(), Code::ALL.len());
}
