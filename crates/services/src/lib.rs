//! The use cases: what a user can do.
//!
//! Knows no HTTP and no SQL. Everything a user owns is asked for through that user; somebody
//! else's id and an unknown one are the same [`Error::NotFound`].

mod accounts;
mod administration;
mod chats;
mod completions;
mod conversations;
mod core;
mod counts;
mod credentials;
mod error;
mod exports;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod health;
mod imports;
mod items;
mod keys;
mod links;
mod messages;
mod quota;
mod reads;
mod removals;
mod repeat;
mod requests;
mod responses;
mod retention;
mod rules;
mod searches;
mod settings;
mod streams;
mod throttle;
mod titles;

use std::sync::Arc;
use std::time::Duration;

use auth::{AccessTokens, Passwords, RefreshTokens, SetupCodes};
use bus::Bus;
use crud::Db;
use models::Context;

pub use accounts::{Accounts, Client};
pub use administration::{Administration, NewUser};
pub use chats::{ChatAnswer, Chats};
pub use completions::Completions;
pub use conversations::{
    AddedItems, Conversations, ItemListQuery, ListQuery, MessageListQuery, OpenedConversation,
};
pub use counts::{Addresses, Counted, Counts};
pub use credentials::{CredentialWatch, Credentials};
pub use crud::conversations::Version;
pub use engine::{
    Catalog, Chosen, Continuing, Follower, Gauged, Numbered, Settings as EngineSettings,
};
pub use error::{Error, Result, Uncontinuable};
pub use exports::{DataExports, ExportFormat, Exports};
pub use health::Health;
pub use imports::{ImportSlot, Imports, MoveOptions, Moving};
pub use keys::Keys;
pub use links::Links;
pub use reads::{Gathering, LARGE_BYTES, Reading, Reads};
pub use requests::{Requests, Standing};
pub use responses::{Responses, Started};
pub use searches::Searches;
pub use settings::{RequestLimits, Settings, Signup, StreamLimits, ThrottleLimits, Titles};
pub use streams::{OpenStream, Streams};

use self::core::Core;
use engine::{Engine, OnCompleted, Running, chain};

/// What the use cases are built from.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Where times and ids come from.
    pub context: Context,
    /// Whom answers are asked of.
    pub catalog: Catalog,
    /// Reaches other servers on the same database at once.
    pub bus: Option<Bus>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Issues and checks access tokens.
    pub tokens: AccessTokens,
    /// Makes refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Makes the code of the first administrator.
    pub setup: SetupCodes,
    /// What the operator decides.
    pub settings: Settings,
}

/// Conversations in and out beside the servers that make answers, for commands.
#[derive(Debug, Clone)]
pub struct Transfers {
    /// Conversations from elsewhere.
    pub imports: Imports,
    /// Conversations on their way out.
    pub exports: Exports,
}

impl Transfers {
    /// On the same database as the servers; nothing is begun.
    pub fn new(db: Db, context: Context, settings: Settings) -> Self {
        let reads = Reads::new(db.readers());
        let core = Core::beside_servers(db, context, settings);
        let running = Running::default();
        Self { imports: Imports::new(core.clone()), exports: Exports::new(core, running, reads) }
    }
}

/// All use cases. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    /// Accounts and sessions.
    pub accounts: Accounts,
    /// API keys.
    pub keys: Keys,
    /// Invitations and links to new passwords.
    pub links: Links,
    /// Conversations and messages.
    pub conversations: Conversations,
    /// Responses.
    pub responses: Responses,
    /// Chats, as chat screens know conversations.
    pub chats: Chats,
    /// Chat completions.
    pub completions: Completions,
    /// Event streams that are open.
    pub streams: Streams,
    /// Whether the sessions and keys that something is open with are still alive.
    pub credentials: Credentials,
    /// Models.
    pub models: Catalog,
    /// Search in titles and messages.
    pub searches: Searches,
    /// Conversations from elsewhere.
    pub imports: Imports,
    /// Conversations on their way out.
    pub exports: Exports,
    /// Everything about an account on its way out.
    pub data_exports: DataExports,
    /// Requests of each user and key.
    pub requests: Requests,
    /// Large reads that are under way.
    pub reads: Reads,
    /// Readiness.
    pub health: Health,
    core: Arc<Core>,
    engine: Arc<Engine>,
}

impl Services {
    /// Starts the engine. On an embedded database every response that a killed server left open
    /// is closed before this returns.
    pub async fn start(parts: Parts) -> Result<Self> {
        let Parts { db, context, catalog, bus, passwords, tokens, refresh_tokens, setup, settings } =
            parts;
        let streams = Streams::new(settings.streams);
        let requests = Requests::new(settings.requests);
        let core = Core::new(db, context, catalog, settings);
        let titled = core.clone();
        let engine = Engine::start(engine::Parts {
            db: core.db.clone(),
            context: core.context.clone(),
            catalog: core.catalog.clone(),
            bus,
            settings: core.settings.engine.clone(),
            tasks: core.tasks.clone(),
            draining: core.draining.clone(),
            stopped: core.stopped.clone(),
            on_completed: OnCompleted::new(move |answer| {
                responses::titling::begin(&titled, answer);
            }),
        })
        .await?;
        removals::continue_interrupted(&core).await?;
        let conversations = Conversations::new(core.clone(), engine.clone());
        core.tasks.spawn(conversations::emptying::run(core.clone()));
        core.tasks.spawn(retention::run(core.clone()));
        let searches = Searches::new(core.clone());
        searches.index_left_over().await?;
        let (keys, links) = (Keys::new(core.clone()), Links::new(core.clone()));
        let tokens = (tokens, refresh_tokens);
        let accounts = Accounts::new(
            core.clone(),
            engine.clone(),
            passwords.into(),
            tokens,
            setup,
            (keys.clone(), links.clone()),
        );
        let reads = Reads::new(core.db.readers());
        let exports = Exports::new(core.clone(), engine.running().clone(), reads.clone());
        let data_exports = DataExports::new(exports.clone(), accounts.clone(), keys.clone());
        Ok(Self {
            accounts,
            keys,
            links,
            conversations,
            completions: Completions::new(core.clone(), engine.clone()),
            responses: Responses::new(core.clone(), engine.clone()),
            chats: Chats::new(core.clone(), engine.clone()),
            streams,
            credentials: Credentials::new(core.clone()),
            models: core.catalog.clone(),
            searches,
            imports: Imports::new(core.clone()),
            exports,
            data_exports,
            requests,
            reads,
            health: Health::new(core.clone(), engine.clone()),
            core,
            engine,
        })
    }

    /// Reports not ready, and goes on as before: [`Services::stop`] follows.
    pub fn leave(&self) {
        self.health.leave();
    }

    /// Reports not ready, takes no new work, lets running answers finish for `grace`, and stores
    /// the text so far of the rest. Reading goes on until [`Services::close`].
    pub async fn stop(&self, grace: Duration) {
        self.engine.stop(grace).await;
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.core.db.close().await;
    }
}
