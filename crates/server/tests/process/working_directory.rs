//! Where a test runs the program, and what its processes may not have printed.

use std::path::Path;
use std::process::Output;

use tempfile::TempDir;
use testkit::process::ProcessBuilder;

/// The program.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_chatapp");

/// What must never be printed: the secrets of `testkit`'s settings, databases and people, and
/// the words that only conversations have.
const CANARIES: [&str; 7] = [
    "5f1e0c7a92b34d68",
    "p@ss:w/rd",
    "p%40ss",
    "sk-0123456789abcdef",
    "correct horse",
    "marmalade",
    "canary",
];

/// Every token is a longer word than this, and nothing else that is printed is one.
const LONGEST_WORD: usize = 40;

/// A test's working directory. When it is dropped, everything that servers printed there is
/// searched for secrets, which fails the test.
#[derive(Debug)]
pub(crate) struct WorkingDirectory {
    directory: TempDir,
}

impl WorkingDirectory {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The program in this directory.
    pub(crate) fn program(&self) -> ProcessBuilder {
        ProcessBuilder::new(BINARY, self.path())
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("a file can be written");
    }
}

impl Drop for WorkingDirectory {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let files = std::fs::read_dir(self.path()).expect("the directory can be read");
        for file in files.map(|file| file.expect("a file").path()) {
            if file.extension().is_some_and(|extension| extension == "log") {
                let bytes = std::fs::read(&file).expect("a log can be read");
                assert_clean(&String::from_utf8_lossy(&bytes));
            }
        }
    }
}

/// A command that ended: its exit code, standard output and standard error.
pub(crate) async fn run(command: ProcessBuilder) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().await;
    let [stdout, stderr] =
        [stdout, stderr].map(|bytes| String::from_utf8(bytes).expect("output is UTF-8"));
    assert_clean(&stderr);
    // The OpenAPI document has long words and a password as an example, but nothing of anybody's.
    let mut canaries = CANARIES.iter().filter(|canary| **canary != "correct horse");
    assert!(!canaries.any(|canary| stdout.contains(canary)), "{stdout}");
    (status.code(), stdout, stderr)
}

/// Fails the test when `printed` holds a secret.
#[track_caller]
pub(crate) fn assert_clean(printed: &str) {
    for line in printed.lines() {
        for canary in CANARIES {
            assert!(!line.contains(canary), "{canary:?} was printed: {line}");
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let word = line.split(|c| !is_part(c)).find(|word| word.len() > LONGEST_WORD);
        assert!(word.is_none(), "{word:?} looks like a token: {line}");
    }
}
