//! The configuration: what it is made of and how it is read.
//!
//! Command line options come first, then the environment, `.env`, `chatapp.toml` and the
//! defaults. Every section is declared once, in a file of its own; structs, loading, reference
//! and example files are made from that declaration.

mod auth;
mod database;
mod database_address;
mod dotenv;
mod error;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod key;
mod limits;
mod log;
mod models;
mod provider;
mod provider_setting;
mod providers;
mod redis;
mod reference;
mod responses;
mod section;
mod server;
mod setting;
mod sources;
mod storage;
mod values;

use std::path::PathBuf;

pub use self::auth::{AuthConfig, Signup};
pub use self::database::{Database, MySqlOptions};
pub use self::database_address::{DatabaseUrl, DbHost};
pub use self::error::ConfigError;
pub use self::key::{Key, Privacy, Section};
pub use self::limits::LimitsConfig;
pub use self::log::{Color, LogConfig, LogFilter, LogFormat, LogLevel};
pub use self::models::ModelsConfig;
pub use self::provider::{ApiKey, BaseUrl, ProviderConfig, ProviderName};
pub use self::provider_setting::{FieldName, Headers, ModelNames};
pub use self::providers::{ModelConfig, NamedProviderConfig, Providers};
pub use self::redis::{RedisConfig, RedisUrl};
pub use self::reference::{env_example, reference, toml_example};
pub use self::responses::{OnInterruption, ResponsesConfig};
pub use self::server::ServerConfig;
pub use self::setting::WebOrigin;
pub use self::sources::Sources;
pub use self::storage::{StorageConfig, Synchronous};
pub use self::values::Used;

use self::values::Values;

/// Every section that there is one of, as declared.
pub const SECTIONS: &[Section] = &[
    ServerConfig::SECTION,
    StorageConfig::SECTION,
    AuthConfig::SECTION,
    ProviderConfig::SECTION,
    ModelsConfig::SECTION,
    LimitsConfig::SECTION,
    ResponsesConfig::SECTION,
    RedisConfig::SECTION,
    LogConfig::SECTION,
];

/// The sections that there may be any number of, with a name in the place of `NAME` and `ID`.
pub const NAMED_SECTIONS: &[Section] = &[NamedProviderConfig::SECTION, ModelConfig::SECTION];

/// A whole configuration. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens and what it allows a client.
    pub server: ServerConfig,
    /// Where conversations are kept.
    pub storage: StorageConfig,
    /// The database that `storage` chooses.
    pub database: Database,
    /// Accounts, passwords and tokens.
    pub auth: AuthConfig,
    /// Who writes the answers.
    pub providers: Providers,
    /// How much is generated at once.
    pub limits: LimitsConfig,
    /// How answers are made.
    pub responses: ResponsesConfig,
    /// The bus between servers.
    pub redis: RedisConfig,
    /// The log.
    pub log: LogConfig,
    /// The files that were read: `.env`, the configuration file, none, or both.
    pub files: Vec<PathBuf>,
    /// What is odd about the values and does no harm, a sentence each; shows no secret.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads and checks everything; the error names every problem, not only the first.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        Self::read(&mut Values::collect(sources))
    }

    /// Every value that counts and where it came from, secrets left out; the error is that of
    /// [`Config::load`].
    pub fn explain(sources: &Sources) -> Result<Vec<Used>, ConfigError> {
        let mut values = Values::collect(sources);
        Self::read(&mut values)?;
        Ok(values.into_used())
    }

    fn read(values: &mut Values) -> Result<Self, ConfigError> {
        let server = ServerConfig::load(values, "server");
        let storage = StorageConfig::load(values, "storage");
        let auth = AuthConfig::load(values, "auth");
        let provider = ProviderConfig::load(values, "provider");
        let models = ModelsConfig::load(values, "models");
        let providers = match (provider, models) {
            (Some(provider), Some(models)) => Providers::load(values, &provider, &models),
            _ => None,
        };
        let limits = LimitsConfig::load(values, "limits");
        let responses = ResponsesConfig::load(values, "responses");
        let redis = RedisConfig::load(values, "redis");
        let mut log = LogConfig::load(values, "log");
        let database = storage.as_ref().and_then(|storage| choose_database(storage, values));
        // An option is meant for this start; RUST_LOG may have been set long ago.
        if let Some(log) = &mut log
            && values.has_flag("log.level")
        {
            log.filter = None;
        }
        let problems = values.take_problems();
        match (server, storage, database, auth, providers, limits, responses, redis, log) {
            (
                Some(server),
                Some(storage),
                Some(database),
                Some(auth),
                Some(providers),
                Some(limits),
                Some(responses),
                Some(redis),
                Some(log),
            ) if problems.is_empty() => Ok(Self {
                server,
                storage,
                database,
                auth,
                providers,
                limits,
                responses,
                redis,
                log,
                files: values.files().to_vec(),
                warnings: values.take_warnings(),
            }),
            _ => Err(ConfigError::new(problems)),
        }
    }
}

fn choose_database(storage: &StorageConfig, values: &mut Values) -> Option<Database> {
    database::check_tls(storage, values);
    match Database::choose(storage) {
        Ok(database) => Some(database),
        Err(missing) => {
            for name in missing {
                let empty = if name == "DB_PASSWORD" { " (empty for none)" } else { "" };
                values.complain(format!(
                    "{name} is missing: other DB_ variables are set, and together they name a \
                     database. Set it too{empty}, or remove the others to use SQLite"
                ));
            }
            None
        }
    }
}

#[cfg(test)]
mod tests;
