//! A provider that takes less than its window says: it is asked again with less, and what it took
//! is known for an hour.

use std::sync::Arc;
use std::time::Duration;

use crud::turns::NewItems;
use engine::{Engine, Settings};
use mock::{Script, Step};
use models::ending::FailureCode;
use models::response::ResponseStatus;
use provider::script::Ending;
use schemas::context::ContextOut;
use testkit::World;

use super::kit::{Kit, Server, begun, ticks};

/// It counts one token for two characters, and takes 300.
const MODEL: &str = "mock:ticks=1,window=300";

/// Asks with a message of 100 tokens, as that model counts, and says what it was given.
async fn ask(kit: &Kit, server: &Server<'_>) -> ContextOut {
    let row = server.answered(MODEL, &"word ".repeat(40)).await;
    assert_eq!(row.status, ResponseStatus::Completed, "{row:?}");
    assert_eq!(kit.answer(&row).await.content, ticks(1));
    server.run(async move |engine: Arc<Engine>| engine.explain(row).await.unwrap()).await
}

#[testkit::test]
async fn f1_a_refused_context_is_sent_again_with_less_and_that_counts_for_an_hour(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    for sent in [1, 3] {
        let given = ask(&kit, &server).await;
        assert_eq!((given.messages_sent, given.refusals), (Some(sent), 0), "{given:?}");
    }
    let given = ask(&kit, &server).await;
    assert_eq!(given.refusals, 1, "{given:?}");
    assert!(given.learnt && given.omitted.messages > 0, "{given:?}");
    assert_eq!(kit.provider.calls().len(), 4);
    // The last one of them was taken, and that is what is explained.
    let taken = kit.provider.calls().pop().unwrap().messages.len();
    assert_eq!(given.messages_sent.map(|sent| sent as usize), Some(taken));

    kit.clock.advance(Duration::from_mins(59));
    let given = ask(&kit, &server).await;
    assert_eq!((given.refusals, given.learnt), (0, true), "{given:?}");
    assert_eq!(kit.provider.calls().len(), 5, "it was not asked for more than it takes");
    // After an hour it may have a larger window.
    kit.clock.advance(Duration::from_mins(2));
    let given = ask(&kit, &server).await;
    assert_eq!(given.refusals, 1, "{given:?}");
    assert_eq!(kit.provider.calls().len(), 7);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn f1_a_result_that_is_too_long_with_its_call_fails(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let call = Step::Call { id: "call_1".to_owned(), name: "read".to_owned() };
    kit.provider.push(Script::steps([call, Step::Finish(Ending::Stop), Step::Done]));
    server.answered("mock", "Read it.").await;
    let asked = kit.provider.calls().len();
    let (admission, result) =
        (server.engine.admit().unwrap(), kit.returned("call_1", &"word ".repeat(200)));
    let follower = begun(server.ask_below(admission, MODEL, NewItems::from(result)).await);
    let row = kit.ended_row(follower.response().id).await;
    assert_eq!(row.status, ResponseStatus::Failed);
    assert!(row.error_code.as_ref().is_some_and(|code| code.is(FailureCode::ContextTooLong)));
    // Once with the question, and then with no more than what cannot be left out.
    let asked = kit.provider.calls().len() - asked;
    assert!((2..=3).contains(&asked), "{asked}");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn f1_a_message_that_is_too_long_alone_fails(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let row = server.answered(MODEL, &"word ".repeat(200)).await;
    assert_eq!(row.status, ResponseStatus::Failed);
    assert!(row.error_code.as_ref().is_some_and(|code| code.is(FailureCode::ContextTooLong)));
    assert_eq!(kit.provider.calls().len(), 1, "with less there is nothing to answer");
    // What it cost is told, and the conversation goes on.
    ask(&kit, &server).await;
    server.stop(Duration::ZERO).await;
}
