//! Section `storage`.

use std::path::PathBuf;
use std::time::Duration;

use crud::TlsMode;
use secrecy::SecretString;

use super::database_address::{DatabaseUrl, DbHost};
use super::section::section;
use super::setting::{choice, words};

choice! {
    /// When a commit is on disk (SQLite).
    Synchronous: "`full` or `normal`";
    /// Before it is acknowledged: survives a power loss.
    Full = "full";
    /// Soon: a power loss may cost the newest commits, a crash of the server costs nothing.
    Normal = "normal";
}

words! {
    TlsMode: "`auto`, `off`, `preferred`, `required`, `verify_ca` or `verify_identity`";
    Auto = "auto",
    Off = "off",
    Preferred = "preferred",
    Required = "required",
    VerifyCa = "verify_ca",
    VerifyIdentity = "verify_identity",
}

section! {
    /// Where conversations are kept. With nothing set it is a SQLite file in `data_dir`.
    /// `database_url` or the `db_*` keys choose MySQL or MariaDB; `database_url` wins.
    StorageConfig = "storage";

    /// Folder for the SQLite file and the generated secret; made when missing.
    data_dir: PathBuf = "./data", flag "--data-dir";
    /// `sqlite:PATH`, `mysql://USER:PASSWORD@HOST:PORT/NAME` or the same with `mariadb:`.
    database_url: Option<DatabaseUrl>, env "DATABASE_URL";
    /// Host of a MySQL or MariaDB server. A value that begins with `/` is a unix socket.
    db_host: Option<DbHost>, env "DB_HOST";
    /// Its TCP port; 3306 if not set.
    db_port: Option<u16>, env "DB_PORT", range "1" to "65535";
    /// The account to log in with.
    db_user: Option<String>, env "DB_USER";
    /// Its password, taken as it is; empty means none. In `.env` a ` #` begins a comment: a
    /// password with one, or with quotes at its ends, goes into single quotes.
    db_password: Option<SecretString>, env "DB_PASSWORD", keep_empty true;
    /// The database; made when missing, if the account may.
    db_name: Option<String>, env "DB_NAME";
    /// Whether TLS is spoken with the server. `auto`: `verify_identity` with a CA; without one
    /// `required`, or `preferred` on this machine (a socket, `localhost`, a loopback address).
    /// `preferred`: where it is offered; `required`: with any certificate; `verify_ca`: with one
    /// that is trusted; `verify_identity`: which is for `db_host`, too; `off`: plain text. An
    /// `ssl-mode` of `database_url` is the same setting.
    db_tls: TlsMode = "auto", env "DB_TLS";
    /// File of certificates (PEM) that may have signed the server's, beside the authorities that
    /// the system trusts. `ssl-ca` of `database_url` goes before it.
    db_tls_ca: Option<PathBuf>, env "DB_TLS_CA";
    /// Folder for backups that are given no name, and where `chatapp doctor` looks for their age;
    /// `backups` in `data_dir` if not set.
    backup_dir: Option<PathBuf>;
    /// How long to keep trying to reach the database at the start.
    connect_timeout: Duration = "60s", range "0s" to "1h";
    /// The most connections of this process (MySQL, MariaDB).
    max_connections: u32 = "10", range "1" to "10000";
    /// How many connections read (SQLite); one more writes.
    readers: u32 = "4", range "1" to "64";
    /// When a commit is on disk (SQLite): `full` before it is acknowledged, `normal` soon after,
    /// so that a power loss (but no crash) may cost the newest.
    synchronous: Synchronous = "full";
    /// How long a request waits for its turn at the database before it is refused.
    acquire_timeout: Duration = "2s", range "10ms" to "5m";
    /// How long the database may take to answer (MySQL, MariaDB), and how long the statements of
    /// one transaction may take together. A request that needs longer is refused.
    statement_timeout: Duration = "5s", range "100ms" to "10m";
    /// How many writes may wait for their turn (SQLite); more are refused.
    write_queue: usize = "4096", range "1" to "1000000";
    /// Whether to bring the schema up to date at the start. Otherwise an old schema is an error;
    /// `chatapp migrate` does it.
    migrate: bool = "true", flag "--no-migrate";
}
