//! What the code under test logs, test by test.
//!
//! A test fails when something it did logged an error, or panicked on any of its threads,
//! unless the test said before that it would ([`expect_error`]). What was logged at `info`
//! and above is shown when a test fails, and not otherwise. `CHATAPP_TEST_LOG` (filters as
//! in `RUST_LOG`) prints everything at once.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, Once, PoisonError};

use tokio::runtime::Runtime;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::{EnvFilter, fmt};

/// How many lines are kept to be shown when a test fails.
const KEPT_LINES: usize = 200;

thread_local! {
    /// The test this thread works for: the thread that runs it and those of its runtime.
    static TEST: RefCell<Option<Arc<TestLog>>> = const { RefCell::new(None) };
}

/// Declares that the running test will cause error lines or panics that contain `text`.
///
/// Outside of a test it does nothing.
pub fn expect_error(text: &str) {
    if let Some(test) = current() {
        lock(&test.0).expected.push(text.to_owned());
    }
}

/// What makes another thread part of the running test, called there.
pub fn joining() -> impl Fn() + Clone + Send + Sync + 'static {
    let test = current();
    move || TEST.set(test.clone())
}

/// The log of one test.
#[derive(Debug, Default)]
pub(crate) struct TestLog(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    recent: VecDeque<String>,
    errors: Vec<String>,
    expected: Vec<String>,
}

impl TestLog {
    /// Makes everything this thread does part of this test.
    pub(crate) fn enter(self: &Arc<Self>) {
        TEST.set(Some(Arc::clone(self)));
    }

    /// The errors nobody expected.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        let lines = lock(&self.0);
        let expected = |error: &&String| lines.expected.iter().any(|text| error.contains(text));
        lines.errors.iter().filter(|error| !expected(error)).cloned().collect()
    }

    /// The last lines, oldest first.
    pub(crate) fn recent(&self) -> Vec<String> {
        lock(&self.0).recent.iter().cloned().collect()
    }

    fn add(&self, line: String, is_error: bool) {
        let mut lines = lock(&self.0);
        if is_error {
            lines.errors.push(line.clone());
        }
        if lines.recent.len() == KEPT_LINES {
            lines.recent.pop_front();
        }
        lines.recent.push_back(line);
    }
}

fn lock(lines: &Mutex<Lines>) -> std::sync::MutexGuard<'_, Lines> {
    // A panic while a line is added leaves the lines as good as they were.
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

fn current() -> Option<Arc<TestLog>> {
    TEST.try_with(|test| test.borrow().clone()).ok().flatten()
}

/// A runtime whose threads work for the test of the thread that makes it.
pub(crate) fn runtime(name: &str) -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(name)
        .on_thread_start(joining())
        .enable_all()
        .build()
}

/// Installs the capture, once per process.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let printed = std::env::var("CHATAPP_TEST_LOG").ok().map(|filter| {
            let layer = fmt::layer().with_thread_names(true).with_writer(std::io::stderr);
            layer.with_filter(EnvFilter::new(filter))
        });
        let subscriber = tracing_subscriber::registry().with(Capture).with(printed);
        tracing::subscriber::set_global_default(subscriber)
            .expect("nothing else installs a subscriber in a test binary");
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| match current() {
            // The harness shows it with the test it belongs to.
            Some(test) => test.add(format!("PANIC {panic}"), true),
            None => default(panic),
        }));
    });
}

struct Capture;

impl<S: Subscriber> Layer<S> for Capture {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        // `Level` is ordered by verbosity.
        if *metadata.level() > Level::INFO {
            return;
        }
        let Some(test) = current() else { return };
        let mut line = format!("{} {}:", metadata.level(), metadata.target());
        event.record(&mut Fields(&mut line));
        test.add(line, *metadata.level() == Level::ERROR);
    }
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
