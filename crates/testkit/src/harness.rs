//! Runs the tests of a binary: its `main`.
//!
//! A test runs on each engine under the names `test::sqlite`, `test::mariadb` and `test::mysql`.
//! An engine that is not installed shows as ignored, with what would help, or fails when
//! `CHATAPP_TEST_REQUIRE` names it.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, FormatSetting, Trial};

use crate::engine::Engines;
use crate::log::{self, TestLog};
use crate::test::{Body, Run, Test};

/// How long a test may take.
const LIMIT: Duration = Duration::from_mins(4);
/// How long a slow one may take: compilers and browsers share few cores with other tests.
const SLOW_LIMIT: Duration = Duration::from_mins(10);
/// How long a test's tasks and blocking calls may take to end after it.
const END_LIMIT: Duration = Duration::from_secs(5);
/// Tests at a time: hashing passwords and a database server share few cores.
const AT_A_TIME: usize = 4;
/// The same where some are heavy.
const HEAVY_AT_A_TIME: usize = 2;
/// As many of the slowest are named at the end, if they took as long as this.
const SLOWEST: (usize, Duration) = (10, Duration::from_secs(5));

/// A test that the attribute has registered.
#[derive(Debug)]
pub struct Registered {
    module: &'static str,
    name: &'static str,
    make: fn() -> Test,
}

inventory::collect!(Registered);

impl Registered {
    /// What the attribute makes of a function in `module`.
    pub const fn new(module: &'static str, name: &'static str, make: fn() -> Test) -> Self {
        Self { module, name, make }
    }

    /// The name as every test has it: the module without the crate, and the function.
    fn name(&self) -> String {
        match self.module.split_once("::") {
            Some((_, module)) => format!("{module}::{}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// Runs the tests of this binary that the command line asks for (the options of `cargo test`).
pub fn main() -> ExitCode {
    run(registered())
}

/// The tests of this binary and their names, in the order of these.
fn registered() -> Vec<(String, Test)> {
    let registered = inventory::iter::<Registered>();
    let mut tests: Vec<_> = registered.map(|test| (test.name(), (test.make)())).collect();
    assert!(!tests.is_empty(), "no test is registered here");
    tests.sort_by(|(one, _), (other, _)| one.cmp(other));
    tests
}

/// Runs these tests, as far as the command line asks for them.
pub fn run(tests: impl IntoIterator<Item = (String, Test)>) -> ExitCode {
    log::install();
    let (engines, times) = (Engines::new(), Arc::new(Times::default()));
    let mut at_a_time = AT_A_TIME;
    let mut trials = Vec::new();
    for (name, test) in tests {
        if test.heavy {
            at_a_time = HEAVY_AT_A_TIME;
        }
        trials.extend(trials_of(&name, test, &engines, &times));
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(at_a_time);
    let conclusion = libtest_mimic::run(&arguments, trials);
    if has_reader(&arguments) {
        times.show();
    }
    // The last owner: the servers end here, unless a test hangs, and then with the process.
    drop(engines);
    conclusion.exit_code()
}

/// What libtest is told of a test: its runs.
fn trials_of(name: &str, test: Test, engines: &Arc<Engines>, times: &Arc<Times>) -> Vec<Trial> {
    let limit = if test.slow { SLOW_LIMIT } else { LIMIT };
    let trial = |run: Run| {
        let name = run.on.map_or_else(|| name.to_owned(), |on| format!("{name}::{on}"));
        let (engines, times, body) = (Arc::clone(engines), Arc::clone(times), run.body);
        match run.needs.missing().or_else(|| test.needs.missing()) {
            None => Trial::test(name.clone(), move || {
                times.of(&name, || execute(&name, limit, engines, body))
            }),
            Some((why, true)) => Trial::test(name, move || Err(Failed::from(why))),
            // Also when ignored tests are asked for, since it cannot be run.
            Some((why, false)) => {
                let reason = why.clone();
                Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
                    .with_ignored_flag(true)
                    .with_kind(why)
            }
        }
    };
    test.runs.into_iter().map(trial).collect()
}

/// Whether a person reads the outcome, and not a program or somebody who asked for less.
fn has_reader(arguments: &Arguments) -> bool {
    let is_pretty = !matches!(arguments.format, Some(FormatSetting::Json | FormatSetting::Terse));
    is_pretty && !arguments.quiet && !arguments.list
}

/// What each test took.
#[derive(Debug, Default)]
struct Times(Mutex<Vec<(Duration, String)>>);

impl Times {
    fn of<T>(&self, name: &str, test: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let outcome = test();
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.push((began.elapsed(), name.to_owned()));
        outcome
    }

    /// Names the slowest, so that a long run shows what made it long.
    #[expect(clippy::print_stdout, reason = "that is where the outcome of tests goes")]
    fn show(&self) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.sort_by(|one, other| other.cmp(one));
        let (most, least) = SLOWEST;
        for (time, name) in times.iter().take(most).take_while(|(time, _)| *time >= least) {
            println!("{:7.1} s  {name}", time.as_secs_f64());
        }
    }
}

/// Executes one run on a thread and a runtime of its own.
fn execute(name: &str, limit: Duration, engines: Arc<Engines>, body: Body) -> Result<(), Failed> {
    let test = Arc::new(TestLog::default());
    let log = Arc::clone(&test);
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let _ = sender.send(execute_here(&log, limit, engines, body));
        })
        .map_err(|error| format!("no thread for the test: {error}"))?;
    // A test that blocks its thread never sees its own time limit; its thread is left behind.
    let ended = match receiver.recv_timeout(limit + 2 * END_LIMIT) {
        Ok(ended) => ended,
        Err(mpsc::RecvTimeoutError::Disconnected) => Err("panicked".to_owned()),
        Err(mpsc::RecvTimeoutError::Timeout) => Err("blocks its thread".to_owned()),
    };
    let unexpected = test.unexpected();
    let why = match ended {
        Ok(()) if unexpected.is_empty() => return Ok(()),
        Ok(()) => format!("logged errors it did not expect:\n{}", unexpected.join("\n")),
        Err(why) => why,
    };
    Err(Failed::from(format!("{name} {why}\nits log:\n{}", test.recent().join("\n"))))
}

fn execute_here(
    log: &Arc<TestLog>,
    limit: Duration,
    engines: Arc<Engines>,
    body: Body,
) -> Result<(), String> {
    log.enter();
    let runtime = log::runtime("test").map_err(|error| format!("has no runtime: {error}"))?;
    let outcome = runtime.block_on(async move { tokio::time::timeout(limit, body(engines)).await });
    runtime.shutdown_timeout(END_LIMIT);
    outcome.map_err(|_| format!("did not end within {} s", limit.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_are_named_only_where_a_person_reads() {
        for (options, shown) in [
            (&[][..], true),
            (&["--format", "pretty"], true),
            (&["--format", "json"], false),
            (&["--format=terse"], false),
            (&["--quiet"], false),
            (&["--list"], false),
        ] {
            let arguments = Arguments::from_iter(["tests"].iter().chain(options));
            assert_eq!(has_reader(&arguments), shown, "{options:?}");
        }
    }
}
