//! The server put together: configuration in, a listening process out.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use api::{ApiConfig, VersionInfo};
use auth::{AccessTokens, PasswordParameters, Passwords, RefreshTokens, SecretKey, SetupCodes};
use bus::{Bus, Keys};
use crud::{Connected, Limits, MySqlTarget, Options, SqliteOptions, Tls};
use models::Context;
use provider::Provider;
use services::{
    Catalog, Continuing, EngineSettings, Parts, RequestLimits, Services, Settings, StreamLimits,
    ThrottleLimits, Titles,
};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::Site;

use crate::banner::{BannerFacts, ModelFacts, SetUp};
use crate::config::{
    Config, Database, OnInterruption, Providers, ResponsesConfig, Signup, Synchronous,
};
use crate::descriptors::Shares;
use crate::metrics::{Metrics, Recorder};
use crate::packet;
use crate::secrets::Secrets;
use crate::version::VERSION;

/// How long clients may take to read what is left once the last answer has ended.
const FLUSH: Duration = Duration::from_secs(2);

/// A running server. It runs until [`App::stop`].
#[derive(Debug)]
pub struct App {
    address: SocketAddr,
    facts: BannerFacts,
    services: Services,
    /// How long new work is still taken once it was told to stop.
    delay: Duration,
    grace: Duration,
    /// Stops accepting connections.
    shutdown: CancellationToken,
    /// Ends the connections that are open.
    closed: CancellationToken,
    /// Ends the grace period early.
    hurry: CancellationToken,
    tasks: TaskTracker,
    /// The task that stops the server holds this; all others wait for it.
    stopping: Mutex<bool>,
}

impl App {
    /// Opens the database, recovers, and listens. When this returns, requests are answered.
    pub async fn start(config: Config, context: Context) -> Result<Self> {
        // First, so that a port in use is said before a database is made.
        let listener = listen(SocketAddr::new(config.server.host, config.server.port)).await?;
        let address = listener.local_addr()?;
        let shares = Shares::of(&config);
        if let Some((what, fix)) = shares.shortage() {
            tracing::warn!("{what} {fix}");
        }
        // Before anything is counted.
        let metrics = Recorder::install()?;
        let site = match &config.server.web_dir {
            Some(folder) => Site::folder(folder.clone())?,
            None => Site::embedded(),
        };
        let secrets = Secrets::load(&config)?;
        let database = options(&config, true);
        let Connected { db, .. } = tokio::select! {
            opened = crud::connect(&database) => opened?,
            never = api::wait_on(&listener) => match never {},
        };
        packet::warn(&config, db.packet());
        // A file has one server, and a restored one gets a new secret.
        if is_shared(&config) {
            secrets.compare(&db).await.context("the secrets could not be compared")?;
        }
        let mut settings = settings(&config);
        settings.engine.generations = shares.answers;
        let services = Services::start(Parts {
            db,
            context,
            catalog: catalog(&config.providers)?,
            bus: bus(&config, &secrets.accepted())?,
            passwords: passwords(&config)?,
            tokens: AccessTokens::new(
                &secrets.current,
                secrets.previous.as_ref(),
                config.auth.access_token_ttl,
            ),
            refresh_tokens: RefreshTokens::new(&secrets.current),
            setup: SetupCodes::new(&secrets.current),
            settings,
        })
        .await
        .context("the server could not be started")?;
        let facts = facts(&config, address, &secrets, &services).await?;
        let app = Self {
            address,
            facts,
            delay: config.server.shutdown_delay,
            grace: config.server.shutdown_grace,
            shutdown: CancellationToken::new(),
            closed: CancellationToken::new(),
            hurry: CancellationToken::new(),
            tasks: TaskTracker::new(),
            stopping: Mutex::new(false),
            services,
        };
        let metrics = Metrics::new(metrics, &app.services, &config);
        app.serve(listener, api_config(&config, &shares), Arc::new(metrics), &site);
        Ok(app)
    }

