//! What all running responses of this process share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::Bus;
use crud::Db;
use crud::responses::{ContextSent, Fence};
use models::{Context, ResponseId, ServerId, UserId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::follower::Follower;
use super::generation::{self, Generation, Stop};
use super::learnt::Learnt;
use super::remote::Remote;
use super::running::Running;
use super::slots::Slots;
use super::{checkpoint, observe, publish, purge, recover, watch};
use crate::catalog::Catalog;
use crate::core::Core;
use crate::error::Result;
use crate::rows::Skipped;
use crate::settings::Settings;
use crate::tokens::Counter;

/// How long the end of an account waits for the ends of its answers.
const END_WAIT: Duration = Duration::from_secs(5);
/// How long stopping waits for the bus.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The engine of one server process.
#[derive(Debug)]
pub(crate) struct Engine {
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
    /// The background tasks end.
    pub(crate) stopped: CancellationToken,
    /// What is followed here and generated elsewhere.
    pub(crate) remote: Remote,
    /// What is generated here.
    pub(crate) running: Running,
}

impl Engine {
    /// Registers this server, sees to what a dead one left open, and starts the background tasks.
    pub(crate) async fn start(core: &Core, bus: Option<Bus>) -> Result<Arc<Self>> {
        let settings = core.settings.clone();
        let engine = Arc::new(Self {
            db: core.db.clone(),
            context: core.context.clone(),
            catalog: core.catalog.clone(),
            counter: Counter::new(),
            learnt: Learnt::default(),
            bus,
            fence: Mutex::new(Fence { owner: core.context.new_id(), epoch: 0 }),
            slots: Slots::new(settings.generations, settings.generations_per_user),
            settings,
            tasks: core.tasks.clone(),
            publishing: TaskTracker::new(),
            checkpointing: tokio::sync::Mutex::new(Skipped::new("checkpoint")),
            dirty: Notify::new(),
            started: Notify::new(),
            draining: core.draining.clone(),
            stopped: core.stopped.clone(),
            remote: Remote::default(),
            running: Running::default(),
        });
        crud::servers::register(&engine.db, engine.fence().owner).await?;
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

    /// This server and its epoch: the condition of every write of a generator.
    pub(crate) fn fence(&self) -> Fence {
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on as a new server, after others have taken this one for dead: whatever it does as
    /// the old one misses from now on.
    pub(crate) async fn begin_afresh(&self) -> Result<()> {
        let fence = Fence { owner: self.context.new_id(), epoch: 0 };
        crud::servers::register(&self.db, fence.owner).await?;
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner) = fence;
        Ok(())
    }

    /// Runs a response that was just stored, or just taken over.
    pub(crate) fn spawn(self: &Arc<Self>, generation: Arc<Generation>) {
        self.running.insert(generation.clone());
        if self.stopped.is_cancelled() {
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

    /// Asks another server to look at once whether one of its responses shall stop or is gone. It
    /// would find out by itself in a second, so nothing waits for this and it may fail.
    pub(crate) fn ask_to_look(&self, owner: ServerId) {
        if let Some(bus) = self.bus.clone() {
            self.tasks.spawn(async move { bus.ring(&publish::server(owner)).await });
        }
    }

    /// The other server that makes this response, if there is one that can be asked to look.
    pub(crate) async fn maker_elsewhere(&self, id: Option<ResponseId>) -> Option<ServerId> {
        let id = id.filter(|id| self.bus.is_some() && self.running.find(*id).is_none())?;
        // It finds out by itself in a second.
        let row = crud::engine::find_response(&self.db, id).await.ok()??;
        Some(row.owner).filter(|owner| *owner != self.fence().owner && !row.status.is_final())
    }

    /// Asks every other server that makes something for `user` to look, as
    /// [`Engine::ask_to_look`] does.
    pub(crate) async fn ask_makers_to_look(&self, user: UserId) {
        if self.bus.is_none() {
            return;
        }
        match crud::responses::list_makers(&self.db, user, self.fence().owner).await {
            Ok(makers) => makers.into_iter().for_each(|maker| self.ask_to_look(maker)),
            Err(error) => tracing::debug!(%user, %error, "other servers were not asked to look"),
        }
    }

    /// Ends every answer that is being made for `owner`, whose account was just hidden: here, and
    /// waits a moment until their followers have been told, and on other servers, which are rung.
    /// What begins afterwards ends by itself within seconds.
    pub(crate) async fn stop_all_of(&self, owner: UserId) {
        let mut theirs = self.running.all();
        theirs.retain(|generation| generation.row.user_id == owner);
        for generation in &theirs {
            generation.stop(Stop::Deleted);
        }
        let ends = theirs.into_iter().map(|generation| async move {
            let (resource, log) = (generation.resource.clone(), generation.log.clone());
            Follower::new(resource, log, None).wait_end().await
        });
        self.ask_makers_to_look(owner).await;
        let _ = tokio::time::timeout(END_WAIT, futures_util::future::join_all(ends)).await;
    }

    /// Takes no new work, lets running responses finish for `grace`, then keeps the text so far of
    /// those that have not, and waits until that is stored, for a few seconds at the most. They
    /// end as interrupted, or are left to be gone on with.
    pub(crate) async fn stop(&self, grace: Duration) {
        self.draining.cancel();
        self.wait_idle(grace).await;
        for generation in self.running.all() {
            generation.stop(Stop::Shutdown);
        }
        self.wait_idle(Duration::from_secs(4)).await;
        for generation in self.running.all() {
            generation.log.close();
        }
        // So that followers on other servers see the ends at once. Otherwise they wait a moment.
        self.publishing.close();
        let _ = tokio::time::timeout(LAST_WORDS, self.publishing.wait()).await;
        self.stopped.cancel();
        // Those that were being accepted meanwhile.
        for generation in self.running.all() {
            generation.stop(Stop::Shutdown);
        }
        self.publishing.wait().await;
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = crud::servers::leave(&self.db, self.fence().owner).await {
            tracing::debug!(%error, "that the server has stopped could not be stored");
        }
    }

    /// Waits until nothing runs here, at most for `limit`.
    async fn wait_idle(&self, limit: Duration) {
        let idle = async {
            loop {
                let changed = self.started.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if self.running.is_empty() {
                    return;
                }
                changed.await;
            }
        };
        let _ = tokio::time::timeout(limit, idle).await;
    }
}
