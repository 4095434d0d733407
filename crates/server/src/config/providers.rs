//! Sections `providers.NAME`, and all providers put together.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use provider::{
    CallStyle, ModelOptions, OpenAiConfig, ReasoningField, ReasoningTags, SystemRole, Timeouts,
    TokenLimit, Tokenizer,
};

use super::error::did_you_mean;
use super::models::ModelsConfig;
use super::provider::{ApiKey, BaseUrl, ProviderConfig};
use super::provider_setting::{FieldName, Headers, ModelNames};
use super::section::section;
use super::values::{Values, model_section};

section! {
    /// A further OpenAI-compatible service. `NAME` stands before its models' names
    /// (`NAME/gpt-4o`); in variables it is written in capitals, with `_` for `-`. Timeouts and
    /// limits that are not set are those of `[provider]`. A section with the name that
    /// `provider.name` says adds to that provider and takes from it whatever it does not set.
    NamedProviderConfig = "providers.NAME";

    /// Its address, to which `/chat/completions` is appended; `https://api.openai.com/v1` if
    /// there is only a key.
    base_url: Option<BaseUrl>;
    /// Its key, sent to this provider only.
    api_key: Option<ApiKey>;
    /// The header field that carries the key as it is. Without it the key is a bearer token, or
    /// `api-key` for an address below `openai.azure.com`.
    key_header: Option<FieldName>;
    /// Further header fields of every request, as a table; in a variable one `Name: value` a line.
    headers: Option<Headers>;
    /// The model used when this is the default provider and nothing names a model. Without it the
    /// first of `models`.
    default_model: Option<String>;
    /// The only models offered, in this order. Without it every model can be asked, and those
    /// that the provider lists are shown.
    models: Option<ModelNames>;
    /// The window of its models: how many tokens of context and answer they take. Without it what
    /// the provider lists counts, else the built-in table, else 32768.
    context_tokens: Option<u32>, range "512" to "100000000";
    /// How many tokens of the window are kept free for the answer.
    output_reserve_tokens: Option<u32>, range "16" to "10000000";
    /// How tokens are counted where a conversation comes near the window; known for models of
    /// OpenAI by their names if not set, else `estimate`. Each of the other two takes some 25 MiB of
    /// memory from the first such conversation on.
    tokenizer: Option<Tokenizer>;
    /// Under which role instructions are sent; `user` puts them at the head of the user's first
    /// message.
    system_role: Option<SystemRole>;
    /// The field that limits the length of an answer. If not set, the new one for OpenAI and Azure,
    /// and whichever the provider takes.
    token_limit_field: Option<TokenLimit>;
    /// The sampling temperature where a request asks for none; not sent if not set, since some models
    /// refuse it.
    temperature: Option<f64>, range "0" to "2";
    /// Where reasoning between tags (`<think>…</think>` and a dozen others that models use) is taken
    /// out of an answer: at its beginning and where a tag begins a line (`leading`), or everything
    /// before the first closing tag (`implied`, for models whose prompt has the opening one). Pairs of
    /// tags, as a list or separated by commas, count beside the known ones. `off` for OpenAI and Azure
    /// if not set, else `leading`.
    reasoning_tags: Option<ReasoningTags>;
    /// Whether to ask for answers piece by piece; `true` if not set.
    stream: Option<bool>;
    /// Whether its models take images. If `false`, words stand for them; if not set, images are
    /// sent.
    images: Option<bool>;
    /// Whether its models take files. If `false`, words stand for them; if not set, files are sent.
    files: Option<bool>;
    /// How calls of tools are written: with ids of at most 40 letters, digits, `_` and `-`
    /// (`standard`), with the nine letters and digits and the order of messages that Mistral's models
    /// insist on (`mistral`), or with ids as the model gave them (`as_is`). If not set, the model's
    /// name decides, else `standard`.
    tool_calls: Option<CallStyle>;
    /// The field in which reasoning goes back that led to a call of a tool. If not set,
    /// `reasoning_content` for models whose names have `deepseek` or `kimi`, which insist on it, else
    /// `off`.
    reasoning_field: Option<ReasoningField>;
    /// Whether to ask for token counts; some servers refuse the unknown field. `true` if not set.
    include_usage: Option<bool>;
    /// How long connecting may take.
    connect_timeout: Option<Duration>, range "10ms" to "10m";
    /// The longest silence before an answer; whatever the provider sends ends a silence, comments
    /// too. Models that are known to reason are given twice as long.
    first_token_timeout: Option<Duration>, range "10ms" to "1h";
    /// The longest silence within an answer; twice as long for models that are known to reason.
    idle_timeout: Option<Duration>, range "10ms" to "1h";
    /// How long a whole answer may take, repetitions included.
    total_timeout: Option<Duration>, range "10ms" to "1d";
    /// The largest single event accepted from the provider, in bytes.
    max_event_bytes: Option<usize>, range "1024" to "67108864";
    /// The largest answer accepted, reasoning and calls of tools included, in bytes.
    max_answer_bytes: Option<usize>, range "1024" to "67108864";
    /// How often a call is repeated that failed before the first piece of its answer.
    max_retries: Option<u32>, range "0" to "10";
}

