//! The model providers: reachable, and content with their keys.

use models::Context;
use provider::{OpenAiConfig, Probe, Provider};

use super::report::Report;
use super::{clock, exposure};
use crate::config::Config;

pub(super) async fn check(report: &mut Report, config: &Config, context: &Context) {
    let providers = &config.providers;
    if providers.default.is_none() {
        report.warn(
            "provider",
            "The built-in demo model answers.",
            "For a real one set OPENAI_API_KEY, or OPENAI_BASE_URL and OPENAI_MODEL.",
        );
    }
    for one in &providers.list {
        examine(report, one, context).await;
    }
}

/// Looks at one provider; the models it lists.
pub(super) async fn examine(
    report: &mut Report,
    config: &OpenAiConfig,
    context: &Context,
) -> Vec<String> {
    encrypted(report, config);
    let probed = match Provider::open_ai(config.clone()) {
        Ok(provider) => provider.probe().await,
        Err(error) => {
            report.fail("provider", format!("{}: {error}.", config.name), CHECK_ADDRESS);
            None
        }
    };
    match probed {
        Some(Ok(probe)) => {
            answered(report, config, &probe, context);
            probe.models.unwrap_or_default()
        }
        Some(Err(why)) => {
            unreachable(report, config, &why);
            Vec::new()
        }
        None => Vec::new(),
    }
}

pub(super) const CHECK_ADDRESS: &str = "Check that its base_url (OPENAI_BASE_URL) is the address of the API; \
                             it often ends in /v1.";
pub(super) const CHECK_KEY: &str = "Check its api_key (OPENAI_API_KEY): it may be cut, revoked, or for another \
                         address.";

fn encrypted(report: &mut Report, config: &OpenAiConfig) {
    let address = config.address();
    let host = address.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    if config.api_key.is_some() && host.is_some_and(|host| !exposure::is_local(host)) {
        report.warn(
            "provider",
            format!("The key of {} is sent to {address} without encryption.", config.name),
            "Use an address that begins with https://.",
        );
    }
}

fn unreachable(report: &mut Report, config: &OpenAiConfig, why: &str) {
    report.fail(
        "provider",
        format!("{} cannot be reached at {}: {why}.", config.name, config.address()),
        "Check its base_url (OPENAI_BASE_URL), and whether this machine reaches that address (name \
         server, firewall, container network).",
    );
}

fn answered(report: &mut Report, config: &OpenAiConfig, probe: &Probe, context: &Context) {
    let name = &config.name;
    if let Some(theirs) = probe.time {
        clock::compare(report, &format!("the provider {name}"), theirs, context);
    }
    match (probe.status, &probe.models) {
        (200, Some(models)) => listed(report, config, models),
        (200, None) => report.warn(
            "provider",
            format!("{name} answers at {}, but with no list of models.", config.address()),
            CHECK_ADDRESS,
        ),
        (401 | 403, _) if config.api_key.is_none() => {
            report.fail("provider", format!("{name} wants a key."), "Set its api_key (OPENAI_API_KEY).");
        }
        (status @ (401 | 403), _) => {
            report.fail("provider", format!("{name} refused the key ({status})."), CHECK_KEY);
        }
        (status @ (404 | 405), _) => report.warn(
            "provider",
            format!(
                "{name} lists no models at {} ({status}): perhaps it cannot, perhaps the address is \
                 wrong.",
                config.address()
            ),
            CHECK_ADDRESS,
        ),
        (status, _) => report.warn(
            "provider",
            format!("{name} answers {status}."),
            "Look at the provider's status page, and try again.",
        ),
    }
}

/// The models that the configuration names have to be there.
fn listed(report: &mut Report, config: &OpenAiConfig, models: &[String]) {
    let name = &config.name;
    let wanted = config.default_model.iter().chain(config.models.iter().flatten());
    let missing = wanted.into_iter().find(|model| !models.contains(model));
    match (missing, models.first()) {
        (Some(missing), Some(first)) => report.warn(
            "provider",
            format!("{name} answers, but {missing} is not among its {} models.", models.len()),
            format!("Name one of them (OPENAI_MODEL, or default_model of the provider), such as {first}."),
        ),
        _ => report.ok("provider", format!("{name} answers, with {} models.", models.len())),
    }
}
