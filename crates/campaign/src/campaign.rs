//! The rounds: people write, servers fall, everything comes to rest, everything is checked.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use mock::MockServer;
use reqwest::Method;
use testkit::sql::Sql;
use testkit::sse::Frame;
use testkit::{Database, Engine, Engines, Redis, Settings};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chance::Chance;
use crate::checker::{self, Evidence, Row};
use crate::client::{self, Client, Outcome};
use crate::fleet::Fleet;
use crate::follower::Shared;
use crate::history::{Following, History, Notes, Sent};
use crate::options::{Options, Plant};
use crate::people::{self, Seat};
use crate::redis::Between;
use crate::summary::Summary;

const PEOPLE: usize = 3;
/// Each person writes in so many places at once.
const SEATS: usize = 2;
/// When every answer must have ended after the last fault: a dead server is found out after at
/// most 15 s, and the answers that were begun last take four more.
const REST_LIMIT: Duration = Duration::from_secs(20);
/// How long one replay may take to read.
const REPLAY_LIMIT: Duration = Duration::from_secs(15);

/// Runs a whole campaign.
pub(crate) async fn run(options: Options) -> anyhow::Result<Summary> {
    let began = Instant::now();
    let mut campaign = Campaign::begin(&options).await?;
    let limit = options.limit.map_or(Duration::MAX, Duration::from_secs);
    match tokio::time::timeout(limit, campaign.rounds(&options)).await {
        Ok(outcome) => outcome?,
        Err(_elapsed) => campaign.break_off(limit),
    }
    Ok(campaign.end(began).await)
}

/// A campaign in progress.
struct Campaign {
    database: Database,
    /// Ends the database server when it goes.
    engines: Arc<Engines>,
    /// Removed when it goes; where the servers run.
    _directory: tempfile::TempDir,
    upstream: MockServer,
    fleet: Fleet,
    redis: Option<Between>,
    client: Client,
    tokens: Vec<String>,
    sent: Vec<Sent>,
    calls: HashMap<String, u32>,
    /// The number of the first call that is not in `calls`.
    next_call: u64,
    summary: Summary,
}

impl Campaign {
    async fn begin(options: &Options) -> anyhow::Result<Self> {
        let engine = options.engine.engine();
        if engine == Engine::Sqlite && options.replicas > 1 {
            bail!("an SQLite file has one server: use --engine mariadb for --replicas");
        }
        engine.available().map_err(anyhow::Error::msg)?;
        if options.redis && engine == Engine::Sqlite {
            bail!("the one server of an SQLite file leaves Redis alone: use --engine mariadb");
        }
        let redis = if options.redis {
            Redis::available().map_err(anyhow::Error::msg)?;
            Some(Between::start(options.seed).await)
        } else {
            None
        };
        let program = options.program.canonicalize().with_context(|| {
            format!("{}: build it with `cargo build -p chatapp`", options.program.display())
        })?;
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let logs: PathBuf = match &options.logs {
            Some(logs) => {
                std::fs::create_dir_all(logs).context("no folder for logs")?;
                logs.canonicalize()?
            }
            None => directory.path().to_owned(),
        };
        let engines = Engines::new();
        let database = engines.database(engine).await;
        let upstream = MockServer::start(([127, 0, 0, 1], 0).into()).await?;
        let settings = Settings::quick()
            .on(&database)
            .upstream(&upstream.base_url())
            .set("CHATAPP_AUTH__ACCESS_TOKEN_TTL", "1d")
            // People here are faster than people.
            .set("CHATAPP_LIMITS__REQUESTS_PER_USER", "0")
            .set("CHATAPP_SERVER__HEARTBEAT", "1s")
            .set("CHATAPP_SERVER__SHUTDOWN_GRACE", "500ms");
        let settings = match &redis {
            Some(redis) => settings.set("REDIS_URL", redis.url()),
            None => settings,
        };
        let mut fleet = Fleet::new(program, logs, settings, options.replicas);
        for slot in 0..fleet.size() {
            fleet.start(slot).await;
        }
        let first = fleet.roster.pick(&mut Chance::new(0, "")).context("no server runs")?;
        let tokens = people::sign_up(&first.url, PEOPLE).await;
        Ok(Self {
            database,
            engines,
            _directory: directory,
            upstream,
            fleet,
            redis,
            client: Client::new()?,
            tokens,
            sent: Vec::new(),
            calls: HashMap::new(),
            next_call: 0,
            summary: Summary::default(),
        })
    }

