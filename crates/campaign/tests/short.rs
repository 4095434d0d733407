//! Short campaigns, and one that must fail.
#![cfg(unix)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use testkit::{Engine, Redis};

/// The tool under test.
const CAMPAIGN: &str = env!("CARGO_BIN_EXE_crash-campaign");
/// Kills by engine and number of servers, 50 for each engine in all, and whether there is a Redis
/// that is tormented, too. Campaigns are counted in kills, not in seconds: a slow machine takes
/// longer and checks as much.
const CAMPAIGNS: [(Engine, u32, u32, bool); 5] = [
    (Engine::Sqlite, 1, 50, false),
    (Engine::MariaDb, 1, 20, false),
    (Engine::MariaDb, 2, 15, false),
    (Engine::MariaDb, 3, 15, false),
    (Engine::MariaDb, 3, 15, true),
];
/// When a campaign of some 50 s counts as hanging, in seconds.
const LIMIT: &str = "240";
/// Campaigns at a time: they mostly wait.
const AT_A_TIME: usize = 3;

fn main() -> ExitCode {
    let mut trials = vec![
        Trial::test("a_planted_loss_is_found", a_planted_loss_is_found),
        Trial::test("a_campaign_that_takes_too_long_fails", a_campaign_that_takes_too_long_fails),
    ];
    for (engine, servers, kills, redis) in CAMPAIGNS {
        let with = if redis { "::redis" } else { "" };
        let name = format!("kills_cost_nothing::{engine}::{servers}{with}");
        let (mut available, mut required) = (engine.available(), engine.required());
        if redis && available.is_ok() {
            (available, required) = (Redis::available(), Redis::required());
        }
        trials.push(match available {
            Err(why) if !required => {
                let kind = why.clone();
                Trial::ignorable_test(name, move || Ok(Completion::ignored_with(why)))
                    .with_ignored_flag(true)
                    .with_kind(kind)
            }
            _ => Trial::test(name, move || kills_cost_nothing(engine, servers, kills, redis)),
        });
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn kills_cost_nothing(engine: Engine, servers: u32, kills: u32, redis: bool) -> Result<(), Failed> {
    let (servers, wanted) = (servers.to_string(), kills.to_string());
    // Where others take a dead server's work over, each round ends with a wait for that.
    let faults = if engine == Engine::Sqlite { "17" } else { "200" };
    let arguments = ["--kills", &wanted, "--limit", LIMIT, "--faults", faults];
    let on = ["--engine", engine.name(), "--replicas", &servers];
    let between = ["--redis", "--redis-faults"];
    let between = if redis { between.as_slice() } else { &[] };
    let output = campaign(&[arguments.as_slice(), &on, between].concat())?;

    let _ = std::io::stdout().write_all(&output.stdout);
    let done = count(&output, " kills") >= kills
        && count(&output, " stops (") > 0
        && count(&output, " terminations") > 0
        && (engine == Engine::Sqlite || count(&output, " kills of the database") > 0);
    if !output.status.success() || !done {
        let what = format!("{} instead of {kills} kills, stops and terminations", output.status);
        return Err(report(&what, &output));
    }
    Ok(())
}

/// The number before `what` in the summary.
fn count(output: &Output, what: &str) -> u32 {
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.split_once(what).and_then(|(before, _)| before.rsplit(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn a_planted_loss_is_found() -> Result<(), Failed> {
    let output = campaign(&["--rounds", "1", "--faults", "3", "--plant", "lost-row"])?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.contains("VIOLATION I1: the acknowledged message");
    if output.status.code() != Some(1) || !found || !text.contains("--seed 1 ") {
        return Err(report("the planted loss was not reported", &output));
    }
    Ok(())
}

fn a_campaign_that_takes_too_long_fails() -> Result<(), Failed> {
    let output = campaign(&["--kills", "10000", "--limit", "3"])?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = text.contains("VIOLATION I10: the campaign was not over after 3 s");
    if output.status.code() != Some(1) || !said {
        return Err(report("the end of the time was not reported", &output));
    }
    Ok(())
}

/// Runs a campaign with a seed of its own against the server program, which is built first.
fn campaign(arguments: &[&str]) -> Result<Output, Failed> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    BUILT.get_or_init(build).clone()?;
    let program = Path::new(CAMPAIGN).with_file_name("chatapp");
    let mut command = Command::new(CAMPAIGN);
    command.args(["crash-campaign", "--seed", "1", "--program"]).arg(program).args(arguments);
    command.output().map_err(|error| format!("{CAMPAIGN}: {error}").into())
}

/// Builds the server next to the tool: Cargo builds a package's own programs only.
fn build() -> Result<(), String> {
    let profile = Path::new(CAMPAIGN).parent().ok_or("a program in no folder")?;
    let target = profile.parent().ok_or("a program outside of a target folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "-p", "chatapp", "--bin", "chatapp", "--target-dir"]);
    command.arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let output = command.output().map_err(|error| format!("no cargo: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("chatapp does not build:\n{}", String::from_utf8_lossy(&output.stderr)))
}

fn report(what: &str, output: &Output) -> Failed {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{what}\n{stdout}\n{stderr}").into()
}
