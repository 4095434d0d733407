//! The built-in demo model: plays a [`Script`] in this process.
//!
//! It keeps to the same contract as a real provider, deadlines included, so that whatever works
//! with it works with a real one.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::stream;
use tokio::task::consume_budget;
use tokio::time::{Instant, sleep_until};

use crate::script::{Ending, Play, Prompt, Script, Step, Tally, Timed};
use crate::wire::failure::Report;
use crate::{
    ChatMessage, ChatRequest, Delta, DeltaStream, Finish, Limit, Listed, Listing, ModelFacts,
    Phase, ProviderError, Timeouts, TokenUsage, Tokenizer,
};

/// Its name as a provider and as a model.
pub(crate) const NAME: &str = "demo";
pub(crate) const FACTS: ModelFacts = ModelFacts {
    context_tokens: 8_192,
    output_reserve_tokens: 1_024,
    tokenizer: Tokenizer::Estimate,
    streams: true,
    reasons: Some(true),
};

/// The names worth showing in a list; any other script works, too.
pub(crate) fn listing() -> Listing {
    let listed = |id: &str| Listed { id: id.to_owned(), context_tokens: None };
    let models = [NAME, "demo:slow", "demo:long"].map(listed).to_vec();
    Listing { models, problem: None }
}

/// The script that a model name stands for, if it is one of the demo model's.
pub(crate) fn script(model: &str) -> Option<Script> {
    let script = Script::parse(model)
        .inspect_err(|error| tracing::debug!(%error, "not a demo model"))
        .ok()?;
    model.starts_with(NAME).then_some(script)
}

/// The demo model.
#[derive(Debug)]
pub(crate) struct Demo {
    timeouts: Timeouts,
    tally: Tally,
}

impl Demo {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, tally: Tally::default() }
    }

    /// An answer that begins when the stream is first polled.
    pub(crate) fn stream(self: Arc<Self>, request: ChatRequest) -> DeltaStream {
        let begin = Box::new((self, request));
        Box::pin(stream::unfold(Begun::No(begin), |begun| async move {
            let mut telling = match begun {
                Begun::No(begin) => {
                    let (demo, request) = *begin;
                    Box::new(demo.begin(&request))
                }
                Begun::Yes(telling) => telling,
            };
            let item = telling.next().await?;
            Some((item, Begun::Yes(telling)))
        }))
    }

    fn begin(&self, request: &ChatRequest) -> Telling {
        let now = Instant::now();
        let messages = request.messages.iter().map(|message| match message {
            ChatMessage::Returned { .. } => ("tool", message.plain()),
            message => (message.role().as_str(), message.plain()),
        });
        let mut prompt = Prompt::new(messages, request.max_output_tokens);
        prompt.options.clone_from(&request.options);
        let source = match script(&request.model) {
            Some(script) => Source::Playing(self.tally.apply(&request.model, script).play(&prompt)),
            None => Source::Failed(ProviderError::ModelNotFound),
        };
        Telling {
            source,
            timeouts: self.timeouts,
            began: now,
            last_token: None,
            ready: VecDeque::new(),
            usage: None,
            finish: None,
            said: false,
        }
    }
}

enum Begun {
    No(Box<(Arc<Demo>, ChatRequest)>),
    Yes(Box<Telling>),
}

/// An answer being told.
struct Telling {
    source: Source,
    timeouts: Timeouts,
    began: Instant,
    last_token: Option<Instant>,
    /// Played, but not yet handed out.
    ready: VecDeque<Delta>,
    usage: Option<TokenUsage>,
    finish: Option<Ending>,
    /// Words or calls came.
    said: bool,
}

enum Source {
    Playing(Play),
    Failed(ProviderError),
    Ended,
}

