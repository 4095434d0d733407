use std::time::Duration;

use axum::body::Body;
use axum::http::Request as HttpRequest;
use schemas::v1::ResponseCreate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Bodies, BodyLimits, Limit};
use super::*;

async fn body(body: &str) -> Result<ResponseCreate, (String, String)> {
    let bodies = Bodies::new(&crate::ApiConfig::default());
    let limits = BodyLimits { bytes: 4096, time: Duration::from_mins(1), bodies };
    let request = HttpRequest::builder()
        .header("content-type", "application/json")
        .extension(limits)
        .body(Body::from(body.to_owned()))
        .unwrap();
    let read = <Lenient<ResponseCreate> as FromRequest<()>>::from_request(request, &()).await;
    read.map(|Lenient(body)| body).map_err(|error| shown(&error))
}

/// Code and parameter of an error, as they are shown below `/v1`.
fn shown(error: &ApiError) -> (String, String) {
    let body: Value = serde_json::from_slice(&error.clone().for_openai().body("req_1")).unwrap();
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("param"))
}

#[tokio::test]
async fn what_is_not_known_is_left_alone_at_every_depth() {
    let read = body(
        r#"{"model": "m", "input": [{"role": "user", "content": "Hi", "phase": null, "x": {"y": 1}}],
            "access_programs": [{"a": 1}], "prompt_cache_retention": "24h", "stream": null}"#,
    );
    let read = read.await.unwrap();
    assert_eq!(read.model.as_deref(), Some("m"));
    assert_eq!(read.input.unwrap().items("input").unwrap().len(), 1);
    assert_eq!(read.stream, None);
}

#[tokio::test]
async fn what_is_known_is_checked_and_named_as_openai_does() {
    let deep = format!(r#"{{"x": {}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let long = format!(r#"{{"x": "{}"}}"#, "x".repeat(5000));
    for (written, code, param) in [
        (r#"{"model": 1}"#, "invalid_value", "model"),
        (r#"{"input": [{"role": "user", "content": 1}]}"#, "invalid_value", "input[0].content"),
        (
            r#"{"input": [{"role": "user", "content": [{"type": "input_image", "image_url": 1}]}]}"#,
            "invalid_value",
            "input[0].content[0].image_url",
        ),
        (r#"{"tools": [{"name": "f"}]}"#, "missing_required_parameter", "tools[0].type"),
        (r#"{"x": 1, "x": 1}"#, "invalid_json", ""),
        (r"[]", "invalid_json", ""),
        (&deep, "invalid_json", ""),
        (&long, "request_too_large", ""),
    ] {
        let refused = body(written).await.unwrap_err();
        assert_eq!(refused, (code.to_owned(), param.to_owned()), "{written}");
    }
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Params {
    include: Vec<String>,
    stream: Option<bool>,
    after: Option<String>,
}

async fn query(query: &str) -> Result<Params, (String, String)> {
    let (mut parts, ()) =
        HttpRequest::builder().uri(format!("/x?{query}")).body(()).unwrap().into_parts();
    let read = LenientQuery::from_request_parts(&mut parts, &()).await;
    read.map(|LenientQuery(params)| params).map_err(|error| shown(&error))
}

#[tokio::test]
async fn lists_are_repeated_or_bracketed_and_other_parameters_are_not() {
    let expected = |include: &[&str]| Params {
        include: include.iter().map(|&word| word.to_owned()).collect(),
        ..Params::default()
    };
    for written in ["include=a&include=b", "include[]=a&include[]=b", "include=a&include%5B%5D=b"] {
        assert_eq!(query(written).await.unwrap(), expected(&["a", "b"]), "{written}");
    }
    assert_eq!(query("").await.unwrap(), expected(&[]));
    assert_eq!(query("include=a&x=1&x=2&y").await.unwrap(), expected(&["a"]));
    let read = query("stream=true&after=msg_1").await.unwrap();
    assert_eq!((read.stream, read.after.as_deref()), (Some(true), Some("msg_1")));
    let invalid = |param: &str| Err(("invalid_value".to_owned(), param.to_owned()));
    assert_eq!(query("stream=maybe").await, invalid("stream"));
    assert_eq!(query("stream=true&stream=true").await, invalid("stream"));
    assert_eq!(query("after=%").await, Err(("invalid_query".to_owned(), String::new())));
}

#[test]
fn a_page_has_the_same_bounds_as_in_the_strict_reader() {
    let read = |value: &str| Limit::deserialize(QueryValues(vec![value.to_owned()])).ok();
    assert_eq!(read("100"), Some(Limit(100)));
    assert_eq!((read("0"), read("101"), read("+1")), (None, None, None));
    assert_eq!(json!(Limit::default().0), json!(20));
}
