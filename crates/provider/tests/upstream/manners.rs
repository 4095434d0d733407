//! The manners that the scripted provider can have, and that the client has to bear.

use std::time::Duration;

use provider::{ChatMessage, ChatRequest, ChatRole, Delta, Finish, Limit, Phase, ProviderError};

use crate::support::{call, collect, provider, provider_with, server};

const TICKS: &str = "tick 0 \ntick 1 \ntick 2 \n";

#[tokio::test]
async fn all_manners_give_the_same_answer() {
    let server = server().await;
    let provider = provider(&server);
    for manners in [
        "early",
        "early,silence=100ms@2",
        "silence=100ms,comments=10ms",
        "silence=100ms@2,comments=10ms",
        "padding=1000000",
        "type=application/json",
        "type=text/html",
        "gzip",
        "gzip,type=application/octet-stream,comments=20ms,silence=100ms@1",
        "fault=json,gzip",
        "fault=json,beside",
        "fault=json,type=text/event-stream",
        "early,gzip,padding=300000,type=application/json,chunk_bytes=700",
    ] {
        let outcome = call(&provider, &format!("mock:ticks=3,{manners}")).await;
        assert_eq!((outcome.text.as_str(), &outcome.error), (TICKS, &None), "{manners}");
        assert_eq!(outcome.deltas.last(), Some(&Delta::Finish(Finish::Stop)), "{manners}");
        assert!(outcome.deltas.iter().any(|delta| matches!(delta, Delta::Usage(_))), "{manners}");
    }
    let outcome = call(&provider, "mock:ticks=300,fault=json,half").await;
    assert_eq!(outcome.error, Some(ProviderError::Truncated), "it is not asked for again");
    assert!(outcome.text.starts_with(TICKS) && server.calls().len() == 14, "{outcome:?}");
    let hasty = provider_with(&server, |config| config.timeouts.idle = Duration::from_millis(200));
    let outcome = call(&hasty, "mock:ticks=3,silence=1m@2").await;
    assert_eq!(outcome.error, Some(ProviderError::Timeout(Phase::Idle)));
    let outcome = call(&provider, "mock:ticks=3,padding=9000000").await;
    assert_eq!(outcome.error, Some(ProviderError::TooLarge(Limit::Event)));
}

#[tokio::test]
async fn a_strict_service_refuses_what_it_does_not_take() {
    let server = server().await;
    let provider = provider(&server);
    // The usual request has a system message and one of the user, of some 25 characters.
    assert_eq!(call(&provider, "mock:ticks=3,alternate,window=50").await.error, None);
    // What such a service refuses is written otherwise before it is sent.
    let said = |role, text: &str| ChatMessage::text(role, text);
    let messages = vec![
        said(ChatRole::User, "one"),
        said(ChatRole::User, "two"),
        said(ChatRole::Assistant, "  "),
        said(ChatRole::User, "three"),
    ];
    let model = "mock:ticks=3,alternate".to_owned();
    let request = ChatRequest { model, messages, ..ChatRequest::default() };
    let outcome = collect(provider.stream(request)).await;
    assert_eq!((outcome.text.as_str(), outcome.error), (TICKS, None));
    let sent = server.calls().last().unwrap().messages.clone();
    assert_eq!(sent, [("user".to_owned(), "one\n\ntwo\n\nthree".to_owned())]);
    let outcome = call(&provider, "mock:ticks=3,window=9").await;
    assert_eq!(outcome.error, Some(ProviderError::ContextTooLong));
}
