//! The servers: real processes that are killed, frozen, stopped and started again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use testkit::Settings;
use testkit::process::{AppProcess, Ended, ProcessBuilder};

use crate::chance::Chance;

/// A frozen server counts as dead for the others after this. A shorter pause costs nothing.
const COUNTS_AS_DEAD: Duration = Duration::from_secs(10);

/// After an outage of the database everything is stored again by then.
const STORED_AGAIN: Duration = Duration::from_secs(3);

/// Where a server can be reached.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) url: String,
    /// The number of its life: of one process, from its start to its end.
    pub(crate) life: usize,
}

/// The addresses of the servers at this moment. Frozen ones are among them: clients do not know.
#[derive(Debug, Default)]
pub(crate) struct Roster(Mutex<Vec<Option<Address>>>);

impl Roster {
    fn set(&self, slot: usize, address: Option<Address>) {
        let mut slots = self.lock();
        if slots.len() <= slot {
            slots.resize(slot + 1, None);
        }
        if let Some(place) = slots.get_mut(slot) {
            *place = address;
        }
    }

    /// Any of them.
    pub(crate) fn pick(&self, chance: &mut Chance) -> Option<Address> {
        chance.pick(&self.all()).cloned()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Address> {
        self.lock().iter().flatten().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Address>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A time in which a server's newest events may get lost: the instant of its crash, or from its
/// freezing, which made others take its work over, to its thaw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blow {
    pub(crate) from: Instant,
    pub(crate) to: Instant,
}

/// What was done to the servers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) kills: u64,
    pub(crate) stops: u64,
    /// Those of them in which others took the work over.
    pub(crate) long_stops: u64,
    pub(crate) terminations: u64,
    pub(crate) starts: u64,
    pub(crate) outages: u64,
}

/// The servers of a campaign, all on one database.
#[derive(Debug)]
pub(crate) struct Fleet {
    program: PathBuf,
    directory: PathBuf,
    settings: Settings,
    slots: Vec<Option<AppProcess>>,
    pub(crate) roster: Arc<Roster>,
    /// The blows of each life.
    pub(crate) blows: Vec<Vec<Blow>>,
    /// The life in each slot.
    lives: Vec<usize>,
    /// When the database was away last.
    outage: Option<Blow>,
    pub(crate) counts: Counts,
    /// What no server may do: panic, or end with an error when it was asked to end.
    pub(crate) complaints: Vec<String>,
}

impl Fleet {
    /// No server runs yet. Logs go to `directory`.
    pub(crate) fn new(
        program: PathBuf,
        directory: PathBuf,
        settings: Settings,
        replicas: u8,
    ) -> Self {
        let replicas = usize::from(replicas);
        Self {
            program,
            directory,
            settings,
            slots: (0..replicas).map(|_| None).collect(),
            roster: Arc::default(),
            blows: Vec::new(),
            lives: vec![0; replicas],
            outage: None,
            counts: Counts::default(),
            complaints: Vec::new(),
        }
    }

    /// How many servers there are.
    pub(crate) fn size(&self) -> usize {
        self.slots.len()
    }

    fn command(&self) -> ProcessBuilder {
        ProcessBuilder::new(&self.program, &self.directory).settings(&self.settings)
    }

    /// Starts the server in `slot` and waits until it is ready.
    pub(crate) async fn start(&mut self, slot: usize) {
        let process = self.command().serve().await;
        self.counts.starts += 1;
        let life = self.blows.len();
        self.blows.push(Vec::new());
        self.roster.set(slot, Some(Address { url: process.url().to_owned(), life }));
        if let (Some(place), Some(number)) = (self.slots.get_mut(slot), self.lives.get_mut(slot)) {
            *place = Some(process);
            *number = life;
        }
    }

    /// Takes note that the database was away from `from` until now.
    pub(crate) fn note_outage(&mut self, from: Instant) {
        self.counts.outages += 1;
        self.outage = Some(Blow { from, to: Instant::now() });
    }

    fn blow(&mut self, slot: usize, from: Instant, to: Instant) {
        // What was not stored while the database was away may not be stored yet.
        let since = self.outage.filter(|outage| outage.to + STORED_AGAIN > from);
        let from = since.map_or(from, |outage| outage.from);
        let life = self.lives.get(slot).copied();
        if let Some(blows) = life.and_then(|life| self.blows.get_mut(life)) {
            blows.push(Blow { from, to });
        }
    }

    /// Ends the server in `slot` as a crash would.
    pub(crate) async fn kill(&mut self, slot: usize) {
        let Some(process) = self.slots.get_mut(slot).and_then(Option::take) else { return };
        let now = Instant::now();
        self.blow(slot, now, now);
        let ended = process.kill().await;
        self.counts.kills += 1;
        self.roster.set(slot, None);
        self.look_at(&ended);
    }

    /// Starts a server in an empty `slot` and kills it after `pause`, ready or not.
    pub(crate) async fn kill_while_starting(&mut self, pause: Duration) {
        let process = self.command().launch();
        self.counts.starts += 1;
        tokio::time::sleep(pause).await;
        let ended = process.kill().await;
        self.counts.kills += 1;
        self.look_at(&ended);
    }

    /// Freezes the server in `slot` for `pause`.
    pub(crate) async fn freeze(&mut self, slot: usize, pause: Duration) {
        let Some(Some(process)) = self.slots.get(slot) else { return };
        let from = Instant::now();
        process.signal("STOP");
        tokio::time::sleep(pause).await;
        process.signal("CONT");
        let to = Instant::now();
        self.counts.stops += 1;
        if to.duration_since(from) >= COUNTS_AS_DEAD {
            self.counts.long_stops += 1;
            self.blow(slot, from, to);
        }
    }

    /// Asks the server in `slot` to end and waits until it did.
    pub(crate) async fn terminate(&mut self, slot: usize) {
        let Some(process) = self.slots.get_mut(slot).and_then(Option::take) else { return };
        let ended = process.terminate().await;
        self.counts.terminations += 1;
        self.roster.set(slot, None);
        if !ended.status.success() {
            let status = ended.status;
            self.complaints
                .push(format!("I9: a server that was asked to end did so with {status}"));
        }
        self.look_at(&ended);
    }

    /// Kills what still runs and takes no notice of it.
    pub(crate) fn abandon(&mut self) {
        self.slots.iter_mut().for_each(|slot| drop(slot.take()));
    }

    /// Ends what still runs.
    pub(crate) async fn end(&mut self) {
        for slot in 0..self.slots.len() {
            self.terminate(slot).await;
        }
    }

    fn look_at(&mut self, ended: &Ended) {
        if let Some(line) = ended.stderr.lines().find(|line| line.contains("panicked")) {
            self.complaints.push(format!("I9: a server panicked: {line}"));
        }
    }
}
