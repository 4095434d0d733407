//! Every code that an error can have, in one table. `docs/ERRORS.md` is made from it.

use std::fmt::Write as _;

use axum::http::StatusCode;
use schemas::event::{FailureCode, Words};

/// The family of an error, its `type` on the wire (`OpenAI`'s words).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorType {
    InvalidRequest,
    Authentication,
    Permission,
    NotFound,
    Conflict,
    RateLimit,
    Server,
    Upstream,
}

impl ErrorType {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request_error",
            Self::Authentication => "authentication_error",
            Self::Permission => "permission_error",
            Self::NotFound => "not_found_error",
            Self::Conflict => "conflict_error",
            Self::RateLimit => "rate_limit_error",
            Self::Server => "server_error",
            Self::Upstream => "upstream_error",
        }
    }
}

/// What is known of a code.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    /// The code on the wire.
    pub(super) name: &'static str,
    /// The status of every answer that has it.
    pub(super) status: StatusCode,
    /// Its family.
    pub(super) kind: ErrorType,
    /// When it is sent, a sentence.
    when: &'static str,
    /// What the client does then, a sentence.
    remedy: &'static str,
}

impl About {
    fn of_answer(code: FailureCode, status: StatusCode, kind: ErrorType) -> Self {
        let about = code.about();
        Self { name: code.as_str(), status, kind, when: about.when, remedy: about.remedy }
    }
}

