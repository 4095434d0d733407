//! `docs/COMMANDS.md`, generated from the command line's declaration.

use std::fmt::Write as _;

use clap::{Arg, Command};

const INTRODUCTION: &str = "\
# Commands

<!-- Generated from `crates/server/src/cli.rs`; regenerate with `UPDATE_DOCS=1 cargo test -p chatapp cli`. -->

Results go to standard output, messages to standard error.

| Exit code | Meaning |
|---|---|
| 0 | done |
| 1 | failed; the message says why |
| 2 | the command line cannot be understood, or lacks a word such as `--yes` |
| 78 | the configuration cannot be used |
| 130, 143 | ended by Ctrl-C, by SIGTERM; a server that was told to stop and did so in good order ends with 0 |

`chatapp doctor` has codes of its own, see there.
";

/// Every command with its options.
pub fn reference() -> String {
    let mut program = super::command();
    program.build();
    let mut text = String::from(INTRODUCTION);
    add_options(&mut text, "## Options of every command", Arg::is_global_set, &program);
    for command in below(&program) {
        add(&mut text, &[command]);
    }
    text
}

/// The commands below one, in the order of the help.
fn below(command: &Command) -> Vec<&Command> {
    let mut commands: Vec<_> =
        command.get_subcommands().filter(|command| command.get_name() != "help").collect();
    commands.sort_by_key(|command| command.get_display_order());
    commands
}

/// Adds the last command of `path` and everything below it.
fn add(text: &mut String, path: &[&Command]) {
    let Some(command) = path.last() else { return };
    let names: Vec<_> = path.iter().map(|command| command.get_name()).collect();
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    // Writing into a string cannot fail.
    let _ = write!(text, "\n## chatapp {}\n\n{}\n", names.join(" "), about.trim());
    let usage = Command::clone(command).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let _ = write!(text, "\n```text\n{usage}\n```\n");
    add_options(text, "", |argument| !argument.is_global_set(), command);
    if let Some(after) = command.get_after_long_help() {
        let _ = write!(text, "\n```text\n{}\n```\n", after.to_string().trim_end());
    }
    for command in below(command) {
        add(text, &[path, &[command]].concat());
    }
}

fn add_options(text: &mut String, heading: &str, wanted: impl Fn(&Arg) -> bool, command: &Command) {
    let mut rows = String::new();
    for argument in command.get_arguments().filter(|a| !a.is_hide_set() && wanted(a)) {
        let help = argument.get_long_help().or(argument.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        let _ = writeln!(rows, "| `{}` | {help}{} |", name(argument), values(argument));
    }
    if rows.is_empty() {
        return;
    }
    if !heading.is_empty() {
        let _ = write!(text, "\n{heading}\n");
    }
    let _ = write!(text, "\n| Option | Meaning |\n|---|---|\n{rows}");
}

/// An option as one types it, such as `--port <PORT>`.
fn name(argument: &Arg) -> String {
    let name = argument.to_string().replace('|', "\\|");
    match argument.get_short() {
        Some(short) => format!("-{short}, {name}"),
        None => name,
    }
}

/// The words an option takes, unless its text names them, and its default.
fn values(argument: &Arg) -> String {
    let takes_value = argument.get_action().takes_values();
    let default = argument.get_default_values().first().filter(|_| takes_value);
    let default = default.map(|value| format!(" [default: {}]", value.to_string_lossy()));
    let default = default.unwrap_or_default();
    let words: Vec<_> = argument
        .get_possible_values()
        .iter()
        .filter(|value| takes_value && !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if words.is_empty() || argument.is_hide_possible_values_set() {
        return default;
    }
    format!(" ({}){default}", words.join(", "))
}
