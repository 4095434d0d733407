//! What a server shows as metrics before anything has happened, and after.

use std::collections::BTreeSet;

use mock::script::{Answer, FaultKind, Script};
use testkit::World;
use testkit::client::Anonymous;

use super::working_directory::WorkingDirectory;
use super::{settings, upstream};

/// The one counter whose labels have too many values together to begin at 0.
const LATE: &str = "chatapp_http_requests_total";

/// The counters and their labels, without values.
async fn counters(client: &Anonymous) -> BTreeSet<String> {
    let text = client.metrics().await.text;
    let is_counter = |name: &str| name.ends_with("_total") && name != LATE;
    text.lines()
        .filter_map(|line| line.rsplit_once(' '))
        .filter(|(series, _)| is_counter(series.split('{').next().unwrap_or_default()))
        .map(|(series, _)| series.to_owned())
        .collect()
}

#[testkit::test]
async fn o12_every_series_of_a_counter_is_there_from_the_start_and_no_other(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    let client = server.anonymous();
    let before = counters(&client).await;
    let shown: Vec<&str> = before.iter().map(String::as_str).collect();
    insta::assert_snapshot!("counters", shown.join("\n"));

    let user = client.signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, "Hello").await;
    upstream.push(Script::new(Answer::Ticks(3)).failing(FaultKind::Reset, 1));
    let failed = user.send_and_wait(&conversation, "Fail").await;
    assert_eq!(failed["response"]["status"], "failed", "{failed}");
    client.get("/api/nothing").await.expect_error(404, "unknown_url");
    assert_eq!(counters(&client).await, before, "nothing that happens makes a new one");
    server.terminate().await;
}
