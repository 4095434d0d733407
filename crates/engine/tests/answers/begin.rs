//! Answers that nothing disturbs: asked for, made, followed, described and explained.

use std::time::Duration;

use crud::turns::NewItems;
use engine::{Beginning, Error, Settings};
use models::ending::{EndReason, FailureCode};
use models::response::ResponseStatus;
use schemas::stream::StreamEvent;
use schemas::view::State;
use testkit::World;

use super::kit::{
    Kit, QUESTION, assert_ended, assert_from, begun, ending, numbers, rest, text_of, ticks, whole,
};

#[testkit::test]
async fn an_answer_that_nobody_follows_is_made_and_stored(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let follower = server.begin("mock:echo").await;
    let id = follower.response().id;
    drop(follower);
    let row = kit.ended_row(id).await;
    assert_ended(&row, ResponseStatus::Completed, None);
    assert_eq!((row.created_at, row.completed_at), (kit.clock.now(), Some(kit.clock.now())));
    assert_eq!(kit.answer(&row).await.content, QUESTION);
    let running = server.engine.running().clone();
    server.stop(Duration::from_mins(1)).await;
    assert!(running.find_log(id).is_none(), "nothing runs any more");
}

#[testkit::test]
async fn a_turn_of_several_items_is_answered_below_the_last(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let items = vec![kit.said("one"), kit.returned("call_1", "22 degrees"), kit.said("two")];
    let last = items[2].id();
    let items = NewItems::new(items).unwrap();
    let admission = server.engine.admit().unwrap();
    let mut follower = begun(server.ask_below(admission, "mock:echo", items).await);
    let text = text_of(&rest(&mut follower).await);
    assert!(text.ends_with("two"), "{text}");
    let row = kit.row(follower.response().id).await;
    let (answer, below) = (kit.answer(&row).await, (row.user_message_id, row.input_to_seq));
    assert_eq!((answer.parent_id, answer.seq, answer.depth), (Some(last), 3, 3));
    assert_eq!(below, (last, 2));
    // Nobody knows the call of the result, and the model is told of it all the same.
    assert_eq!((row.context_messages, row.input_from_seq), (Some(3), 0));
    let sent = kit.provider.calls().pop().unwrap().messages;
    let sent: Vec<&str> = sent.iter().map(|(_, text)| text.as_str()).collect();
    assert!(sent.concat().contains("22 degrees"), "{sent:?}");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn who_waits_for_whole_answers_is_told_of_those_once(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    for (model, told) in [
        ("mock:ticks=2", 1),
        ("mock:ticks=2,finish=length", 1),
        ("mock:status=400", 1),
        ("mock:ticks=3", 2),
    ] {
        server.answered(model, QUESTION).await;
        // It is told just after the end was shown; a stop waits for that, and so does the next turn.
        testkit::eventually("it is told", async || server.completed() >= told).await;
        assert_eq!(server.completed(), told, "{model}");
    }
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_follower_sees_numbers_without_gaps_and_the_end_that_is_stored(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let mut follower = server.begin("mock:ticks=20").await;
    let id = follower.response().id;
    let events = rest(&mut follower).await;
    // The end is stored before it is shown.
    let row = kit.row(id).await;
    assert_eq!(row.status, ResponseStatus::Completed);
    assert_eq!(ending(&events).status, ResponseStatus::Completed);
    assert_eq!(text_of(&events), ticks(20));
    assert_from(0, &numbers(&events));
    assert_eq!(events.last().map(|last| last.seq), u64::try_from(row.last_seq).ok());
    assert_eq!(kit.stored(id).await, numbers(&events));
    // Who comes later gets the same, from what is stored, and only what is behind what it has seen.
    for seen in 0..events.len() {
        let after = seen.checked_sub(1).map(|last| events[last].seq);
        assert_eq!(rest(&mut server.follow(id, after).await).await, events[seen..], "{after:?}");
    }
    let last = events.len() - 1;
    let again = rest(&mut server.follow(id, Some(events[last].seq)).await).await;
    assert_eq!(again, events[last..], "who has seen the end is told of it again");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_follower_that_comes_back_goes_on_behind_what_it_saw(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (follower, mut seen) = server.stall(&["one ", "two ", "three "]).await;
    let id = follower.response().id;
    drop(follower);
    for after in seen.iter().map(|numbered| numbered.seq) {
        let mut again = server.follow(id, Some(after)).await;
        if after < seen[seen.len() - 1].seq {
            let events = again.next().await.unwrap();
            assert_from(after + 1, &numbers(&events));
        }
    }
    let mut again = server.follow(id, seen.last().map(|last| last.seq)).await;
    server.cancel(id).await;
    seen.extend(rest(&mut again).await);
    assert_from(0, &numbers(&seen));
    assert_eq!(text_of(&seen), "one two three ");
    assert_eq!(ending(&seen).status, ResponseStatus::Cancelled);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_model_is_given_the_branch_and_that_is_explained(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    server.answered("mock:ticks=1", "First").await;
    let row = server.answered("mock:echo", "Second").await;
    let call = kit.provider.calls().pop().unwrap();
    let sent = [("user", "First"), ("assistant", &ticks(1)), ("user", "Second")];
    assert_eq!(call.messages, sent.map(|(role, text)| (role.to_owned(), text.to_owned())));

    let id = row.id;
    let (described, explained) = server
        .run(async move |engine: std::sync::Arc<engine::Engine>| {
            (engine.describe(&row).await.unwrap(), engine.explain(row).await.unwrap())
        })
        .await;
    assert_eq!((described.begun.id, described.status()), (id, ResponseStatus::Completed));
    let State::Ended { ending, output } = described.state else { panic!("{described:?}") };
    assert_eq!(output.iter().map(|done| done.text.as_str()).collect::<Vec<_>>(), ["Second"]);
    assert_eq!((explained.messages_sent, explained.messages_deleted), (Some(3), 0));
    assert_eq!(explained.messages.len(), 3);
    assert_eq!((explained.omitted.messages, explained.refusals), (0, 0));
    assert_eq!(explained.reported_input_tokens, ending.usage.map(|usage| usage.input));
    let (tokens, window) = (explained.tokens.unwrap(), explained.window.unwrap());
    assert!(tokens.messages > 0 && tokens.total <= window.budget_tokens, "{tokens:?} {window:?}");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_conversation_has_one_answer_at_a_time(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (follower, _) = server.stall(&["one "]).await;
    let id = follower.response().id;
    let locked = server.ask("mock:echo", QUESTION).await.unwrap();
    assert!(matches!(locked, Beginning::Locked(running) if running == id), "{locked:?}");
    server.cancel(id).await;
    let row = server.answered("mock:echo", "And now?").await;
    assert_eq!(kit.answer(&row).await.content, "And now?");
    assert_eq!(kit.provider.calls().len(), 2, "what was refused asked nobody");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_user_runs_as_many_answers_at_once_as_allowed(world: World) {
    let kit = Kit::new(world).await;
    let settings = Settings { generations_per_user: 1, ..Settings::default() };
    let server = kit.start(settings).await;
    let (follower, _) = server.stall(&["one "]).await;
    kit.change_conversation();
    let refused = server.ask("mock:echo", QUESTION).await.unwrap_err();
    assert!(matches!(refused, Error::TooManyRunning(1)), "{refused:?}");
    server.cancel(follower.response().id).await;
    // Its place is free once it is let go of, which is a step behind its end.
    testkit::eventually("there is a place", async || {
        match server.ask("mock:echo", QUESTION).await {
            Ok(beginning) => begun(Ok(beginning)).wait_end().await,
            Err(Error::TooManyRunning(1)) => false,
            Err(error) => panic!("{error:?}"),
        }
    })
    .await;
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_stopped_answer_is_continued_in_its_message(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (mut follower, mut seen) = server.stall(&["one ", "two "]).await;
    let old = follower.response().id;
    server.cancel(old).await;
    seen.extend(rest(&mut follower).await);
    let row = kit.row(old).await;
    let before = kit.answer(&row).await;
    assert_eq!(before.content, "one two ");

    kit.provider.push(whole(&["three."]));
    let mut follower = server.go_on("mock", before.clone()).await;
    let new = follower.response().id;
    let events = rest(&mut follower).await;
    assert_from(0, &numbers(&events));
    assert_eq!(text_of(&events), "one two three.", "its log begins with the text there is");
    let after = kit.answer(&kit.row(new).await.into_inner()).await;
    assert_eq!((after.id, after.content.as_str()), (before.id, "one two three."));
    let sent = kit.provider.calls().pop().unwrap().messages;
    assert_eq!(sent.last().unwrap(), &("assistant".to_owned(), "one two ".to_owned()));
    // The first response stays as it ended.
    assert_eq!(rest(&mut server.follow(old, None).await).await, seen);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn an_end_says_why_it_is_none_of_a_whole_answer(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let failed = ResponseStatus::Failed;
    let incomplete = ResponseStatus::Incomplete;
    for (model, status, reason, code, text) in [
        (
            "mock:ticks=2,finish=length",
            incomplete,
            Some(EndReason::MaxOutputTokens),
            None,
            ticks(2),
        ),
        (
            "mock:ticks=2,finish=content_filter",
            incomplete,
            Some(EndReason::ContentFilter),
            None,
            ticks(2),
        ),
        ("mock:status=400", failed, None, Some(FailureCode::UpstreamRejected), String::new()),
        (
            "mock:ticks=9,fault=truncate@2",
            failed,
            None,
            Some(FailureCode::UpstreamTruncated),
            ticks(2),
        ),
    ] {
        let mut follower = server.begin(model).await;
        let events = rest(&mut follower).await;
        let row = kit.row(follower.response().id).await;
        assert_ended(&row, status, reason);
        let told = ending(&events).error.as_ref().map(|error| error.code.clone());
        assert_eq!((&told, &row.error_code), (&code.map(Into::into), &told));
        let errors =
            events.iter().filter(|numbered| matches!(numbered.event, StreamEvent::Error(_)));
        assert_eq!(errors.count(), usize::from(code.is_some()), "{model}");
        assert_eq!(kit.answer(&row).await.content, text, "{model}");
    }
    server.stop(Duration::ZERO).await;
}
