//! The whole server inside the test process, on a real socket, with a scripted upstream.
//!
//! It runs on a runtime of its own, so that a test can end it like a crash, and can see
//! whether anything of it is left after it was stopped.

use std::ffi::OsString;
use std::time::Duration;

use chatapp::App;
use chatapp::config::{Config, Sources};
use mock::MockServer;
use models::Context;
use secrecy::ExposeSecret as _;
use tokio::runtime::{Handle, Runtime};
use tokio::task::block_in_place;

use crate::client::{Anonymous, User};
use crate::clock::ManualClock;
use crate::engine::Database;
use crate::log;
use crate::settings::Settings;
use crate::world::World;

/// How long a stopped app's tasks may take to be gone.
const END_LIMIT: Duration = Duration::from_secs(10);

/// How a [`TestApp`] is to be started.
#[derive(Debug)]
pub struct TestAppBuilder {
    settings: Settings,
    database: Database,
    context: Context,
    upstream: bool,
}

impl TestAppBuilder {
    /// Sets an environment variable of the server, such as `CHATAPP_PROVIDER__IDLE_TIMEOUT`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings = self.settings.set(name, value);
        self
    }

    /// Takes an environment variable back.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.settings = self.settings.unset(name);
        self
    }

    /// Gives the server a clock that the test moves.
    #[must_use]
    pub fn clock(mut self, clock: &ManualClock) -> Self {
        self.context = clock.context();
        self
    }

    /// Gives it the built-in demo model instead of a scripted upstream.
    #[must_use]
    pub fn demo(mut self) -> Self {
        self.upstream = false;
        self
    }

    /// Starts the upstream and the server, and waits until the server listens.
    pub async fn start(self) -> TestApp {
        let Self { mut settings, database, context, upstream } = self;
        let upstream = if upstream {
            let server = MockServer::start(([127, 0, 0, 1], 0).into()).await;
            let server = server.expect("a free port for the upstream");
            settings = settings.upstream(&server.base_url());
            Some(server)
        } else {
            None
        };
        let running = Running::start(&settings, &database, context.clone()).await;
        TestApp { settings, database, context, upstream, running: Some(running) }
    }
}

/// A running server and its upstream.
///
/// Dropping it stops the server in good order, and fails the test when one of the server's
/// tasks is left.
#[derive(Debug)]
pub struct TestApp {
    settings: Settings,
    database: Database,
    context: Context,
    upstream: Option<MockServer>,
    /// `None` only while it is started again.
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    runtime: Runtime,
    app: App,
    url: String,
}

impl TestApp {
    /// A server with quick settings on the world's database and the machine's clock.
    pub fn builder(world: &World) -> TestAppBuilder {
        let database = world.database().clone();
        TestAppBuilder {
            settings: Settings::quick().on(&database),
            database,
            context: Context::system(),
            upstream: true,
        }
    }

    /// A server as [`TestApp::builder`] makes it when nothing is changed.
    pub async fn start(world: &World) -> Self {
        Self::builder(world).start().await
    }

    /// Its address, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.running.as_ref().expect("it runs").url
    }

    /// The scripted upstream.
    pub fn upstream(&self) -> &MockServer {
        self.upstream.as_ref().expect("this app has the demo model")
    }

    /// A client without an account.
    pub fn anonymous(&self) -> Anonymous {
        Anonymous::new(self.url())
    }

    /// A new user, whose address begins with `name`.
    pub async fn user(&self, name: &str) -> User {
        self.anonymous().signup(&format!("{name}@example.org")).await
    }

    /// The set-up code it has printed; panics when it had an administrator at its start.
    pub fn setup_code(&self) -> String {
        let facts = self.running.as_ref().expect("it runs").app.facts();
        let setup = facts.setup.as_ref().expect("no administrator at the start");
        setup.code.expose_secret().to_owned()
    }

    /// The first administrator, whose address begins with `name`.
    pub async fn administrator(&self, name: &str) -> User {
        let email = format!("{name}@example.org");
        self.anonymous().signup_administrator(&email, &self.setup_code()).await
    }

    /// Stops the server in good order and starts it again on the same database, at another port.
    pub async fn restart(&mut self) {
        let running = self.running.take().expect("it runs");
        block_in_place(|| running.stop());
        self.start_again().await;
    }

    /// Ends the server between two of its steps, as a crash would, and starts it again on the
    /// same database, at another port. What was not committed is lost.
    pub async fn crash(&mut self) {
        let running = self.running.take().expect("it runs");
        block_in_place(|| running.crash());
        self.start_again().await;
    }

    /// Stops everything, and fails the test when a task of the server is left.
    ///
    /// Dropping does the same; this is for tests that look at the tables afterwards.
    pub async fn finish(mut self) {
        let running = self.running.take().expect("it runs");
        block_in_place(|| running.stop());
        if let Some(upstream) = self.upstream.take() {
            upstream.stop().await;
        }
    }

    async fn start_again(&mut self) {
        let context = self.context.clone();
        self.running = Some(Running::start(&self.settings, &self.database, context).await);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        block_in_place(|| {
            if let Some(running) = self.running.take() {
                // A failing test has said what is wrong already.
                if std::thread::panicking() { running.crash() } else { running.stop() }
            }
            if let Some(upstream) = self.upstream.take() {
                Handle::current().block_on(upstream.stop());
            }
        });
    }
}

impl Running {
    async fn start(settings: &Settings, database: &Database, context: Context) -> Self {
        let environment = settings.iter().map(|(name, value)| (name.into(), value.into()));
        let sources = Sources {
            environment: environment.collect::<Vec<(OsString, OsString)>>(),
            directory: database.directory().to_owned(),
            ..Sources::default()
        };
        let config = Config::load(&sources).unwrap_or_else(|error| panic!("{error}"));
        let runtime = log::runtime("app").expect("a runtime");
        let app = runtime.spawn(App::start(config, context)).await.expect("starting ends");
        let app = app.unwrap_or_else(|error| panic!("the server does not start: {error:#}"));
        let url = format!("http://{}", app.address());
        Self { runtime, app, url }
    }

    fn stop(self) {
        let Self { runtime, app, .. } = self;
        runtime.block_on(app.stop());
        drop(app);
        let left = runtime.block_on(tokio::time::timeout(END_LIMIT, async {
            // What runs this very check is no task.
            while runtime.metrics().num_alive_tasks() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
        let count = runtime.metrics().num_alive_tasks();
        runtime.shutdown_background();
        assert!(left.is_ok(), "{count} tasks of the server are left after it was stopped");
    }

    fn crash(self) {
        let Self { runtime, app, .. } = self;
        runtime.shutdown_timeout(END_LIMIT);
        drop(app);
    }
}
