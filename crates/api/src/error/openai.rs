//! The same errors as the clients of the `OpenAI` API want them, below `/v1`.

use axum::http::StatusCode;

use super::{ApiError, Code, ErrorType, Retry};

impl ApiError {
    /// The same error below `/v1`: fields in `OpenAI`'s notation (`input[0].content`), and the
    /// statuses on which its clients decide. They repeat a 409 at once, so a conversation that is
    /// busy is a 400; an unknown model is a 404.
    #[must_use]
    pub(crate) fn for_openai(mut self) -> Self {
        let fault = &mut self.0;
        if let Some(param) = fault.param.take() {
            let theirs = bracketed(&param);
            if let Some(rest) = fault.message.strip_prefix(&param) {
                fault.message = format!("{theirs}{rest}");
            }
            fault.param = Some(theirs);
        }
        fault.recast = recast(fault.code);
        match fault.code {
            Code::ConversationLocked => {
                fault.param = Some("conversation".to_owned());
                fault.retry = Retry::Never;
                "Another answer is being generated in this conversation. Try again when it has \
                 ended, or stop it at POST /v1/responses/{id}/cancel; error.response_id names it."
                    .clone_into(&mut fault.message);
            }
            Code::ModelNotFound => {
                if let Some(text) = fault.message.strip_suffix("GET /api/models lists the models.")
                {
                    fault.message = format!("{text}GET /v1/models lists the models.");
                }
            }
            Code::ContextTooLong if fault.param.as_deref() == Some("content") => {
                fault.param = Some("input".to_owned());
            }
            _ => {}
        }
        self
    }
}

/// The status and the family of a code below `/v1`, where they are others.
fn recast(code: Code) -> Option<(StatusCode, ErrorType)> {
    let status = match code {
        Code::ConversationLocked => StatusCode::BAD_REQUEST,
        Code::ModelNotFound => StatusCode::NOT_FOUND,
        _ => return None,
    };
    Some((status, ErrorType::InvalidRequest))
}

/// The status of a code in the replies of a path.
pub(crate) fn status_at(path: &str, code: &str) -> Option<StatusCode> {
    let code = Code::named(code)?;
    let recast = recast(code).filter(|_| path.starts_with("/v1/"));
    Some(recast.map_or_else(|| code.about().status, |(status, _)| status))
}

/// `input.0.content.1.image_url` as `input[0].content[1].image_url`.
fn bracketed(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 4);
    for (at, part) in path.split('.').enumerate() {
        let is_index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match (is_index, at) {
            (true, _) => {
                out.push('[');
                out.push_str(part);
                out.push(']');
            }
            (false, 0) => out.push_str(part),
            (false, _) => {
                out.push('.');
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_openai_does() {
        for (ours, theirs) in [
            ("model", "model"),
            ("input.0.content.1.image_url", "input[0].content[1].image_url"),
            ("tools.12.type", "tools[12].type"),
            ("input.0", "input[0]"),
            ("text.format.schema", "text.format.schema"),
            ("idempotency-key", "idempotency-key"),
        ] {
            assert_eq!(bracketed(ours), theirs);
        }
    }

    #[test]
    fn what_the_clients_repeat_by_themselves_is_told_otherwise() {
        let id = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e".parse().unwrap();
        let locked = ApiError::from(services::Error::ConversationLocked(id)).for_openai();
        assert_eq!(locked.status(), StatusCode::BAD_REQUEST);
        assert_eq!(locked.0.param.as_deref(), Some("conversation"));
        assert_eq!(locked.0.retry, Retry::Never);
        let suggestions = Vec::new();
        let unknown = services::Error::ModelNotFound { model: "x".to_owned(), suggestions };
        let unknown = ApiError::from(unknown).for_openai();
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        assert!(unknown.0.message.contains("GET /v1/models"), "{}", unknown.0.message);
    }

    #[test]
    fn a_message_names_the_field_as_the_error_does() {
        let invalid = schemas::Invalid::new("input.0.content", "input.0.content is needed");
        let error = ApiError::from(services::Error::from(invalid)).for_openai();
        assert_eq!(error.0.param.as_deref(), Some("input[0].content"));
        assert!(error.0.message.starts_with("input[0].content"), "{}", error.0.message);
    }
}
