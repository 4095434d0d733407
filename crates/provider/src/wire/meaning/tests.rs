//! What real services send, and what it means.

use std::time::Duration;

use serde_json::Value;

use crate::wire::failure::Report;
use crate::{Finish, ProviderError};

/// Failures as services send them, and what each means.
const SENT: &str = include_str!("sent.txt");

fn sent() -> impl Iterator<Item = (u16, &'static str, &'static str)> {
    SENT.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut columns = line.splitn(3, ' ');
        let mut column = || columns.next().unwrap_or_default();
        (column().parse().unwrap(), column(), column())
    })
}

fn classified(status: u16, body: &str) -> (Result<Finish, ProviderError>, bool) {
    let report = match (status, serde_json::from_str::<Value>(body)) {
        (0, Ok(value)) => Report::find(&value).unwrap_or_else(|| panic!("no failure: {body}")),
        (0, Err(_)) => Report::from_text(body),
        _ => Report::from_body(body.as_bytes()),
    };
    match report.classify(Some(status).filter(|status| *status > 0), None) {
        Ok(finish) => (Ok(finish), false),
        Err(failure) => (Err(failure.error), failure.retry),
    }
}

#[test]
fn p8_what_services_say_is_understood() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (status, meaning, body) in sent() {
        let (code, passes) = match meaning {
            "Withheld" => ("", false),
            "Auth" => ("upstream_auth", false),
            "OutOfCredit" => ("upstream_quota_exhausted", false),
            "RateLimited" => ("upstream_rate_limited", true),
            "Overloaded" => ("upstream_overloaded", true),
            "ContextTooLong" => ("context_length_exceeded", false),
            "ModelNotFound" => ("model_not_found", false),
            "WrongAddress" => ("upstream_address", false),
            "BadRequest" => ("upstream_rejected", false),
            "Failed" => ("upstream_failed", true),
            "Nonsense" => ("upstream_protocol", false),
            other => panic!("{other}"),
        };
        let (result, retry) = classified(status, body);
        let got = result.as_ref().map_or_else(ProviderError::code, |_| "");
        if got != code || retry != passes {
            wrong.push(format!("{status} {body}: {got:?} instead of {code:?}"));
        }
        count += 1;
    }
    assert!(count > 150, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn p8_waits_told_by_bodies_count() {
    let wait = |body: &str| {
        let failure = Report::from_body(body.as_bytes()).classify(Some(429), None).unwrap_err();
        let ProviderError::RateLimited { retry_after } = failure.error else {
            panic!("{failure:?}")
        };
        assert_eq!(retry_after, failure.asked_wait);
        retry_after
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let gemini = r#"[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m",
        "details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}]"#;
    assert_eq!(wait(gemini), seconds(34));
    assert_eq!(wait(r#"{"error":{"message":"Please try again in 6m0s."}}"#), seconds(360));
    assert_eq!(wait(r#"{"error":"slow down","retry_after_ms":2000}"#), seconds(2));
    assert_eq!(wait("Please retry after 20 seconds."), seconds(20));
    let groq = sent().find(|(_, _, body)| body.contains("llama-3.3-70b-versatile"));
    assert_eq!(wait(groq.unwrap().2), Some(Duration::from_millis(4_770)));
    assert_eq!(wait(r#"{"error":{"message":"Try again later."}}"#), None);
    // What the header says comes first.
    let report = Report::from_body(gemini.as_bytes());
    let failure = report.classify(Some(429), seconds(3)).unwrap_err();
    assert_eq!(failure.asked_wait, seconds(3));
}

#[test]
fn p5_an_ordinary_chunk_is_no_failure() {
    for chunk in [
        r#"{"choices":[{"delta":{"content":"a"}}],"error":""}"#,
        r#"{"choices":[{"delta":{"content":"a"}}],"error":null}"#,
        r#"{"choices":[{"delta":{"content":"a"}}],"error":{}}"#,
        r#"{"choices":[{"delta":{"content":"a"}}],"error":{"code":0,"message":""}}"#,
        r#"{"choices":[{"delta":{"content":"a"}}],"base_resp":{"status_code":0,"status_msg":""}}"#,
        r#"{"choices":[{"delta":{"content":"a"}}],"code":500,"message":"words of the answer"}"#,
        r#"{"choices":[{"delta":{"content":"{\"error\":\"x\"}"}}],"detail":"x","success":false}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":1},"base_resp":{"status_code":0}}"#,
        r#"{"choices":[],"prompt_filter_results":[{"content_filter_results":{}}]}"#,
        r#"{"type":"ping"}"#,
        r#"{"code":0,"message":"ok","choices":null}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":1},"error_code":0,"error_msg":"success"}"#,
        r#"{"error_code":"0","error_msg":"成功","result":{}}"#,
        r#"{"errorCode":200,"errorMessage":"all is well"}"#,
        r#"{"error":{"code":0,"message":"success"}}"#,
        r#"{"error":{"code":"0","message":"Success","type":""},"choices":[]}"#,
        r#"{"error":{"code":200,"message":"OK"},"choices":[]}"#,
        r#"{"error":"none","choices":[]}"#,
        r#"{"choices":[{"delta":{"content":"a"}}],"error":{"code":0,"message":"请求成功"}}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"error_code":0,"error_msg":"success"}"#,
        r#"{"base_resp":{"status_code":0,"status_msg":"success"},"choices":null}"#,
        r#"{"code":200,"msg":"success","data":{}}"#,
        r#"{"status":"in_progress","message":"searching"}"#,
        r#"{"success":true,"errors":[],"result":{}}"#,
        r#"{"error":"","message":""}"#,
        r#"{"header":{"code":0,"message":"Success"},"payload":{}}"#,
        "[]",
        "1",
    ] {
        assert_eq!(Report::find(&serde_json::from_str(chunk).unwrap()), None, "{chunk}");
    }
}

#[test]
fn p8_an_error_is_one_whatever_its_code_is() {
    for failure in [
        r#"{"error":{"code":0,"message":"boom"}}"#,
        r#"{"error":{"message":"boom","code":null}}"#,
        r#"{"error":{"message":"boom","code":""},"choices":[{"delta":{}}]}"#,
        r#"{"error_code":17,"error_msg":"success"}"#,
        r#"{"error_code":0,"code":500,"error_msg":"boom"}"#,
        r#"{"detail":"Not Found"}"#,
        r#"{"error_msg":"boom"}"#,
    ] {
        assert!(Report::find(&serde_json::from_str(failure).unwrap()).is_some(), "{failure}");
    }
}

#[test]
fn p8_what_stands_beside_an_error_is_kept() {
    let value = r#"{"error":"words","error_type":"overloaded","id":"x"}"#;
    let report = Report::find(&serde_json::from_str(value).unwrap()).unwrap();
    assert_eq!((report.labels.as_str(), report.message.as_str()), ("overloaded", "words"));
    let flagged =
        r#"{"error":{"message":"m","metadata":{"reasons":["x"],"flagged_input":"secret"}}}"#;
    let report = Report::from_body(flagged.as_bytes());
    assert!(!format!("{report:?}").contains("secret"), "what people wrote stays out of logs");
}

#[test]
fn f18_a_refused_field_is_told_from_a_refused_value() {
    let refuses = |body: &str| Report::from_body(body.as_bytes()).refuses_limit();
    assert!(refuses(
        r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model.
            Use 'max_completion_tokens' instead.","code":"unsupported_parameter"}}"#
    ));
    assert!(refuses(
        r#"{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],
            "msg":"Extra inputs are not permitted"}]}"#
    ));
    assert!(refuses(
        r#"{"error":"Unrecognized request argument supplied: max_completion_tokens"}"#
    ));
    assert!(!refuses(
        r#"{"error":{"message":"max_tokens is too large: 99999. This model supports at most 16384"}}"#
    ));
    assert!(!refuses(r#"{"error":{"message":"temperature is not supported with this model"}}"#));
}
