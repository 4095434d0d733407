//! The files for packagers say what the program understands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use chatapp::cli::Cli;
use chatapp::config::{Config, Sources};
use clap::Parser as _;
use testkit::Need;
use testkit::engine::find;

use super::working_directory::{BINARY, WorkingDirectory};

const CONTAINERFILE: &str = include_str!("../../../../packaging/Containerfile");
const TOOLCHAIN: &str = include_str!("../../../../rust-toolchain.toml");
const UNITS: [(&str, &str); 3] = [
    ("chatapp.service", include_str!("../../../../packaging/chatapp.service")),
    ("chatapp-backup.service", include_str!("../../../../packaging/chatapp-backup.service")),
    ("chatapp-backup.timer", include_str!("../../../../packaging/chatapp-backup.timer")),
];

/// Where packages put the program.
const INSTALLED: &str = "/usr/local/bin/chatapp";

fn systemd() -> Need {
    let found = find("systemd-analyze").map(drop);
    Need::unnamed(found.ok_or_else(|| "systemd is not installed".to_owned()))
}

/// The instructions of a container file: its name and the rest, continued lines joined.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let instruction = |line: &str| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
    joined.lines().filter_map(instruction).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the command line makes of a command.
#[track_caller]
fn understood(words: &[&str]) {
    let (program, _) = words.split_first().expect("a program");
    assert_eq!(*program, INSTALLED);
    Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
}

/// Fails when a variable is no key, or its value is not allowed.
fn configured(variables: &BTreeMap<&str, &str>) -> Config {
    let place = WorkingDirectory::new();
    let sources = Sources { directory: place.path().to_owned(), ..Sources::default() };
    let sources = variables.iter().fold(sources, |all, (name, value)| all.with(name, *value));
    Config::load(&sources).unwrap_or_else(|error| panic!("{error}"))
}