    fn serve(&self, listener: TcpListener, config: ApiConfig, metrics: Arc<Metrics>, site: &Site) {
        let pages = site.clone().router();
        let router = api::router(self.services.clone(), config.clone(), metrics, pages);
        let router = site.mark(router);
        let (shutdown, closed) = (self.shutdown.clone(), self.closed.clone());
        self.tasks.spawn(async move {
            api::serve(listener, router, &config, shutdown, closed).await;
        });
        self.tasks.close();
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the banner says.
    pub fn facts(&self) -> &BannerFacts {
        &self.facts
    }

    /// Stops: not ready at once, after a delay no new work, a grace period for running answers, the text so far
    /// of the rest stored, connections closed. Until then connections are taken: load balancers
    /// are told, and clients that come back can go on reading. Calling it again waits for the first
    /// call.
    pub async fn stop(&self) {
        let mut stopped = self.stopping.lock().await;
        if std::mem::replace(&mut *stopped, true) {
            return;
        }
        tracing::info!(grace = ?self.grace, "stopping");
        if !self.delay.is_zero() {
            self.services.leave();
            tokio::select! {
                () = tokio::time::sleep(self.delay) => {}
                () = self.hurry.cancelled() => {}
            }
        }
        tokio::select! {
            () = self.services.stop(self.grace) => {}
            () = self.hurry.cancelled() => self.services.stop(Duration::ZERO).await,
        }
        self.shutdown.cancel();
        if tokio::time::timeout(FLUSH, self.tasks.wait()).await.is_err() {
            self.closed.cancel();
            self.tasks.wait().await;
        }
        self.services.close().await;
        tracing::info!("stopped");
    }

    /// Ends the grace period of [`App::stop`], and waits for its end.
    pub async fn stop_now(&self) {
        self.hurry.cancel();
        self.stop().await;
    }
}

/// Brings the schema up to date and ends.
pub async fn migrate(config: Config) -> Result<()> {
    let Connected { db, applied } = crud::connect(&options(&config, false)).await?;
    db.close().await;
    let database = config.database.to_string();
    if applied.steps.is_empty() {
        tracing::info!(database, "the schema is up to date");
    } else {
        tracing::info!(
            database,
            steps = applied.steps.join(", "),
            "the schema was brought up to date"
        );
    }
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow!(
            "port {} is in use, probably by another server; try --port {}",
            address.port(),
            address.port().wrapping_add(1)
        ),
        std::io::ErrorKind::PermissionDenied => anyhow!(
            "this account may not listen on port {}; ports below 1024 need rights, try --port 8000",
            address.port()
        ),
        _ => anyhow!("cannot listen on {address}: {error}; check --host and --port"),
    })
}

/// The database as `crud` wants to be told of it.
pub(crate) fn database(config: &Config) -> crud::Database {
    let storage = &config.storage;
    let mysql = |target| {
        crud::Database::MySql(crud::MySqlOptions {
            target,
            tls: Tls { mode: storage.db_tls, ca: storage.db_tls_ca.clone() },
            max_connections: storage.max_connections,
        })
    };
    match &config.database {
        Database::Sqlite { path } => crud::Database::Sqlite(SqliteOptions {
            path: path.clone(),
            readers: storage.readers,
            synchronous: match storage.synchronous {
                Synchronous::Full => crud::Synchronous::Full,
                Synchronous::Normal => crud::Synchronous::Normal,
            },
        }),
        Database::MySql(parts) => mysql(MySqlTarget::Parts {
            host: parts.host.clone(),
            port: parts.port,
            socket: parts.socket.clone(),
            user: parts.user.clone(),
            password: parts.password.clone(),
            name: parts.name.clone(),
        }),
        Database::Url(url) => mysql(MySqlTarget::Url(url.clone())),
    }
}