/// Of requests only: `Name = "code", STATUS, ErrorType, "when", "what to do";`. Of answers, too, which
/// know code and sentences: `Name, STATUS, ErrorType;`.
macro_rules! codes {
    (
        requests {
            $($name:ident = $text:literal, $status:ident, $kind:ident, $when:literal, $remedy:literal;)*
        }
        answers { $($shared:ident, $its_status:ident, $its_kind:ident;)* }
    ) => {
        /// The stable code of an error; programs decide on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Code {
            $(#[doc = $when] $name,)*
            $(#[doc = "As an answer ends."] $shared,)*
        }

        impl Code {
            pub(super) const ALL: &[Self] = &[$(Self::$name,)* $(Self::$shared,)*];

            pub(super) fn about(self) -> About {
                match self {
                    $(Self::$name => About {
                        name: $text,
                        status: StatusCode::$status,
                        kind: ErrorType::$kind,
                        when: $when,
                        remedy: $remedy,
                    },)*
                    $(Self::$shared => About::of_answer(
                        FailureCode::$shared, StatusCode::$its_status, ErrorType::$its_kind,
                    ),)*
                }
            }
        }
    };
}

codes! {
requests {
    InvalidJson = "invalid_json", BAD_REQUEST, InvalidRequest,
        "The body is not JSON, has a key twice, or is nested too deeply.",
        "Mend the body; the message says what is wrong with it.";
    InvalidValue = "invalid_value", BAD_REQUEST, InvalidRequest,
        "A field, parameter or header breaks a rule.",
        "`error.param` names it, the message the rule.";
    UnknownParameter = "unknown_parameter", BAD_REQUEST, InvalidRequest,
        "A field or query parameter does not exist here, or cannot be set.",
        "Leave out what `error.param` names.";
    MissingParameter = "missing_required_parameter", BAD_REQUEST, InvalidRequest,
        "A field that is required was not sent.",
        "Send what `error.param` names.";
    UnsupportedParameter = "unsupported_parameter", BAD_REQUEST, InvalidRequest,
        "`OpenAI`'s API has it, and this server does not.",
        "Leave out what `error.param` names; docs/openai-compatibility.md lists what there is.";
    ExclusiveParameters = "mutually_exclusive_parameters", BAD_REQUEST, InvalidRequest,
        "Two fields were sent of which one may be.",
        "Leave out one of them; `error.param` names one, the message both.";
    PreviousResponseNotFound = "previous_response_not_found", BAD_REQUEST, InvalidRequest,
        "`previous_response_id` names no response: it was deleted, never stored, or belongs to another user.",
        "Send the whole conversation in `input`, without `previous_response_id`.";
    InvalidQuery = "invalid_query", BAD_REQUEST, InvalidRequest,
        "The query string is not percent-encoded UTF-8.",
        "Encode it.";
    RequestIncomplete = "request_incomplete", BAD_REQUEST, InvalidRequest,
        "The body ended before its announced length.",
        "Send it again; something between client and server cut it.";
    MissingToken = "missing_token", UNAUTHORIZED, Authentication,
        "The request has no `Authorization: Bearer …`.",
        "Send an access token or an API key.";
    InvalidToken = "invalid_token", UNAUTHORIZED, Authentication,
        "The token is none of this server's, or its session has ended.",
        "Log in again.";
    TokenExpired = "token_expired", UNAUTHORIZED, Authentication,
        "The token was good until its time was over.",
        "Renew it at `POST /api/auth/refresh`, then repeat the request.";
    InvalidApiKey = "invalid_api_key", UNAUTHORIZED, Authentication,
        "The API key is mistyped, revoked or expired.",
        "Make another at `POST /api/keys`.";
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, Authentication,
        "The e-mail address or the password is wrong; which of them is not said.",
        "Ask the person again.";
    InsufficientScope = "insufficient_scope", FORBIDDEN, Permission,
        "The API key may not be used for this; `WWW-Authenticate` names the scope.",
        "Make a key that has the scope, or log in.";
    SessionRequired = "session_required", FORBIDDEN, Permission,
        "The route is about the session of a login, and an API key has none.",
        "Log in.";
    WrongPassword = "wrong_password", FORBIDDEN, Permission,
        "The current password, which confirms a change of the account, is wrong; nothing was changed.",
        "Ask the person again. The session is still good: a new token helps nothing.";
    PasswordRequired = "password_required", FORBIDDEN, Permission,
        "What was asked for takes the password besides the session or the key; nothing was done.",
        "Ask the person, and repeat the request with `current_password`.";
    SignupClosed = "signup_closed", FORBIDDEN, Permission,
        "People cannot make accounts on this server.",
        "Ask its administrator for one.";
    InvitationRequired = "invitation_required", FORBIDDEN, Permission,
        "The server takes new accounts by invitation, at least from where the request came.",
        "Ask its administrator for a link.";
    InvitationInvalid = "invitation_invalid", FORBIDDEN, Permission,
        "The invitation is wrong, used up, expired, taken back, or for another e-mail address (`error.param` is `email` then).",
        "Ask the administrator for another one, or use the address that was invited.";
    ResetTokenInvalid = "reset_token_invalid", FORBIDDEN, Permission,
        "The link to a new password is wrong, used, expired or replaced.",
        "Ask the administrator for a new one.";
    AdministratorRequired = "administrator_required", FORBIDDEN, Permission,
        "The route is for administrators, and the caller is none.",
        "Ask an administrator; `chatapp user role` makes one.";
    SetupTokenInvalid = "setup_token_invalid", FORBIDDEN, Permission,
        "The set-up code is wrong, or was used.",
        "Look at what the server printed at its start, in its terminal or log.";
    ForeignPage = "foreign_page", FORBIDDEN, Permission,
        "A page of another origin asks for the cookie of this server's own page, or a proxy hides from the server which address the page has.",
        "Own page: pass `Host` on in the proxy, or set `server.public_url`; `chatapp doctor --url` tells. Another page: leave out `X-ChatApp-Session` and keep the refresh token yourself.";
    NotFound = "not_found", NOT_FOUND, NotFound,
        "It does not exist, was deleted, or belongs to another user: the reply does not tell which.",
        "Check the id.";
    UnknownUrl = "unknown_url", NOT_FOUND, InvalidRequest,
        "No route has this path.",
        "Check the path; `/docs` lists them all.";
    MethodNotSupported = "method_not_supported", METHOD_NOT_ALLOWED, InvalidRequest,
        "The path exists, but not with this method.",
        "Use one that the header `Allow` names.";
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, InvalidRequest,
        "The body did not arrive in time (`server.body_timeout`, `server.body_min_rate`).",
        "Send it again over a better connection.";
    EmailTaken = "email_taken", CONFLICT, Conflict,
        "An account with this e-mail address exists.",
        "Log in, or use another address.";
    LastAdministrator = "last_administrator", CONFLICT, Conflict,
        "Nobody could administer the server for the others without this account.",
        "Make another user administrator first.";
    KeyLimitReached = "key_limit_reached", CONFLICT, Conflict,
        "The user has as many API keys as the server allows.",
        "Revoke one first.";
    InvitationLimitReached = "invitation_limit_reached", CONFLICT, Conflict,
        "There are as many open invitations as the server keeps.",
        "Take one back first.";
    ConversationLocked = "conversation_locked", CONFLICT, Conflict,
        "An answer is being generated in the conversation; `error.response_id` names it. Below `/v1` the status is 400, because the `OpenAI` clients repeat what gets a 409.",
        "Follow it to its end, or stop it at `POST /api/responses/{id}/cancel`.";
    CannotContinue = "cannot_continue", CONFLICT, Conflict,
        "The answer cannot be continued: it is whole, has no text, or was continued before.",
        "Ask for another answer at `POST /api/messages/{id}/regenerate`, or continue the response that `error.response_id` names.";
    EtagMismatch = "etag_mismatch", PRECONDITION_FAILED, InvalidRequest,
        "It has changed since the version that `If-Match` names; nothing was done.",
        "Read it again, then repeat the change with the new `ETag`.";
    MisdirectedRequest = "misdirected_request", MISDIRECTED_REQUEST, InvalidRequest,
        "The server does not answer under the name in `Host`.",
        "Use its own name. Its operator allows others with `server.public_url` or `server.allowed_hosts`.";
    RequestTooLarge = "request_too_large", PAYLOAD_TOO_LARGE, InvalidRequest,
        "The body is larger than the route takes.",
        "Send less; the message has the limit.";
    UrlTooLong = "url_too_long", URI_TOO_LONG, InvalidRequest,
        "The URL is longer than the server takes.",
        "Shorten it; the message has the limit.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, InvalidRequest,
        "The body is declared as something that the route does not take.",
        "Send `Content-Type: application/json`, or what the message names.";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, InvalidRequest,
        "The `Idempotency-Key` was used for another request.",
        "Use a new key for each request, and the same one only to repeat it.";
    StorageQuotaExceeded = "storage_quota_exceeded", FORBIDDEN, Permission,
        "The user stores as many bytes as the operator allows (`limits.storage_per_user`).",
        "Delete conversations and empty the trash, or ask the operator for more room.";
    RateLimitExceeded = "rate_limit_exceeded", TOO_MANY_REQUESTS, RateLimit,
        "A limit of the user, of the API key or of the address is reached, or too many passwords or codes were wrong; the message says which.",
        "Wait as long as `Retry-After` says.";
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, InvalidRequest,
        "The headers are larger than the server takes.",
        "Send less; an overgrown cookie is the usual reason.";
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, Server,
        "The server failed.",
        "Tell its operator the `request_id`: the log has the reason under it.";
    NotReady = "not_ready", SERVICE_UNAVAILABLE, Server,
        "The server should be given no requests now; `reasons` beside `error` says why.",
        "Ask again after `Retry-After`.";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, Server,
        "The server has as much to do as it takes on.",
        "Repeat the request after `Retry-After`.";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, Server,
        "The server cannot reach its database.",
        "Repeat the request after `Retry-After`.";
    ShuttingDown = "shutting_down", SERVICE_UNAVAILABLE, Server,
        "The server is stopping or restarting.",
        "Repeat the request after `Retry-After`.";
    StorageFull = "storage_full", INSUFFICIENT_STORAGE, Server,
        "The server's storage is full; nothing was saved.",
        "The operator has to make room.";
    StorageReadOnly = "storage_read_only", INSUFFICIENT_STORAGE, Server,
        "The server's storage is read-only; nothing was saved.",
        "The operator runs `chatapp doctor`, which says which file or disk it is.";
}
answers {
    ContextTooLong, BAD_REQUEST, InvalidRequest;
    ModelNotFound, BAD_REQUEST, InvalidRequest;
    UpstreamAuth, BAD_GATEWAY, Upstream;
    UpstreamQuotaExhausted, BAD_GATEWAY, Upstream;
    UpstreamAddress, BAD_GATEWAY, Upstream;
    UpstreamRejected, BAD_GATEWAY, Upstream;
    UpstreamTruncated, BAD_GATEWAY, Upstream;
    EmptyAnswer, BAD_GATEWAY, Upstream;
    UpstreamTooLarge, BAD_GATEWAY, Upstream;
    UpstreamProtocol, BAD_GATEWAY, Upstream;
    UpstreamFailed, BAD_GATEWAY, Upstream;
    UpstreamMisconfigured, BAD_GATEWAY, Upstream;
    UpstreamRateLimited, SERVICE_UNAVAILABLE, Upstream;
    UpstreamOverloaded, SERVICE_UNAVAILABLE, Upstream;
    UpstreamUnavailable, SERVICE_UNAVAILABLE, Upstream;
    UpstreamTimeout, GATEWAY_TIMEOUT, Upstream;
}
}

impl Code {
    /// The code of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.about().name == name)
    }
}

