//! How many statements a turn and a page take: whoever adds one finds out here.

use serde_json::json;
use testkit::client::Anonymous;
use testkit::{Engine, World};

use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, ticks, upstream};

/// Servers on a shared database look at it now and then, and a checkpoint may come between: the
/// fewest of so many attempts are what the thing itself takes.
const ATTEMPTS: usize = 7;

/// What a server has asked its database so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    /// Statements that read, outside of transactions.
    reads: u64,
    /// Statements within transactions that write.
    writes: u64,
    /// Those transactions.
    transactions: u64,
}

impl Asked {
    async fn of(client: &Anonymous) -> Self {
        let text = client.metrics().await.text;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.map_or(0, |value| value.parse().expect("a whole number"))
        };
        Self {
            reads: value("chatapp_database_statements_total{handle=\"read\"}"),
            writes: value("chatapp_database_statements_total{handle=\"write\"}"),
            transactions: value("chatapp_database_transactions_total"),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            reads: self.reads - before.reads,
            writes: self.writes - before.writes,
            transactions: self.transactions - before.transactions,
        }
    }

    fn statements(self) -> u64 {
        self.reads + self.writes
    }
}

/// The fewest statements that `what` took.
async fn fewest(client: &Anonymous, mut what: impl AsyncFnMut()) -> Asked {
    let mut all = Vec::new();
    for _ in 0..ATTEMPTS {
        let before = Asked::of(client).await;
        what().await;
        all.push(Asked::of(client).await.since(before));
    }
    all.into_iter().min_by_key(|asked| asked.statements()).expect("some attempts")
}

#[testkit::test]
async fn a_turn_and_a_page_take_no_more_statements_than_they_must(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream).set("CHATAPP_LIMITS__CHECKPOINT_INTERVAL", "2s");
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let client = server.anonymous();
    let user = client.signup("ada@example.org").await;
    let say = async |conversation: &str| {
        upstream.push(ticks(20, 0));
        user.send_and_wait(conversation, PROMPT).await;
    };

    let mut fresh = Vec::new();
    for _ in 0..ATTEMPTS {
        fresh.push(user.create_conversation().await);
    }
    let mut unused = fresh.iter();
    let first = fewest(&client, async || say(unused.next().expect("one is left")).await).await;
    let later = fewest(&client, async || say(&fresh[0]).await).await;
    let path = format!("/api/conversations/{}/messages", fresh[0]);
    let page = fewest(&client, async || {
        let page = user.get(&path).await.expect(200);
        assert_eq!(page["data"].as_array().map(Vec::len), Some(2 * (ATTEMPTS + 1)));
    })
    .await;
    let list = fewest(&client, async || {
        user.get("/api/conversations").await.expect(200);
    })
    .await;
    let created = fewest(&client, async || {
        user.post("/api/conversations", json!({})).await.expect(201);
    })
    .await;
    tracing::info!(?first, ?later, ?page, ?list, ?created, "statements");

    let asked = |reads, writes, transactions| Asked { reads, writes, transactions };
    let is_embedded = world.engine() == Engine::Sqlite;
    // One writer needs no statement of its own to claim a conversation.
    let claim = u64::from(!is_embedded);
    for (name, took, most) in [
        ("the first turn", first, asked(8, 11 + claim, 3)),
        ("a later turn", later, asked(7, 12 + claim, 3)),
        ("a page", page, asked(6, 0, 0)),
        ("the list", list, asked(2, 0, 0)),
        ("a new conversation", created, asked(1, 1, 1)),
    ] {
        assert!(
            took.reads <= most.reads
                && took.writes <= most.writes
                && took.transactions <= most.transactions,
            "{name} took {took:?}, more than {most:?}"
        );
    }
}
