//! The front end's own build, in a copy of its sources: the source tree stays as it is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the build takes of `frontend/`. Tests are left out, in `src` by their name.
const SOURCES: [&str; 8] = [
    ".npmrc",
    "index.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "svelte.config.js",
    "vite.config.ts",
];
/// How long installing and building may take together.
const LIMIT: Duration = Duration::from_mins(2);
/// The oldest Node of a line that Vite runs on; an odd line is never supported for long.
const NODE: [(u32, u32); 2] = [(20, 19), (22, 12)];

/// Builds `sources` in `place` and returns the folder with the result.
pub(crate) fn build(sources: &Path, place: &Path) -> Result<PathBuf, String> {
    let node = node()?;
    let deadline = Instant::now() + LIMIT;
    copy_all(sources, place).map_err(|error| format!("the sources cannot be copied: {error}"))?;
    install(place, &node, deadline)?;
    let vite = ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"];
    run("node", &vite, place, deadline)?;
    Ok(place.join("dist"))
}

/// The version of Node, when it is new enough.
fn node() -> Result<String, String> {
    let wanted = "Node 20.19, or 22.12 or newer, with npm";
    let Ok(output) = Command::new("node").arg("--version").output() else {
        return Err(format!("Node is not installed; it takes {wanted}"));
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|n| n.parse().ok());
    let found: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let [old, new] = NODE;
    let fits = found >= new || (found.0 == old.0 && found >= old);
    if fits { Ok(version) } else { Err(format!("Node {version} is too old; it takes {wanted}")) }
}

/// Installs exactly what the lock file names, unless that was done before. No package may run a
/// script of its own.
fn install(place: &Path, node: &str, deadline: Instant) -> Result<(), String> {
    let stamp = place.join("node_modules/.installed");
    let lock = fs::read_to_string(place.join("package-lock.json")).unwrap_or_default();
    let wanted = format!("{node}\n{lock}");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let arguments =
        ["ci", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--fetch-retries=0"];
    run(npm, &arguments, place, deadline)?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Runs a program to its end. The error is the last lines that it printed.
#[expect(clippy::disallowed_methods, reason = "a build script has nothing else to do meanwhile")]
fn run(program: &str, arguments: &[&str], place: &Path, deadline: Instant) -> Result<(), String> {
    let name = arguments.iter().find(|argument| !argument.contains('/')).copied();
    let name = format!("{program} {}", name.unwrap_or_default());
    let log = place.join("build.log");
    let output = || File::create(&log).map_err(|error| format!("{}: {error}", log.display()));
    let out = output()?;
    let err = out.try_clone().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(place)
        .env("NODE_ENV", "production")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(None) => {
                // What cannot be killed has just ended.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name} did not end within {} s", LIMIT.as_secs()));
            }
            Err(error) => return Err(format!("{name}: {error}")),
        }
    };
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(&log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(6)..).unwrap_or_default().join(" / ");
    Err(format!("{name} failed ({status}): {last}"))
}

/// Brings the copy up to date and tells cargo which files it came from.
fn copy_all(sources: &Path, place: &Path) -> std::io::Result<()> {
    for folder in ["src", "public", "dist"] {
        match fs::remove_dir_all(place.join(folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::create_dir_all(place)?;
    SOURCES.iter().try_for_each(|name| copy(&sources.join(name), &place.join(name)))
}

/// A file that nothing imports yet changes nothing, so the files that are there are enough.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        println!("cargo::rerun-if-changed={}", from.display());
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().ends_with(".test.ts") {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