    async fn rounds(&mut self, options: &Options) -> anyhow::Result<()> {
        let mut faults = Chance::new(options.seed, "faults");
        loop {
            let round = self.summary.rounds + 1;
            self.round(round, &mut faults, options).await?;
            self.summary.rounds = round;
            let is_over = options.is_over(round, self.fleet.counts.kills);
            if is_over || !self.summary.violations.is_empty() {
                return Ok(());
            }
        }
    }

    async fn round(
        &mut self,
        round: u32,
        faults: &mut Chance,
        options: &Options,
    ) -> anyhow::Result<()> {
        let shared = Arc::new(Shared {
            client: self.client.clone(),
            roster: Arc::clone(&self.fleet.roster),
            history: History::default(),
            tokens: self.tokens.clone(),
            over: CancellationToken::new(),
        });
        let (seats, followers) = (TaskTracker::new(), TaskTracker::new());
        let pause = CancellationToken::new();
        for place in 0..PEOPLE * SEATS {
            let name = format!("round-{round}-seat-{place}");
            let chance = Chance::new(options.seed, &name);
            let seat = Seat { person: place / SEATS, name, chance };
            seats.spawn(seat.write(Arc::clone(&shared), followers.clone(), pause.clone()));
        }
        for _ in 0..options.faults {
            if options.has_killed_enough(self.fleet.counts.kills) {
                break;
            }
            if let Some(redis) = &mut self.redis {
                if options.redis_faults {
                    redis.trouble().await;
                }
                redis.count(&self.fleet.roster.all(), &self.client).await;
            }
            self.fault(faults).await;
        }
        if let Some(redis) = &mut self.redis {
            redis.heal().await;
        }

        pause.cancel();
        seats.close();
        seats.wait().await;
        followers.close();
        let calm = Instant::now();
        let ended = tokio::time::timeout(REST_LIMIT, followers.wait()).await.is_ok();
        let mut sql = Sql::connect(&self.database).await;
        let open = wait_for_open(&mut sql, calm).await;
        shared.over.cancel();
        followers.wait().await;
        let mut notes = shared.history.take();
        if !ended || open > 0 {
            let limit = REST_LIMIT.as_secs();
            notes
                .complaints
                .push(format!("I4: {open} responses are open {limit} s after the last fault"));
        }
        if options.plant == Some(Plant::LostRow) {
            lose_a_row(&mut sql, &notes).await?;
        }
        self.judge(&shared, notes, &mut sql).await
    }

    /// One fault, and the servers run again.
    async fn fault(&mut self, chance: &mut Chance) {
        let fleet = &mut self.fleet;
        let size = fleet.size();
        tokio::time::sleep(chance.millis(20, 700)).await;
        let slot = usize::try_from(chance.below(u64::try_from(size).unwrap_or(1))).unwrap_or(0);
        let other = (slot + 1) % size;
        match chance.below(100) {
            0..20 if self.database.server().is_some() => {
                let from = Instant::now();
                self.engines.kill(self.database.engine()).await;
                tokio::time::sleep(chance.millis(20, 1_500)).await;
                self.engines.start_again(self.database.engine()).await;
                fleet.note_outage(from);
            }
            0..82 => {
                let both = size > 1 && chance.percent(25);
                fleet.kill(slot).await;
                if both {
                    fleet.kill(other).await;
                }
                if chance.percent(8) {
                    fleet.kill_while_starting(chance.millis(20, 400)).await;
                }
                fleet.start(slot).await;
                if both {
                    fleet.start(other).await;
                }
            }
            82..93 => {
                // Seldom so long that another server takes over: it costs time.
                let long = size > 1 && chance.percent(20);
                let pause = if long { (11_000, 16_000) } else { (50, 1_500) };
                fleet.freeze(slot, chance.millis(pause.0, pause.1)).await;
            }
            _ => {
                fleet.terminate(slot).await;
                fleet.start(slot).await;
            }
        }
    }

