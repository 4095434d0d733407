//! The engine by itself, on a real database and the demo model: what it promises of an answer,
//! without accounts, HTTP or use cases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a broken expectation is a panic")]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crud::turns::{NewTurn, Parent, Question};
use crud::users::administration;
use crud::{Db, Limits, Options, Owned, SqliteOptions, Synchronous};
use engine::{
    Admission, Beginning, Catalog, Engine, Error, Follower, OnCompleted, Parts, Settings,
};
use futures_util::poll;
use models::conversation::{self, ConversationKind, TitleSource};
use models::response::{self, ResponseStatus};
use models::user::{self, UserRole};
use models::{Context, ConversationId, MessageId, ResponseId, UserId};
use provider::Provider;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// An engine with one user who has one conversation.
struct Kit {
    engine: Arc<Engine>,
    db: Db,
    context: Context,
    catalog: Catalog,
    owner: UserId,
    /// Not stored before the first turn.
    conversation: conversation::Model,
    /// How many answers were told to be whole.
    completed: Arc<AtomicUsize>,
    /// Holds the database.
    _folder: TempDir,
}

impl Kit {
    async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        let (context, catalog) = (Context::system(), Catalog::new(Provider::demo(), Vec::new()));
        let user = new_user(&context);
        let owner = user.id;
        assert!(administration::add(&db, user).await.unwrap());
        let conversation = new_conversation(&context, owner);
        let completed = Arc::new(AtomicUsize::new(0));
        let engine = start(&db, &context, &catalog, settings, completed.clone()).await;
        Self { engine, db, context, catalog, owner, conversation, completed, _folder: folder }
    }

    /// Asks the demo model of this name; `opens` says whether the conversation is new.
    async fn ask(&self, model: &str, opens: bool) -> Result<Beginning, Error> {
        self.ask_admitted(self.engine.admit()?, model, opens).await
    }

    /// The same for a turn that was let in before.
    async fn ask_admitted(
        &self,
        admission: Admission,
        model: &str,
        opens: bool,
    ) -> Result<Beginning, Error> {
        let model = self.catalog.choose(Some(model)).await.unwrap();
        let slot = self.engine.reserve(admission, self.owner, self.conversation.id)?;
        let (id, question): (ResponseId, MessageId) =
            (self.context.new_id(), self.context.new_id());
        let (fence, now) = (self.engine.fence(), self.context.now());
        let response = response::Model::accepted(response::Accepted {
            id,
            user_id: self.owner,
            conversation_id: self.conversation.id,
            user_message_id: question,
            message_id: self.context.new_id(),
            model: model.name.clone(),
            provider: model.provider.name().to_owned(),
            purpose: response::Purpose::Answer,
            parameters: response::Parameters::default(),
            server_id: fence.server_id,
            epoch: fence.epoch,
            at: now,
        });
        let new = NewTurn {
            owner: self.owner,
            conversation_id: self.conversation.id,
            opening: opens.then(|| self.conversation.clone()),
            question: Question::New {
                parent: Parent::Head,
                content: "one two three four five".to_owned(),
                title: String::new(),
            },
            response,
            idempotency: None,
            now,
        };
        self.engine.begin(new, model, slot, None).await
    }

    async fn begin(&self, model: &str) -> Follower {
        match self.ask(model, true).await.unwrap() {
            Beginning::Begun(follower) => *follower,
            refused => panic!("{refused:?}"),
        }
    }

    async fn row(&self, id: ResponseId) -> Owned<response::Model> {
        crud::responses::find(&self.db, self.owner, id).await.unwrap().unwrap()
    }

    /// The text of a running answer.
    async fn so_far(&self, id: ResponseId) -> String {
        let conversation = self.row(id).await.conversation();
        let so_far = self.engine.running().so_far(&self.db, conversation, id).await;
        so_far.unwrap().content
    }

    /// The stored text of an answer.
    async fn text(&self, row: &response::Model) -> String {
        let found = crud::messages::find(&self.db, self.owner, row.message_id).await.unwrap();
        found.unwrap().into_inner().content
    }
}

async fn open(folder: &TempDir) -> Db {
    let path = folder.path().join("chatapp.db");
    let sqlite = SqliteOptions { path, readers: 2, synchronous: Synchronous::Normal };
    let options = Options {
        database: crud::Database::Sqlite(sqlite),
        give_up_after: Duration::ZERO,
        limits: Limits::default(),
        migrate: true,
        exclusive: false,
    };
    crud::connect(&options).await.unwrap().db
}

async fn start(
    db: &Db,
    context: &Context,
    catalog: &Catalog,
    settings: Settings,
    completed: Arc<AtomicUsize>,
) -> Arc<Engine> {
    let told = move || {
        completed.fetch_add(1, Ordering::SeqCst);
    };
    let parts = Parts {
        db: db.clone(),
        context: context.clone(),
        catalog: catalog.clone(),
        bus: None,
        settings,
        tasks: TaskTracker::new(),
        draining: CancellationToken::new(),
        stopped: CancellationToken::new(),
        on_completed: OnCompleted::new(move |_| told()),
    };
    Engine::start(parts).await.unwrap()
}

fn new_user(context: &Context) -> user::Model {
    let now = context.now();
    user::Model {
        id: context.new_id(),
        email: "ada@example.org".to_owned(),
        password_hash: "hash".to_owned(),
        name: String::new(),
        role: UserRole::User,
        disabled_at: None,
        deleted_at: None,
        token_version: 0,
        created_at: now,
        updated_at: now,
    }
}

