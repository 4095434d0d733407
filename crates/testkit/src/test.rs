//! A test and what it runs on.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::engine::{Engine, Engines, is_required};
use crate::world::World;

type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;
/// What a run does. It is given the database servers of the whole test binary.
pub(crate) type Body = Box<dyn FnOnce(Arc<Engines>) -> LocalFuture + Send>;

/// An asynchronous function with all that it runs on: engines, cases, or once.
#[derive(Debug)]
pub struct Test {
    pub(crate) runs: Vec<Run>,
    pub(crate) needs: Need,
    pub(crate) slow: bool,
    pub(crate) heavy: bool,
}

/// One of the runs of a test.
pub(crate) struct Run {
    /// The last part of its name: an engine or a case.
    pub(crate) on: Option<String>,
    pub(crate) needs: Need,
    pub(crate) body: Body,
}

impl Test {
    /// A test that needs no database of ours, such as one that runs the real program.
    pub fn once<F, Fut>(test: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let body: Body = Box::new(|_| Box::pin(test()));
        Self::new(vec![Run { on: None, needs: Need::nothing(), body }])
    }

    /// A test that runs on each of these engines, with a database of its own.
    pub fn on<F, Fut>(engines: &[Engine], test: F) -> Self
    where
        F: Fn(World) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let run = |&engine: &Engine| {
            let test = test.clone();
            let body: Body = Box::new(move |engines| {
                Box::pin(async move {
                    let database = engines.database(engine).await;
                    test(World::new(database.clone())).await;
                    database.remove().await;
                })
            });
            Run { on: Some(engine.to_string()), needs: Need::engine(engine), body }
        };
        Self::new(engines.iter().map(run).collect())
    }

    /// A test that runs for each of these cases.
    pub fn cases<C, F, Fut>(cases: impl IntoIterator<Item = C>, test: F) -> Self
    where
        C: Case + Send + 'static,
        F: Fn(C) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let run = |case: C| {
            let test = test.clone();
            let (on, needs) = (Some(case.name()), case.needs());
            let body: Body = Box::new(move |_| Box::pin(test(case)));
            Run { on, needs, body }
        };
        Self::new(cases.into_iter().map(run).collect())
    }

    fn new(runs: Vec<Run>) -> Self {
        assert!(!runs.is_empty(), "a test that runs on nothing shows nothing");
        Self { runs, needs: Need::nothing(), slow: false, heavy: false }
    }

    /// Runs only where this is there.
    #[must_use]
    pub fn needs(self, needs: Need) -> Self {
        Self { needs, ..self }
    }

    /// For a test that takes longer than most.
    #[must_use]
    pub fn slow(self) -> Self {
        Self { slow: true, ..self }
    }

    /// For a test that is heavier than most: it may take longer, and fewer tests run at a time.
    #[must_use]
    pub fn heavy(self) -> Self {
        Self { slow: true, heavy: true, ..self }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("on", &self.on)
            .field("needs", &self.needs)
            .finish_non_exhaustive()
    }
}

/// One of the cases of a test.
pub trait Case {
    /// What follows the name of the test.
    fn name(&self) -> String;

    /// What this case needs.
    fn needs(&self) -> Need {
        Need::nothing()
    }
}

/// Something that a test needs and that a machine may lack, and whether it is there.
#[derive(Clone, Debug)]
pub struct Need {
    name: Option<&'static str>,
    available: Result<(), String>,
}

impl Need {
    /// A program with this name in `CHATAPP_TEST_REQUIRE`; `Err` says what would help.
    pub fn new(name: &'static str, available: Result<(), String>) -> Self {
        Self { name: Some(name), available }
    }

    /// A database engine.
    pub fn engine(engine: Engine) -> Self {
        Self::new(engine.name(), engine.available())
    }

    /// Something that `CHATAPP_TEST_REQUIRE` cannot name.
    pub fn unnamed(available: Result<(), String>) -> Self {
        Self { name: None, available }
    }

    /// This one and another one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.available.is_err() { self } else { other }
    }

    pub(crate) fn nothing() -> Self {
        Self::unnamed(Ok(()))
    }

    /// Why a test cannot run for lack of it, and whether that is a failure.
    pub(crate) fn missing(&self) -> Option<(String, bool)> {
        let why = self.available.as_ref().err()?;
        Some((why.clone(), self.name.is_some_and(is_required)))
    }
}
