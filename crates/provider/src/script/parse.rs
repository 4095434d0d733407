//! Reading a script from a model's name.

use std::time::Duration;

use super::{Answer, Ending, Fault, FaultKind, MAX_TOKENS, Script};

/// A model's name that is no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// It begins with neither `demo` nor `mock`.
    #[error("a script begins with `demo` or `mock`")]
    OtherModel,
    /// It has a setting that does not exist.
    #[error("unknown setting `{0}`")]
    UnknownSetting(String),
    /// A setting has a value that it cannot have.
    #[error("`{0}` cannot be `{1}`")]
    BadValue(&'static str, String),
}

/// Time between the tokens of `demo`.
const DEMO_DELAY: Duration = Duration::from_millis(25);
const SLOW_DELAY: Duration = Duration::from_millis(250);
const LONG_DELAY: Duration = Duration::from_millis(5);
const LONG_WORDS: u32 = 1_500;
/// How many tokens of reasoning come before the demo model's own answer.
const TOUR_REASONING: u32 = 24;
const LONGEST_WAIT: Duration = Duration::from_hours(24);

impl Script {
    /// Reads `demo`, `mock`, `demo:settings` or `mock:settings`; see [`crate::script`].
    pub fn parse(name: &str) -> Result<Self, ScriptError> {
        let (family, settings) = name.split_once(':').unwrap_or((name, ""));
        let delay = match family {
            "demo" => DEMO_DELAY,
            "mock" => Duration::ZERO,
            _ => return Err(ScriptError::OtherModel),
        };
        let mut script = Self { delay, reasoning: TOUR_REASONING, ..Self::new(Answer::Tour) };
        let mut reasoning = None;
        let mut retry_after = None;
        for setting in settings.split(',').map(str::trim).filter(|setting| !setting.is_empty()) {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            match (key, value) {
                ("ticks", n) => script.answer = Answer::Ticks(count("ticks", n)?),
                ("words", n) => script.answer = Answer::Words(count("words", n)?),
                ("echo", "") => script.answer = Answer::Echo,
                ("slow", "") => script.delay = SLOW_DELAY,
                ("long", "") => script = script.long(),
                ("rate", n) => script.delay = pace(n)?,
                ("delay", text) => script.delay = duration("delay", text)?,
                ("first", text) => script.first = duration("first", text)?,
                ("reasoning", n) => reasoning = Some(count("reasoning", n)?),
                ("calls", n) => script.calls = count("calls", n)?,
                ("tools", "") => script.tools = true,
                ("finish", reason) => script.ending = ending(reason)?,
                ("usage", "none") => script.usage = false,
                ("chunk_bytes", n) => {
                    let bytes = usize::try_from(count("chunk_bytes", n)?).unwrap_or(usize::MAX);
                    script.chunk_bytes = Some(bytes.max(1));
                }
                ("early", "") => script.manners.early = true,
                ("silence", text) => script.manners.silence = Some(silence(text)?),
                ("comments", text) => {
                    let every = duration("comments", text)?;
                    script.manners.comments = (!every.is_zero()).then_some(every);
                }
                ("alternate", "") => script.manners.alternate = true,
                ("window", n) => script.manners.window = Some(count("window", n)?),
                ("padding", n) => script.manners.padding = bytes("padding", n)?,
                ("type", text) => script.manners.content_type = Some(content_type(text)?),
                ("gzip", "") => script.manners.gzip = true,
                ("beside", "") => script.manners.beside = true,
                ("half", "") => script.manners.half = true,
                ("fault", text) => script.fault = Some(fault(text)?),
                ("status", code) => script.fault = Some(Fault { kind: status(code)?, at: 0 }),
                ("retry-after", text) => retry_after = Some(seconds("retry-after", text)?),
                ("times", n) => script.times = Some(count("times", n)?),
                ("usage", value) => {
                    return Err(ScriptError::BadValue("usage", value.to_owned()));
                }
                _ => return Err(ScriptError::UnknownSetting(setting.to_owned())),
            }
        }
        if script.answer != Answer::Tour {
            script.reasoning = 0;
        }
        script.reasoning = reasoning.unwrap_or(script.reasoning);
        if let Some(Fault { kind: FaultKind::Status { retry_after: asked, .. }, .. }) =
            &mut script.fault
        {
            *asked = retry_after;
        }
        Ok(script)
    }

