//! A server that nobody asks anything does nothing.

use std::time::Duration;

use testkit::World;
use testkit::process::AppProcess;

use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, upstream};

/// After which time connections have given back what they have read (`crud::give_back`).
const FORGETTING: Duration = Duration::from_secs(20);
/// How long nothing happens.
const WINDOW: Duration = Duration::from_secs(10);

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
struct Use {
    /// Processor time in ticks, usually of 10 ms.
    ticks: u64,
    /// How often one of its threads slept and was woken.
    wakes: u64,
    /// Resident memory.
    kib: u64,
}

impl Use {
    fn of(server: &AppProcess) -> Self {
        let folder = format!("/proc/{}", server.id().expect("it runs"));
        let read = |path: String| std::fs::read_to_string(path).expect("Linux tells");
        let stat = read(format!("{folder}/stat"));
        // After the name, which may hold anything: state is the 3rd field, the times 14th and 15th.
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks = times.map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        let tasks = std::fs::read_dir(format!("{folder}/task")).expect("its threads");
        let wakes = tasks
            .map(|task| task.expect("a thread").path().display().to_string())
            .map(|task| field(&read(format!("{task}/status")), "voluntary_ctxt_switches:"))
            .sum();
        Self { ticks, wakes, kib: field(&read(format!("{folder}/status")), "VmRSS:") }
    }
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect(name);
    line.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number")
}

#[testkit::test(sqlite)]
async fn an_idle_server_does_nothing(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    let started = Use::of(&server);
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, PROMPT).await;
    // Whatever a turn leaves to be done is done before its successor is answered.
    user.send_and_wait(&conversation, PROMPT).await;
    drop(user);

    // The only waits for time itself in this suite: that nothing happens meanwhile is the claim.
    tokio::time::sleep(FORGETTING).await;
    let before = settled(&server).await;
    tokio::time::sleep(WINDOW).await;
    let after = Use::of(&server);
    let spent = (after.ticks - before.ticks, after.wakes.saturating_sub(before.wakes));
    // The report; `CHATAPP_TEST_LOG=info` shows it.
    tracing::info!(?WINDOW, ?started, ?before, ?after, ?spent, "idle");
    let (ticks, wakes) = spent;
    assert!(ticks <= 1, "{ticks} ticks in {WINDOW:?}: {before:?} {after:?}");
    assert!(after.kib < 128 * 1024, "{after:?}");
    assert!(wakes <= 20, "{wakes} wakes in {WINDOW:?}: {before:?} {after:?}");
}

/// The use once it has not changed for a second.
async fn settled(server: &AppProcess) -> Use {
    let mut last = Use::of(server);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = Use::of(server);
        if (now.ticks, now.wakes) == (last.ticks, last.wakes) {
            return now;
        }
        last = now;
    }
}
