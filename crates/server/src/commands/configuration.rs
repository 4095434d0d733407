//! `chatapp config`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use chatapp::cli::{ConfigCommand, ConfigInitArgs, ConfigShowArgs};
use chatapp::config::{Config, Sources, Used, env_example, toml_example};
use serde_json::json;

use super::new_file::NewFile;
use super::{print, table};

/// Does what was asked about the configuration.
pub(crate) fn config(sources: &Sources, command: ConfigCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Check => {
            let config = Config::load(sources)?;
            let files = match config.files.as_slice() {
                [] => "no file was read".to_owned(),
                files => {
                    let names: Vec<_> =
                        files.iter().map(|file| file.display().to_string()).collect();
                    format!("read from {}", names.join(" and "))
                }
            };
            let warnings = config.warnings.iter().map(|warning| format!("\nWarning: {warning}."));
            let warnings: String = warnings.collect();
            print(&format!("The configuration can be used ({files}).{warnings}"))
        }
        ConfigCommand::Show(ConfigShowArgs { all, json }) => {
            let mut used = Config::explain(sources)?;
            used.retain(|one| all || !one.is_default);
            show(&used, json)
        }
        ConfigCommand::Init(ConfigInitArgs { file, force }) => init(&file, force),
    }
}

fn show(used: &[Used], as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        let one = |one: &Used| {
            json!({
                "key": one.key,
                "value": one.value,
                "origin": one.origin,
                "is_default": one.is_default,
            })
        };
        let list: Vec<_> = used.iter().map(one).collect();
        return print(&serde_json::to_string_pretty(&list).context("the list")?);
    }
    let rows = used.iter().map(|one| [one.key.clone(), one.value.clone(), one.origin.clone()]);
    print(&table::table(["KEY", "VALUE", "FROM"], rows))
}

/// Only its owner may read it: keys will be written into it.
fn init(file: &Path, force: bool) -> anyhow::Result<ExitCode> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let text = if name.ends_with(".env") { env_example() } else { toml_example() };
    let mut new = NewFile::create(file, force)?;
    new.write_all(text.as_bytes())?;
    new.finish()
}
