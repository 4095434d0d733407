//! What targets share: a runtime, and a server's use cases on a database of their own.

use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use auth::{
    AccessTokens, Actor, PasswordParameters, Passwords, RefreshTokens, SecretKey, SetupCodes,
};
use crud::Db;
use crud::connect::{Database, Options, SqliteOptions, Synchronous};
use models::Context;
use provider::Provider;
use schemas::account::SignupRequest;
use secrecy::SecretString;
use services::{Catalog, Client, Parts, Services, Settings};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let built = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    built.unwrap_or_else(|error| panic!("no runtime: {error}"))
});

static WORLD: LazyLock<World> = LazyLock::new(|| block_on(World::begin()));

/// The use cases, and one account.
pub(crate) struct World {
    pub(crate) services: Services,
    pub(crate) db: Db,
    pub(crate) actor: Actor,
    /// Removed with the process as far as that ends well.
    pub(crate) folder: TempDir,
}

/// Runs something to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// The use cases, started at the first call.
pub(crate) fn world() -> &'static World {
    &WORLD
}

impl World {
    async fn begin() -> Self {
        Self::try_begin().await.unwrap_or_else(|error| panic!("no use cases: {error}"))
    }

    async fn try_begin() -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::Builder::new().prefix("chatapp-fuzz-").tempdir()?;
        let options = Options {
            database: Database::Sqlite(SqliteOptions {
                path: folder.path().join("chatapp.db"),
                readers: 1,
                synchronous: Synchronous::Normal,
            }),
            give_up_after: Duration::ZERO,
            limits: crud::Limits::default(),
            migrate: true,
            exclusive: true,
        };
        let db = crud::connect::connect(&options).await?.db;
        let secret = SecretKey::parse(SecretString::from("3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6"))?;
        let cheap = PasswordParameters { memory_kib: 8, iterations: 1, parallelism: 1 };
        let services = Services::start(Parts {
            db: db.clone(),
            context: Context::system(),
            catalog: Catalog::new(Provider::demo(), Vec::new()),
            bus: None,
            passwords: Passwords::new(cheap, 1, 8)?,
            tokens: AccessTokens::new(&secret, None, Duration::from_mins(10)),
            refresh_tokens: RefreshTokens::new(&secret),
            setup: SetupCodes::new(&secret),
            settings: Settings::default(),
        });
        let services = services.await?;
        let signed_up = services.accounts.signup(
            SignupRequest {
                email: "ada@example.org".to_owned(),
                password: "correct horse battery staple".to_owned(),
                name: "Ada".to_owned(),
                setup_token: None,
                invitation: None,
            },
            Client {
                user_agent: String::new(),
                address: "192.0.2.1".to_owned(),
                host: "localhost".to_owned(),
                local: false,
            },
        );
        let token = signed_up.await?.access_token;
        let actor = services.accounts.authenticate(&token).await?;
        Ok(Self { services, db, actor, folder })
    }
}
