//! Where the servers' programs are and with which options they run.

use std::path::{Path, PathBuf};

/// A server program and how its data directory is made.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// The command: the program, and options of its own when it needs any.
    pub(super) command: Vec<String>,
    /// The command that makes a data directory; `--datadir` is added.
    pub(super) install: Vec<String>,
    /// Options of the running server, besides those of its place.
    pub(super) options: Vec<String>,
}

/// Options that both servers know.
///
/// `latin1` is what a server without configuration had for decades: our own tables must not
/// depend on it. The log is flushed at each commit because acknowledged means on disk.
const COMMON: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--character-set-server=latin1",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-buffer-pool-size=32M",
    "--max-connections=300",
];
/// Without a small log each data directory takes 114 MB.
const MARIADB: &[&str] = &["--innodb-log-file-size=16M", "--performance-schema=OFF"];
/// An unpacked server has no directory for files and needs no second port.
const MYSQL: &[&str] = &["--secure-file-priv=NULL", "--mysqlx=OFF"];

/// MariaDB as installed, or as `CHATAPP_TEST_MARIADBD` says.
pub(super) fn mariadb() -> Result<Program, String> {
    let server = match command_from("CHATAPP_TEST_MARIADBD") {
        Some(command) => command,
        None => vec![find("mariadbd").ok_or("mariadb-server is not installed")?],
    };
    let install = find("mariadb-install-db").ok_or("mariadb-install-db is not installed")?;
    let install = [
        install.as_str(),
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        "--innodb-log-file-size=16M",
    ];
    Ok(Program {
        command: server,
        install: install.map(str::to_owned).to_vec(),
        options: owned(&[COMMON, MARIADB]),
    })
}

/// MySQL as `CHATAPP_TEST_MYSQLD` says. A `mysqld` on the path is often MariaDB's.
pub(super) fn mysql() -> Result<Program, String> {
    let server = command_from("CHATAPP_TEST_MYSQLD").ok_or("CHATAPP_TEST_MYSQLD is not set")?;
    let mut install = server.clone();
    install.extend(["--no-defaults", "--initialize-insecure"].map(str::to_owned));
    Ok(Program { command: server, install, options: owned(&[COMMON, MYSQL]) })
}

fn owned(options: &[&[&str]]) -> Vec<String> {
    options.concat().into_iter().map(str::to_owned).collect()
}

pub(crate) fn command_from(variable: &str) -> Option<Vec<String>> {
    let text = std::env::var(variable).ok()?;
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

/// The path of a program, where this machine has it.
pub fn find(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
    std::env::split_paths(&path)
        .chain(usual.map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|file| is_program(file))
        .map(|file| file.display().to_string())
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
