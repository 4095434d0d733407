//! A database server that takes less in one packet than an answer may have.

use mock::script::{Ending, Script, Step};
use serde_json::Value;
use testkit::client::User;
use testkit::{World, eventually};

use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, ticked, ticks, upstream};

/// The limit, in bytes.
const PACKET: usize = 1024 * 1024;

/// An answer of 1.5 MB, in pieces.
fn pieces() -> Vec<String> {
    vec!["A \"quoted\" line of an answer that is long.\n".repeat(100); 350]
}

fn says(pieces: Vec<String>, end: impl IntoIterator<Item = Step>) -> Script {
    Script::steps(pieces.into_iter().map(Step::Text).chain(end))
}

/// It failed, and what fits of it was kept.
fn assert_cut(response: &Value, content: &Value) {
    assert_eq!(response["error"]["code"], "answer_not_stored", "{}", response["status"]);
    let (whole, kept) = (pieces().concat(), content.as_str().expect("text"));
    assert!(whole.len() > PACKET && whole.starts_with(kept), "{} bytes", kept.len());
    assert!(kept.len() > PACKET - 128 * 1024, "{} bytes were kept", kept.len());
}

async fn assert_free(user: &User, conversation: &str) {
    let turn = user.send_and_wait(conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed", "{turn}");
}

#[testkit::test(servers)]
async fn f5_a_kill_with_a_large_answer_open_locks_no_conversation(world: World) {
    let database = world.own_server().await;
    let world = database.world().clone();
    world.database().administer(&format!("SET GLOBAL max_allowed_packet = {PACKET}")).await;
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;

    let conversation = user.create_conversation().await;
    upstream.push(says(pieces(), [Step::Finish(Ending::Stop), Step::Done]));
    let turn = user.send_and_wait(&conversation, PROMPT).await;
    assert_cut(&turn["response"], &turn["message"]["content"]);
    upstream.push(ticks(3, 0));
    assert_free(&user, &conversation).await;

    let mut open = Vec::new();
    for is_large in [false, true, false, false] {
        let said = if is_large { pieces() } else { vec![ticked(20)] };
        let length: usize = said.iter().map(String::len).sum();
        upstream.push(says(said, [Step::Stall]));
        let conversation = user.create_conversation().await;
        let response = user.send_async(&conversation, PROMPT).await;
        let id = response.rsplit('_').next().expect("an id");
        let stored = format!(
            "SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM response_events \
             WHERE response_id = x'{id}'"
        );
        eventually("all of it is stored", async || {
            let bytes = world.sql().await.value(&stored).await;
            bytes.parse().is_ok_and(|bytes: usize| bytes >= length)
        })
        .await;
        open.push((is_large, conversation, response));
    }
    server.kill().await;
    // Nobody has to wait until it has stood still for long enough.
    world.sql().await.execute("UPDATE servers SET beat = -1").await;

    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().login(&user.email).await;
    for (is_large, conversation, response) in &open {
        eventually("the answer is closed", async || {
            user.response(response).await["status"] != "in_progress"
        })
        .await;
        let response = user.response(response).await;
        let content = user.list_messages(conversation).await[1]["content"].take();
        if *is_large {
            assert_cut(&response, &content);
        } else {
            assert_eq!(response["incomplete_details"]["reason"], "interrupted", "{response}");
            assert_eq!(content, ticked(20));
        }
        upstream.push(ticks(3, 0));
        assert_free(&user, conversation).await;
    }
}
