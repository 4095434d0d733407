//! An nginx of one story, in front of a server.

use std::process::Stdio;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::engine::{command_from, find, free_port};
use crate::process::watch;
use crate::wait::eventually;

/// An nginx with files of its own. It ends when this is dropped or the test process is gone.
#[derive(Debug)]
pub struct Nginx {
    port: u16,
    directory: TempDir,
    _child: Child,
    /// Holds the pipe whose end makes the watcher kill an orphan.
    _watcher: Option<Child>,
}

impl Nginx {
    /// Whether it can be started here; if not, what would help.
    pub fn available() -> Result<(), String> {
        program().map(drop)
    }

    /// Starts one and waits until it listens. `site` is given a free port of 127.0.0.1 and answers
    /// with what belongs inside `http { }`.
    pub async fn start(site: impl FnOnce(u16) -> String) -> Self {
        let program = program().unwrap_or_else(|why| panic!("{why}"));
        let (name, arguments) = program.split_first().expect("a program");
        let port = free_port().expect("a free port");
        let directory = tempfile::Builder::new().prefix("chatapp-nginx-").tempdir();
        let directory = directory.expect("a directory");
        let file = directory.path().join("nginx.conf");
        std::fs::write(&file, whole(&site(port))).expect("a file");
        let log = std::fs::File::create(directory.path().join("nginx.log")).expect("a log");
        let mut child = Command::new(name)
            .args(arguments)
            .arg("-p")
            .arg(directory.path())
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the program can be run");
        let watcher = child.id().map(watch);
        eventually("nginx listens", async || {
            if let Ok(Some(status)) = child.try_wait() {
                let log = std::fs::read_to_string(directory.path().join("nginx.log"));
                panic!("nginx ended ({status}):\n{}", log.unwrap_or_default());
            }
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        Self { port, directory, _child: child, _watcher: watcher }
    }

    /// Its address, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("nginx.log")).unwrap_or_default()
    }
}

/// A configuration that touches nothing outside of its folder and stays in the foreground, as one
/// process.
fn whole(site: &str) -> String {
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\n\
         events {{ worker_connections 512; }}\n\
         http {{\naccess_log off;\n\
         client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\n\
         uwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n{site}\n}}\n"
    )
}

/// nginx as installed, or as `CHATAPP_TEST_NGINX` says.
fn program() -> Result<Vec<String>, String> {
    command_from("CHATAPP_TEST_NGINX")
        .or_else(|| find("nginx").map(|path| vec![path]))
        .ok_or_else(|| "nginx is not installed".to_owned())
}
