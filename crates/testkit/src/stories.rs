//! Runs stories: a test binary's `main`.
//!
//! A story is an asynchronous function. It is registered once and runs on each engine under
//! the names `story::sqlite`, `story::mariadb` and `story::mysql`. An engine that is not
//! installed shows as ignored, with what would help, or fails when `CHATAPP_TEST_REQUIRE`
//! names it.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::engine::{Engine, Engines, is_required};
use crate::log::{self, StoryLog};
use crate::redis::Redis;
use crate::world::World;

/// How long a story may take.
const STORY_LIMIT: Duration = Duration::from_mins(4);
/// How long a story's tasks and blocking calls may take to end after it.
const END_LIMIT: Duration = Duration::from_secs(5);
/// Stories at a time: hashing passwords and a database server share few cores.
const STORIES_AT_A_TIME: usize = 4;

type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;
type Body = Box<dyn FnOnce() -> LocalFuture + Send>;

/// The stories of one test binary.
#[derive(Debug)]
pub struct Harness {
    trials: Vec<Trial>,
    engines: Arc<Engines>,
    limit: Duration,
    at_a_time: usize,
}

impl Default for Harness {
    fn default() -> Self {
        Self::new()
    }
}

impl Harness {
    /// No stories yet.
    pub fn new() -> Self {
        Self {
            trials: Vec::new(),
            engines: Engines::new(),
            limit: STORY_LIMIT,
            at_a_time: STORIES_AT_A_TIME,
        }
    }

    /// For stories that are heavier than most: how long each may take and how many run at a time.
    /// Counts for those added after it.
    #[must_use]
    pub fn heavy(self, limit: Duration, at_a_time: usize) -> Self {
        Self { limit, at_a_time, ..self }
    }

    /// A story that runs on every engine.
    #[must_use]
    pub fn story<F, Fut>(self, name: &str, story: F) -> Self
    where
        F: Fn(World) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.story_on(&Engine::ALL, name, story)
    }

    /// A story that makes sense on some engines only.
    #[must_use]
    pub fn story_on<F, Fut>(self, on: &[Engine], name: &str, story: F) -> Self
    where
        F: Fn(World) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.stories(on, name, &(Ok(()), false), story)
    }

    /// A story that starts a Redis of its own.
    #[must_use]
    pub fn redis_story_on<F, Fut>(self, on: &[Engine], name: &str, story: F) -> Self
    where
        F: Fn(World) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let redis = (Redis::available(), Redis::required());
        self.stories(on, name, &redis, story)
    }

    /// A story on some engines that needs another program besides: `Err` says why there is none.
    #[must_use]
    pub fn story_on_with<F, Fut>(
        self,
        on: &[Engine],
        name: &str,
        (needs, available): (&str, Result<(), String>),
        story: F,
    ) -> Self
    where
        F: Fn(World) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.stories(on, name, &(available, is_required(needs)), story)
    }

    /// `other`: whether another program than the engine is there, and whether it has to be.
    fn stories<F, Fut>(
        mut self,
        on: &[Engine],
        name: &str,
        other: &(Result<(), String>, bool),
        story: F,
    ) -> Self
    where
        F: Fn(World) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        for &engine in on {
            let mut available = engine.available();
            let mut required = engine.required();
            if available.is_ok() && other.0.is_err() {
                (available, required) = other.clone();
            }
            let engines = Arc::clone(&self.engines);
            let story = story.clone();
            let body: Body = Box::new(move || {
                Box::pin(async move {
                    let database = engines.database(engine).await;
                    story(World::new(database.clone())).await;
                    database.remove().await;
                })
            });
            let name = format!("{name}::{engine}");
            self.trials.push(trial(name, available, required, self.limit, body));
        }
        self
    }

    /// A story that needs no database of ours, such as one that runs the real program.
    #[must_use]
    pub fn process_story<F, Fut>(self, name: &str, story: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.process_story_if(name, Ok(()), story)
    }

    /// As [`Harness::process_story`], for one that needs more than the program: `Err` says what
    /// is missing, and the story shows as ignored for that reason.
    #[must_use]
    pub fn process_story_if<F, Fut>(
        self,
        name: &str,
        available: Result<(), String>,
        story: F,
    ) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.process_story_with(name, "", available, story)
    }

    /// As [`Harness::process_story_if`], for one that fails instead when `CHATAPP_TEST_REQUIRE`
    /// has the name of what it needs.
    #[must_use]
    pub fn process_story_with<F, Fut>(
        mut self,
        name: &str,
        needs: &str,
        available: Result<(), String>,
        story: F,
    ) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let body: Body = Box::new(move || Box::pin(story()));
        self.trials.push(trial(name.to_owned(), available, is_required(needs), self.limit, body));
        self
    }

    /// A story that starts a Redis of its own and needs no database of ours.
    #[must_use]
    pub fn redis_story<F, Fut>(mut self, name: &str, story: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let body: Body = Box::new(move || Box::pin(story()));
        self.trials.push(trial(
            name.to_owned(),
            Redis::available(),
            Redis::required(),
            self.limit,
            body,
        ));
        self
    }

    /// Runs the stories that the command line asks for (the options of `cargo test`).
    pub fn run(self) -> ExitCode {
        log::install();
        let mut arguments = Arguments::from_args();
        arguments.test_threads.get_or_insert(self.at_a_time);
        let mut trials = self.trials;
        for (name, test) in crate::harness::registered() {
            trials.extend(crate::harness::trials_of(&name, test, &self.engines));
        }
        let conclusion = libtest_mimic::run(&arguments, trials);
        // The last owner: the servers end here, unless a story hangs, and then with the process.
        drop(self.engines);
        conclusion.exit_code()
    }
}

