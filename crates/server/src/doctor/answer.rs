//! Whether a model answers, tried with a few words.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use provider::{ChatMessage, ChatRequest, ChatRole, Delta, OpenAiConfig, Provider, ProviderError};

use super::provider::{CHECK_ADDRESS, CHECK_KEY};
use super::report::Report;

/// What is asked.
const QUESTION: &str = "Say hello in one short sentence.";
/// The longest answer that is asked for, in tokens: a model that thinks first needs some.
const LONGEST: u32 = 256;
/// How much of the answer is shown, in characters.
const SHOWN: usize = 60;

/// What came of a question.
#[derive(Debug, Default)]
struct Answer {
    text: String,
    /// How many pieces it came in, reasoning included.
    pieces: u32,
    /// When the first of them came.
    first: Option<Duration>,
    output_tokens: Option<u64>,
}

/// Has `model` answer, or the provider's default one, or the first of those it lists.
pub(super) async fn check(
    report: &mut Report,
    config: &OpenAiConfig,
    model: Option<&str>,
    listed: &[String],
) {
    let known = config.default_model.as_ref().or(config.models.iter().flatten().next());
    let Some(model) = model.or(known.or(listed.first()).map(String::as_str)) else {
        return report.warn(
            "answer",
            format!("{} was asked nothing, since no model is known.", config.name),
            "Name one with --model, or set OPENAI_MODEL (default_model of the provider).",
        );
    };
    // What fails is to be seen, not to be overcome.
    let Ok(provider) = Provider::open_ai(OpenAiConfig { max_retries: 0, ..config.clone() }) else {
        // Said by whoever looked at the provider before.
        return;
    };
    let began = Instant::now();
    match ask(&provider, model, began).await {
        Ok(answer) => told(report, config, model, &answer, began.elapsed()),
        Err(error) => failed(report, config, model, &error),
    }
}

async fn ask(provider: &Provider, model: &str, began: Instant) -> Result<Answer, ProviderError> {
    let question = ChatMessage { role: ChatRole::User, content: QUESTION.to_owned() };
    let mut deltas = provider.stream(ChatRequest {
        model: model.to_owned(),
        messages: vec![question],
        max_output_tokens: Some(LONGEST),
    });
    let mut answer = Answer::default();
    while let Some(delta) = deltas.next().await {
        let delta = delta?;
        if !matches!(
            delta,
            Delta::Usage(_) | Delta::Finish(_) | Delta::FinishReason(_) | Delta::Waiting(_)
        ) {
            answer.pieces += 1;
            answer.first.get_or_insert_with(|| began.elapsed());
        }
        match delta {
            Delta::Text(text) => answer.text.push_str(&text),
            Delta::Usage(usage) => answer.output_tokens = Some(usage.output),
            _ => {}
        }
    }
    Ok(answer)
}

fn told(report: &mut Report, config: &OpenAiConfig, model: &str, answer: &Answer, took: Duration) {
    let name = &config.name;
    let Some(first) = answer.first else {
        return report.warn(
            "answer",
            format!("{model} of {name} ended its answer without a word."),
            "Try another model with --model.",
        );
    };
    let tokens = match answer.output_tokens {
        Some(tokens) => format!("{tokens} tokens"),
        None => "no count of tokens".to_owned(),
    };
    let mut text: String = answer.text.chars().take(SHOWN).collect();
    if text.len() < answer.text.len() {
        text.push('…');
    }
    report.ok(
        "answer",
        format!(
            "{model} of {name} began after {} ms and was done after {} ms, {} pieces, {tokens}: \
             {text:?}",
            first.as_millis(),
            took.as_millis(),
            answer.pieces,
        ),
    );
}

fn failed(report: &mut Report, config: &OpenAiConfig, model: &str, error: &ProviderError) {
    let fix = match error {
        ProviderError::Auth if config.api_key.is_none() => "Set its api_key (OPENAI_API_KEY).",
        ProviderError::Auth => CHECK_KEY,
        ProviderError::ModelNotFound => {
            "Try another one with --model; set it with OPENAI_MODEL (default_model of the provider)."
        }
        ProviderError::RateLimited { .. } | ProviderError::Overloaded { .. } => {
            "Wait a little and try again."
        }
        ProviderError::QuotaExhausted => "Look at plan and billing of the account there.",
        ProviderError::Timeout(provider::Phase::Connect) | ProviderError::Unreachable => {
            "Check its base_url (OPENAI_BASE_URL), and whether this machine reaches that address."
        }
        ProviderError::Timeout(_) => {
            "It may be loading the model: try again. A slow one needs larger timeouts \
             (provider.first_token_timeout, provider.idle_timeout)."
        }
        ProviderError::WrongAddress => {
            "Check its base_url (OPENAI_BASE_URL): it must be the address of the API, which often \
             ends in /v1, and not of a page."
        }
        ProviderError::Truncated | ProviderError::Protocol => {
            "Check that its base_url (OPENAI_BASE_URL) is the address of the API and not of a page. \
             If it cannot answer piece by piece, set stream = false for it."
        }
        ProviderError::BadRequest => {
            "The log line above has its words. Check the model, and that its base_url \
             (OPENAI_BASE_URL) is the address of the API, which often ends in /v1. Some servers \
             refuse a field: see system_role, token_limit_field and include_usage of the provider."
        }
        ProviderError::ContextTooLong
        | ProviderError::EmptyAnswer
        | ProviderError::TooLarge(_)
        | ProviderError::Failed => {
            "The log line above has its words. Try another model with --model."
        }
        ProviderError::Misconfigured(_) => CHECK_ADDRESS,
    };
    report.fail("answer", format!("{model} of {}: {error}.", config.name), fix);
}
