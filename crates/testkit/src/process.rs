//! The real program as a child process.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::client::Anonymous;
use crate::ports::free_port;
use crate::settings::Settings;
use crate::wait::eventually;

/// How long the program may take to end after it was told to.
const END_LIMIT: Duration = Duration::from_secs(40);

/// How a process is to be started.
#[derive(Debug)]
pub struct ProcessBuilder {
    command: Command,
    directory: PathBuf,
    /// Where a server listens, if not on a free port.
    port: Option<u16>,
}

impl ProcessBuilder {
    /// The program `binary` (a test of the package that has it gives
    /// `env!("CARGO_BIN_EXE_chatapp")`), run in `directory` with nothing of our environment but
    /// the path to programs.
    pub fn new(binary: impl AsRef<OsStr>, directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        let mut command = Command::new(binary);
        command.env_clear().current_dir(&directory).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        Self { command, directory, port: None }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Many environment variables.
    #[must_use]
    pub fn settings(mut self, settings: &Settings) -> Self {
        self.command.envs(settings.iter());
        self
    }

    /// What it finds at its standard input; nothing if this is not called.
    #[must_use]
    pub fn input(mut self, text: &str) -> Self {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(text.as_bytes()).and_then(|()| file.rewind()).expect("it can be written");
        self.command.stdin(file);
        self
    }

    /// Has a server listen on this port instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Runs a command that ends by itself and returns what it printed.
    pub async fn output(mut self) -> Output {
        let output = tokio::time::timeout(END_LIMIT, self.command.output()).await;
        output.expect("the command ends by itself").expect("the program can be run")
    }

    /// Starts a server on a free port of 127.0.0.1 and waits until it is ready.
    pub async fn serve(self) -> AppProcess {
        let mut app = self.launch();
        let anonymous = app.anonymous();
        eventually("the server is ready", async || {
            if let Ok(Some(status)) = app.child.try_wait() {
                panic!("the server ended ({status}):\n{}", app.stderr());
            }
            let request = anonymous.request(reqwest::Method::GET, "/health/ready").send();
            request.await.is_ok_and(|reply| reply.status().is_success())
        })
        .await;
        app
    }

    /// Starts a server on a free port of 127.0.0.1 and does not wait for it. What it prints goes to
    /// `stdout-PORT.log` and `stderr-PORT.log` in its directory.
    pub fn launch(mut self) -> AppProcess {
        let port = self.port.unwrap_or_else(|| free_port().expect("a free port"));
        let log = self.directory.join(format!("stderr-{port}.log"));
        let file = File::create(&log).expect("a file for the log");
        let output = self.directory.join(format!("stdout-{port}.log"));
        let output = File::create(output).expect("a file for its output");
        let child = self
            .command
            .env("CHATAPP_SERVER__PORT", port.to_string())
            .stdout(output)
            .stderr(file)
            .spawn()
            .expect("the program can be run");
        let watcher = child.id().map(watch);
        AppProcess { child, _watcher: watcher, url: format!("http://127.0.0.1:{port}"), log }
    }
}

/// A running server. It is killed when this is dropped, and when the test process is gone.
#[derive(Debug)]
pub struct AppProcess {
    child: Child,
    /// Holds the pipe whose end makes the watcher kill an orphan.
    _watcher: Option<Child>,
    url: String,
    log: PathBuf,
}

impl AppProcess {
    /// Its address, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client without an account on this server.
    pub fn anonymous(&self) -> Anonymous {
        Anonymous::new(&self.url)
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        read(&self.log)
    }

    /// The set-up code that it logs soon after it is ready, if it has no administrator.
    pub async fn setup_code(&self) -> String {
        let mut code = String::new();
        eventually("the set-up code is in the log", async || {
            let log = self.stderr();
            let rest =
                log.split_once(r#""setup_code":""#).and_then(|(_, rest)| rest.split_once('"'));
            code = rest.map(|(code, _)| code.to_owned()).unwrap_or_default();
            !code.is_empty()
        })
        .await;
        code
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a signal by its name without `SIG`, such as `TERM`, `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        signal(self.id().expect("the process runs"), name);
    }

    /// Asks it to end in good order and waits until it did.
    pub async fn terminate(mut self) -> Ended {
        self.signal("TERM");
        self.wait().await
    }

    /// Ends it as a crash would, at any instruction, and waits until it is gone.
    pub async fn kill(mut self) -> Ended {
        self.child.start_kill().expect("the process runs");
        self.wait().await
    }

    /// Waits until it ends.
    pub async fn wait(&mut self) -> Ended {
        let Ok(status) = tokio::time::timeout(END_LIMIT, self.child.wait()).await else {
            panic!("it goes on after {} s:\n{}", END_LIMIT.as_secs(), self.stderr());
        };
        Ended { status: status.expect("our own child"), stderr: self.stderr() }
    }
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code or the signal that ended it.
    pub status: ExitStatus,
    /// Everything it wrote to standard error.
    pub stderr: String,
}

/// Sends the signal `name` to the process `id`.
pub(crate) fn signal(id: u32, name: &str) {
    let sent = std::process::Command::new("kill").args(["-s", name, &id.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "no {name} for process {id}");
}

/// Starts a process that kills `id` when the pipe to it closes.
///
/// It is itself killed, through `kill_on_drop`, before that pipe closes in good order.
pub(crate) fn watch(id: u32) -> Child {
    let script = OsString::from(format!("trap '' HUP INT TERM; read -r _; kill -KILL {id}"));
    Command::new("sh")
        .arg("-c")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .expect("a shell")
}

fn read(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
