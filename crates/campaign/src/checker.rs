//! Holds what people saw against what is stored (the invariants I1 to I5 of every fault).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use testkit::sse::{Frame, text_of};
use testkit::validator::{self, Rule};

use crate::fleet::Blow;
use crate::history::{Following, Received, Sent, is_terminal, number};

/// What a crash may cost: the longest interval of checkpoints.
const BOUND: Duration = Duration::from_secs(2);
/// Beyond it: the commit itself, and the way to a client, on a busy machine.
const SLACK: Duration = Duration::from_secs(1);
/// When a dead server's answers are closed at the latest.
const TAKEN_OVER: Duration = Duration::from_secs(16);
/// After a crash the numbers of events go on at a multiple of this.
const CRASH_STEP: u64 = 1_000_000;

/// A stored message.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) conversation: String,
    pub(crate) seq: i64,
    pub(crate) parent: Option<String>,
    pub(crate) is_user: bool,
    pub(crate) status: String,
    pub(crate) content: String,
}

/// Everything that is known after a round.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    /// The sends of all rounds.
    pub(crate) sent: &'a [Sent],
    /// What clients received in this round.
    pub(crate) followings: &'a [Following],
    /// Each followed response as it is replayed now.
    pub(crate) replays: &'a BTreeMap<String, Vec<Frame>>,
    /// All messages, by conversation and number.
    pub(crate) rows: &'a [Row],
    /// How often the upstream was asked each question.
    pub(crate) calls: &'a HashMap<String, u32>,
    /// When which life of a server may have lost its newest events.
    pub(crate) blows: &'a [Vec<Blow>],
}

/// What the evidence shows.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<String>,
    /// How many events, and bytes of them, clients received.
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// Events that clients saw and a crash took, within what is promised.
    pub(crate) gone: u64,
    /// How long before its crash the oldest of them came.
    pub(crate) oldest_gone: Duration,
    /// Acknowledged messages and promised events that are missing.
    pub(crate) losses: u64,
}

/// Checks everything.
pub(crate) fn check(evidence: &Evidence<'_>) -> Findings {
    let mut findings = Findings::default();
    findings.messages(evidence);
    findings.tree(evidence.rows);
    for (response, frames) in evidence.replays {
        findings.replay(response, frames, evidence);
    }
    for following in evidence.followings {
        findings.following(following, evidence);
    }
    findings
}

impl Findings {
    fn note(&mut self, what: String) {
        self.violations.push(what);
    }

    fn lost(&mut self, what: String) {
        self.losses += 1;
        self.note(what);
    }

    /// I1 and I5: every acknowledged message once, every key one message and one call.
    fn messages(&mut self, evidence: &Evidence<'_>) {
        let mut stored: HashMap<&str, Vec<&Row>> = HashMap::new();
        for row in evidence.rows.iter().filter(|row| row.is_user) {
            stored.entry(&row.content).or_default().push(row);
        }
        let ids: HashSet<&str> = evidence.rows.iter().map(|row| row.id.as_str()).collect();
        for sent in evidence.sent {
            let rows = stored.remove(sent.content.as_str()).unwrap_or_default();
            let Sent { key, conversation, .. } = sent;
            if rows.len() > 1 {
                self.note(format!("I5: {:?} is stored {} times", key, rows.len()));
            }
            let calls = evidence.calls.get(&sent.content).copied().unwrap_or(0);
            if calls > 1 {
                self.note(format!("I5: the upstream was called {calls} times for {key:?}"));
            }
            let Some(ack) = sent.acks.first() else { continue };
            if sent.acks.iter().any(|other| other != ack) {
                self.note(format!("I5: {key:?} was accepted as {:?}", sent.acks));
            }
            match rows.first() {
                None => self.lost(format!("I1: the acknowledged message {ack:?} is gone")),
                Some(row) if row.id != ack.user_message || row.conversation != *conversation => {
                    self.note(format!("I1: {ack:?} is stored elsewhere: {row:?}"));
                }
                Some(_) => {}
            }
            if !ids.contains(ack.message.as_str()) {
                self.lost(format!("I1: the answer of {ack:?} is gone"));
            }
        }
        for content in stored.keys() {
            self.note(format!("I1: nobody wrote {content:?}"));
        }
    }

    /// I2 and I4: numbers rise, parents exist and come before, everything has ended.
    fn tree(&mut self, rows: &[Row]) {
        let mut seen: HashMap<(&str, &str), i64> = HashMap::new();
        let mut last: Option<&Row> = None;
        for row in rows {
            let before = last.filter(|before| before.conversation == row.conversation);
            if before.is_some_and(|before| before.seq >= row.seq) {
                self.note(format!("I2: {before:?} comes before {row:?}"));
            }
            if let Some(parent) = &row.parent
                && !seen.contains_key(&(row.conversation.as_str(), parent.as_str()))
            {
                self.note(format!("I2: no parent before {row:?}"));
            }
            if seen.insert((&row.conversation, &row.id), row.seq).is_some() {
                self.note(format!("I2: the same id again: {row:?}"));
            }
            if !["completed", "incomplete", "failed", "cancelled"].contains(&row.status.as_str()) {
                self.note(format!("I4: {} is still {:?}", row.id, row.status));
            }
            last = Some(row);
        }
    }