#[testkit::test]
async fn the_container_file_is_sound() {
    let all = instructions(CONTAINERFILE);
    let last_stage = all.iter().rposition(|(name, _)| name == "FROM").expect("a stage");
    assert!(last_stage > 1, "it is built in a stage that is left behind");
    let stages: Vec<_> = all.iter().filter(|(name, _)| name == "FROM").collect();
    let channel = TOOLCHAIN.lines().find_map(|line| line.strip_prefix("channel = "));
    let rust = format!("rust:{}-", channel.expect("a channel").trim_matches('"'));
    assert!(stages.iter().any(|(_, image)| image.starts_with(&rust)), "{rust}: {stages:?}");

    for (_, words) in all.iter().filter(|(name, _)| name == "COPY") {
        let (options, paths): (Vec<_>, Vec<_>) =
            words.split_whitespace().partition(|word| word.starts_with("--"));
        let (_, sources) = paths.split_last().expect("a target");
        match options.iter().find_map(|option| option.strip_prefix("--from=")) {
            Some(stage) => {
                let named =
                    |(_, image): &&(String, String)| image.ends_with(&format!(" AS {stage}"));
                assert!(stages.iter().any(named), "{stage}");
            }
            None => {
                for source in sources {
                    assert!(repository().join(source).exists(), "{source}");
                }
            }
        }
    }

    resolves(&all);
    let copied = |source: &str| {
        let mut copies = all.iter().filter(|(name, _)| name == "COPY");
        copies.any(|(_, words)| words.split_whitespace().any(|word| word == source))
    };
    assert!(copied(".cargo"), "SQLite is built with the flags that .cargo/config.toml sets");

    let image = &all[last_stage..];
    let one = |wanted: &str| {
        let mut found = image.iter().filter(|(name, _)| name == wanted).map(|(_, rest)| rest);
        let only = found.next().unwrap_or_else(|| panic!("no {wanted}"));
        assert!(found.next().is_none(), "{wanted} twice");
        only.as_str()
    };
    assert!(!one("USER").starts_with('0') && !one("USER").starts_with("root"));
    let variables = image.iter().filter(|(name, _)| name == "ENV");
    let variables: BTreeMap<_, _> =
        variables.map(|(_, pair)| pair.split_once('=').expect("NAME=value")).collect();
    let config = configured(&variables);
    assert!(config.server.host.is_unspecified(), "a container is reached from outside");
    assert_eq!(config.server.port.to_string(), one("EXPOSE"));
    assert_eq!(config.storage.data_dir, Path::new(one("VOLUME")));
    assert_eq!(one("STOPSIGNAL"), "SIGTERM");

    let words = |json: &str| serde_json::from_str::<Vec<String>>(json).expect("the exec form");
    let (_, check) = one("HEALTHCHECK").split_once("CMD ").expect("a command");
    let check = words(check.trim());
    understood(&check.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(check.contains(&"--live".to_owned()), "a restart brings no database back: {check:?}");
    let start = [words(one("ENTRYPOINT")), words(one("CMD"))].concat();
    understood(&start.iter().map(String::as_str).collect::<Vec<_>>());
    let copied = image.iter().any(|(name, rest)| name == "COPY" && rest.ends_with(INSTALLED));
    assert!(copied, "the program is in the image");
}

#[testkit::test]
async fn the_units_start_what_there_is() {
    for (name, text) in UNITS {
        let values = |key: &str| {
            let lines = text.lines().filter_map(move |line| line.split_once('='));
            let of = key.to_owned();
            lines.filter(move |(found, _)| *found == of).map(|(_, value)| value).collect::<Vec<_>>()
        };
        let starts = values("ExecStart");
        assert_eq!(starts.len(), usize::from(name.ends_with(".service")), "{name}");
        for command in starts {
            understood(&command.split(' ').collect::<Vec<_>>());
            assert_eq!(values("User"), ["chatapp"]);
            let set = values("Environment");
            let set: BTreeMap<_, _> =
                set.iter().map(|pair| pair.split_once('=').expect("NAME=value")).collect();
            let folder = format!("/var/lib/{}", values("StateDirectory")[0]);
            assert_eq!(configured(&set).storage.data_dir, Path::new(&folder), "{name}");
        }
    }
    let wait = UNITS[0].1.lines().find_map(|line| line.strip_prefix("TimeoutStopSec="));
    let wait: u64 = wait.expect("a limit").parse().expect("seconds");
    let grace = configured(&BTreeMap::new()).server.shutdown_grace;
    assert!(wait >= grace.as_secs() + 10, "answers get their time: {wait}");
}

/// Cargo finds every member of the workspace in what is copied for the build.
#[track_caller]
fn resolves(instructions: &[(String, String)]) {
    let place = WorkingDirectory::new();
    for (_, words) in instructions.iter().filter(|(name, _)| name == "COPY") {
        let paths: Vec<_> = words.split_whitespace().collect();
        let Some((_, sources)) = paths.split_last() else { continue };
        for source in sources.iter().filter(|_| !words.starts_with("--from=")) {
            std::os::unix::fs::symlink(repository().join(source), place.path().join(source))
                .expect("a link");
        }
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"]);
    let output = cargo.current_dir(place.path()).output().expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// As systemd reads them, with a program that is there.
#[testkit::test(needs = systemd())]
async fn systemd_finds_nothing_wrong_with_the_units() {
    let place = WorkingDirectory::new();
    for (name, text) in UNITS {
        place.write(name, &text.replace(INSTALLED, BINARY));
    }
    let analyze = |words: &[&str]| {
        let mut command = Command::new(find("systemd-analyze").expect("it is installed"));
        command.args(words).args(UNITS.map(|(name, _)| place.path().join(name)));
        let output = command.output().expect("it can be run");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (sound, said) = analyze(&["verify", "--man=no"]);
    assert!(sound && !said.contains(&place.path().display().to_string()), "{said}");
}