const INTRODUCTION: &str = "\
# Errors

<!-- Generated from `crates/api/src/error/codes.rs` and `crates/models/src/ending.rs`; regenerate with `UPDATE_DOCS=1 cargo test -p api error`. -->

Every answer with a status of 400 or more has the same body:

```json
{
  \"error\": {
    \"message\": \"There is no conversation with this id. Check the id; it may have been deleted.\",
    \"type\": \"not_found_error\",
    \"param\": null,
    \"code\": \"not_found\"
  },
  \"request_id\": \"req_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e\"
}
```

`message` is for people: what happened, and what to do.
Programs decide on `code`, which stays; when one meets a code that it does not know, the status and `type` tell enough.
`param` names the field, parameter or header at fault.
`request_id`, also in the header `x-request-id`, leads to the request in the server's log.

Every 401 has `WWW-Authenticate`.
`Retry-After` (seconds) and `retry-after-ms` say when the same request may succeed, `x-should-retry: false` that it will not.

## Of requests
";

const ANSWERS: &str = "
## Of answers

An answer that fails after it has begun is no failed request: the stream ends with `response.failed`, the stored response has the status `failed`, and its `error` has one of these codes.
The text that came is kept. `POST /api/responses/{id}/continue` continues it, `POST /api/messages/{id}/regenerate` asks again.

| Code | When | What to do |
|---|---|---|
";

/// Every code that the reply to a request can have.
pub fn error_codes() -> impl Iterator<Item = &'static str> {
    Code::ALL.iter().map(|code| code.about().name)
}

/// Every code that an answer can fail with after it had begun.
pub fn failure_codes() -> impl Iterator<Item = &'static str> {
    FailureCode::ALL.iter().map(|code| code.as_str())
}

/// `docs/ERRORS.md`: every code with its status, when it is sent and what to do.
pub fn reference() -> String {
    let mut text = String::from(INTRODUCTION);
    let mut codes: Vec<About> = Code::ALL.iter().map(|code| code.about()).collect();
    codes.sort_by_key(|about| about.status);
    text.push_str("\n| Status | Code | `type` | When | What to do |\n|---|---|---|---|---|\n");
    for About { name, status, kind, when, remedy } in codes {
        let (status, kind) = (status.as_u16(), kind.as_str());
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| {status} | `{name}` | `{kind}` | {when} | {remedy} |");
    }
    text.push_str(ANSWERS);
    for code in FailureCode::ALL {
        let about = code.about();
        let _ = writeln!(text, "| `{}` | {} | {} |", code.as_str(), about.when, about.remedy);
    }
    text
}