section! {
    /// What differs for one model of a provider; in `chatapp.toml` only.
    ModelConfig = "providers.NAME.model.ID";

    /// Its window: how many tokens of context and answer it takes.
    context_tokens: Option<u32>, range "512" to "100000000";
    /// How many tokens of the window are kept free for the answer.
    output_reserve_tokens: Option<u32>, range "16" to "10000000";
    /// How its tokens are counted where a conversation comes near the window.
    tokenizer: Option<Tokenizer>;
    /// Under which role instructions are sent.
    system_role: Option<SystemRole>;
    /// The field that limits the length of an answer.
    token_limit_field: Option<TokenLimit>;
    /// The sampling temperature where a request asks for none.
    temperature: Option<f64>, range "0" to "2";
    /// Where reasoning between tags is taken out of an answer.
    reasoning_tags: Option<ReasoningTags>;
    /// Whether to ask for answers piece by piece.
    stream: Option<bool>;
    /// Whether it takes images; if `false`, words stand for them.
    images: Option<bool>;
    /// Whether it takes files; if `false`, words stand for them.
    files: Option<bool>;
    /// How calls of tools are written.
    tool_calls: Option<CallStyle>;
    /// The field in which reasoning goes back that led to a call of a tool.
    reasoning_field: Option<ReasoningField>;
}

impl ModelConfig {
    fn options(self) -> ModelOptions {
        let Self {
            context_tokens,
            output_reserve_tokens,
            tokenizer,
            system_role,
            token_limit_field,
            temperature,
            reasoning_tags,
            stream,
            images,
            files,
            tool_calls,
            reasoning_field,
        } = self;
        ModelOptions {
            context_tokens,
            output_reserve_tokens,
            tokenizer,
            system_role,
            token_limit: token_limit_field,
            temperature,
            reasoning_tags,
            stream,
            images,
            files,
            tool_calls,
            reasoning_field,
        }
    }
}

/// Who writes the answers.
#[derive(Debug, Clone)]
pub struct Providers {
    /// The providers by name; the demo model is none of them.
    pub list: Vec<OpenAiConfig>,
    /// The default one; none if there are no providers.
    pub default: Option<String>,
    /// The one that `[provider]` and the three variables describe, if there is one.
    pub single: Option<String>,
    /// Whether the demo model is offered beside them.
    pub demo: bool,
}

impl Providers {
    /// Puts the sections together; none, with the problems noted, if they cannot be used.
    pub(super) fn load(
        values: &mut Values,
        single: &ProviderConfig,
        models: &ModelsConfig,
    ) -> Option<Self> {
        let mut names: Vec<String> = values.provider_names();
        let own = single.name.0.clone();
        if single.address().is_some() && !names.contains(&own) {
            names.push(own.clone());
        }
        names.sort_unstable();
        let count = names.len();
        let list: Vec<OpenAiConfig> =
            names.iter().filter_map(|name| load_one(values, single, name)).collect();
        let default = default_name(values, single, models, &names);
        if list.len() != count {
            return None;
        }
        let has_default = |name: &String| {
            list.iter().any(|config| config.name == *name && config.default_model.is_some())
        };
        if let Some(name) = default.as_ref().filter(|name| !has_default(name)) {
            values.complain(format!(
                "providers.{name}.default_model is missing: {name} is the default provider; \
                 expected the model to use when nothing names one"
            ));
            return None;
        }
        let single = single.address().map(|_| own);
        Some(Self { list, default, single, demo: models.demo })
    }
}

/// The default provider's name; none, with the problem noted unless there are no providers.
fn default_name(
    values: &mut Values,
    single: &ProviderConfig,
    models: &ModelsConfig,
    names: &[String],
) -> Option<String> {
    let known = names.join(", ");
    match (&models.default_provider, names) {
        (Some(name), _) if names.contains(&name.0) => Some(name.0.clone()),
        (Some(name), _) => {
            let known = if known.is_empty() { "but there is none".to_owned() } else { known };
            values.complain(format!(
                "models.default_provider: {:?} is not allowed: there is no such provider; expected \
                 one of the providers, {known}",
                name.0
            ));
            None
        }
        (None, []) => None,
        (None, [only]) => Some(only.clone()),
        (None, _) if single.address().is_some() => Some(single.name.0.clone()),
        (None, _) => {
            values.complain(format!(
                "models.default_provider is missing: there are several providers; expected one of \
                 them, {known}"
            ));
            None
        }
    }
}

