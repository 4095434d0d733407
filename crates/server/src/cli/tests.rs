use super::*;
use crate::config::Config;

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Cli::parse_from(std::iter::once(&"chatapp").chain(arguments))
}

fn flags(arguments: &[&str]) -> Vec<(&'static str, String)> {
    parse(arguments).unwrap().flags()
}

fn help(arguments: &[&str]) -> String {
    parse(arguments).unwrap_err().render().to_string()
}

#[test]
fn clap_finds_no_fault_with_the_declaration() {
    command().debug_assert();
}

#[test]
fn the_help_of_every_command_is_as_reviewed() {
    insta::assert_snapshot!("help_short", help(&["-h"]));
    insta::assert_snapshot!("help_long", help(&["--help"]));
    snapshot_below(&command(), &[]);
}

/// The help of every command below this one; a new one needs no line here.
fn snapshot_below(parent: &clap::Command, path: &[&str]) {
    for command in parent.get_subcommands() {
        let path = [path, &[command.get_name()]].concat();
        let text = help(&[&path[..], &["--help"]].concat());
        insta::assert_snapshot!(format!("help_{}", path.join("_")), text);
        snapshot_below(command, &path);
    }
}

/// `UPDATE_DOCS=1` writes the file instead of comparing it.
#[test]
fn the_reference_of_commands_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/COMMANDS.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == reference(), "stale; run: UPDATE_DOCS=1 cargo test -p chatapp cli");
}

#[test]
fn the_short_help_fits_on_a_small_terminal() {
    let text = help(&["-h"]);
    assert!(text.lines().count() <= 24 && text.lines().all(|line| line.len() <= 100), "{text}");
}

#[test]
fn every_option_of_a_key_exists_and_names_default_and_variables() {
    let text = help(&["--help"]).split_whitespace().collect::<Vec<_>>().join(" ");
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let Some(flag) = key.flag else { continue };
        assert!(text.contains(flag), "{flag}");
        assert!(text.contains(&key.variable()), "{flag}");
        if let Some(default) = key.default.filter(|_| flag != "--no-migrate") {
            assert!(text.contains(&format!("[default: {default}]")), "{flag}");
        }
    }
}

#[test]
fn serve_is_the_default_and_its_options_may_stand_anywhere() {
    let expected = vec![("server.port", "8001".to_owned()), ("log.level", "debug".to_owned())];
    let ways = [
        ["--port", "8001", "--log-level", "debug"].as_slice(),
        &["serve", "--port", "8001", "--log-level", "debug"],
        &["--log-level", "debug", "serve", "--port", "8001"],
        &["--port=8001", "--log-level=debug", "serve"],
        &["--port", "1", "--log-level", "debug", "serve", "--port", "8001"],
    ];
    for arguments in ways {
        assert_eq!(flags(arguments), expected, "{arguments:?}");
        assert!(matches!(parse(arguments).unwrap().requested(), Command::Serve(_)));
    }
    assert_eq!(flags(&["--no-migrate"]), [("storage.migrate", "false".to_owned())]);
    assert!(parse(&["-q"]).unwrap().quiet() && parse(&["serve", "--quiet"]).unwrap().quiet());
}

#[test]
fn every_key_an_option_sets_is_a_key() {
    let given = flags(&[
        "--host",
        "::1",
        "--port",
        "0",
        "--no-migrate",
        "--data-dir",
        "d",
        "--log-format",
        "json",
        "--log-level",
        "warn",
        "--web-dir",
        "w",
    ]);
    let with_flag: Vec<_> = SECTIONS
        .iter()
        .flat_map(|section| section.keys)
        .filter(|key| key.flag.is_some())
        .map(crate::config::Key::path)
        .collect();
    let mut set: Vec<_> = given.iter().map(|(key, _)| (*key).to_owned()).collect();
    set.sort();
    let mut declared = with_flag;
    declared.sort();
    assert_eq!(set, declared);
    let folder = tempfile::tempdir().unwrap();
    let sources =
        Sources { flags: given, directory: folder.path().to_owned(), ..Sources::default() };
    let config = Config::load(&sources).unwrap();
    assert!(!config.storage.migrate && config.server.port == 0);
}

#[test]
fn mistakes_are_usage_errors_with_a_suggestion() {
    let cases: &[(&[&str], &str)] = &[
        (&["serv"], "serve"),
        (&["--prot", "1"], "--port"),
        (&["--log-level", "loud"], "error, warn, info, debug, trace"),
        (&["--port", "99999"], "99999"),
        (&["mock-provider", "--host", "::"], "unexpected"),
    ];
    for (arguments, hint) in cases {
        let error = parse(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[test]
fn the_mock_provider_has_an_address_of_its_own() {
    let Command::MockProvider(mock) = parse(&["mock-provider", "--port", "0"]).unwrap().requested()
    else {
        panic!("another command");
    };
    assert_eq!(mock.socket(), "127.0.0.1:0".parse().unwrap());
}
