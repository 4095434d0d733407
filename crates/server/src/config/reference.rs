//! The reference and the example files, generated from the declarations.

use std::fmt::Write as _;

use super::key::{Key, Section};
use super::{NAMED_SECTIONS, SECTIONS};

/// `docs/CONFIGURATION.md`: every key with its default, and a commented `chatapp.toml`.
pub fn reference() -> String {
    let mut text = String::from(INTRODUCTION);
    for section in SECTIONS.iter().chain(NAMED_SECTIONS) {
        add_section(&mut text, section);
    }
    text.push_str("\n## chatapp.toml\n\nEvery key with its default:\n\n```toml\n");
    text.push_str(&toml_example());
    text.push_str("```\n");
    text
}

const INTRODUCTION: &str = "\
# Configuration

<!-- Generated from `crates/server/src/config`; regenerate with `UPDATE_DOCS=1 cargo test -p chatapp config`. -->

Nothing needs to be configured.
A value is looked for in this order, and the first one found counts:

1. command line options,
2. environment variables: `CHATAPP_SECTION__KEY`, or the well-known name where one is given,
3. the file `.env` in the working directory, with the same names,
4. the file `chatapp.toml` in the working directory, or the one named by `--config` or `CHATAPP_CONFIG`,
5. the default.

An empty value counts as not set.
Unknown keys and unknown `CHATAPP_` variables are errors.
A secret can be kept in a file of its own: append `_FILE` to the variable's name (`_file` to the key's) and give the path.
Values in `.env` are taken as they are, nothing is substituted; single quotes are literal.
Durations are written with a unit: `250ms`, `15s`, `10m`, `2h`, `30d`.
";

fn add_section(text: &mut String, section: &Section) {
    let lines: Vec<_> = section.doc.iter().map(|line| line.trim()).collect();
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "\n## {}\n\n{}\n\n| Key | Meaning | Default | Other names |\n|---|---|---|---|\n",
        section.name,
        lines.join("\n")
    );
    for key in section.keys {
        let default = key.default.map_or_else(|| "not set".to_owned(), |d| format!("`{d}`"));
        let mut names: Vec<_> =
            [key.env, key.flag].into_iter().flatten().map(|name| format!("`{name}`")).collect();
        if key.is_secret() {
            let name = key.env.map_or_else(|| key.variable(), str::to_owned);
            names.push(format!("`{name}_FILE`"));
        }
        let _ = writeln!(
            text,
            "| `{}` | {}{} | {default} | {} |",
            key.path(),
            key.text().replace('|', "\\|"),
            key.expectation(),
            names.join(", ")
        );
    }
}

/// A `chatapp.toml` in which every line is a commented default.
pub fn toml_example() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        let _ = writeln!(text, "[{}]", section.name);
        add_keys(&mut text, section);
    }
    for section in NAMED_SECTIONS {
        let _ = writeln!(text, "# [{}]", section.name);
        add_keys(&mut text, section);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn add_keys(text: &mut String, section: &Section) {
    for key in section.keys {
        comment(text, key);
        let value = match (key.default, key.quoted) {
            (Some(default), false) => default.to_owned(),
            (default, _) => format!("\"{}\"", default.unwrap_or_default()),
        };
        let _ = writeln!(text, "# {} = {value}", key.name);
    }
    text.push('\n');
}

/// `.env.example`: the variables people set most, then all others, each a commented default.
pub fn env_example() -> String {
    let mut text = String::from(
        "# Copy to .env and remove the # of what you want to change. Nothing here is required.\n\
         # Generated from crates/server/src/config; docs/CONFIGURATION.md has the details.\n",
    );
    let keys = || SECTIONS.iter().flat_map(|section| section.keys);
    // NO_COLOR takes no value that could be shown.
    let well_known = |key: &Key| key.env.filter(|name| *name != "NO_COLOR");
    for key in keys() {
        if let Some(name) = well_known(key) {
            add_variable(&mut text, key, name);
        }
    }
    for key in keys().filter(|key| well_known(key).is_none()) {
        add_variable(&mut text, key, &key.variable());
    }
    text.push_str(
        "\n## Further providers: CHATAPP_PROVIDERS__NAME__BASE_URL, CHATAPP_PROVIDERS__NAME__API_KEY\n\
         ## and the other keys of [providers.NAME] in docs/CONFIGURATION.md.\n",
    );
    text
}

fn add_variable(text: &mut String, key: &Key, name: &str) {
    text.push('\n');
    comment(text, key);
    let _ = writeln!(text, "# {name}={}", key.default.unwrap_or_default());
}

/// The meaning of a key, wrapped into comment lines.
fn comment(text: &mut String, key: &Key) {
    let paragraph = key.text() + &key.expectation();
    let mut width = 0;
    for word in paragraph.split(' ') {
        if width == 0 || width + word.len() > 98 {
            text.push_str(if width == 0 { "##" } else { "\n##" });
            width = 2;
        }
        text.push(' ');
        text.push_str(word);
        width += word.len() + 1;
    }
    text.push('\n');
}
