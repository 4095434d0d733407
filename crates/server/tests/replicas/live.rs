//! With Redis the other server knows at once what the database does not know yet.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::PASSWORD;
use testkit::validator::{assert_valid, assert_valid_from_middle};
use testkit::{Redis, World};

use super::site::{ENDLESS, Site, follow, metric, newest_stored, reaches};

#[testkit::test(servers, needs = Redis::need())]
async fn events_arrive_before_they_are_stored(world: World) {
    let site = Site::start(&world).await;
    let (mut here, response) = site.answer(ENDLESS).await;
    here.read_text(1).await;
    let mut locked = world.sql().await;
    // From here on nobody can store an event, though everything can be read.
    locked.execute("LOCK TABLES response_events READ").await;
    let mut there = follow(&site.there, &response, None).await;
    there.read_text(50).await;
    let seen = there.last_seq().expect("numbers");
    let stored = newest_stored(&world).await;
    assert!(stored + 20 < i64::try_from(seen).expect("small"), "{seen} seen, {stored} stored");
    // A number that only Redis knows can be continued, too.
    let mut later = follow(&site.there, &response, Some(seen)).await;
    later.read_text(5).await;
    locked.execute("UNLOCK TABLES").await;
    here.read_text(30).await;
    site.stop(&response).await;
    let (here, there, later) = tokio::join!(here.finish(), there.finish(), later.finish());
    let stored = site.stored(&response).await;
    assert!(here == stored && there == stored, "the same events with the same numbers");
    assert_valid_from_middle(&later);
    let place = usize::try_from(seen).expect("a small number") + 1;
    assert!(later == stored[place..], "only what follows");
    assert!(metric(&site.two, "chatapp_bus_received_events_total").await >= 30);
    assert!(metric(&site.one, "chatapp_bus_published_events_total").await >= 30);
}

#[testkit::test(servers, needs = Redis::need())]
async fn any_follower_reads_exactly_the_stored_log(world: World) {
    let site = Site::start(&world).await;
    let (mut here, response) = site.answer("mock:ticks=300,reasoning=20,rate=150").await;
    let whole = follow(&site.there, &response, None).await;
    let early = follow(&site.there, &response, Some(3)).await;
    here.read_text(40).await;
    let late = follow(&site.there, &response, None).await;
    let number = here.last_seq().expect("numbers");
    let newest = follow(&site.there, &response, Some(number)).await;
    let (here, whole, early, late, newest) =
        tokio::join!(here.finish(), whole.finish(), early.finish(), late.finish(), newest.finish());
    assert_valid(&here);
    let stored = site.stored(&response).await;
    assert!(here == stored && whole == stored && late == stored, "each has everything");
    assert!(early == stored[4..], "only what follows 3");
    let place = usize::try_from(number).expect("a small number") + 1;
    assert!(newest == stored[place..], "only what follows {number}");
    // Four followers, one reader: each event was taken from Redis at most once.
    let received = metric(&site.two, "chatapp_bus_received_events_total").await;
    let count = u64::try_from(stored.len()).expect("a small number");
    assert!(received > count / 2 && received <= count, "{received} of {count}");
    assert_eq!(metric(&site.two, "chatapp_bus_fallbacks_total").await, 0);
}

#[testkit::test(servers, needs = Redis::need())]
async fn a_stop_reaches_the_other_server_by_a_notification(world: World) {
    let site = Site::start(&world).await;
    // With nothing to make, the first server would not listen: its own look of each second may
    // find what is to be stopped just before the notification.
    let _other = site.answer(ENDLESS).await;
    let (mut here, response) = site.answer(ENDLESS).await;
    here.read_text(3).await;
    let before = metric(&site.one, "chatapp_bus_polls_total").await;
    site.stop(&response).await;
    reaches(&site.one, "chatapp_bus_polls_total", before + 1).await;
    assert!(here.finish().await == site.stored(&response).await);
}

/// Whatever is deleted at the second server, the first one is notified to poll.
#[testkit::test(servers, needs = Redis::need())]
async fn a_delete_reaches_the_other_server_by_a_notification(world: World) {
    let site = Site::start(&world).await;
    let _other = site.answer(ENDLESS).await;
    let ways: [(&str, &str); 4] = [
        ("DELETE", "/api/conversations/{conversation}"),
        ("DELETE", "/api/conversations/{conversation}?permanent=true"),
        ("POST", "/api/conversations/delete"),
        ("DELETE", "/api/messages/{message}"),
    ];
    for (method, path) in ways {
        let (mut here, response) = site.answer(ENDLESS).await;
        here.read_text(3).await;
        let resource = site.there.get(&format!("/api/responses/{response}")).await.expect(200);
        let [conversation, message] = ["/conversation/id", "/user_message_id"]
            .map(|at| resource.pointer(at).and_then(Value::as_str).expect(at).to_owned());
        let path = path.replace("{conversation}", &conversation).replace("{message}", &message);
        let before = metric(&site.one, "chatapp_bus_polls_total").await;
        let method = method.parse().expect("a method");
        let mut request = site.there.request(method, &path);
        if path.ends_with("/delete") {
            request = request.json(&json!({"ids": [conversation]}));
        }
        let status = site.there.send(request).await.status;
        assert!((200..300).contains(&status), "{path}: {status}");
        reaches(&site.one, "chatapp_bus_polls_total", before + 1).await;
        let frames = here.finish().await;
        let end = frames.iter().find(|frame| frame.event == "response.failed").expect("its end");
        let code = &end.json()["response"]["error"]["code"];
        assert!(code.as_str().is_some_and(|code| code.ends_with("_deleted")), "{path}: {code}");
    }
}

/// The account is hidden before the notification is sent, so the poll finds what to stop, though the
/// conversations may still be there.
#[testkit::test(servers, needs = Redis::need())]
async fn a_deleted_account_rings_the_other_server(world: World) {
    let site = Site::start(&world).await;
    let _other = site.answer(ENDLESS).await;
    let bob = site.one.anonymous().signup("bob@example.org").await;
    let (mut here, _) = site.answer_to(&bob, ENDLESS).await;
    here.read_text(3).await;
    let before = metric(&site.one, "chatapp_bus_polls_total").await;
    let there = site.two.anonymous().with_bearer(Some(&bob.access_token));
    let body = json!({"current_password": PASSWORD});
    let request = there.request(Method::DELETE, "/api/me").json(&body);
    assert_eq!(there.send(request).await.status, 204);
    reaches(&site.one, "chatapp_bus_polls_total", before + 1).await;
    // Either the answer's own end or the end of the session it was asked for with.
    here.finish().await;
}
