//! What these tests are written with: engines on one database, with one provider and one clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crud::turns::{NewItem, NewItems, NewTurn, Parent, Question};
use crud::users::administration;
use crud::{Db, Limits, Options, Owned};
use engine::{
    Admission, Beginning, Catalog, Engine, Error, Follower, Numbered, OnCompleted, Parts, Settings,
};
use mock::{MockServer, Script, Step};
use models::Parameters;
use models::ending::EndReason;
use models::message::Role;
use models::response::{self, Accepted, Purpose, ResponseStatus};
use models::{Content, ConversationId, MessageId, ResponseId, UserId, message};
use provider::script::Ending as End;
use provider::{ModelOptions, OpenAiConfig, Provider, Timeouts};
use schemas::event::{Ending, ItemKind};
use schemas::stream::StreamEvent;
use testkit::{ManualClock, World, eventually, rows};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::runtime::Runtime;

/// Longer than any test lets pass.
const FOREVER: Duration = Duration::from_hours(10 * 24);

/// What the person says unless the test says something else.
pub(crate) const QUESTION: &str = "one two three four five";

/// What the engines of a test have in common: a database with a user, a provider and a clock.
pub(crate) struct Kit {
    pub(crate) world: World,
    /// The database as the test looks at it.
    pub(crate) db: Db,
    pub(crate) clock: ManualClock,
    pub(crate) provider: MockServer,
    pub(crate) owner: UserId,
    conversation: Mutex<ConversationId>,
    /// The window of every model, in tokens; none where nobody knows it.
    pub(crate) window: Mutex<Option<u32>>,
    /// What is asked for beside the messages.
    pub(crate) parameters: Mutex<Parameters>,
}

impl Kit {
    pub(crate) async fn new(world: World) -> Self {
        let clock = ManualClock::new();
        let db = crud::connect(&options(&world)).await.unwrap().db;
        let context = clock.context();
        let user = rows::user(context.new_id(), "ada@example.org", clock.now());
        let owner = user.id;
        assert!(administration::add(&db, user).await.unwrap());
        let provider = MockServer::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let conversation = Mutex::new(context.new_id());
        let (window, parameters) = (Mutex::default(), Mutex::default());
        Self { world, db, clock, provider, owner, conversation, window, parameters }
    }

    /// An engine on the test's database.
    pub(crate) async fn start(&self, settings: Settings) -> Server<'_> {
        self.start_with(options(&self.world), settings).await
    }

    /// An engine that reaches its database like this.
    pub(crate) async fn start_with(&self, options: Options, settings: Settings) -> Server<'_> {
        let runtime = Runtime::start();
        let completed = Arc::new(AtomicUsize::new(0));
        let (context, base_url) = (self.clock.context(), self.provider.base_url());
        let told = completed.clone();
        let context_tokens = *self.window.lock().unwrap();
        let (engine, catalog) = runtime
            .run(async move {
                let timeouts = Timeouts {
                    first_token: FOREVER,
                    idle: FOREVER,
                    total: FOREVER,
                    ..Timeouts::default()
                };
                let output_reserve_tokens = context_tokens.map(|_| 0);
                let model = ModelOptions {
                    context_tokens,
                    output_reserve_tokens,
                    ..ModelOptions::default()
                };
                let config = OpenAiConfig::new(base_url, "mock");
                let config = OpenAiConfig { timeouts, options: model, ..config };
                let catalog = Catalog::new(Provider::open_ai(config).unwrap(), Vec::new());
                let parts = Parts {
                    db: crud::connect(&options).await.unwrap().db,
                    context,
                    catalog: catalog.clone(),
                    bus: None,
                    settings,
                    tasks: TaskTracker::new(),
                    draining: CancellationToken::new(),
                    stopped: CancellationToken::new(),
                    on_completed: OnCompleted::new(move |_| {
                        told.fetch_add(1, Ordering::SeqCst);
                    }),
                };
                (Engine::start(parts).await.unwrap(), catalog)
            })
            .await;
        Server { kit: self, engine, catalog, completed, runtime }
    }

    /// The conversation in which is asked.
    pub(crate) fn conversation(&self) -> ConversationId {
        *self.conversation.lock().unwrap()
    }

    /// From here on another one, which is made with its first question.
    pub(crate) fn change_conversation(&self) {
        *self.conversation.lock().unwrap() = self.clock.context().new_id();
    }

    pub(crate) async fn row(&self, id: ResponseId) -> Owned<response::Model> {
        crud::responses::find(&self.db, self.owner, id).await.unwrap().unwrap()
    }

    /// The row of a response, once it has ended.
    pub(crate) async fn ended_row(&self, id: ResponseId) -> Owned<response::Model> {
        eventually("the response ends", async || self.row(id).await.status.is_final()).await;
        self.row(id).await
    }

    /// The message that a response writes.
    pub(crate) async fn answer(&self, row: &response::Model) -> message::Model {
        let found = crud::messages::find(&self.db, self.owner, row.message_id).await.unwrap();
        found.unwrap().into_inner()
    }

    /// The numbers of the stored events of a response, run by run.
    pub(crate) async fn stored(&self, id: ResponseId) -> Vec<u64> {
        let row = self.row(id).await;
        let runs = crud::responses::list_events(&self.db, row.owned_id()).await.unwrap();
        let numbers = runs.iter().flat_map(|run| run.first_seq..=run.last_seq);
        numbers.map(|number| u64::try_from(number).unwrap()).collect()
    }

    /// Waits until the event of this number is stored.
    pub(crate) async fn wait_stored(&self, id: ResponseId, number: u64) {
        let is_stored = async || self.stored(id).await.last() >= Some(&number);
        eventually("the event is stored", is_stored).await;
    }
}

