//! What the server says about itself once it is ready.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

/// The facts of a start. Nothing in it is secret but the set-up code, which is shown on purpose.
#[derive(Debug, Clone)]
pub struct BannerFacts {
    /// Our version.
    pub version: String,
    /// Where to reach the server, without a trailing slash.
    pub url: String,
    /// The data folder.
    pub data_dir: PathBuf,
    /// The configuration files that were read, with their whole paths.
    pub settings: Vec<PathBuf>,
    /// The database, without its password: the `Display` form of `config::Database`.
    pub database: String,
    /// The bus between servers, without its password; none when it is not configured.
    pub redis: Option<String>,
    /// Who writes the answers.
    pub model: ModelFacts,
    /// How the first administrator signs up; none when there is one.
    pub setup: Option<SetUp>,
    /// The file of a secret that was made just now.
    pub secret_created: Option<PathBuf>,
    /// Where the API is explained.
    pub docs: String,
}

/// Who writes the answers.
#[derive(Debug, Clone)]
pub enum ModelFacts {
    /// The built-in demo model.
    Demo,
    /// Providers.
    Provider {
        /// What the default one is called.
        name: String,
        /// Its address; a query is not shown.
        address: String,
        /// The model used by default.
        model: String,
        /// The names of the other providers.
        others: Vec<String>,
    },
}

/// How the first administrator signs up.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// Where a browser on this machine finds the web client, without a trailing slash.
    pub base: String,
    /// The set-up code.
    pub code: SecretString,
}

impl SetUp {
    /// The page that takes the code. It is in the fragment, which no server and no proxy sees.
    fn link(&self) -> String {
        format!("{}/signup#setup={}", self.base, self.code.expose_secret())
    }
}

impl fmt::Display for ModelFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Demo => f.write_str(
                "demo; for a real one set OPENAI_API_KEY, or OPENAI_BASE_URL and OPENAI_MODEL",
            ),
            Self::Provider { name, address, model, others } => {
                let address = provider::without_query(address);
                write!(f, "{model} of {name} ({address})")?;
                if others.is_empty() { Ok(()) } else { write!(f, "; also {}", others.join(", ")) }
            }
        }
    }
}

impl BannerFacts {
    /// The configuration files as a list; none if none was read.
    fn settings(&self) -> Option<String> {
        let names: Vec<_> = self.settings.iter().map(|file| file.display().to_string()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// Six to nine lines for a person; the last one says that the server is ready.
impl fmt::Display for BannerFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ChatApp Backend {}  {}", self.version, self.url)?;
        write!(f, "  Data        {}", self.data_dir.display())?;
        match &self.secret_created {
            Some(file) => writeln!(f, " (new secret in {}; keep it)", file.display())?,
            None => writeln!(f)?,
        }
        if let Some(settings) = self.settings() {
            writeln!(f, "  Settings    {settings}")?;
        }
        writeln!(f, "  Database    {}", self.database)?;
        if let Some(redis) = &self.redis {
            writeln!(f, "  Redis       {redis}")?;
        }
        writeln!(f, "  Model       {}", self.model)?;
        if let Some(setup) = &self.setup {
            writeln!(f, "  Set-up      {}", setup.link())?;
            writeln!(
                f,
                "              Open it to make the administrator's account; on another machine \
                 sign up with the code {}",
                setup.code.expose_secret()
            )?;
        }
        writeln!(f, "  Docs        {}", self.docs)?;
        writeln!(f, "Ready")
    }
}

/// Shows the facts: as lines on a terminal, unless `quiet`, otherwise as one log event.
pub fn show(facts: &BannerFacts, quiet: bool) {
    let mut stderr = io::stderr().lock();
    if stderr.is_terminal() && !quiet {
        // A terminal that is gone is no reason to stop.
        let _ = stderr.write_all(facts.to_string().as_bytes());
        return;
    }
    drop(stderr);
    tracing::info!(
        version = facts.version,
        url = facts.url,
        data_dir = %facts.data_dir.display(),
        secret_created = facts.secret_created.as_ref().map(|file| file.display().to_string()),
        settings = facts.settings(),
        database = facts.database,
        redis = facts.redis,
        model = %facts.model,
        setup_link = facts.setup.as_ref().map(SetUp::link),
        setup_code = facts.setup.as_ref().map(|setup| setup.code.expose_secret()),
        docs = facts.docs,
        "ready"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> BannerFacts {
        BannerFacts {
            version: "1.2.3".to_owned(),
            url: "http://127.0.0.1:8000".to_owned(),
            data_dir: PathBuf::from("./data"),
            settings: Vec::new(),
            database: "sqlite ./data/chatapp.db".to_owned(),
            redis: None,
            model: ModelFacts::Demo,
            setup: Some(SetUp {
                base: "http://localhost:8000".to_owned(),
                code: SecretString::from("setup_example"),
            }),
            secret_created: Some(PathBuf::from("./data/secret_key")),
            docs: "http://127.0.0.1:8000/docs".to_owned(),
        }
    }

    #[test]
    fn the_first_start_of_a_fresh_clone() {
        insta::assert_snapshot!(facts());
    }

    #[test]
    fn a_start_on_a_server() {
        insta::assert_snapshot!(BannerFacts {
            url: "http://0.0.0.0:8000".to_owned(),
            settings: vec!["/srv/chat/.env".into(), "/srv/chat/chatapp.toml".into()],
            database: "mysql chat@db:3306/chat".to_owned(),
            redis: Some("cache:6379".to_owned()),
            model: ModelFacts::Provider {
                name: "openai".to_owned(),
                address: "https://api.example.com/v1?key=canary".to_owned(),
                model: "a-model".to_owned(),
                others: vec!["groq".to_owned(), "ollama".to_owned()],
            },
            secret_created: None,
            ..facts()
        });
    }

    #[test]
    fn a_banner_has_six_to_nine_lines_and_ends_with_ready() {
        let mut facts = facts();
        assert_eq!(facts.to_string().lines().count(), 8);
        facts.setup = None;
        assert_eq!(facts.to_string().lines().count(), 6);
        assert_eq!(facts.to_string().lines().last(), Some("Ready"));
    }

    #[test]
    fn debug_hides_the_set_up_code() {
        let code = SecretString::from("setup_canary");
        let setup = SetUp { base: String::new(), code };
        assert!(!format!("{setup:?}").contains("canary"));
    }
}
