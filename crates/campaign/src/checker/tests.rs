//! Each invariant, broken on purpose.

use std::time::Instant;

use serde_json::json;

use super::*;
use crate::history::Ack;

/// A round in which one message was answered with two ticks, all of it seen by one client.
struct Round {
    sent: Vec<Sent>,
    followings: Vec<Following>,
    replays: BTreeMap<String, Vec<Frame>>,
    rows: Vec<Row>,
    calls: HashMap<String, u32>,
    blows: Vec<Vec<Blow>>,
    now: Instant,
}

fn frame(number: u64, event: &str, mut body: serde_json::Value) -> Frame {
    body["type"] = event.into();
    body["sequence_number"] = number.into();
    Frame { id: Some(number.to_string()), event: event.to_owned(), data: body.to_string() }
}

/// A response that failed before it said anything, its second event with this number.
fn frames(second: u64) -> Vec<Frame> {
    let response = |status| json!({"response": {"id": "resp_1", "status": status, "output": []}});
    vec![
        frame(0, "response.created", response("in_progress")),
        frame(second, "response.in_progress", response("in_progress")),
        frame(second + 1, "response.failed", response("failed")),
    ]
}

impl Round {
    fn new(second: u64) -> Self {
        let now = Instant::now();
        let replay = frames(second);
        let mut round = Self {
            sent: vec![Sent {
                person: 0,
                conversation: "conv_1".to_owned(),
                key: "key".to_owned(),
                content: "question".to_owned(),
                asked: vec![0],
                acks: vec![ack("msg_1")],
            }],
            followings: vec![],
            replays: BTreeMap::from([("resp_1".to_owned(), replay.clone())]),
            rows: vec![row("msg_1", 0, None, "question"), row("msg_2", 1, Some("msg_1"), "")],
            calls: HashMap::from([("question".to_owned(), 1)]),
            blows: vec![vec![]],
            now,
        };
        round.client(&replay);
        round
    }

    fn client(&mut self, frames: &[Frame]) {
        let mut following = Following::new("resp_1");
        for frame in frames {
            following.push(Received { at: self.now, life: 0, frame: frame.clone() });
        }
        self.followings = vec![following];
    }

    fn findings(&self) -> Findings {
        check(&Evidence {
            sent: &self.sent,
            followings: &self.followings,
            replays: &self.replays,
            rows: &self.rows,
            calls: &self.calls,
            blows: &self.blows,
        })
    }

    #[track_caller]
    fn expect(&self, rule: &str) {
        let findings = self.findings();
        assert!(findings.violations.iter().any(|line| line.starts_with(rule)), "{findings:?}");
    }
}

fn ack(user_message: &str) -> Ack {
    Ack {
        response: "resp_1".to_owned(),
        user_message: user_message.to_owned(),
        message: "msg_2".to_owned(),
    }
}

fn row(id: &str, seq: i64, parent: Option<&str>, content: &str) -> Row {
    Row {
        id: id.to_owned(),
        conversation: "conv_1".to_owned(),
        seq,
        parent: parent.map(str::to_owned),
        is_user: parent.is_none(),
        status: "completed".to_owned(),
        content: content.to_owned(),
    }
}

#[test]
fn a_good_round_passes() {
    let findings = Round::new(1).findings();
    assert_eq!(findings.violations, [""; 0]);
    assert_eq!((findings.events, findings.gone, findings.losses), (3, 0, 0));
    assert!(findings.bytes > 0);
}

#[test]
fn lost_doubled_and_foreign_messages_are_found() {
    let mut round = Round::new(1);
    round.rows.remove(0);
    round.expect("I1");
    round.expect("I2");
    assert_eq!(round.findings().losses, 1);

    let mut round = Round::new(1);
    round.rows.pop();
    round.expect("I1");

    let mut round = Round::new(1);
    round.rows.push(row("msg_3", 2, None, "question"));
    round.expect("I5");

    let mut round = Round::new(1);
    round.rows.push(row("msg_3", 2, None, "nobody's"));
    round.expect("I1");
}

#[test]
fn a_broken_tree_is_found() {
    let mut round = Round::new(1);
    round.rows[1].seq = 0;
    round.expect("I2");
    let mut round = Round::new(1);
    round.rows[1].parent = Some("msg_9".to_owned());
    round.expect("I2");
    let mut round = Round::new(1);
    round.rows[1].status = "in_progress".to_owned();
    round.expect("I4");
}

#[test]
fn a_key_used_twice_is_found() {
    let mut round = Round::new(1);
    round.calls.insert("question".to_owned(), 2);
    round.expect("I5");
    let mut round = Round::new(1);
    round.sent[0].acks.push(ack("msg_3"));
    round.expect("I5");
}

#[test]
fn a_client_must_have_seen_what_is_stored() {
    let mut round = Round::new(1);
    round.client(&frames(1)[..2]);
    round.expect("I4");

    let mut changed = frames(1);
    changed[1].data = changed[1].data.replace("in_progress", "queued");
    let mut round = Round::new(1);
    round.client(&changed);
    round.expect("I3");

    let mut round = Round::new(1);
    round.replays.insert("resp_1".to_owned(), frames(1)[..2].to_vec());
    round.expect("I3");
    assert_eq!(round.findings().losses, 1);

    let mut round = Round::new(1);
    round.rows[1].content = "tick 0".to_owned();
    round.expect("I3");
}

#[test]
fn only_a_crash_excuses_a_gap_and_only_the_newest_events() {
    let mut round = Round::new(CRASH_STEP);
    let mut seen = frames(1)[..2].to_vec();
    seen.extend(frames(CRASH_STEP));
    round.client(&seen);
    round.expect("I3");
    for (after, good) in [(Duration::from_millis(500), true), (Duration::from_secs(9), false)] {
        let crash = round.now + after;
        round.blows = vec![vec![Blow { from: crash, to: crash }]];
        let findings = round.findings();
        assert_eq!(findings.violations.is_empty(), good, "{findings:?}");
        assert_eq!((findings.gone, findings.losses), if good { (1, 0) } else { (0, 1) });
    }
}

#[test]
fn a_crash_of_the_generating_server_excuses_a_gap_seen_at_another() {
    let mut round = Round::new(CRASH_STEP);
    let mut seen = frames(1)[..2].to_vec();
    seen.extend(frames(CRASH_STEP));
    round.client(&seen);
    let crash = round.now + Duration::from_millis(500);
    let blow = Blow { from: crash, to: crash };
    // The client was at life 0; life 1 was asked for the answer, life 2 has nothing to do with it.
    for (struck, good) in [(1, true), (2, false)] {
        round.sent[0].asked = vec![1];
        round.blows = vec![vec![]; 3];
        round.blows[struck] = vec![blow];
        assert_eq!(round.findings().violations.is_empty(), good, "life {struck}");
    }
}
