//! Short campaigns, and one that must fail.
#![cfg(unix)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use testkit::Engine;

/// The tool under test.
const CAMPAIGN: &str = env!("CARGO_BIN_EXE_crash-campaign");
/// What a short campaign is worth.
const KILLS: u32 = 50;

fn main() -> ExitCode {
    let short = |engine: Engine, rounds: &'static str, faults: &'static str| {
        let name = format!("kills_cost_nothing::{engine}");
        match engine.available() {
            Err(why) if !engine.required() => {
                let kind = why.clone();
                Trial::ignorable_test(name, move || Ok(Completion::ignored_with(why)))
                    .with_ignored_flag(true)
                    .with_kind(kind)
            }
            _ => Trial::test(name, move || {
                let arguments = ["--engine", engine.name(), "--rounds", rounds, "--faults", faults];
                kills_cost_nothing(&arguments)
            }),
        }
    };
    // Where others take dead servers' work over, each round ends with a wait for that.
    let trials = vec![
        short(Engine::Sqlite, "4", "17"),
        short(Engine::MariaDb, "1", "65"),
        Trial::test("a_planted_loss_is_found", a_planted_loss_is_found),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn kills_cost_nothing(arguments: &[&str]) -> Result<(), Failed> {
    let output = campaign(arguments)?;
    let text = String::from_utf8_lossy(&output.stdout);

    let _ = std::io::stdout().write_all(&output.stdout);
    let kills = text.split_once(" kills").and_then(|(before, _)| before.rsplit(' ').next());
    let kills: u32 = kills.and_then(|kills| kills.parse().ok()).unwrap_or_default();
    if !output.status.success() || kills < KILLS {
        return Err(report(&format!("{} with {kills} kills", output.status), &output));
    }
    Ok(())
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
