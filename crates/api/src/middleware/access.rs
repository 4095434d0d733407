//! One log event and one count per request.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use metrics::{counter, histogram};
use tokio::time::Instant;

use crate::extract::{RequestId, UserSlot};

/// The status logged when the client went away before the answer began.
const CLIENT_CLOSED: u16 = 499;

/// Writes its event when dropped, so that a request whose client goes away has one too.
///
/// The time it shows is that until the head of the answer; an event stream goes on after it.
pub(super) struct Access {
    method: &'static str,
    route: String,
    request_id: RequestId,
    user: UserSlot,
    started: Instant,
    status: u16,
    code: &'static str,
}

impl Access {
    /// Begins the measurement.
    pub(super) fn begin(request: &Request, request_id: RequestId, user: UserSlot) -> Self {
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
        Self {
            method: method_name(request.method()),
            route,
            request_id,
            user,
            started: Instant::now(),
            status: CLIENT_CLOSED,
            code: "",
        }
    }

    /// Says that the site has answered.
    pub(super) fn of_site(&mut self) {
        "site".clone_into(&mut self.route);
    }

    /// Ends it with an answer; `code` is that of its error, if it is one.
    pub(super) fn end(mut self, status: u16, code: &'static str) {
        self.status = status;
        self.code = code;
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        let (method, status) = (self.method, self.status);
        let labels = [("method", method.to_owned()), ("route", self.route.clone())];
        histogram!("chatapp_http_request_seconds", &labels).record(elapsed.as_secs_f64());
        counter!(
            "chatapp_http_requests_total",
            "method" => method, "route" => self.route.clone(), "status" => status.to_string()
        )
        .increment(1);
        if !self.code.is_empty() {
            counter!("chatapp_http_errors_total", "code" => self.code).increment(1);
        }
        let duration_ms = milliseconds(elapsed);
        let request_id = self.request_id.as_str();
        let route = self.route.as_str();
        let user_id = self.user.get().map(tracing::field::display);
        let code = Some(self.code).filter(|code| !code.is_empty());
        // Probes come every few seconds, a page needs many files, and neither says anything new.
        if route.starts_with("/health/") || route == "/metrics" || route == "site" {
            tracing::debug!(
                method,
                route,
                status,
                duration_ms,
                request_id,
                user_id,
                code,
                "request"
            );
        } else {
            tracing::info!(
                method,
                route,
                status,
                duration_ms,
                request_id,
                user_id,
                code,
                "request"
            );
        }
    }
}

/// A method as a label: a fixed set, whatever a client invents.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

/// A duration for a person who reads it: whole microseconds, so that no digits of the computer's
/// arithmetic show.
fn milliseconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_duration_is_logged_with_three_decimals_at_most(nanos in 0..100_000_000_000_000_u64) {
            let shown = milliseconds(Duration::from_nanos(nanos)).to_string();
            let decimals = shown.split_once('.').map_or("", |(_, decimals)| decimals);
            prop_assert!(decimals.len() <= 3, "{shown}");
        }
    }
}
