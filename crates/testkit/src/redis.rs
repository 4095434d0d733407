//! A Redis server of one test: started empty, killed, frozen, emptied and filled at will.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use redis::{Client, Cmd, FromRedisValue, RedisResult, ToRedisArgs};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::engine::{command_from, find};
use crate::ports::free_port;
use crate::process::{signal, watch};
use crate::test::Need;
use crate::wait::eventually;

/// A Redis server on a port of its own, without files. It ends when this is dropped or the test
/// process is gone.
#[derive(Debug)]
pub struct Redis {
    program: Vec<String>,
    port: u16,
    directory: TempDir,
    /// `None` while it is down.
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Holds the pipe whose end makes the watcher kill an orphan.
    _watcher: Option<Child>,
}

impl Redis {
    /// What a test needs that starts one.
    pub fn need() -> Need {
        Need::new("redis", Self::available())
    }

    /// Whether it can be started here; if not, what would help.
    pub fn available() -> Result<(), String> {
        program().map(drop)
    }

    /// Starts one and waits until it answers.
    pub async fn start() -> Self {
        let mut redis = Self::down();
        redis.come_back().await;
        redis
    }

    /// One that is not there yet, though its address is known.
    pub fn down() -> Self {
        let program = program().unwrap_or_else(|why| panic!("{why}"));
        let port = free_port().expect("a free port");
        let directory = tempfile::Builder::new().prefix("chatapp-redis-").tempdir();
        Self { program, port, directory: directory.expect("a directory"), running: None }
    }

    /// Its address, for `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it, empty, at the same address as before.
    pub async fn come_back(&mut self) {
        let (name, arguments) = self.program.split_first().expect("a program");
        let log = std::fs::File::create(self.log()).expect("a file for its log");
        let child = Command::new(name)
            .args(arguments)
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "no", "--daemonize", "no", "--dir"])
            .arg(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program can be run");
        let watcher = child.id().map(watch);
        self.running = Some(Running { child, _watcher: watcher });
        eventually("Redis answers", async || self.ask::<String>(&redis::cmd("PING")).await.is_ok())
            .await;
    }

    /// Ends it as a crash would. Everything in it is lost.
    pub async fn kill(&mut self) {
        let mut running = self.running.take().expect("it runs");
        running.child.kill().await.expect("it can be killed");
    }

    /// Stops its clock: connections stay open and nothing is answered.
    pub fn freeze(&self) {
        signal(self.id(), "STOP");
    }

    /// Lets a frozen one go on.
    pub fn thaw(&self) {
        signal(self.id(), "CONT");
    }

    /// Removes everything in it.
    pub async fn flush(&self) {
        self.command(&["FLUSHALL"]).await;
    }

    /// Makes it refuse every write from now on, as one without memory does.
    pub async fn fill(&self) {
        self.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    }

    /// Takes [`Redis::fill`] back.
    pub async fn make_room(&self) {
        self.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    }

    /// Runs a command that has no interesting answer.
    pub async fn command(&self, words: &[&str]) {
        let _: redis::Value = self.query(words).await;
    }

    /// The answer to a command.
    pub async fn query<T: FromRedisValue>(&self, words: &[impl ToRedisArgs + fmt::Debug]) -> T {
        let mut command = Cmd::new();
        command.arg(words);
        self.ask(&command).await.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// How many commands it has been given so far, the question itself left out.
    pub async fn commands(&self) -> u64 {
        let text: String = self.query(&["INFO", "commandstats"]).await;
        let ours = ["info", "hello", "client", "config"];
        text.lines()
            .filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="))
            .filter(|(name, _)| !ours.iter().any(|own| name.starts_with(own)))
            .filter_map(|(_, rest)| rest.split(',').next()?.parse::<u64>().ok())
            .sum()
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(5)))
            .set_response_timeout(Some(Duration::from_secs(5)));
        let client = Client::open(self.url())?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        command.query_async(&mut connection).await
    }

    fn id(&self) -> u32 {
        self.running.as_ref().and_then(|running| running.child.id()).expect("it runs")
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("redis.log")
    }
}

/// Redis or Valkey as installed, or as `CHATAPP_TEST_REDIS` says.
fn program() -> Result<Vec<String>, String> {
    let installed =
        || find("redis-server").or_else(|| find("valkey-server")).map(|path| vec![path]);
    command_from("CHATAPP_TEST_REDIS")
        .or_else(installed)
        .ok_or_else(|| "redis-server is not installed".to_owned())
}
