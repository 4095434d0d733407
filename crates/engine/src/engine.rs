//! What all running responses of this process share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::Bus;
use crud::Db;
use crud::responses::{ContextSent, Fence};
use models::{Context, ResponseId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::generation::{self, Generation, Stop};
use super::learnt::Learnt;
use super::remote::Remote;
use super::running::Running;
use super::slots::Slots;
use super::{checkpoint, observe, publish, purge, recover, watch};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::rows::Skipped;
use crate::settings::Settings;
use crate::tokens::Counter;

/// How long stopping waits for the bus.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What an engine is made from.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Where times and ids come from.
    pub context: Context,
    /// Whom answers are asked of.
    pub catalog: Catalog,
    /// Reaches other servers at once; `None` where there are none, or none was configured.
    pub bus: Option<Bus>,
    /// What the operator decides.
    pub settings: Settings,
    /// Every background task of this process; [`Engine::stop`] waits for them.
    pub tasks: TaskTracker,
    /// No new work; [`Engine::stop`] says so.
    pub draining: CancellationToken,
    /// The background tasks end; [`Engine::stop`] says so.
    pub stopped: CancellationToken,
    /// What is told of answers that are whole.
    pub on_completed: OnCompleted,
}

/// Is called once for each response that has ended as completed, after its end is stored. It must
/// not wait: what takes time belongs into a task.
pub struct OnCompleted(Box<Told>);

type Told = dyn Fn(&Arc<Generation>) + Send + Sync;

impl OnCompleted {
    /// Calls `told`.
    pub fn new(told: impl Fn(&Arc<Generation>) + Send + Sync + 'static) -> Self {
        Self(Box::new(told))
    }

    pub(crate) fn tell(&self, generation: &Arc<Generation>) {
        (self.0)(generation);
    }
}

impl std::fmt::Debug for OnCompleted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnCompleted")
    }
}

/// The engine of one server process.
#[derive(Debug)]
pub struct Engine {
    pub(crate) db: Db,
    pub(crate) context: Context,
    pub(crate) catalog: Catalog,
    pub(crate) counter: Counter,
    /// How much of a context models turned out to take.
    pub(crate) learnt: Learnt,
    /// Reaches other servers at once; `None` where there are none, or none was configured.
    pub(crate) bus: Option<Bus>,
    pub(crate) settings: Settings,
    /// See [`Engine::fence`].
    fence: Mutex<Fence>,
    pub(crate) slots: Slots,
    /// Turns, from when they are let in until their answers have ended.
    pub(crate) turns: TaskTracker,
    /// Every background task of this process; shutting down waits for them.
    pub(crate) tasks: TaskTracker,
    /// Those of them that publish a response to other servers.
    pub(crate) publishing: TaskTracker,
    /// Held while a checkpoint is being written; the responses whose events cannot be stored now.
    pub(crate) checkpointing: tokio::sync::Mutex<Skipped<ResponseId>>,
    /// Wakes the checkpoint writer.
    pub(crate) dirty: Notify,
    /// Wakes whoever waits for a response to begin or to end.
    pub(crate) started: Notify,
    /// No new work.
    pub(crate) draining: CancellationToken,
    /// Answers end with what there is of them.
    pub(crate) interrupting: CancellationToken,
    /// The background tasks end.
    pub(crate) stopped: CancellationToken,
    /// What is followed here and generated elsewhere.
    pub(crate) remote: Remote,
    /// What is generated here.
    pub(crate) running: Running,
    /// What is told of answers that are whole.
    pub(crate) on_completed: OnCompleted,
}

