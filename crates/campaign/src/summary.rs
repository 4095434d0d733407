//! What a campaign found, in words.

use std::fmt::Write as _;
use std::time::Duration;

use crate::fleet::Counts;
use crate::options::Options;
use crate::redis::Troubles;

/// How many violations are printed.
const SHOWN: usize = 20;
/// How long a printed violation may be.
const LONGEST: usize = 600;

/// The sums of a campaign.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) rounds: u32,
    pub(crate) counts: Counts,
    pub(crate) acknowledged: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) gone: u64,
    pub(crate) oldest_gone: Duration,
    pub(crate) losses: u64,
    pub(crate) violations: Vec<String>,
    /// What was done to Redis, and how many events came over it.
    pub(crate) redis: Option<(Troubles, u64)>,
    pub(crate) took: Duration,
}

impl Summary {
    /// The violations, if any, and one paragraph with the sums.
    pub(crate) fn report(&self, options: &Options) -> String {
        let mut text = String::new();
        for violation in self.violations.iter().take(SHOWN) {
            let cut: String = violation.chars().take(LONGEST).collect();
            let _ = writeln!(text, "VIOLATION {cut}");
        }
        if self.violations.len() > SHOWN {
            let _ = writeln!(text, "and {} more", self.violations.len() - SHOWN);
        }
        if !self.violations.is_empty() {
            let _ = writeln!(text, "Run it again with: {}", again(options));
        }
        let Self { rounds, counts, acknowledged, events, bytes, gone, losses, .. } = self;
        let _ = writeln!(
            text,
            "crash-campaign, seed {}, {}, {} server(s), {} s: {rounds} rounds, {} kills, {} stops ({} long), \
             {} terminations, {} starts, {} kills of the database; {acknowledged} messages \
             acknowledged, {events} events followed, {bytes} bytes compared, {gone} events in recorded gaps (oldest {} ms before \
             its crash); {losses} losses, {} violations",
            options.seed,
            options.engine.engine(),
            options.replicas,
            self.took.as_secs(),
            counts.kills,
            counts.stops,
            counts.long_stops,
            counts.terminations,
            counts.starts,
            counts.outages,
            self.oldest_gone.as_millis(),
            self.violations.len(),
        );
        if let Some((Troubles { kills, freezes, flushes, fills }, received)) = self.redis {
            let _ = writeln!(
                text,
                "Redis: {kills} kills, {freezes} freezes, {flushes} flushes, {fills} fills; \
                 {received} events received over it"
            );
        }
        text
    }
}

/// The report of a campaign that could not go on.
pub(crate) fn broken_off(options: &Options) -> String {
    let again = again(options);
    format!("VIOLATION I10: the campaign broke off, see above\nRun it again with: {again}\n")
}

fn again(options: &Options) -> String {
    let length = match options.kills {
        Some(kills) => format!("--kills {kills}"),
        None => format!("--rounds {}", options.rounds),
    };
    format!(
        "cargo run -p campaign -- crash-campaign --seed {} {length} --faults {} --engine {} \
         --replicas {}{}{}",
        options.seed,
        options.faults,
        options.engine.engine(),
        options.replicas,
        if options.redis { " --redis" } else { "" },
        if options.redis_faults { " --redis-faults" } else { "" }
    )
}
