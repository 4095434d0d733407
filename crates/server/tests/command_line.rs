//! The program as people and service managers start it: exit codes, output, signals.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use tempfile::TempDir;

/// The program in an empty folder, with nothing of our environment.
fn chatapp(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatapp"));
    command
        .args(arguments)
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = chatapp(folder.path(), arguments).envs(variables.iter().copied()).output();
    let Output { status, stdout, stderr } = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A running server; killed when dropped.
struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    _folder: TempDir,
}

impl Server {
    /// Starts one and waits until it says that it is ready.
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let mut child = chatapp(folder.path(), arguments)
            .env("CHATAPP_AUTH__ARGON2_MEMORY_KIB", "8")
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut server = Self { child, stderr, _folder: folder };
        server.wait_for("ready");
        server
    }

    /// Reads the log up to the line whose message contains `text`.
    fn wait_for(&mut self, text: &str) -> serde_json::Value {
        loop {
            let mut line = String::new();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "it ended without {text:?}");
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            let message = event.get("message").and_then(|message| message.as_str());
            if message.is_some_and(|message| message.contains(text)) {
                return event;
            }
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for the end; the exit code and the rest of the log.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already, usually.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn version_and_openapi_go_to_standard_output() {
    let (code, out, err) = run(&["version"], &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with(concat!("chatapp ", env!("CARGO_PKG_VERSION"))), "{out}");
    let (code, out, _) = run(&["version", "--json"], &[]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["version"].as_str()), (0, Some(env!("CARGO_PKG_VERSION"))));
    let (code, out, _) = run(&["openapi"], &[]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && document["paths"].is_object());
}

#[test]
fn usage_errors_are_2_and_bad_configuration_is_78() {
    let (code, _, err) = run(&["--prot", "1"], &[]);
    assert!(code == 2 && err.contains("--port"), "{err}");
    let (code, out, err) = run(&[], &[("PORT", "70000"), ("SECRET_KEY", "canary")]);
    assert_eq!((code, out.as_str()), (78, ""));
    assert!(err.contains("server.port") && err.contains("auth.secret_key"), "{err}");
    assert!(err.contains("openssl rand -hex 32") && !err.contains("canary"), "{err}");
}

#[test]
fn a_database_without_its_secret_is_bad_configuration() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/chatapp.db"), "").unwrap();
    let output = chatapp(folder.path(), &["--port", "0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("SECRET_KEY"));
}

#[test]
fn a_port_in_use_is_said_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for command in ["serve", "mock-provider"] {
        let (code, _, err) = run(&[command, "--port", &port], &[]);
        assert_eq!(code, 1, "{err}");
        assert!(err.contains(&format!("port {port} is in use")), "{err}");
        assert!(err.contains("try --port "), "{err}");
    }
}

#[test]
fn sigterm_ends_in_good_order_with_0_and_ctrl_c_with_130() {
    for (signal, code) in [("TERM", 0), ("INT", 130)] {
        let mut server = Server::start(&["--port", "0"]);
        server.signal(signal);
        server.wait_for("asked to stop");
        let (ended, log) = server.end();
        assert_eq!(ended, Some(code), "{signal}: {log}");
        assert!(!log.contains("\"ERROR\""), "{log}");
    }
}

#[test]
fn the_mock_provider_runs_until_it_is_told_to_stop() {
    let server = Server::start(&["mock-provider", "--port", "0"]);
    server.signal("INT");
    assert_eq!(server.end().0, Some(130));
    let (code, _, err) = run(&["mock-provider", "--addr", "nowhere"], &[]);
    assert!(code == 2 && err.contains("--addr"), "{err}");
}

#[test]
fn migrate_makes_the_database_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = chatapp(folder.path(), &["migrate"]).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert!(folder.path().join("data/chatapp.db").exists());
    }
    let mut server = Server::start_in(folder, &["--port", "0", "--no-migrate"]);
    server.signal("TERM");
    server.wait_for("asked to stop");
    assert_eq!(server.end().0, Some(0));
}