impl Kit {
    /// What the person says, as a new item.
    pub(crate) fn said(&self, text: &str) -> NewItem {
        let (id, content) = (self.clock.context().new_id(), Content::from(text.to_owned()));
        NewItem::Message { id, role: Role::User, content }
    }

    /// What a tool returned, as a new item.
    pub(crate) fn returned(&self, call_id: &str, output: &str) -> NewItem {
        let (id, output) = (self.clock.context().new_id(), Content::from(output.to_owned()));
        NewItem::Result { id, call_id: call_id.to_owned(), output }
    }
}

/// How to open the test's database, which others have open, too. Time that a test lets pass ends
/// no statement, as it ends no request to the provider.
pub(crate) fn options(world: &World) -> Options {
    let limits = Limits { statement: FOREVER, acquire: FOREVER, ..Limits::default() };
    Options { exclusive: false, limits, ..world.options() }
}

/// An engine. When it is dropped, it ends like a process that is killed.
pub(crate) struct Server<'a> {
    kit: &'a Kit,
    pub(crate) engine: Arc<Engine>,
    catalog: Catalog,
    completed: Arc<AtomicUsize>,
    runtime: Runtime,
}

impl Server<'_> {
    /// Does something with the engine, on its runtime.
    pub(crate) async fn run<T, F>(&self, work: impl FnOnce(Arc<Engine>) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.runtime.run(work(self.engine.clone())).await
    }

    /// Asks a model of this name; a conversation that is not there yet is opened.
    pub(crate) async fn ask(&self, model: &str, content: &str) -> Result<Beginning, Error> {
        self.ask_admitted(self.engine.admit()?, model, content).await
    }

    /// The same for a turn that was let in before.
    pub(crate) async fn ask_admitted(
        &self,
        admission: Admission,
        model: &str,
        content: &str,
    ) -> Result<Beginning, Error> {
        let items = NewItems::from(self.kit.said(content));
        self.ask_below(admission, model, items).await
    }

    /// The same for these new items.
    pub(crate) async fn ask_below(
        &self,
        admission: Admission,
        model: &str,
        items: NewItems,
    ) -> Result<Beginning, Error> {
        let id = items.last().id();
        let question = Question::New { parent: Parent::Head, items, title: String::new() };
        self.ask_for(admission, model, (id, question), None).await
    }

    /// Says these items, and waits for the end of the answer: the response as it is then stored.
    pub(crate) async fn answered_below(&self, items: Vec<NewItem>) -> Owned<response::Model> {
        let (admission, items) = (self.engine.admit().unwrap(), NewItems::new(items).unwrap());
        let mut follower = begun(self.ask_below(admission, "mock", items).await);
        assert!(follower.wait_end().await, "it ends here");
        self.kit.row(follower.response().id).await
    }

    /// What the model was given for a response: who speaks in each item, and how many were left out.
    pub(crate) async fn given(&self, row: Owned<response::Model>) -> (Vec<Option<Role>>, u32) {
        let context =
            self.run(async move |engine: Arc<Engine>| engine.explain(row).await.unwrap()).await;
        assert_eq!(context.messages_sent.map(|sent| sent as usize), Some(context.messages.len()));
        let tokens: u32 = context.messages.iter().map(|message| message.tokens).sum();
        assert_eq!(context.tokens.map(|tokens| tokens.messages), Some(tokens), "all are counted");
        (context.messages.iter().map(|message| message.role).collect(), context.omitted.messages)
    }

    /// Asks for an answer that goes on with this one.
    pub(crate) async fn go_on(&self, model: &str, answer: message::Model) -> Follower {
        let question = (answer.parent_id.unwrap(), Question::Stored);
        let admission = self.engine.admit().unwrap();
        begun(self.ask_for(admission, model, question, Some(answer)).await)
    }

    async fn ask_for(
        &self,
        admission: Admission,
        model: &str,
        (user_message_id, question): (MessageId, Question),
        continues: Option<message::Model>,
    ) -> Result<Beginning, Error> {
        let (owner, conversation_id) = (self.kit.owner, self.kit.conversation());
        let slot = self.engine.reserve(admission, owner, conversation_id)?;
        let found = crud::conversations::find(&self.kit.db, owner, conversation_id).await.unwrap();
        let (catalog, name) = (self.catalog.clone(), model.to_owned());
        let model = self.runtime.run(async move { catalog.choose(Some(&name)).await }).await?;
        let (context, now) = (self.kit.clock.context(), self.kit.clock.now());
        let fence = self.engine.fence();
        let accepted = response::Model::accepted(Accepted {
            id: context.new_id(),
            user_id: owner,
            conversation_id,
            user_message_id,
            message_id: continues.as_ref().map_or_else(|| context.new_id(), |answer| answer.id),
            purpose: Purpose::Answer,
            model: model.name.clone(),
            provider: model.provider.name().to_owned(),
            parameters: self.kit.parameters.lock().unwrap().clone(),
            server_id: fence.server_id,
            epoch: fence.epoch,
            at: now,
        });
        let previous_response_id = continues.as_ref().and_then(|answer| answer.response_id);
        let is_new = found.is_none();
        let new = NewTurn {
            owner,
            conversation_id,
            opening: is_new.then(|| rows::conversation(conversation_id, owner, now)),
            question,
            response: response::Model { previous_response_id, ..accepted },
            idempotency: None,
            now,
        };
        self.run(async move |engine: Arc<Engine>| {
            engine.begin(new, model, slot, continues.as_ref()).await
        })
        .await
    }

    /// Asks a model of this name and follows its answer.
    pub(crate) async fn begin(&self, model: &str) -> Follower {
        begun(self.ask(model, QUESTION).await)
    }

    /// Asks, and follows the answer until it stops coming after these pieces: what was seen of it.
    pub(crate) async fn stall(&self, pieces: &[&str]) -> (Follower, Vec<Numbered>) {
        self.kit.provider.push(stalled(pieces));
        let mut follower = self.begin("mock").await;
        let seen = read_text(&mut follower, &pieces.concat()).await;
        (follower, seen)
    }

    /// Asks and waits for the end: the response as it is then stored.
    pub(crate) async fn answered(&self, model: &str, content: &str) -> Owned<response::Model> {
        let mut follower = begun(self.ask(model, content).await);
        assert!(follower.wait_end().await, "it ends here");
        self.kit.row(follower.response().id).await
    }

    /// Follows a response after this event, or from its beginning.
    pub(crate) async fn follow(&self, id: ResponseId, after: Option<u64>) -> Follower {
        let running = self.engine.running().find_log(id);
        let row = self.kit.row(id).await;
        self.run(async move |engine: Arc<Engine>| engine.follow(running, &row, after).await)
            .await
            .unwrap()
    }

    /// Stops a response, and waits until it has ended.
    pub(crate) async fn cancel(&self, id: ResponseId) {
        let row = self.kit.row(id).await;
        self.run(async move |engine: Arc<Engine>| engine.cancel(&row).await).await.unwrap();
    }

    /// Lets this much time pass, on the clock and for everything that waits in the engine.
    pub(crate) async fn pass(&self, time: Duration) {
        self.kit.clock.advance(time);
        self.runtime.advance(time).await;
    }

    /// Lets what waits in the engine believe that this much time has passed, and not the clock.
    pub(crate) async fn wake(&self, time: Duration) {
        self.runtime.advance(time).await;
    }

    /// Stops it in good order, and fails when one of its tasks is left.
    pub(crate) async fn stop(self, grace: Duration) {
        self.run(async move |engine: Arc<Engine>| engine.stop(grace).await).await;
        let Self { engine, catalog, runtime, .. } = self;
        drop((engine, catalog));
        eventually("its tasks have ended", async || runtime.tasks() == 0).await;
    }

    /// Ends it like a process that is killed. What was not committed is lost.
    pub(crate) fn crash(self) {
        drop(self);
    }

    /// How many answers were told to be whole.
    pub(crate) fn completed(&self) -> usize {
        self.completed.load(Ordering::SeqCst)
    }
}

