//! P5, P8: failures, and what is asked again.

use super::*;

/// A call that has not been sent.
fn call(max_retries: u32) -> UpstreamCall {
    let mut config = OpenAiConfig::new("http://127.0.0.1:1/v1", "m");
    config.max_retries = max_retries;
    let upstream = Arc::new(Upstream::new(Http::new(config).unwrap()));
    let request = ChatRequest { model: "m".into(), messages: Vec::new(), ..ChatRequest::default() };
    UpstreamCall::new(upstream, request)
}

/// What an answer with this status means.
async fn refused(status: u16, parts: Vec<Part>) -> ProviderError {
    call(0).refused(response_with(status, &[], parts), None).await.unwrap_err().error
}

#[tokio::test(start_paused = true)]
async fn p8_the_beginning_of_a_failure_says_what_it_can() {
    let long = "rate limit ".repeat(9_000);
    let before =
        r#"{"error":{"message":"maximum context length is 9","code":"context_length_exceeded"}"#;
    let asked = format!("{before},\"input\":\"{long}\"}}");
    let behind = format!("{{\"detail\":\"Invalid API key\",\"input\":[\"{long}\"]}}");
    for (status, parts, error) in [
        (400, vec![bytes(asked)], ProviderError::ContextTooLong),
        (400, vec![bytes(behind)], ProviderError::Auth),
        (400, vec![bytes(before), Part::Stall], ProviderError::ContextTooLong),
        (400, vec![bytes(before), Part::Break], ProviderError::ContextTooLong),
        (400, vec![bytes(&before[..40]), Part::Stall], ProviderError::ContextTooLong),
        (400, vec![bytes("maximum context length"), Part::Stall], ProviderError::ContextTooLong),
        (404, vec![bytes(format!("<html>{long}"))], ProviderError::WrongAddress),
        (429, vec![Part::Stall], ProviderError::RateLimited { retry_after: None }),
    ] {
        assert_eq!(refused(status, parts).await, error);
    }
}

#[tokio::test(start_paused = true)]
async fn p5_what_came_whole_is_not_asked_again() {
    let failed = r#"{"choices":[{"message":{"content":""},"finish_reason":"error"}]}"#;
    for body in [r#"{"code":500,"msg":"m","success":false}"#, failed] {
        for tail in ["", "\n", "\r\n", "\n\n"] {
            assert_eq!(asks_again(vec![bytes(format!("{body}{tail}"))]).await, None, "{body}");
        }
    }
    let event = format!("data: {failed}\n\n");
    assert_eq!(asks_again(vec![bytes(event)]).await, None);
    let stream = asks_again(vec![d("{}", "error"), done()]).await;
    assert_eq!(stream, Some(ProviderError::Failed), "an end of a stream may pass");
}

/// The failure after which the provider is asked again.
async fn asks_again(parts: Vec<Part>) -> Option<ProviderError> {
    let mut call = call(1);
    call.receive(response(&[], parts), Instant::now());
    loop {
        let State::Reading(body) = &mut call.state else { unreachable!() };
        let progress = body.read(&mut call.ready, &mut call.answer).await;
        match call.note(progress) {
            Ok(()) => {}
            Err(failure) => return failure.retry.then_some(failure.error),
        }
    }
}