    /// Gathers the evidence and checks it.
    async fn judge(&mut self, shared: &Shared, notes: Notes, sql: &mut Sql) -> anyhow::Result<()> {
        let Notes { sent, followings, mut complaints } = notes;
        let mut replays = BTreeMap::new();
        let mut chance = Chance::new(0, "replays");
        for sent in &sent {
            let Some(ack) = sent.acks.first() else { continue };
            self.summary.acknowledged += 1;
            match replay(shared, sent.person, &ack.response, &mut chance).await {
                Ok(frames) => {
                    replays.insert(ack.response.clone(), frames);
                }
                Err(why) => complaints.push(format!("I3: no replay of {}: {why}", ack.response)),
            }
        }
        let known = self.next_call;
        for call in self.upstream.calls().iter().filter(|call| call.id >= known) {
            self.next_call = call.id + 1;
            if let Some((_, question)) = call.messages.last() {
                *self.calls.entry(question.clone()).or_default() += 1;
            }
        }
        if let Some(redis) = &mut self.redis {
            redis.count(&self.fleet.roster.all(), &self.client).await;
        }
        self.sent.extend(sent);
        let rows = rows(sql).await?;
        let findings = checker::check(&Evidence {
            sent: &self.sent,
            followings: &followings,
            replays: &replays,
            rows: &rows,
            calls: &self.calls,
            blows: &self.fleet.blows,
        });
        let summary = &mut self.summary;
        summary.events += findings.events;
        summary.bytes += findings.bytes;
        summary.gone += findings.gone;
        summary.oldest_gone = summary.oldest_gone.max(findings.oldest_gone);
        summary.losses += findings.losses;
        summary.violations.append(&mut self.fleet.complaints);
        summary.violations.extend(complaints);
        summary.violations.extend(findings.violations);
        Ok(())
    }

    /// The time is over before the end.
    fn break_off(&mut self, limit: Duration) {
        // One of them may be frozen and would not hear a request to end.
        self.fleet.abandon();
        self.summary.violations.push(format!(
            "I10: the campaign was not over after {} s; the machine is slow, or something hangs",
            limit.as_secs()
        ));
    }

    async fn end(mut self, began: Instant) -> Summary {
        self.fleet.end().await;
        self.upstream.stop().await;
        self.summary.violations.append(&mut self.fleet.complaints);
        if self.summary.acknowledged == 0 || self.summary.bytes == 0 {
            self.summary.violations.push("nothing was accepted, so nothing was checked".to_owned());
        }
        if let Some(redis) = self.redis {
            if self.fleet.size() > 1 && redis.received() == 0 {
                self.summary.violations.push("nothing came over Redis".to_owned());
            }
            self.summary.redis = Some((redis.troubles, redis.received()));
        }
        self.summary.counts = self.fleet.counts;
        self.summary.took = began.elapsed();
        self.summary
    }
}

/// Waits until no response is open, or too long; how many still are.
async fn wait_for_open(sql: &mut Sql, since: Instant) -> u64 {
    let query = "SELECT COUNT(*) FROM responses WHERE status IN ('queued', 'in_progress')";
    loop {
        let open = sql.value(query).await.parse().unwrap_or(u64::MAX);
        if open == 0 || since.elapsed() > REST_LIMIT {
            return open;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Deletes one acknowledged message.
async fn lose_a_row(sql: &mut Sql, notes: &Notes) -> anyhow::Result<()> {
    let ack = notes.sent.iter().find_map(|sent| sent.acks.first()).context("nothing to lose")?;
    let (_, id) = ack.user_message.split_once('_').context("an id without a prefix")?;
    let gone = sql.execute(&format!("DELETE FROM messages WHERE LOWER(HEX(id)) = '{id}'")).await;
    if gone != 1 {
        bail!("{gone} rows deleted instead of one");
    }
    Ok(())
}

/// All messages of people and models.
async fn rows(sql: &mut Sql) -> anyhow::Result<Vec<Row>> {
    let query = "SELECT id, conversation_id, seq, parent_id, is_user, status, content \
                 FROM messages_view ORDER BY conversation_id, seq";
    let mut rows = Vec::new();
    for row in sql.rows(query).await {
        let Ok([id, conversation, seq, parent, is_user, status, content]) =
            <[String; 7]>::try_from(row)
        else {
            bail!("messages_view has other columns");
        };
        rows.push(Row {
            id,
            conversation,
            seq: seq.parse().context("not a number")?,
            parent: Some(parent).filter(|parent| parent != "NULL"),
            is_user: is_user == "1",
            status,
            content,
        });
    }
    Ok(rows)
}

/// Reads a response that has ended from its beginning.
async fn replay(
    shared: &Shared,
    person: usize,
    response: &str,
    chance: &mut Chance,
) -> anyhow::Result<Vec<Frame>> {
    let address = shared.roster.pick(chance).context("no server runs")?;
    let path = format!("/api/responses/{response}/events");
    let request = shared.client.request(Method::GET, &address, &path, shared.token(person));
    let mut connection = match client::send(request, &address).await {
        Outcome::Stream(connection) => connection,
        other => bail!("{other:?}"),
    };
    let mut following = Following::new(response);
    let read = async {
        while !following.ended {
            let Some(events) = connection.next().await else { break };
            following.extend(events);
        }
    };
    tokio::time::timeout(REPLAY_LIMIT, read).await.context("it does not end")?;
    Ok(following.versions.into_iter().flatten().map(|received| received.frame).collect())
}
