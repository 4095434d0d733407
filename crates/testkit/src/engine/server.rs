//! A database server as a child process that cannot outlive the test process.

use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::program::Program;
use crate::ports::free_port;

/// How long a server may take until it greets its first client.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Runs and kills the server as standard input says; at its end it removes the directory.
///
/// Only the test process holds the other end of that pipe, so the end comes when it is gone,
/// even by SIGKILL. A process group of its own and the ignored signals keep Ctrl-C away.
const SUPERVISOR: &str = r#"
trap '' HUP INT TERM
dir=$1; shift
server=
end() { [ -z "$server" ] || { kill -KILL "$server"; wait "$server"; server=; }; }
while read -r word; do
    end
    if [ "$word" = start ]; then
        "$@" >"$dir/server.log" 2>&1 </dev/null &
        server=$!
    fi
done
end
rm -rf "$dir"
"#;

/// Where a running server listens; `root` without a password is its administrator.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) port: u16,
    pub(super) socket: PathBuf,
}

/// A running server. Dropping it ends the server and removes its data.
#[derive(Debug)]
pub(super) struct Server {
    endpoint: Endpoint,
    /// Removed by the supervisor.
    directory: PathBuf,
    supervisor: Child,
}

impl Server {
    /// Makes a data directory and starts `program` on it.
    pub(super) fn start(program: &Program) -> Result<Self, String> {
        // Another process may take the port between our look and the server's; then try again.
        let mut last = String::new();
        for _ in 0..3 {
            match Self::start_once(program) {
                Ok(server) => return Ok(server),
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    /// Where it listens.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start_once(program: &Program) -> Result<Self, String> {
        let port = free_port()?;
        let directory = tempfile::Builder::new()
            .prefix("chatapp-db-")
            .tempdir()
            .map_err(|error| format!("no temporary directory: {error}"))?;
        let data = directory.path().join("data");
        let socket = directory.path().join("s");
        // Both servers refuse to run as root unless told so.
        let root = directory.path().metadata().is_ok_and(|meta| meta.uid() == 0);
        let user = root.then_some("--user=root");

        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(directory.path())
            .args(&program.command)
            .args(["--no-defaults", &format!("--port={port}")])
            .arg(option("--datadir=", &data))
            .arg(option("--socket=", &socket))
            .arg(option("--pid-file=", &directory.path().join("pid")))
            .args(&program.options)
            .args(user)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("no shell to supervise it: {error}"))?;
        // From here on the supervisor removes the directory.
        let directory = directory.keep();
        let server = Self { endpoint: Endpoint { port, socket }, directory, supervisor };

        install(program, &data, user)?;
        server.launch()?;
        Ok(server)
    }

    /// Starts it, for the first time or after [`Server::kill`], and waits until it is ready.
    pub(super) fn launch(&self) -> Result<(), String> {
        self.say(b"start\n")?;
        self.wait_until_ready()
    }

    /// Ends it as a crash would, and waits until it is gone. Its data stays.
    pub(super) fn kill(&self) -> Result<(), String> {
        self.say(b"kill\n")?;
        let deadline = Instant::now() + START_LIMIT;
        while greets(&self.endpoint.socket) {
            if Instant::now() > deadline {
                return Err("it cannot be killed".to_owned());
            }
            pause();
        }
        Ok(())
    }

    fn say(&self, word: &[u8]) -> Result<(), String> {
        let mut pipe = self.supervisor.stdin.as_ref().ok_or("the supervisor has no input")?;
        pipe.write_all(word).map_err(|error| format!("the supervisor is gone: {error}"))
    }

    /// Waits for the first byte of the server's greeting.
    fn wait_until_ready(&self) -> Result<(), String> {
        let deadline = Instant::now() + START_LIMIT;
        let log = self.directory.join("server.log");
        loop {
            if greets(&self.endpoint.socket) {
                return Ok(());
            }
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            // The last word of both servers when they cannot start.
            if text.contains("Aborting") || Instant::now() > deadline {
                return Err(format!("it did not become ready; its log:\n{}", tail(&text)));
            }
            pause();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn install(program: &Program, data: &Path, user: Option<&str>) -> Result<(), String> {
    let (name, words) = program.install.split_first().ok_or("no command makes its data")?;
    let output = Command::new(name)
        .args(words)
        .arg(option("--datadir=", data))
        .args(user)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name} does not run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(format!("{name} failed ({}):\n{}", output.status, tail(&String::from_utf8_lossy(&text))))
}

fn option(name: &str, path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(name);
    text.push(path);
    text
}

/// Between two looks.
fn pause() {
    // Nobody unparks this thread.
    std::thread::park_timeout(Duration::from_millis(20));
}

fn greets(socket: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(socket) else { return false };
    let patience = stream.set_read_timeout(Some(Duration::from_secs(5)));
    patience.is_ok() && stream.read_exact(&mut [0]).is_ok()
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(20);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}