/// How to open the database: as its one server, or for a command.
pub(crate) fn options(config: &Config, serve: bool) -> Options {
    let storage = &config.storage;
    Options {
        database: database(config),
        give_up_after: storage.connect_timeout,
        limits: Limits {
            statement: storage.statement_timeout,
            acquire: storage.acquire_timeout,
            queue: storage.write_queue,
        },
        migrate: storage.migrate || !serve,
        exclusive: serve,
    }
}

/// The configured providers, or the demo model.
fn catalog(config: &Providers) -> Result<Catalog> {
    let mut default = None;
    let mut others = Vec::new();
    for one in &config.list {
        let provider = Provider::open_ai(one.clone())
            .with_context(|| format!("the provider {} cannot be used", one.name))?;
        if config.default.as_deref() == Some(one.name.as_str()) {
            default = Some(provider);
        } else {
            others.push(provider);
        }
    }
    let Some(default) = default else { return Ok(Catalog::new(Provider::demo(), others)) };
    others.extend(config.demo.then(Provider::demo));
    Ok(Catalog::new(default, others))
}

/// The bus, where other servers can be on the same database. The first secret is the current one.
pub(crate) fn bus(config: &Config, secrets: &[SecretKey]) -> Result<Option<Bus>> {
    let redis = &config.redis;
    let Some(address) = redis.url.as_ref().filter(|_| is_shared(config)) else { return Ok(None) };
    let options = bus::Options {
        timeout: redis.timeout,
        length: redis.stream_length,
        retention: redis.retention,
    };
    let keys: Vec<_> = secrets.iter().map(SecretKey::bus_key).collect();
    // A look at Redis before there is a secret publishes nothing.
    let keys = match keys.split_first() {
        Some((own, others)) => Keys::new(own, others),
        None => Keys::new(&SecretKey::parse(SecretKey::generate())?.bus_key(), &[]),
    };
    Ok(Some(Bus::new(address.0.clone(), keys, options).context("redis.url cannot be used")?))
}

/// Whether other servers may use the same database.
fn is_shared(config: &Config) -> bool {
    config.database.sqlite_path().is_none()
}

pub(crate) fn passwords(config: &Config) -> Result<Passwords> {
    let auth = &config.auth;
    let parameters = PasswordParameters {
        memory_kib: auth.argon2_memory_kib,
        iterations: auth.argon2_iterations,
        parallelism: 1,
    };
    Passwords::new(parameters, auth.password_concurrency, auth.password_queue)
        .context("the password parameters cannot be used")
}

pub(crate) fn settings(config: &Config) -> Settings {
    let signup = match config.auth.signup {
        Signup::Auto => services::Signup::Auto,
        Signup::Open => services::Signup::Open,
        Signup::Invite => services::Signup::Invite,
        Signup::Closed => services::Signup::Closed,
    };
    Settings {
        signup,
        throttle: ThrottleLimits {
            attempts: config.auth.login_attempts,
            attempts_per_address: config.auth.login_attempts_per_address,
            longest: config.auth.login_delay_max,
        },
        signups: ThrottleLimits {
            attempts: config.auth.signups_per_address,
            attempts_per_address: config.auth.signups_per_address,
            longest: config.auth.login_delay_max,
        },
        session_lifetime: config.auth.session_ttl,
        refresh_lifetime: config.auth.refresh_idle,
        refresh_grace: config.auth.refresh_grace,
        keys_per_user: config.limits.keys_per_user,
        streams: StreamLimits {
            per_user: config.limits.streams_per_user,
            per_address: config.limits.streams_per_address,
        },
        requests: RequestLimits {
            per_user: config.limits.requests_per_user,
            per_key: config.limits.requests_per_key,
        },
        storage_per_user: config.limits.storage_per_user,
        trash_retention: config.limits.trash_retention,
        titles: titles(&config.responses),
        engine: EngineSettings {
            generations: config.limits.generations,
            generations_per_user: config.limits.generations_per_user,
            checkpoint_interval: config.limits.checkpoint_interval,
            event_retention: config.limits.event_retention,
            continuing: continuing(&config.responses),
            continue_instruction: Some(config.responses.continue_instruction.trim().to_owned())
                .filter(|instruction| !instruction.is_empty()),
            shared_database: is_shared(config),
        },
    }
}