    /// A replay is valid, ended, and says what the stored answer says.
    fn replay(&mut self, response: &str, frames: &[Frame], evidence: &Evidence<'_>) {
        for violation in validator::check(frames) {
            self.note(format!("the replay of {response}: {violation}"));
        }
        let acks = evidence.sent.iter().filter_map(|sent| sent.acks.first());
        let ack = acks.into_iter().find(|ack| ack.response == response);
        let row = ack.and_then(|ack| evidence.rows.iter().find(|row| row.id == ack.message));
        let text = text_of(frames);
        if let Some(row) = row
            && row.content != text
        {
            let (stored, replayed) = (row.content.len(), text.len());
            self.note(format!(
                "I3: {response} is stored with {stored} and replayed with {replayed} bytes of text"
            ));
        }
    }

    /// I3 for one client: everything it received is in the replay or in a recorded gap.
    fn following(&mut self, following: &Following, evidence: &Evidence<'_>) {
        let Following { response, versions, ended } = following;
        if !ended {
            let last = versions.last().and_then(|version| version.last());
            let last = last.map(|received| &received.frame.data);
            self.note(format!("I4: a client never saw the end of {response}; last {last:?}"));
        }
        let empty = Vec::new();
        let replay = evidence.replays.get(response).unwrap_or(&empty);
        let stored: HashMap<u64, &Frame> =
            replay.iter().filter_map(|frame| Some((number(frame)?, frame))).collect();
        for (place, version) in versions.iter().enumerate() {
            let is_last = place + 1 == versions.len();
            self.version(response, version, is_last && *ended);
            for received in version {
                let blows = || blows_to(response, received, evidence);
                self.received(response, received, &stored, replay, blows);
            }
        }
        if let (true, Some(version)) = (*ended, versions.last()) {
            let same = version.iter().map(|received| &received.frame).eq(replay);
            if !same {
                let (seen, stored) = (version.len(), replay.len());
                self.note(format!(
                    "I3: the final {seen} events of a client are not the {stored} of {response}"
                ));
            }
        }
    }

    /// A version that a client put together is valid, as far as it came.
    fn version(&mut self, response: &str, version: &[Received], ended: bool) {
        let frames: Vec<Frame> = version.iter().map(|received| received.frame.clone()).collect();
        // What an interruption leaves open is open in the version it interrupted.
        let open = [Rule::ResponseNotTerminated, Rule::ItemNotTerminated];
        let open =
            [open, [Rule::ContentPartNotTerminated, Rule::ContentPartNotTerminated]].concat();
        for violation in validator::check(&frames) {
            if ended || !open.contains(&violation.rule) {
                self.note(format!("a client's stream of {response}: {violation}"));
            }
        }
        if !ended && frames.iter().any(is_terminal) {
            self.note(format!("I3: {response} went on after its end"));
        }
    }

    fn received<'a>(
        &mut self,
        response: &str,
        received: &Received,
        stored: &HashMap<u64, &Frame>,
        replay: &[Frame],
        blows: impl FnOnce() -> Vec<(&'a Blow, Duration)>,
    ) {
        let data = &received.frame.data;
        self.events += 1;
        let Some(number) = received.number() else {
            return self.note(format!("an event of {response} has no number: {data}"));
        };
        if let Some(frame) = stored.get(&number) {
            self.bytes += u64::try_from(data.len()).unwrap_or(u64::MAX);
            if **frame != received.frame {
                self.note(format!(
                    "I3: event {number} of {response} was {data}, now it is {}",
                    frame.data
                ));
            }
            return;
        }
        if !in_gap(replay, number) {
            return self.lost(format!("I3: event {number} of {response} is gone: {data}"));
        }
        match age(received, &blows()) {
            Some(age) => {
                self.gone += 1;
                self.oldest_gone = self.oldest_gone.max(age);
            }
            None => self.lost(format!(
                "I3: event {number} of {response} fell into a gap, but no crash explains it: {data}"
            )),
        }
    }
}

/// Whether `number` is between two numbers of the replay of which the latter begins anew after
/// a crash.
fn in_gap(replay: &[Frame], missing: u64) -> bool {
    let next = replay.iter().filter_map(number).find(|number| *number > missing);
    next.is_some_and(|next| next % CRASH_STEP == 0)
}

/// The blows that may have taken an event, each with how long after it the event may have come: to
/// the server that sent it to the client, and to the one that generated it, which is among those
/// that were asked to. Between two servers there may be a way on which events are quicker than to
/// the disk, and on which they can still come when the server that sent them is gone.
fn blows_to<'a>(
    response: &str,
    received: &Received,
    evidence: &Evidence<'a>,
) -> Vec<(&'a Blow, Duration)> {
    let is_ours = |sent: &&Sent| sent.acks.iter().any(|ack| ack.response == response);
    let asked = evidence.sent.iter().find(is_ours).map_or([].as_slice(), |sent| &sent.asked);
    let elsewhere = asked.iter().map(|life| (*life, TAKEN_OVER));
    let lives = elsewhere.chain([(received.life, BOUND)]);
    let blows = lives.filter_map(|(life, after)| Some((evidence.blows.get(life)?, after)));
    blows.flat_map(|(blows, after)| blows.iter().map(move |blow| (blow, after))).collect()
}

/// How long before a blow an event came, if that is within what a blow may cost.
fn age(received: &Received, blows: &[(&Blow, Duration)]) -> Option<Duration> {
    let fits = |(blow, after): &&(&Blow, Duration)| {
        received.at + BOUND + SLACK >= blow.from && received.at <= blow.to + *after + SLACK
    };
    let (blow, _) = blows.iter().find(fits)?;
    Some(blow.from.saturating_duration_since(received.at))
}
