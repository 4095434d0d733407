use std::time::Duration;

use futures_util::StreamExt;

use super::*;
use crate::{ChatMessage, ChatRole, Provider};

fn request(model: &str, message: &str) -> ChatRequest {
    ChatRequest {
        model: model.to_owned(),
        messages: vec![ChatMessage::text(ChatRole::User, message)],
        ..ChatRequest::default()
    }
}

async fn play(model: &str, message: &str) -> Vec<Result<Delta, ProviderError>> {
    Provider::demo().stream(request(model, message)).collect().await
}

fn text(deltas: &[Result<Delta, ProviderError>]) -> String {
    let text = |delta: &Result<Delta, _>| match delta {
        Ok(Delta::Text(text)) => Some(text.clone()),
        _ => None,
    };
    deltas.iter().filter_map(text).collect()
}

#[tokio::test(start_paused = true)]
async fn the_demo_answer_takes_its_time_and_is_whole() {
    let began = Instant::now();
    let deltas = play("demo", "Hello").await;
    assert!(matches!(&deltas[0], Ok(Delta::Reasoning(_))));
    let text = text(&deltas);
    assert!(text.contains("“Hello”") && text.contains("demo model"), "{text}");
    let [.., word, usage, finish] = &deltas[..] else { panic!() };
    assert_eq!(*word, Ok(Delta::FinishReason("stop".to_owned())));
    assert_eq!(*finish, Ok(Delta::Finish(Finish::Stop)));
    let Ok(Delta::Usage(usage)) = usage else { panic!("{usage:?}") };
    let tokens = deltas.len() - 3;
    assert_eq!(usage.output, u64::try_from(tokens).unwrap());
    assert_eq!((usage.input, usage.reasoning), (5, 24));
    let expected = Duration::from_millis(25) * u32::try_from(tokens - 1).unwrap();
    let took = began.elapsed();
    assert!(took >= expected && took < expected + Duration::from_millis(50), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn faults() {
    use ProviderError as E;
    for (model, expected) in [
        ("demo:ticks=9,fault=stall@3", E::Timeout(Phase::Idle)),
        ("demo:ticks=9,fault=stall", E::Timeout(Phase::FirstToken)),
        ("demo:fault=silent", E::Timeout(Phase::FirstToken)),
        ("demo:ticks=9,first=20m", E::Timeout(Phase::FirstToken)),
        ("demo:ticks=9,delay=301s", E::Timeout(Phase::Idle)),
        ("demo:ticks=1900,delay=1s", E::Timeout(Phase::Total)),
        ("demo:ticks=9,fault=truncate@3", E::Truncated),
        ("demo:ticks=9,fault=reset@3", E::Truncated),
        ("demo:ticks=9,fault=nodone@3", E::Truncated),
        ("demo:ticks=9,fault=error@3", E::Failed),
        ("demo:ticks=9,finish=error", E::Failed),
        ("demo:ticks=9,fault=garbage@3", E::Protocol),
        ("demo:ticks=9,fault=huge@3", E::TooLarge(Limit::Event)),
        ("demo:status=401", E::Auth),
        (
            "demo:status=429,retry-after=7",
            E::RateLimited { retry_after: Some(Duration::from_secs(7)) },
        ),
        ("demo:nothing", E::ModelNotFound),
        ("gpt-5", E::ModelNotFound),
        ("mock:ticks=3", E::ModelNotFound),
    ] {
        let deltas = play(model, "").await;
        assert_eq!(deltas.last(), Some(&Err(expected)), "{model}");
        assert_eq!(deltas.iter().filter(|delta| delta.is_err()).count(), 1, "{model}");
        if model.contains("@3") {
            assert_eq!(text(&deltas), "tick 0 \ntick 1 \ntick 2 \n", "{model}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn endings() {
    for (model, expected) in [
        ("demo:ticks=2,finish=length,usage=none", Finish::Length),
        ("demo:ticks=2,finish=content_filter,usage=none", Finish::ContentFilter),
        ("demo:ticks=2,usage=none", Finish::Stop),
    ] {
        let deltas = play(model, "").await;
        assert_eq!(deltas.len(), 4, "{model}: {deltas:?}");
        assert_eq!(deltas[3], Ok(Delta::Finish(expected)));
    }
    assert_eq!(text(&play("demo:fault=json,echo", "as is").await), "as is");
    assert_eq!(text(&play("demo:echo", " as\n\tis ").await), " as\n\tis ");
    let provider = Provider::demo();
    for expected in [false, true] {
        let mut answer = provider.stream(request("demo:ticks=1,status=503,times=1", ""));
        assert_eq!(answer.next().await.unwrap().is_ok(), expected);
    }
}

#[tokio::test]
async fn nothing_happens_before_the_first_poll() {
    let provider = Provider::demo();
    assert!(provider.is_demo());
    let listing = provider.list().await;
    assert_eq!(Some(listing.models[0].id.as_str()), provider.default_model());
    for model in &listing.models {
        assert!(Script::parse(&model.id).is_ok());
    }
    drop(provider.stream(request("demo", "")));
}
