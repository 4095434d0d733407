//! Programs under measurement, and what the system says they used.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What a process had used at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Processor time of all its threads, in this system's ticks of 10 ms.
    pub(crate) cpu: Duration,
    /// The most memory it ever held, in KiB.
    pub(crate) peak_kib: u64,
}

/// A child process. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
}

impl Program {
    /// Runs `program` with nothing of our environment but these variables.
    pub(crate) fn start(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
        directory: &Path,
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(directory).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child =
            command.spawn().with_context(|| format!("{} cannot be run", program.display()))?;
        Ok(Self { child })
    }

    /// The first line it prints.
    pub(crate) async fn first_line(&mut self) -> anyhow::Result<String> {
        let output = self.child.stdout.take().context("its output is read already")?;
        let line = BufReader::new(output).lines().next_line().await?;
        line.context("it ended without a word")
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let id = self.child.id().context("it has ended")?;
        let read = |name| std::fs::read_to_string(format!("/proc/{id}/{name}"));
        parse(&read("stat")?, &read("status")?).context("/proc is not as expected")
    }
}

/// From `/proc/PID/stat` and `/proc/PID/status`.
fn parse(stat: &str, status: &str) -> Option<Usage> {
    // The name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak_kib = peak.trim().trim_end_matches(" kB").parse().ok()?;
    Some(Usage { cpu: Duration::from_millis(ticks * 10), peak_kib })
}

/// A port of 127.0.0.1 that was free a moment ago.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until `url` answers.
pub(crate) async fn wait_for(client: &reqwest::Client, url: &str) -> anyhow::Result<()> {
    for _ in 0..600 {
        if client.get(url).send().await.is_ok_and(|reply| reply.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("{url} did not answer within 30 s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added() {
        let stat = "7 (a) b) c) S 1 7 7 0 -1 4194304 100 0 0 0 123 45 0 0 20 0 3 0 100 0 0";
        let usage = parse(stat, "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n");
        let cpu = Duration::from_millis(1_680);
        assert_eq!(usage, Some(Usage { cpu, peak_kib: 2_048 }));
        assert_eq!(parse("7 (a) S 1", "VmHWM: 1 kB"), None);
    }

    #[test]
    fn our_own_numbers_can_be_read() {
        let read = |name| std::fs::read_to_string(format!("/proc/self/{name}")).unwrap();
        let usage = parse(&read("stat"), &read("status")).unwrap();
        assert!(usage.peak_kib > 100, "{usage:?}");
    }
}
