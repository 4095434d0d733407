//! How many connections and answers the operating system lets this process have.
//!
//! Each of them takes a file descriptor, and who finds none left fails in the middle of something:
//! the database, the provider, a client. So they are shared out at the start, and what has no
//! share waits or is refused as it would be at its own limit.

use crate::config::Config;

/// What is kept for the log, the listening socket, files that are imported or backed up, and
/// whatever else is opened now and then.
const OTHERS: u64 = 64 + api::KEPT_CONNECTIONS as u64;
/// What a connection to an SQLite file opens: the file, its log, the log's index, and now and
/// then a temporary file.
const SQLITE: u64 = 4;

/// Who gets how many descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    /// How many connections can be served at once, at most `server.max_connections`.
    pub(crate) connections: usize,
    /// How many answers can be made at once, at most `limits.generations`: each has a connection
    /// to its provider.
    pub(crate) answers: u32,
    /// What was shared out, if the system sets a limit and that limit is too low.
    short_of: Option<Short>,
}

/// A limit that is too low for the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Short {
    limit: u64,
    needed: u64,
}

impl Shares {
    /// Shares out what this process may open, once its own limit is raised as far as it may do
    /// that itself.
    pub(crate) fn of(config: &Config) -> Self {
        Self::among(config, system::raised_limit())
    }

    fn among(config: &Config, limit: Option<u64>) -> Self {
        let wanted = Self {
            connections: config.server.max_connections,
            answers: config.limits.generations,
            short_of: None,
        };
        let reserve = OTHERS + database(config);
        let needed = u64::try_from(wanted.connections)
            .unwrap_or(u64::MAX)
            .saturating_add(wanted.answers.into())
            .saturating_add(reserve);
        let Some(limit) = limit.filter(|limit| *limit < needed) else { return wanted };
        // An answer has two descriptors, its client's and its provider's.
        let free = limit.saturating_sub(reserve).max(2);
        let answers = u64::from(wanted.answers).min(free / 2);
        Self {
            connections: usize::try_from(free - answers)
                .map_or(wanted.connections, |free| free.min(wanted.connections)),
            answers: u32::try_from(answers).unwrap_or(wanted.answers),
            short_of: Some(Short { limit, needed }),
        }
    }

    /// What is less than the settings say, and what to do about it; none if nothing is.
    pub(crate) fn shortage(&self) -> Option<(String, String)> {
        let Short { limit, needed } = self.short_of?;
        let what = format!(
            "The system lets this process open {limit} files, so {} connections are served and \
             {} answers made at once, fewer than server.max_connections and limits.generations \
             allow.",
            self.connections, self.answers
        );
        let fix = format!(
            "Let the account open {needed} files (LimitNOFILE in a systemd unit, --ulimit nofile \
             of a container, ulimit -n in a shell), or lower the two settings."
        );
        Some((what, fix))
    }
}

/// What the database takes.
fn database(config: &Config) -> u64 {
    let storage = &config.storage;
    match config.database.sqlite_path() {
        Some(_) => SQLITE * (u64::from(storage.readers) + 1),
        None => storage.max_connections.into(),
    }
}

/// The limit of this process on open files. On Linux it is read from `/proc`: a sandbox may forbid
/// the call that asks for it.
#[cfg(target_os = "linux")]
mod system {
    use rustix::process::{Resource, Rlimit, setrlimit};

    pub(super) fn raised_limit() -> Option<u64> {
        let (soft, hard) = read()?;
        let raised = Rlimit { current: hard, maximum: hard };
        // Where it is not allowed the limit stays as it is.
        if soft != hard && setrlimit(Resource::Nofile, raised).is_ok() {
            return hard;
        }
        soft
    }

    /// The limit now and how far it may be raised; none of a pair is no limit.
    fn read() -> Option<(Option<u64>, Option<u64>)> {
        let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        let mut numbers = line.split_whitespace().map(|word| match word {
            "unlimited" => Some(None),
            number => number.parse().ok().map(Some),
        });
        Some((numbers.next()??, numbers.next()??))
    }
}

/// The limit of this process on open files.
#[cfg(all(unix, not(target_os = "linux")))]
mod system {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    pub(super) fn raised_limit() -> Option<u64> {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: maximum, maximum };
        // Where it is not allowed the limit stays as it is.
        if current != maximum && setrlimit(Resource::Nofile, raised).is_ok() {
            return maximum;
        }
        current
    }
}

/// The limit of this process on open files, which this system does not have.
#[cfg(not(unix))]
mod system {
    pub(super) fn raised_limit() -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::load(&crate::config::Sources::default()).unwrap()
    }

    #[test]
    fn nothing_is_cut_where_everything_fits() {
        let config = config();
        let all = Shares { connections: 16_384, answers: 1000, short_of: None };
        let reserve = OTHERS + 5 * SQLITE;
        assert_eq!(Shares::among(&config, None), all);
        assert_eq!(Shares::among(&config, Some(16_384 + 1000 + reserve)), all);
        let less = Shares::among(&config, Some(16_384 + 1000 + reserve - 1));
        assert_eq!((less.connections, less.answers), (16_383, 1000));
        assert!(less.shortage().unwrap().1.contains(&format!("{} files", 17_384 + reserve)));
    }

    #[test]
    fn every_share_has_its_descriptors_and_somebody_is_served() {
        let config = config();
        let reserve = OTHERS + 5 * SQLITE;
        for limit in [0, 64, 85, 128, 256, 1024, 4096, 16_384] {
            let Shares { connections, answers, .. } = Shares::among(&config, Some(limit));
            assert!(connections >= 1 && answers >= 1, "{limit}");
            let together = connections as u64 + u64::from(answers);
            assert!(together + reserve <= limit.max(reserve + 2), "{limit}");
        }
        let Shares { connections, answers, .. } = Shares::among(&config, Some(1024));
        assert_eq!((connections, answers), (462, 462), "an answer has two");
    }
}
