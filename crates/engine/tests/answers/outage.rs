//! A database that is away, or whose reply to a commit is lost: nothing that was said is lost, and
//! nothing is shown as ended that is not stored.

use std::sync::Arc;
use std::time::Duration;

use crud::{Database, Limits, MySqlTarget, Options};
use engine::{Engine, Error, Settings};
use futures_util::poll;
use models::ending::EndReason;
use models::response::ResponseStatus;
use testkit::proxy::Fault;
use testkit::sql::Sql;
use testkit::{FaultProxy, World, eventually};

use super::kit::{
    self, Kit, QUESTION, Server, assert_ended, assert_from, begun, ending, numbers, read_text,
    rest, text_of, ticks,
};

/// The packet of this statement: its length, its number, "query", the text.
const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";

/// How long a statement may take here.
const LIMIT: Duration = Duration::from_secs(1);

/// The way from an engine to its database.
enum Way {
    /// To a file, which another process can lock.
    File(Sql),
    /// To a server, over a network that breaks.
    Network(FaultProxy),
}

impl Way {
    async fn of(world: &World) -> Self {
        match world.database().server() {
            None => Self::File(world.sql().await),
            Some(server) => {
                let server = format!("127.0.0.1:{}", server.port);
                Self::Network(FaultProxy::start(&server).await)
            }
        }
    }

    /// An engine that goes this way.
    async fn start<'a>(&self, kit: &'a Kit) -> Server<'a> {
        let limits = Limits { statement: LIMIT, acquire: LIMIT, ..Limits::default() };
        let mut options = Options { limits, ..kit::options(&kit.world) };
        if let (Self::Network(proxy), Database::MySql(server)) = (self, &mut options.database)
            && let MySqlTarget::Parts { port, .. } = &mut server.target
        {
            *port = proxy.port();
        }
        kit.start_with(options, Settings::default()).await
    }

    /// From here on nothing can be stored.
    async fn close(&mut self) {
        match self {
            Self::File(sql) => {
                sql.execute("BEGIN IMMEDIATE").await;
            }
            Self::Network(proxy) => proxy.cut_off(),
        }
    }

    async fn open(&mut self) {
        match self {
            Self::File(sql) => {
                sql.execute("ROLLBACK").await;
            }
            Self::Network(proxy) => proxy.restore(),
        }
    }
}

