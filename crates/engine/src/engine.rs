//! What all running responses of this process share, and every task that works on them.
//!
//! It starts none of them itself: `start` does, and `generate` for each response.

use std::sync::{Arc, Mutex, PoisonError};

use bus::Bus;
use crud::Db;
use crud::responses::Fence;
use models::{Context, ResponseId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::followed::Followed;
use super::generation::Generation;
use super::learnt::Learnt;
use super::running::Running;
use super::slots::Slots;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::rows::Skipped;
use crate::settings::Settings;
use crate::tokens::Counter;

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
    /// Wakes tasks that wait for a response to begin or to end.
    pub(crate) started: Notify,
    /// No new work.
    pub(crate) draining: CancellationToken,
    /// Answers end with what there is of them.
    pub(crate) interrupting: CancellationToken,
    /// The background tasks end.
    pub(crate) stopped: CancellationToken,
    /// What is followed here and generated elsewhere.
    pub(crate) followed: Followed,
    /// What is generated here.
    pub(crate) running: Running,
    /// What is generated here and stored nowhere.
    pub(crate) unstored: Running,
    /// What is told of answers that are whole.
    pub(crate) on_completed: OnCompleted,
}

impl Engine {
    /// An engine that does nothing yet; [`Engine::start`] makes one that works.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { db, context, catalog, bus, settings, tasks, draining, stopped, on_completed } =
            parts;
        Self {
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
            followed: Followed::default(),
            running: Running::default(),
            unstored: Running::default(),
            on_completed,
        }
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

    /// Lets go of a response that has ended.
    pub(crate) fn forget(&self, id: ResponseId) {
        self.running.remove(id);
        self.started.notify_waiters();
    }

    /// Tells the checkpoint writer that there is something to store.
    pub(crate) fn log_has_grown(&self) {
        self.dirty.notify_one();
    }
}