/// The follower of an answer that was begun.
pub(crate) fn begun(beginning: Result<Beginning, Error>) -> Follower {
    match beginning {
        Ok(Beginning::Begun(follower)) => *follower,
        refused => panic!("{refused:?}"),
    }
}

/// An answer of these pieces.
pub(crate) fn whole(pieces: &[&str]) -> Script {
    Script::steps(texts(pieces).chain([Step::Finish(End::Stop), Step::Done]))
}

/// An answer that stops coming after these pieces.
pub(crate) fn stalled(pieces: &[&str]) -> Script {
    Script::steps(texts(pieces).chain([Step::Stall]))
}

fn texts(pieces: &[&str]) -> impl Iterator<Item = Step> {
    pieces.iter().map(|piece| Step::Text((*piece).to_owned()))
}

/// The text of an answer that the model of this name gives, so many ticks long.
pub(crate) fn ticks(count: usize) -> String {
    (0..count).fold(String::new(), |text, n| format!("{text}tick {n} \n"))
}

/// Reads until the answer has this text, or more.
pub(crate) async fn read_text(follower: &mut Follower, text: &str) -> Vec<Numbered> {
    let mut events = Vec::new();
    while !text_of(&events).starts_with(text) {
        let more = follower.next().await;
        events.extend(more.unwrap_or_else(|| panic!("it ended: {:?}", text_of(&events))));
    }
    events
}