fn trial(
    name: String,
    available: Result<(), String>,
    required: bool,
    limit: Duration,
    body: Body,
) -> Trial {
    match available {
        Ok(()) => Trial::test(name.clone(), move || run(&name, limit, body)),
        Err(why) if required => Trial::test(name, move || Err(Failed::from(why))),
        // Also when ignored tests are asked for, since it cannot be run.
        Err(why) => {
            let reason = why.clone();
            Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
                .with_ignored_flag(true)
                .with_kind(why)
        }
    }
}

/// Runs one story on a thread and a runtime of its own.
fn run(name: &str, limit: Duration, body: Body) -> Result<(), Failed> {
    let story = Arc::new(StoryLog::default());
    let log = Arc::clone(&story);
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let _ = sender.send(run_here(&log, limit, body));
        })
        .map_err(|error| format!("no thread for the story: {error}"))?;
    // A story that blocks its thread never sees its own time limit; its thread is left behind.
    let ended = match receiver.recv_timeout(limit + 2 * END_LIMIT) {
        Ok(ended) => ended,
        Err(mpsc::RecvTimeoutError::Disconnected) => Err("panicked".to_owned()),
        Err(mpsc::RecvTimeoutError::Timeout) => Err("blocks its thread".to_owned()),
    };
    let unexpected = story.unexpected();
    let why = match ended {
        Ok(()) if unexpected.is_empty() => return Ok(()),
        Ok(()) => format!("logged errors it did not expect:\n{}", unexpected.join("\n")),
        Err(why) => why,
    };
    Err(Failed::from(format!("{name} {why}\nits log:\n{}", story.recent().join("\n"))))
}

fn run_here(log: &Arc<StoryLog>, limit: Duration, body: Body) -> Result<(), String> {
    log.enter();
    let runtime = log::runtime("story").map_err(|error| format!("has no runtime: {error}"))?;
    let outcome = runtime.block_on(async move { tokio::time::timeout(limit, body()).await });
    runtime.shutdown_timeout(END_LIMIT);
    outcome.map_err(|_| format!("did not end within {} s", limit.as_secs()))
}