#[testkit::test]
async fn an_answer_goes_on_while_the_database_is_away_and_is_stored_afterwards(world: World) {
    let kit = Kit::new(world).await;
    let mut way = Way::of(&kit.world).await;
    let server = way.start(&kit).await;
    // It goes on until it is stopped.
    let mut follower = server.begin("mock:ticks=1000000,rate=100").await;
    let id = follower.response().id;
    let mut events = read_text(&mut follower, &ticks(10)).await;
    way.close().await;
    let stored = kit.stored(id).await;
    while text_of(&events).len() < ticks(60).len() {
        events.extend(follower.next().await.unwrap());
    }
    assert_eq!(kit.stored(id).await, stored, "nothing can be stored");
    let shown = events.last().unwrap().seq;
    assert!(stored.last().copied().unwrap_or_default() < shown);
    way.open().await;
    kit.wait_stored(id, shown).await;
    server.cancel(id).await;
    events.extend(rest(&mut follower).await);
    assert_from(0, &numbers(&events));
    assert_eq!(kit.stored(id).await, numbers(&events), "without gaps and duplicates");
    assert_eq!(kit.answer(&kit.row(id).await.into_inner()).await.content, text_of(&events));
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn an_end_is_shown_when_the_database_has_it(world: World) {
    let kit = Kit::new(world).await;
    let mut way = Way::of(&kit.world).await;
    let server = way.start(&kit).await;
    let (mut follower, mut events) = server.stall(&["one ", "two "]).await;
    let id = follower.response().id;
    let row = kit.row(id).await;
    way.close().await;
    // It gives up waiting for the end after a while, and the engine does not.
    let cancelled = server.run(async move |engine: Arc<Engine>| {
        engine.cancel(&row).await.unwrap();
    });
    cancelled.await;
    assert!(poll!(Box::pin(follower.next())).is_pending(), "nothing of the end is shown");
    assert_eq!(kit.row(id).await.status, ResponseStatus::InProgress);
    way.open().await;
    events.extend(rest(&mut follower).await);
    assert_eq!(ending(&events).status, ResponseStatus::Cancelled);
    assert_ended(&*kit.row(id).await, ResponseStatus::Cancelled, Some(EndReason::Cancelled));
    assert_eq!(kit.stored(id).await, numbers(&events));
    server.stop(Duration::ZERO).await;
}

/// Of a commit without a reply the engine finds out by itself whether it took place.
#[testkit::test(mariadb)]
async fn a_turn_whose_reply_is_lost_is_begun_once(world: World) {
    let kit = Kit::new(world).await;
    let way = Way::of(&kit.world).await;
    let server = way.start(&kit).await;
    let Way::Network(proxy) = &way else { panic!("a server") };
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    let mut follower = server.begin("mock:ticks=5").await;
    assert_eq!(proxy.faults_left(), 0);
    let events = rest(&mut follower).await;
    assert_eq!(text_of(&events), ticks(5));
    assert_ended(&*kit.row(follower.response().id).await, ResponseStatus::Completed, None);
    // One that did not take place is refused, and can be asked for again.
    proxy.fail_at(COMMIT, [Some(Fault::Lost)]);
    let refused = server.ask("mock:echo", "Lost").await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    let row = server.answered("mock:echo", "Lost").await;
    assert_eq!(kit.answer(&row).await.content, "Lost");
    assert_eq!(kit.provider.calls().len(), 2);
    let mut sql = kit.world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM responses").await, "2");
    server.stop(Duration::from_secs(10)).await;
}

#[testkit::test(mariadb)]
async fn a_turn_that_is_committed_late_is_answered_all_the_same(world: World) {
    let kit = Kit::new(world).await;
    let way = Way::of(&kit.world).await;
    let server = way.start(&kit).await;
    let Way::Network(proxy) = &way else { panic!("a server") };
    proxy.fail_at(COMMIT, [Some(Fault::Late)]);
    let refused = server.ask("mock:echo", QUESTION).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    let mut sql = kit.world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM responses").await, "0");
    proxy.release();
    // Nobody asks for it any more; its conversation would wait for ever.
    let done = "SELECT COUNT(*) FROM responses WHERE status = 'completed'";
    eventually("it is answered", async || sql.value(done).await == "1").await;
    let content = "SELECT content FROM messages WHERE role = 'assistant'";
    assert_eq!(sql.value(content).await, QUESTION);
    server.answered("mock:echo", "And now?").await;
    server.stop(Duration::ZERO).await;
}

#[testkit::test(mariadb)]
async fn events_whose_reply_is_lost_are_stored_once(world: World) {
    let kit = Kit::new(world).await;
    let way = Way::of(&kit.world).await;
    let server = way.start(&kit).await;
    let Way::Network(proxy) = &way else { panic!("a server") };
    let mut follower = begun(server.ask("mock:ticks=1000000,rate=100", QUESTION).await);
    let id = follower.response().id;
    let mut events = read_text(&mut follower, &ticks(1)).await;
    // Checkpoints, and with the last of them the end.
    proxy
        .fail_at(COMMIT, [Some(Fault::ReplyLost), Some(Fault::Lost), None, Some(Fault::ReplyLost)]);
    while proxy.faults_left() > 0 {
        events.extend(follower.next().await.unwrap());
    }
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost), Some(Fault::Lost), Some(Fault::ReplyLost)]);
    server.cancel(id).await;
    events.extend(rest(&mut follower).await);
    assert_eq!(proxy.faults_left(), 0);
    assert_from(0, &numbers(&events));
    assert_eq!(kit.stored(id).await, numbers(&events), "without gaps and duplicates");
    let row = kit.row(id).await;
    assert_ended(&row, ResponseStatus::Cancelled, Some(EndReason::Cancelled));
    assert_eq!(kit.answer(&row).await.content, text_of(&events));
    server.stop(Duration::ZERO).await;
}