fn load_one(values: &mut Values, single: &ProviderConfig, name: &str) -> Option<OpenAiConfig> {
    let section = format!("providers.{name}");
    let own = NamedProviderConfig::load(values, &section);
    let model_options = load_models(values, name);
    let own = own?;
    // Address, key and model belong to the provider they were written for, and to no other.
    let same = (name == single.name.0).then_some(single);
    let api_key = own.api_key.or_else(|| same.and_then(|same| same.api_key.clone()));
    let address = own
        .base_url
        .or_else(|| same.and_then(ProviderConfig::address))
        .or_else(|| api_key.as_ref().map(|_| BaseUrl::open_ai()));
    let Some(address) = address else {
        values.complain(format!(
            "{section}.base_url is missing; expected the provider's address, such as \
             `http://localhost:11434/v1`"
        ));
        return None;
    };
    let models = own.models.map(|models| models.0);
    let default_model = own
        .default_model
        .or_else(|| models.as_ref().and_then(|models| models.first().cloned()))
        .or_else(|| same.map(|same| same.model.clone()));
    let config = OpenAiConfig {
        name: name.to_owned(),
        base_url: address.as_str().to_owned(),
        api_key: api_key.map(|key| key.0),
        key_header: own.key_header.or_else(|| same?.key_header.clone()).map(|name| name.0),
        headers: own.headers.map(|headers| headers.0).unwrap_or_default(),
        default_model,
        models,
        options: ModelOptions {
            context_tokens: own.context_tokens.or_else(|| same?.context_tokens),
            output_reserve_tokens: own.output_reserve_tokens.or(Some(single.output_reserve_tokens)),
            tokenizer: own.tokenizer.or_else(|| same?.tokenizer),
            system_role: own.system_role.or_else(|| same?.system_role),
            token_limit: own.token_limit_field.or_else(|| same?.token_limit_field),
            temperature: own.temperature.or_else(|| same?.temperature),
            reasoning_tags: own.reasoning_tags.or_else(|| same?.reasoning_tags.clone()),
            stream: own.stream.or_else(|| same?.stream),
            images: own.images.or_else(|| same?.images),
            files: own.files.or_else(|| same?.files),
            tool_calls: own.tool_calls.or_else(|| same?.tool_calls),
            reasoning_field: own.reasoning_field.or_else(|| same?.reasoning_field),
        },
        model_options: model_options?,
        timeouts: Timeouts {
            connect: own.connect_timeout.unwrap_or(single.connect_timeout),
            first_token: own.first_token_timeout.unwrap_or(single.first_token_timeout),
            idle: own.idle_timeout.unwrap_or(single.idle_timeout),
            total: own.total_timeout.unwrap_or(single.total_timeout),
        },
        max_event_bytes: own.max_event_bytes.unwrap_or(single.max_event_bytes),
        max_answer_bytes: own.max_answer_bytes.unwrap_or(single.max_answer_bytes),
        max_retries: own.max_retries.unwrap_or(single.max_retries),
        include_usage: own.include_usage.unwrap_or(same.is_none_or(|same| same.include_usage)),
    };
    check(values, &config).then_some(config)
}

/// The entries of single models.
fn load_models(values: &mut Values, name: &str) -> Option<BTreeMap<String, ModelOptions>> {
    let ids = values.model_ids(name);
    let count = ids.len();
    let models: BTreeMap<_, _> = ids
        .into_iter()
        .filter_map(|id| {
            let section = model_section(name, &id);
            ModelConfig::load(values, &section).map(|model| (id, model.options()))
        })
        .collect();
    (models.len() == count).then_some(models)
}

/// Checks what no single key can say.
fn check(values: &mut Values, config: &OpenAiConfig) -> bool {
    let name = &config.name;
    let mut problems = Vec::new();
    let mut windows = vec![(format!("providers.{name}"), config.options.clone())];
    for (id, options) in &config.model_options {
        let section = model_section(name, id);
        let allowed = config.models.as_ref().is_none_or(|models| models.contains(id));
        if !allowed {
            let known = config.models.iter().flatten().map(String::as_str);
            let hint = did_you_mean(id, known)
                .map_or_else(String::new, |hint| format!("; did you mean {hint}?"));
            problems.push(format!("[{section}] is not among providers.{name}.models{hint}"));
        }
        windows.push((section, options.clone().or(config.options.clone())));
    }
    if let (Some(default), Some(models)) = (&config.default_model, &config.models)
        && !models.contains(default)
    {
        problems.push(format!(
            "providers.{name}.default_model: {default:?} is not allowed; expected one of \
             providers.{name}.models, {}",
            models.join(", ")
        ));
    }
    for (section, options) in windows {
        if let (Some(window), Some(reserve)) =
            (options.context_tokens, options.output_reserve_tokens)
            && reserve >= window
        {
            problems.push(format!(
                "{section}.output_reserve_tokens: {reserve} is not allowed; expected less than \
                 context_tokens, which is {window}"
            ));
        }
    }
    // What the provider's client itself refuses, said before anything is started.
    if let Err(error) = provider::Provider::open_ai(config.clone()) {
        problems.push(format!("providers.{name}: {error}; expected what docs/PROVIDERS.md says"));
    }
    let is_sound = problems.is_empty();
    for problem in problems {
        values.complain(problem);
    }
    is_sound
}