fn new_conversation(context: &Context, user_id: UserId) -> conversation::Model {
    let (id, now): (ConversationId, _) = (context.new_id(), context.now());
    conversation::Model {
        id,
        user_id,
        kind: ConversationKind::Chat,
        title: String::new(),
        title_source: TitleSource::None,
        model: None,
        instructions: None,
        pinned: false,
        archived_at: None,
        deleted_at: None,
        removed_at: None,
        metadata: None,
        next_seq: 0,
        active_response_id: None,
        head_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

#[tokio::test]
async fn an_answer_that_nobody_follows_is_made_and_stored() {
    let kit = Kit::new().await;
    let follower = kit.begin("demo:echo,rate=0").await;
    let id = follower.response().id;
    drop(follower);
    // The engine lets running answers finish before it stops.
    kit.engine.stop(Duration::from_mins(1)).await;
    let row = kit.row(id).await;
    assert_eq!(row.status, ResponseStatus::Completed);
    assert_eq!(kit.text(&row).await, "one two three four five");
    assert_eq!(kit.completed.load(Ordering::SeqCst), 1, "it is told once that it is whole");
    assert!(kit.engine.running().find_log(id).is_none(), "nothing runs any more");
}

#[tokio::test]
async fn a_follower_sees_numbers_without_gaps_and_the_end_that_is_stored() {
    let kit = Kit::new().await;
    let mut follower = kit.begin("demo:ticks=20,rate=0").await;
    let id = follower.response().id;
    let mut numbers = Vec::new();
    while let Some(events) = follower.next().await {
        numbers.extend(events.iter().map(|numbered| numbered.seq));
    }
    let count = u64::try_from(numbers.len()).unwrap();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
    // The end is stored before it is shown.
    let row = kit.row(id).await;
    assert_eq!(row.status, ResponseStatus::Completed);
    assert_eq!(u64::try_from(row.last_seq).unwrap(), count - 1);
    // Who comes later gets the same, from what is stored.
    let mut later = kit.engine.follow(None, &row, None).await.unwrap();
    let mut again = Vec::new();
    while let Some(events) = later.next().await {
        again.extend(events.iter().map(|numbered| numbered.seq));
    }
    assert_eq!(again, numbers);
    kit.engine.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_cancelled_answer_keeps_its_text_and_frees_its_conversation() {
    let kit = Kit::new().await;
    let mut follower = kit.begin("demo:echo,rate=0,fault=stall@3").await;
    let id = follower.response().id;
    while kit.so_far(id).await.is_empty() {
        follower.next().await.unwrap();
    }
    let locked = kit.ask("demo:echo", false).await.unwrap();
    assert!(matches!(locked, Beginning::Locked(running) if running == id), "{locked:?}");
    kit.engine.cancel(&kit.row(id).await).await.unwrap();
    let row = kit.row(id).await;
    assert_eq!(row.status, ResponseStatus::Cancelled);
    let text = kit.text(&row).await;
    assert!(!text.is_empty() && "one two three four five".starts_with(&text), "{text:?}");
    assert_eq!(kit.completed.load(Ordering::SeqCst), 0);
    let next = kit.ask("demo:echo,rate=0", false).await.unwrap();
    assert!(matches!(next, Beginning::Begun(_)), "{next:?}");
    kit.engine.stop(Duration::from_mins(1)).await;
}

#[tokio::test]
async fn a_user_runs_as_many_answers_at_once_as_allowed() {
    let mut kit = Kit::with(Settings { generations_per_user: 1, ..Settings::default() }).await;
    let follower = kit.begin("demo:echo,fault=stall").await;
    kit.conversation = new_conversation(&kit.context, kit.owner);
    let refused = kit.ask("demo:echo", true).await.unwrap_err();
    assert!(matches!(refused, Error::TooManyRunning(1)), "{refused:?}");
    kit.engine.let_go(follower.response().id);
    kit.engine.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_stop_waits_for_a_turn_that_was_let_in_and_lets_no_other_in() {
    let kit = Kit::new().await;
    let admission = kit.engine.admit().unwrap();
    let mut stop = pin!(kit.engine.stop(Duration::from_mins(1)));
    assert!(poll!(&mut stop).is_pending(), "it has seen the turn, though nothing runs yet");
    // Longer than it gives an interrupted answer to be stored.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    assert!(poll!(&mut stop).is_pending());
    let refused = kit.ask("demo:echo", true).await.unwrap_err();
    assert!(matches!(refused, Error::ShuttingDown), "{refused:?}");
    let begun = kit.ask_admitted(admission, "demo:echo,rate=0", true).await.unwrap();
    let Beginning::Begun(follower) = begun else { panic!("{begun:?}") };
    stop.await;
    assert_eq!(kit.row(follower.response().id).await.status, ResponseStatus::Completed);
}

#[tokio::test]
async fn an_answer_that_a_stop_interrupts_ends_with_what_there_is() {
    let kit = Kit::new().await;
    let mut follower = kit.begin("demo:echo,rate=0,fault=stall@3").await;
    let id = follower.response().id;
    while kit.so_far(id).await.is_empty() {
        follower.next().await.unwrap();
    }
    kit.engine.stop(Duration::ZERO).await;
    assert!(follower.wait_end().await, "its follower was told");
    let row = kit.row(id).await;
    assert_eq!(row.status, ResponseStatus::Incomplete);
    let description = kit.engine.describe(&row).await.unwrap();
    assert_eq!(description.status(), ResponseStatus::Incomplete);
    assert!(!kit.text(&row).await.is_empty());
}