fn continuing(config: &ResponsesConfig) -> Option<Continuing> {
    match config.on_interruption {
        OnInterruption::Mark => None,
        OnInterruption::Continue => {
            Some(Continuing { attempts: config.continue_attempts, tokens: config.continue_tokens })
        }
    }
}

fn titles(config: &ResponsesConfig) -> Titles {
    match config.titles.as_str() {
        "off" => Titles::Off,
        "same" => Titles::Same,
        name => Titles::Model(name.to_owned()),
    }
}

fn api_config(config: &Config, shares: &Shares) -> ApiConfig {
    let server = &config.server;
    ApiConfig {
        cors_origins: server.cors_origins.clone(),
        trusted_proxies: server.trusted_proxies.clone(),
        allowed_hosts: server.allowed_hosts.clone(),
        public_url: server.public_url.as_ref().map(|url| url.0.clone()),
        max_body_bytes: server.max_body_bytes,
        max_auth_body_bytes: server.max_auth_body_bytes,
        max_import_bytes: server.max_import_bytes as u64,
        upload_dir: config.storage.data_dir.clone(),
        heartbeat: server.heartbeat,
        write_stall: server.write_stall,
        body_timeout: server.body_timeout,
        header_timeout: server.header_timeout,
        keep_alive: server.keep_alive,
        max_connections: shares.connections,
        connections_per_address: server.connections_per_address,
        bodies_per_address: server.bodies_per_address,
        body_min_rate: server.body_min_rate,
        metrics_token: server.metrics_token.clone(),
        loopback_bind: server.host.is_loopback(),
        version: VersionInfo { version: VERSION.version, commit: VERSION.commit },
    }
}

/// What the banner says, with the set-up code where one is needed.
async fn facts(
    config: &Config,
    address: SocketAddr,
    secrets: &Secrets,
    services: &Services,
) -> Result<BannerFacts> {
    let url = format!("http://{address}");
    let code = services.accounts.offer_setup_code().await.context("the set-up code")?;
    let setup = code.map(|code| SetUp { base: public_url(config, address), code });
    let model = model_facts(&config.providers);
    Ok(BannerFacts {
        version: VERSION.version.to_owned(),
        docs: format!("{url}/docs"),
        url,
        data_dir: config.storage.data_dir.clone(),
        settings: config
            .files
            .iter()
            .map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()))
            .collect(),
        database: config.database.to_string(),
        redis: config.redis.url.as_ref().map(|url| {
            if is_shared(config) {
                url.0.to_string()
            } else {
                "not used: an SQLite file has one server".to_owned()
            }
        }),
        model,
        setup,
        secret_created: secrets.created.clone(),
    })
}

/// How people reach a server at this address: as configured, or from this machine.
pub(crate) fn public_url(config: &Config, address: SocketAddr) -> String {
    if let Some(url) = &config.server.public_url {
        return url.0.clone();
    }
    let ip = address.ip();
    if ip.is_unspecified() || ip == Ipv4Addr::LOCALHOST {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

fn model_facts(config: &Providers) -> ModelFacts {
    let default =
        config.list.iter().find(|one| config.default.as_deref() == Some(one.name.as_str()));
    match default {
        None => ModelFacts::Demo,
        Some(default) => ModelFacts::Provider {
            name: default.name.clone(),
            address: default.base_url.clone(),
            model: default.default_model.clone().unwrap_or_default(),
            others: config
                .list
                .iter()
                .filter(|one| one.name != default.name)
                .map(|one| one.name.clone())
                .chain(config.demo.then(|| "demo".to_owned()))
                .collect(),
        },
    }
}
