//! Turning a script into steps, lazily, so that a long one costs no memory.

use std::time::Duration;

use super::{Answer, Ending, Fault, FaultKind, Prompt, Script, Step, prose, tokens, tools, tour};
use crate::TokenUsage;

/// A step and when it is due, counted from the beginning of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// When it is due. Due times, unlike pauses, add up to the rate that was asked for.
    pub at: Duration,
    /// What to do; never [`Step::Wait`], and [`Step::Usage`] always has counts.
    pub step: Step,
}

/// The steps of a script.
pub struct Play {
    steps: Box<dyn Iterator<Item = Step> + Send>,
    /// When the next step is due.
    at: Duration,
    first: Duration,
    delay: Duration,
    begun: bool,
    usage: TokenUsage,
}

impl std::fmt::Debug for Play {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Play").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Script {
    /// The steps of this script for `prompt`.
    pub fn play(self, prompt: &Prompt) -> Play {
        let script = self.obey(&prompt.last_user);
        let (first, delay) = (script.first, script.delay);
        Play {
            steps: script.into_steps(prompt),
            at: Duration::ZERO,
            first,
            delay,
            begun: false,
            usage: TokenUsage { input: prompt.input_tokens, ..TokenUsage::default() },
        }
    }

    /// Obeys a command at the beginning of the message to a plain `demo`.
    fn obey(self, message: &str) -> Self {
        if self.answer != Answer::Tour {
            return self;
        }
        match message.split_whitespace().next() {
            Some("/slow") => self.slow(),
            Some("/long") => self.long(),
            Some("/tool") => self.calling(),
            Some("/error") => self.failing(FaultKind::Error, 12),
            Some("/stall") => self.failing(FaultKind::Stall, 12),
            _ => self,
        }
    }

    fn into_steps(self, prompt: &Prompt) -> Box<dyn Iterator<Item = Step> + Send> {
        let mut ending = self.ending;
        let is_tour = self.answer == Answer::Tour;
        let wanted = if self.tools || is_tour { tools::wanted(self.calls, prompt) } else { 0 };
        let calls: Box<dyn Iterator<Item = Step> + Send> = match wanted {
            0 if is_tour && !prompt.results.is_empty() => Box::new(std::iter::empty()),
            0 => Box::new(prose::calls(self.calls)),
            count => Box::new(tools::calls(count, prompt).into_iter()),
        };
        let text: Box<dyn Iterator<Item = String> + Send> = match self.answer {
            Answer::Steps(steps) => return Box::new(steps.into_iter()),
            // What is said follows the results.
            _ if wanted > 0 => {
                if ending == Ending::Stop {
                    ending = Ending::ToolCalls;
                }
                Box::new(std::iter::empty())
            }
            Answer::Ticks(n) => Box::new((0..n).map(|n| format!("tick {n} \n"))),
            Answer::Words(n) => Box::new(prose::words(n)),
            Answer::Echo => owned_tokens(&prompt.last_user),
            Answer::Tour => {
                let text = tools::answer(prompt).unwrap_or_else(|| tour::answer(&prompt.last_user));
                let limit = prompt.max_output_tokens.and_then(|n| usize::try_from(n).ok());
                if limit.is_some_and(|limit| tokens(&text).count() > limit) {
                    ending = Ending::Length;
                }
                Box::new(owned_tokens(&text).take(limit.unwrap_or(usize::MAX)))
            }
        };
        let reasoning = prose::reasoning(self.reasoning);
        let silence = self.manners.silence;
        let said = |text| {
            let said = calls.chain(Iterator::map(text, Step::Text));
            said.enumerate().flat_map(move |(count, step)| {
                let silence = silence.filter(|(_, at)| usize::try_from(*at) == Ok(count));
                silence.map(|(wait, _)| Step::Wait(wait)).into_iter().chain([step])
            })
        };
        let Some(Fault { kind, at }) = self.fault else {
            let head = reasoning.map(Step::Reasoning).chain(said(text));
            let usage = self.usage.then_some(Step::Usage(None));
            let tail = [Step::Finish(ending)].into_iter().chain(usage).chain([Step::Done]);
            return Box::new(head.chain(tail));
        };
        let fault = match kind {
            FaultKind::Status { code, retry_after } => {
                return Box::new(std::iter::once(Step::Status { code, retry_after }));
            }
            FaultKind::Silent => return Box::new(std::iter::once(Step::Silent)),
            FaultKind::Json => {
                let calls = if wanted > 0 { tools::calls(wanted, prompt) } else { Vec::new() };
                let whole = whole(reasoning, calls, text, prompt, self.usage, ending);
                return Box::new(std::iter::once(whole));
            }
            FaultKind::Stall => Some(Step::Stall),
            FaultKind::Truncate => Some(Step::Truncate),
            FaultKind::Reset => Some(Step::Reset),
            FaultKind::Error => Some(Step::Error),
            FaultKind::Garbage => Some(Step::Garbage),
            FaultKind::Huge => Some(Step::Huge),
            // The end of the steps is the end of the body.
            FaultKind::NoDone => None,
        };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let head = reasoning.map(Step::Reasoning).chain(said(text).take(at));
        Box::new(head.chain(fault))
    }
}

fn owned_tokens(text: &str) -> Box<dyn Iterator<Item = String> + Send> {
    let tokens: Vec<String> = tokens(text).map(str::to_owned).collect();
    Box::new(tokens.into_iter())
}

fn whole(
    reasoning: impl Iterator<Item = String>,
    steps: Vec<Step>,
    text: impl Iterator<Item = String>,
    prompt: &Prompt,
    usage: bool,
    ending: Ending,
) -> Step {
    let mut counts = TokenUsage { input: prompt.input_tokens, ..TokenUsage::default() };
    let reasoning = reasoning.inspect(|_| counts.reasoning += 1).collect();
    counts.output = counts.reasoning;
    let mut calls: Vec<(String, String, String)> = Vec::new();
    for step in steps {
        counts.output += 1;
        match (step, calls.last_mut()) {
            (Step::Call { id, name }, _) => calls.push((id, name, String::new())),
            (Step::Arguments(text), Some((_, _, arguments))) => arguments.push_str(&text),
            _ => {}
        }
    }
    let text = text.inspect(|_| counts.output += 1).collect();
    Step::Json { reasoning, calls, text, usage: usage.then_some(counts), ending }
}

impl Iterator for Play {
    type Item = Timed;

    fn next(&mut self) -> Option<Timed> {
        loop {
            let mut step = self.steps.next()?;
            match &mut step {
                Step::Wait(wait) => {
                    self.at = self.at.saturating_add(*wait);
                    continue;
                }
                Step::Text(_) | Step::Reasoning(_) | Step::Call { .. } | Step::Arguments(_) => {
                    let wait = if self.begun { self.delay } else { self.first };
                    self.begun = true;
                    self.at = self.at.saturating_add(wait);
                    self.usage.output += 1;
                    self.usage.reasoning += u64::from(matches!(step, Step::Reasoning(_)));
                }
                Step::Usage(usage) => {
                    usage.get_or_insert(self.usage);
                }
                _ => {}
            }
            return Some(Timed { at: self.at, step });
        }
    }
}