impl Telling {
    async fn next(&mut self) -> Option<Result<Delta, ProviderError>> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Some(Ok(delta));
            }
            let timed = match &mut self.source {
                Source::Ended => return None,
                Source::Failed(error) => {
                    let error = error.clone();
                    self.source = Source::Ended;
                    return Some(Err(error));
                }
                Source::Playing(play) => play.next(),
            };
            // An unpaced script must not keep the thread to itself.
            consume_budget().await;
            let result = match timed {
                Some(timed) => self.act(timed).await,
                None => self.end(),
            };
            if let Err(error) = result {
                self.source = Source::Failed(error);
            }
        }
    }

    async fn act(&mut self, Timed { at, step }: Timed) -> Result<(), ProviderError> {
        self.wait(Some(self.began + at)).await?;
        match step {
            Step::Text(text) => self.say(Delta::Text(text)),
            Step::Reasoning(text) => self.say(Delta::Reasoning(text)),
            Step::Call { id, name } => self.say(Delta::Call { id: Some(id), name, extra: None }),
            Step::Arguments(text) => self.say(Delta::Arguments(text)),
            Step::Usage(usage) => self.usage = usage,
            Step::Finish(ending) => self.finish = Some(ending),
            Step::Done | Step::Close | Step::Truncate | Step::Reset => return self.end(),
            Step::Status { code, retry_after } => {
                let wait = retry_after
                    .and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
                let failure = Report::default().classify(Some(code), wait).err();
                return Err(failure.map_or(ProviderError::Failed, |failure| failure.error));
            }
            Step::Json { reasoning, calls, text, usage, ending } => {
                self.finish = Some(ending);
                self.usage = usage;
                self.say(Delta::Reasoning(reasoning));
                for (id, name, arguments) in calls {
                    self.say(Delta::Call { id: Some(id), name, extra: None });
                    self.say(Delta::Arguments(arguments));
                }
                self.say(Delta::Text(text));
                return self.end();
            }
            Step::Silent | Step::Stall => return self.wait(None).await,
            Step::Error => return Err(ProviderError::Failed),
            Step::Garbage | Step::Raw(_) | Step::Wire(_) => return Err(ProviderError::Protocol),
            Step::Huge => return Err(ProviderError::TooLarge(Limit::Event)),
            // Already part of the due time.
            Step::Wait(_) => {}
        }
        Ok(())
    }

    fn say(&mut self, delta: Delta) {
        if let Delta::Text(text) | Delta::Reasoning(text) | Delta::Arguments(text) = &delta
            && text.is_empty()
        {
            return;
        }
        self.last_token = Some(Instant::now());
        self.said |= match &delta {
            Delta::Text(text) => !text.trim_start().is_empty(),
            delta => matches!(delta, Delta::Call { .. }),
        };
        self.ready.push_back(delta);
    }

    /// Waits until `due`, or for ever; not longer than a provider is waited for.
    async fn wait(&mut self, due: Option<Instant>) -> Result<(), ProviderError> {
        let Timeouts { first_token, idle, total, .. } = self.timeouts;
        let (patience, phase) = match self.last_token {
            None => (self.began + first_token, Phase::FirstToken),
            Some(last) => (last + idle, Phase::Idle),
        };
        let end = self.began + total;
        let (patience, phase) =
            if end < patience { (end, Phase::Total) } else { (patience, phase) };
        match due {
            Some(due) if due <= patience => {
                if Instant::now() < due {
                    sleep_until(due).await;
                }
                Ok(())
            }
            _ => {
                sleep_until(patience).await;
                Err(ProviderError::Timeout(phase))
            }
        }
    }

    fn end(&mut self) -> Result<(), ProviderError> {
        let ending = self.finish.ok_or(ProviderError::Truncated)?;
        self.ready.push_back(Delta::FinishReason(ending.as_str().to_owned()));
        self.ready.extend(self.usage.map(Delta::Usage));
        let finish = finish(ending)?;
        if finish == Finish::Stop && !self.said {
            return Err(ProviderError::EmptyAnswer);
        }
        self.ready.push_back(Delta::Finish(finish));
        self.source = Source::Ended;
        Ok(())
    }
}

fn finish(ending: Ending) -> Result<Finish, ProviderError> {
    match ending {
        Ending::Stop | Ending::ToolCalls => Ok(Finish::Stop),
        Ending::Length => Ok(Finish::Length),
        Ending::ContentFilter => Ok(Finish::ContentFilter),
        Ending::Error => Err(ProviderError::Failed),
    }
}
