//! Short campaigns, and one that must fail.
#![cfg(unix)]
#![expect(clippy::panic, reason = "in a test a broken expectation is a panic")]

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Output};

use testkit::{Case, Engine, Need, Redis};
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The tool under test.
const CAMPAIGN: &str = env!("CARGO_BIN_EXE_crash-campaign");
/// 50 kills for each engine in all. Campaigns are counted in kills, not in seconds: a slow machine
/// takes longer and checks as much.
const CAMPAIGNS: [Campaign; 5] = [
    Campaign { engine: Engine::Sqlite, servers: 1, kills: 50, redis: false },
    Campaign { engine: Engine::MariaDb, servers: 1, kills: 20, redis: false },
    Campaign { engine: Engine::MariaDb, servers: 2, kills: 15, redis: false },
    Campaign { engine: Engine::MariaDb, servers: 3, kills: 15, redis: false },
    Campaign { engine: Engine::MariaDb, servers: 3, kills: 15, redis: true },
];
/// When a campaign of some 50 s counts as hanging, in seconds.
const LIMIT: &str = "240";

struct Campaign {
    engine: Engine,
    servers: u32,
    kills: u32,
    /// Whether there is a Redis between the servers, which is tormented, too.
    redis: bool,
}

impl Case for Campaign {
    fn name(&self) -> String {
        let with = if self.redis { "::redis" } else { "" };
        format!("{}::{}{with}", self.engine, self.servers)
    }

    fn needs(&self) -> Need {
        let engine = Need::engine(self.engine);
        if self.redis { engine.and(Redis::need()) } else { engine }
    }
}

fn main() -> ExitCode {
    testkit::main()
}

#[expect(
    clippy::print_stdout,
    reason = "what a campaign did is worth reading also when all is well"
)]
#[testkit::test(cases = CAMPAIGNS, slow)]
async fn kills_cost_nothing(campaign: Campaign) {
    let Campaign { engine, servers, kills, redis } = campaign;
    let (servers, wanted) = (servers.to_string(), kills.to_string());
    // Where others take a dead server's work over, each round ends with a wait for that.
    let faults = if engine == Engine::Sqlite { "17" } else { "200" };
    let arguments = ["--kills", &wanted, "--limit", LIMIT, "--faults", faults];
    let on = ["--engine", engine.name(), "--replicas", &servers];
    let between = ["--redis", "--redis-faults"];
    let between = if redis { between.as_slice() } else { &[] };
    let output = run(&[arguments.as_slice(), &on, between].concat()).await;

    print!("{}", String::from_utf8_lossy(&output.stdout));
    let done = count(&output, " kills") >= kills
        && count(&output, " stops (") > 0
        && count(&output, " terminations") > 0
        && (engine == Engine::Sqlite || count(&output, " kills of the database") > 0);
    if !output.status.success() || !done {
        let what = format!("{} instead of {kills} kills, stops and terminations", output.status);
        fail(&what, &output);
    }
}

/// The number before `what` in the summary.
fn count(output: &Output, what: &str) -> u32 {
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.split_once(what).and_then(|(before, _)| before.rsplit(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[testkit::test(slow)]
async fn a_planted_loss_is_found() {
    let output = run(&["--rounds", "1", "--faults", "3", "--plant", "lost-row"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.contains("VIOLATION I1: the acknowledged message");
    if output.status.code() != Some(1) || !found || !text.contains("--seed 1 ") {
        fail("the planted loss was not reported", &output);
    }
}

#[testkit::test(slow)]
async fn a_campaign_that_takes_too_long_fails() {
    let output = run(&["--kills", "10000", "--limit", "3"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = text.contains("VIOLATION I10: the campaign was not over after 3 s");
    if output.status.code() != Some(1) || !said {
        fail("the end of the time was not reported", &output);
    }
}

/// Runs a campaign with a seed of its own against the server program.
async fn run(arguments: &[&str]) -> Output {
    static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();
    let program = PROGRAM.get_or_init(build).await;
    let mut command = Command::new(CAMPAIGN);
    command.args(["crash-campaign", "--seed", "1", "--program"]).arg(program).args(arguments);
    output(&mut command).await
}

/// Builds the server: Cargo builds a package's own programs only. It is built as `cargo test` does
/// for the tests of the server, with the features that all packages together ask for, so that
/// there is nothing to do where those were built.
async fn build() -> PathBuf {
    let programs = Path::new(CAMPAIGN).parent().unwrap_or_else(|| panic!("{CAMPAIGN}"));
    let target = programs.parent().unwrap_or_else(|| panic!("{CAMPAIGN}"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--quiet", "--no-run", "--test", "command_line", "--target-dir"]);
    command.arg(target).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    if programs.ends_with("release") {
        command.arg("--release");
    }
    let built = output(&mut command).await;
    if !built.status.success() {
        fail("chatapp does not build", &built);
    }
    programs.join("chatapp")
}

async fn output(command: &mut Command) -> Output {
    let output = command.kill_on_drop(true).output().await;
    output.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn fail(what: &str, output: &Output) -> ! {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    panic!("{what}\n{stdout}\n{stderr}");
}
