//! `chatapp provider`.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chatapp::cli::{ProviderCommand, ProviderTestArgs};
use chatapp::config::Config;
use chatapp::doctor;
use models::Context;
use provider::OpenAiConfig;
use serde_json::json;

use super::doctor::show;
use super::{print, table};

/// Does what was asked about providers.
pub(crate) async fn provider(config: Config, command: ProviderCommand) -> anyhow::Result<ExitCode> {
    match command {
        ProviderCommand::List { json } => list(&config, json),
        ProviderCommand::Test(ProviderTestArgs { name, model, json }) => {
            let chosen = chosen(&config, name.as_deref())?;
            let report =
                doctor::examine_providers(&config, &chosen, model.as_deref(), &Context::system())
                    .await;
            show(&report, json)
        }
    }
}

/// The providers to be tested.
fn chosen(config: &Config, name: Option<&str>) -> anyhow::Result<Vec<OpenAiConfig>> {
    let all = &config.providers.list;
    if all.is_empty() {
        bail!(
            "no provider is configured, so the built-in demo model answers; set OPENAI_API_KEY, or \
             OPENAI_BASE_URL and OPENAI_MODEL"
        );
    }
    let Some(name) = name else { return Ok(all.clone()) };
    let found = all.iter().find(|one| one.name == name).cloned();
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    let found = found.with_context(|| {
        format!("there is no provider {name:?}; there are: {}", names.join(", "))
    })?;
    Ok(vec![found])
}

fn list(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let providers = &config.providers;
    let is_default = |one: &OpenAiConfig| providers.default.as_ref() == Some(&one.name);
    if as_json {
        let one = |one: &OpenAiConfig| {
            json!({
                "name": one.name,
                "base_url": one.address(),
                "has_key": one.api_key.is_some(),
                "is_default": is_default(one),
                "default_model": one.default_model,
                "models": one.models,
            })
        };
        let list: Vec<_> = providers.list.iter().map(one).collect();
        return print(&serde_json::to_string_pretty(&list).context("the list")?);
    }
    let rows = providers.list.iter().map(|one| {
        [
            one.name.clone(),
            one.address().to_owned(),
            if one.api_key.is_some() { "set" } else { "none" }.to_owned(),
            if is_default(one) { "yes" } else { "no" }.to_owned(),
            one.default_model.clone().unwrap_or_else(|| "-".to_owned()),
            one.models.as_ref().map_or_else(|| "all it lists".to_owned(), |all| all.join(", ")),
        ]
    });
    print(&table::table(["NAME", "ADDRESS", "KEY", "DEFAULT", "DEFAULT MODEL", "MODELS"], rows))
}
