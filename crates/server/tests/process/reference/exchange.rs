//! Runs an example in a shell and catches its request and its reply.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

/// Far longer than an example takes.
const LIMIT: Duration = Duration::from_mins(1);

/// Lets `curl` tell on the side what it asked for and what came.
const CAUGHT: &str = r#"set -eu -o pipefail
curl() {
  command curl -sS "$@" \
    -w '%{stderr}%{http_code}\n%{method}\n%{url_effective}\n%{content_type}\n' 2>>"$CAUGHT/facts" \
    | tee "$CAUGHT/body"
}
"#;

/// The shell of a reader: a directory, and the variables set so far.
#[derive(Debug)]
pub(crate) struct Shell {
    directory: PathBuf,
    variables: BTreeMap<String, String>,
    base: String,
}

/// A request and its reply.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) status: u16,
    pub(crate) method: String,
    /// Of the URL, without its query.
    pub(crate) path: String,
    /// Without parameters; empty for a reply without a body.
    pub(crate) media_type: String,
    pub(crate) body: String,
}

impl Shell {
    pub(crate) fn new(directory: &Path, base: &str) -> Self {
        let base = base.to_owned();
        Self { directory: directory.to_owned(), variables: BTreeMap::new(), base }
    }

    /// Sets `$name`.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Runs an example, which makes one request.
    pub(crate) async fn run(&mut self, script: &str) -> Exchange {
        let caught = tempfile::tempdir().expect("a temporary directory");
        let run = Command::new("bash")
            .args(["-c", &format!("{CAUGHT}{script}")])
            .envs(&self.variables)
            .env("BASE", &self.base)
            .env("CAUGHT", caught.path())
            .env("NO_PROXY", "*")
            .current_dir(&self.directory)
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(LIMIT, run).await.expect("the example ends");
        let output = output.expect("bash can be run");
        let read = |name| std::fs::read_to_string(caught.path().join(name)).unwrap_or_default();
        let facts = read("facts");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{}: {facts}{complaints}", output.status);
        let [status, method, url, media_type] = facts.lines().collect::<Vec<_>>()[..] else {
            panic!("an example makes one request, with curl:\n{script}\n{facts}");
        };
        let path = url.strip_prefix(&self.base).expect("an example asks $BASE");
        Exchange {
            status: status.parse().expect("a status"),
            method: method.to_owned(),
            path: path.split('?').next().unwrap_or_default().to_owned(),
            media_type: media_type.split(';').next().unwrap_or_default().to_owned(),
            body: read("body"),
        }
    }

    /// Sets `$name` to what stands at `place` (`a.0.b`) of a JSON reply.
    pub(crate) fn keep(&mut self, name: &str, place: &str, call: &Exchange) {
        let json: Value = serde_json::from_str(&call.body).unwrap_or_default();
        let pointer = format!("/{}", place.replace('.', "/"));
        let found = match json.pointer(&pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => panic!("no {place} for ${name} in {}", call.body),
        };
        self.set(name, &found);
    }
}