impl Engine {
    /// Registers this server, sees to what a dead one left open, and starts the background tasks.
    /// On an embedded database every response that a killed server left open is closed before this
    /// returns.
    pub async fn start(parts: Parts) -> Result<Arc<Self>> {
        let Parts { db, context, catalog, bus, settings, tasks, draining, stopped, on_completed } =
            parts;
        let engine = Arc::new(Self {
            db,
            catalog,
            counter: Counter::new(),
            learnt: Learnt::default(),
            bus,
            fence: Mutex::new(Fence { server_id: context.new_id(), epoch: 0 }),
            context,
            slots: Slots::new(settings.generations, settings.generations_per_user),
            settings,
            turns: TaskTracker::new(),
            tasks,
            publishing: TaskTracker::new(),
            checkpointing: tokio::sync::Mutex::new(Skipped::new("checkpoint")),
            dirty: Notify::new(),
            started: Notify::new(),
            draining,
            interrupting: CancellationToken::new(),
            stopped,
            remote: Remote::default(),
            running: Running::default(),
            on_completed,
        });
        crud::servers::register(&engine.db, engine.fence().server_id).await?;
        if engine.settings.shared_database {
            engine.tasks.spawn(observe::run(engine.clone()));
        } else {
            // The exclusive lock on the data directory says that nobody else runs anything.
            recover::take_all_open(&engine).await?;
        }
        if let Some(bus) = engine.bus.clone() {
            let stopped = engine.stopped.clone();
            engine.tasks.spawn(async move {
                stopped.run_until_cancelled(bus.keep()).await;
            });
        }
        engine.tasks.spawn(checkpoint::run(engine.clone()));
        engine.tasks.spawn(watch::run(engine.clone()));
        engine.tasks.spawn(purge::run(engine.clone()));
        Ok(engine)
    }

    /// What is generated here.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Whether the way to other servers is configured, and cannot be used at the moment.
    pub fn is_bus_away(&self) -> bool {
        self.bus.as_ref().is_some_and(|bus| !bus.is_up())
    }

    /// This server and its epoch: the condition of every write of a generator, named in the rows
    /// of its responses.
    pub fn fence(&self) -> Fence {
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on as a new server, after others have taken this one for dead: whatever it does as
    /// the old one misses from now on.
    pub(crate) async fn begin_again(&self) -> Result<()> {
        let fence = Fence { server_id: self.context.new_id(), epoch: 0 };
        crud::servers::register(&self.db, fence.server_id).await?;
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner) = fence;
        Ok(())
    }

    /// Runs a response that was just stored, or just taken over.
    pub(crate) fn spawn(self: &Arc<Self>, generation: Arc<Generation>) {
        self.running.insert(generation.clone());
        if self.interrupting.is_cancelled() {
            generation.stop(Stop::Shutdown);
        }
        self.started.notify_waiters();
        self.log_has_grown();
        publish::begin(self, &generation);
        let span = tracing::info_span!("response", id = %generation.row.id);
        self.tasks.spawn(generation::run(self.clone(), generation).instrument(span));
    }

    /// Lets go of a response that has ended.
    pub(crate) fn forget(&self, id: ResponseId) {
        self.running.remove(id);
        self.started.notify_waiters();
    }

    /// Tells the checkpoint writer that there is something to store.
    pub(crate) fn log_has_grown(&self) {
        self.dirty.notify_one();
    }

    /// Notes what is being sent to the model. A report: that it could not be stored now stops
    /// nothing, since it is stored again with the end.
    pub(crate) async fn note_context(self: Arc<Self>, id: ResponseId, sent: ContextSent) {
        if let Err(error) = crud::responses::note_context(&self.db, self.fence(), id, sent).await {
            tracing::warn!(response = %id, %error, "noting the context failed");
        }
    }

    /// Takes no new work, lets running responses finish for `grace`, then keeps the text so far of
    /// those that have not, and waits until that is stored, for a few seconds at the most. They
    /// end as interrupted, or are left to be continued.
    pub async fn stop(&self, grace: Duration) {
        self.draining.cancel();
        self.turns.close();
        let _ = tokio::time::timeout(grace, self.turns.wait()).await;
        // First, so that a turn which begins now is interrupted, too.
        self.interrupting.cancel();
        for generation in self.running.all() {
            generation.stop(Stop::Shutdown);
        }
        let _ = tokio::time::timeout(Duration::from_secs(4), self.turns.wait()).await;
        for generation in self.running.all() {
            generation.log.close();
        }
        // So that followers on other servers see the ends at once. Otherwise they wait a moment.
        self.publishing.close();
        let _ = tokio::time::timeout(LAST_WORDS, self.publishing.wait()).await;
        self.stopped.cancel();
        self.publishing.wait().await;
        self.turns.wait().await;
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = crud::servers::leave(&self.db, self.fence().server_id).await {
            tracing::debug!(%error, "that the server has stopped could not be stored");
        }
    }
}
