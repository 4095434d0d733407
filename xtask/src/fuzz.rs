//! `cargo xtask fuzz`: builds the fuzz targets with coverage and runs them one after the other.
//!
//! The program that Cargo is given as a compiler is this one, too ([`compile`]): it adds the flags
//! that libFuzzer needs to the crates whose branches are worth following. Branches of all others
//! (drivers, runtimes, tables of characters) would only cost time.

mod report;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail, ensure};
use cargo_metadata::MetadataCommand;
use clap::Args;

use self::report::Row;

/// In the environment of the compiler: the folder of the crates that are ours.
const OURS: &str = "CHATAPP_FUZZ_OURS";
/// In the environment of the driver: which target gets its inputs.
const TARGET: &str = "CHATAPP_FUZZ_TARGET";
/// Crates of others that read bytes from outside for us.
const READERS: [&str; 6] = ["flate2", "jsonwebtoken", "serde_json", "toml", "toml_parser", "zip"];
/// What makes libFuzzer see which branches an input takes and what it is compared with.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// The longest time for one input, in seconds, and the most memory, in MiB.
const INPUT_SECONDS: u32 = 5;
const MEMORY_MIB: u32 = 1024;

/// What to run, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The targets; all when none is named.
    targets: Vec<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Prints the names of the targets and what each reads.
    #[arg(long)]
    list: bool,
}

/// Runs the targets; fails when one has found something.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let root = metadata.workspace_root.as_std_path();
    let built = metadata.target_directory.as_std_path();
    let driver = build(root, built)?;
    let known = known(&driver)?;
    if options.list {
        for (name, about) in &known {
            say(&format!("{name:18} {about}\n"))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let names = known.iter().map(|(name, _)| name);
    let chosen: Vec<&String> = if options.targets.is_empty() {
        names.collect()
    } else {
        let unknown =
            options.targets.iter().find(|name| !names.clone().any(|known| known == *name));
        if let Some(unknown) = unknown {
            bail!("there is no target {unknown}; cargo xtask fuzz --list shows all");
        }
        options.targets.iter().collect()
    };
    let mut rows = Vec::new();
    for name in chosen {
        rows.push(run_one(root, built, &driver, name, options.seconds)?);
    }
    say(&report::table(&rows))?;
    Ok(if rows.iter().all(Row::is_clean) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the driver with this program as the compiler.
fn build(root: &Path, built: &Path) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args(["build", "--profile", "fuzz", "--package", "fuzz-driver", "--features", "libfuzzer"])
        .current_dir(root)
        .env("RUSTC_WRAPPER", std::env::current_exe()?)
        .env(OURS, root)
        .env("CHATAPP_BUILD_WEB", "off")
        .status()
        .context("cargo builds the fuzz targets")?;
    ensure!(status.success(), "the fuzz targets do not build; libFuzzer needs a C++ compiler");
    Ok(built.join("fuzz").join("fuzz-driver"))
}

/// The names of the targets and what each reads.
fn known(driver: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let output = Command::new(driver).env(TARGET, "list").stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout).context("names of targets are UTF-8")?;
    let pairs = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(pairs.map(|(name, about)| (name.to_owned(), about.to_owned())).collect())
}

/// Runs one target. What it learns is kept among what was built, for the next run.
fn run_one(
    root: &Path,
    built: &Path,
    driver: &Path,
    name: &str,
    seconds: u32,
) -> anyhow::Result<Row> {
    let folder = |kind: &str| built.join("fuzz").join(kind).join(name);
    let (learnt, findings) = (folder("learnt"), folder("findings"));
    std::fs::create_dir_all(&learnt)?;
    std::fs::create_dir_all(&findings)?;
    let log = findings.with_extension("log");
    say(&format!("{name}: {seconds} s, all it says in {}\n", log.display()))?;
    let mut command = Command::new(driver);
    command
        .env(TARGET, name)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_SECONDS}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .arg("-print_final_stats=1");
    let dictionary = root.join("fuzz/dictionaries").join(name);
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    let status = command
        .args([&learnt, &root.join("fuzz/corpus").join(name)])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log)?)
        .status()
        .context("the driver runs")?;
    let words = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
    Ok(report::read(name, status.success(), &words))
}

fn say(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

/// Compiles a crate, when it is Cargo that calls: `xtask rustc ARGUMENTS`.
pub(crate) fn compile() -> Option<anyhow::Result<ExitCode>> {
    let ours = PathBuf::from(std::env::var_os(OURS)?);
    let mut arguments = std::env::args_os().skip(1);
    let compiler = arguments.next()?;
    let arguments: Vec<OsString> = arguments.collect();
    let coverage = if is_followed(&ours, &arguments) { &COVERAGE[..] } else { &[] };
    let status = Command::new(compiler).args(&arguments).args(coverage).status();
    Some(status.context("the compiler runs").map(|status| {
        ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }))
}

/// Whether the branches of a crate are followed. What runs while Cargo builds cannot be.
fn is_followed(ours: &Path, arguments: &[OsString]) -> bool {
    let text = |name: &str| std::env::var(name).unwrap_or_default();
    let runs_here = arguments.iter().any(|argument| argument == "proc-macro")
        || text("CARGO_CRATE_NAME").starts_with("build_script_");
    let folder = PathBuf::from(text("CARGO_MANIFEST_DIR"));
    let is_ours = folder.starts_with(ours) && !folder.starts_with(ours.join("xtask"));
    !runs_here && (is_ours || READERS.contains(&text("CARGO_PKG_NAME").as_str()))
}
