//! The recipes of `docs/STREAMING.md`, word for word, run by their interpreters.

use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Case, Need};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

const GUIDE: &str = include_str!("../../../../docs/STREAMING.md");

/// A language that has a recipe.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Language {
    /// The name in the marker and of the code block.
    pub(crate) name: &'static str,
    program: &'static str,
    /// Name of the recipe's file, which its driver imports.
    file: &'static str,
    driver: (&'static str, &'static str),
}

/// All of them.
pub(crate) const LANGUAGES: [Language; 2] = [
    Language {
        name: "javascript",
        program: "node",
        file: "recipe.mjs",
        driver: ("driver.mjs", include_str!("driver.mjs")),
    },
    Language {
        name: "python",
        program: "python3",
        file: "recipe.py",
        driver: ("driver.py", include_str!("driver.py")),
    },
];

impl Case for Language {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn needs(&self) -> Need {
        let mut command = std::process::Command::new(self.program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        let runs = command.status().is_ok_and(|status| status.success());
        let missing = || format!("the recipe needs {}", self.program);
        Need::unnamed(runs.then_some(()).ok_or_else(missing))
    }
}

impl Language {
    fn recipe(&self) -> &'static str {
        let opening = format!("<!-- recipe: {0} -->\n```{0}\n", self.name);
        let (_, rest) = GUIDE.split_once(&opening).expect("the guide has the recipe");
        rest.split_once("```\n").expect("a closed block").0
    }

    /// Sends `content` with the recipe and follows the answer; stops it when `stop_at` letters
    /// have come.
    pub(crate) fn run(
        &self,
        url: &str,
        token: &str,
        conversation: &str,
        content: &str,
        stop_at: Option<usize>,
    ) -> Client {
        let stop_at = stop_at.map(|letters| letters.to_string());
        let directory = self.write(content);
        let command = self.command(&directory, [url, token, conversation]).args(stop_at).spawn();
        Client::of(command, directory)
    }

    /// Sends and follows without a pause between attempts; says how long each would have been.
    pub(crate) fn run_without_pauses(&self, url: &str) -> Client {
        let directory = self.write("Hello");
        let arguments = [url, "token", "conv_1"];
        let command = self.command(&directory, arguments).env("PAUSES", "1").spawn();
        Client::of(command, directory)
    }

    /// Writes what the interpreter needs into a folder.
    fn write(&self, content: &str) -> TempDir {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (driver, script) = self.driver;
        for (name, text) in [(self.file, self.recipe()), (driver, script), ("content.txt", content)]
        {
            std::fs::write(directory.path().join(name), text).expect("a file can be written");
        }
        directory
    }

    fn command(&self, directory: &TempDir, arguments: [&str; 3]) -> Command {
        let mut command = Command::new(self.program);
        command
            .arg(self.driver.0)
            .args(arguments)
            .current_dir(directory.path())
            .env("NO_PROXY", "*")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// A running recipe.
#[derive(Debug)]
pub(crate) struct Client {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    directory: TempDir,
}

/// What a recipe saw.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The ended response with its text.
    pub(crate) end: Value,
    /// What stopping returned.
    pub(crate) stopped: Value,
    /// How often the answer was replayed from the start.
    pub(crate) replays: usize,
    /// How long it would have waited, in milliseconds; only where it does not.
    pub(crate) pauses: Vec<f64>,
}

impl Client {
    fn of(child: std::io::Result<Child>, directory: TempDir) -> Self {
        let mut child = child.expect("the program can be run");
        let output = child.stdout.take().expect("a pipe");
        Self { child, lines: BufReader::new(output).lines(), directory }
    }

    async fn next(&mut self) -> Value {
        let line = self.lines.next_line().await.expect("the pipe can be read");
        let line = line.expect("it goes on until the end of the answer");
        serde_json::from_str(&line).expect("a line of JSON")
    }

    /// Waits until this much of the answer was shown.
    pub(crate) async fn until_shown(&mut self, letters: u64) {
        while self.next().await["length"].as_u64().is_none_or(|length| length < letters) {}
    }

    /// Reads to the end.
    pub(crate) async fn finish(mut self) -> Seen {
        let (mut replays, mut pauses) = (0, Vec::new());
        let seen = loop {
            let mut line = self.next().await;
            if line["goes_on"] == false {
                replays += 1;
            }
            pauses.extend(line["pause"].as_f64());
            if line["end"].is_object() {
                let (end, stopped) = (line["end"].take(), line["stopped"].take());
                break Seen { end, stopped, replays, pauses };
            }
        };
        let status = self.child.wait().await.expect("our own child");
        assert!(status.success(), "{status}");
        drop(self.directory);
        seen
    }
}