/// Reads until an event is like this.
pub(crate) async fn read_until(
    follower: &mut Follower,
    is_it: impl Fn(&StreamEvent) -> bool,
) -> Vec<Numbered> {
    let mut events = Vec::new();
    while !events.iter().any(|numbered: &Numbered| is_it(&numbered.event)) {
        let more = follower.next().await;
        events.extend(more.unwrap_or_else(|| panic!("it ended: {events:?}")));
    }
    events
}

/// Reads what there is to come.
pub(crate) async fn rest(follower: &mut Follower) -> Vec<Numbered> {
    let mut events = Vec::new();
    while let Some(more) = follower.next().await {
        events.extend(more);
    }
    events
}

/// The text that events add to the answer.
pub(crate) fn text_of(events: &[Numbered]) -> String {
    let text = |numbered: &Numbered| match &numbered.event {
        StreamEvent::Delta(item, text) if item.kind == ItemKind::Message => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

pub(crate) fn numbers(events: &[Numbered]) -> Vec<u64> {
    events.iter().map(|numbered| numbered.seq).collect()
}

/// The end, which is the last event and the only one of its kind.
pub(crate) fn ending(events: &[Numbered]) -> &Ending {
    let ends = events.iter().filter(|numbered| numbered.event.is_terminal());
    assert_eq!(ends.count(), 1, "{events:?}");
    match &events.last().unwrap().event {
        StreamEvent::Ended(ending, _) => ending,
        other => panic!("the last event is {other:?}"),
    }
}

/// The numbers from `first` on, as many as there are.
pub(crate) fn assert_from(first: u64, numbers: &[u64]) {
    let expected: Vec<u64> = (first..).take(numbers.len()).collect();
    assert_eq!(numbers, expected);
}

/// How a response is stored to have ended.
pub(crate) fn assert_ended(
    row: &response::Model,
    status: ResponseStatus,
    reason: Option<EndReason>,
) {
    assert_eq!(row.status, status, "{row:?}");
    assert_eq!(row.incomplete_reason, reason.map(Into::into));
}
