//! A reverse proxy of one test, in front of a server.

use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::engine::{command_from, find};
use crate::ports::free_port;
use crate::process::watch;
use crate::test::Need;
use crate::wait::eventually;

/// The proxies that are known.
#[derive(Clone, Copy, Debug)]
pub enum ReverseProxy {
    /// nginx as installed, or as `CHATAPP_TEST_NGINX` says.
    Nginx,
    /// Caddy as installed, or as `CHATAPP_TEST_CADDY` says.
    Caddy,
}

/// A proxy with files of its own. It ends when this is dropped or the test process is gone.
#[derive(Debug)]
pub struct ReverseProxyProcess {
    port: u16,
    directory: TempDir,
    _child: Child,
    /// Holds the pipe whose end makes the watcher kill an orphan.
    _watcher: Option<Child>,
}

impl ReverseProxy {
    /// The name of its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
        }
    }

    /// What a test needs that starts one.
    pub fn need(self) -> Need {
        Need::new(self.name(), self.available())
    }

    /// Whether it can be started here; if not, what would help.
    pub fn available(self) -> Result<(), String> {
        self.program().map(drop)
    }

    /// Starts one and waits until it listens. `site` is given a free port of 127.0.0.1 and answers
    /// with what a person writes about the site: what belongs inside `http { }` of nginx, or a
    /// Caddyfile without global options.
    pub async fn start(self, site: impl FnOnce(u16) -> String) -> ReverseProxyProcess {
        let program = self.program().unwrap_or_else(|why| panic!("{why}"));
        let (name, arguments) = program.split_first().expect("a program");
        let port = free_port().expect("a free port");
        let directory = tempfile::Builder::new().prefix("chatapp-proxy-").tempdir();
        let directory = directory.expect("a directory");
        let log = std::fs::File::create(directory.path().join("log")).expect("a log");
        let mut command = Command::new(name);
        command.args(arguments);
        self.prepare(&mut command, directory.path(), &site(port));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().expect("the program can be run");
        let watcher = child.id().map(watch);
        eventually("the proxy listens", async || {
            if let Ok(Some(status)) = child.try_wait() {
                let log = std::fs::read_to_string(directory.path().join("log"));
                panic!("{name} ended ({status}):\n{}", log.unwrap_or_default());
            }
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        ReverseProxyProcess { port, directory, _child: child, _watcher: watcher }
    }

    fn program(self) -> Result<Vec<String>, String> {
        let (name, variable) = match self {
            Self::Nginx => ("nginx", "CHATAPP_TEST_NGINX"),
            Self::Caddy => ("caddy", "CHATAPP_TEST_CADDY"),
        };
        command_from(variable)
            .or_else(|| find(name).map(|path| vec![path]))
            .ok_or_else(|| format!("{name} is not installed"))
    }

    /// Writes the configuration and names it on the command line. It touches nothing outside of
    /// its folder and stays in the foreground, as one process.
    fn prepare(self, command: &mut Command, directory: &Path, site: &str) {
        let file = directory.join("configuration");
        let text = match self {
            Self::Nginx => format!(
                "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\n\
                 events {{ worker_connections 512; }}\n\
                 http {{\naccess_log off;\n\
                 client_body_temp_path body;\nproxy_temp_path proxy;\n\
                 fastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n\
                 {site}\n}}\n"
            ),
            Self::Caddy => format!(
                "{{\n\tadmin off\n\tauto_https off\n\tlog {{\n\t\tlevel ERROR\n\t}}\n}}\n\n{site}\n"
            ),
        };
        std::fs::write(&file, text).expect("a file");
        match self {
            Self::Nginx => command.arg("-p").arg(directory).arg("-c").arg(&file),
            Self::Caddy => command
                .args(["run", "--adapter", "caddyfile", "--config"])
                .arg(&file)
                .env("XDG_DATA_HOME", directory)
                .env("XDG_CONFIG_HOME", directory),
        };
    }
}

impl ReverseProxyProcess {
    /// Its address, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The warnings it has given so far.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        // Before it has read what it is to log, Caddy says where it reads that.
        let warning = |line: &&str| !line.starts_with(r#"{"level":"info""#);
        log.lines().filter(warning).collect()
    }
}