    /// What `/slow` asks for.
    pub(super) fn slow(self) -> Self {
        Self { delay: SLOW_DELAY, ..self }
    }

    /// What `/tool` asks for.
    pub(super) fn calling(self) -> Self {
        Self { calls: self.calls.max(1), ..self }
    }

    /// What `/long` asks for.
    pub(super) fn long(self) -> Self {
        Self { answer: Answer::Words(LONG_WORDS), delay: LONG_DELAY.min(self.delay), ..self }
    }
}

fn bad(key: &'static str, value: &str) -> ScriptError {
    ScriptError::BadValue(key, value.to_owned())
}

fn count(key: &'static str, text: &str) -> Result<u32, ScriptError> {
    text.parse().ok().filter(|n| *n <= MAX_TOKENS).ok_or_else(|| bad(key, text))
}

/// The most bytes that an event is larger by.
const MOST_PADDING: u32 = 32 * 1024 * 1024;

fn bytes(key: &'static str, text: &str) -> Result<u32, ScriptError> {
    text.parse().ok().filter(|n| *n <= MOST_PADDING).ok_or_else(|| bad(key, text))
}

fn silence(text: &str) -> Result<(Duration, u32), ScriptError> {
    let (wait, at) = text.split_once('@').unwrap_or((text, "0"));
    Ok((duration("silence", wait)?, count("silence", at)?))
}

/// A type as a header field can carry it.
fn content_type(text: &str) -> Result<String, ScriptError> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned()).ok_or_else(|| bad("type", text))
}

fn seconds(key: &'static str, text: &str) -> Result<f64, ScriptError> {
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    number.ok_or_else(|| bad(key, text))
}

/// The time between tokens at so many a second.
fn pace(text: &str) -> Result<Duration, ScriptError> {
    let rate = seconds("rate", text)?;
    if rate == 0.0 {
        return Ok(Duration::ZERO);
    }
    let delay = Duration::try_from_secs_f64(1.0 / rate).map_err(|_| bad("rate", text))?;
    Ok(delay.min(LONGEST_WAIT))
}

fn duration(key: &'static str, text: &str) -> Result<Duration, ScriptError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (_, unit) = text.split_at(digits.len());
    let factor = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "" if digits == "0" => 0.0,
        _ => return Err(bad(key, text)),
    };
    let wait = Duration::try_from_secs_f64(seconds(key, digits)? * factor);
    wait.ok().filter(|wait| *wait <= LONGEST_WAIT).ok_or_else(|| bad(key, text))
}

fn ending(text: &str) -> Result<Ending, ScriptError> {
    [Ending::Stop, Ending::ToolCalls, Ending::Length, Ending::ContentFilter, Ending::Error]
        .into_iter()
        .find(|ending| ending.as_str() == text)
        .ok_or_else(|| bad("finish", text))
}

fn status(text: &str) -> Result<FaultKind, ScriptError> {
    let code = text.parse().ok().filter(|code| (400..600).contains(code));
    let code = code.ok_or_else(|| bad("status", text))?;
    Ok(FaultKind::Status { code, retry_after: None })
}

fn fault(text: &str) -> Result<Fault, ScriptError> {
    let (name, at) = match text.split_once('@') {
        Some((name, at)) => (name, count("fault", at)?),
        None => (text, 0),
    };
    let kind = match name {
        "stall" => FaultKind::Stall,
        "truncate" => FaultKind::Truncate,
        "reset" => FaultKind::Reset,
        "nodone" => FaultKind::NoDone,
        "error" => FaultKind::Error,
        "garbage" => FaultKind::Garbage,
        "huge" => FaultKind::Huge,
        "silent" => FaultKind::Silent,
        "json" => FaultKind::Json,
        other => match other.strip_prefix("status=") {
            Some(code) => status(code)?,
            None => return Err(bad("fault", text)),
        },
    };
    let before_any_token =
        matches!(kind, FaultKind::Silent | FaultKind::Json | FaultKind::Status { .. });
    if before_any_token && at > 0 { Err(bad("fault", text)) } else { Ok(Fault { kind, at }) }
}
