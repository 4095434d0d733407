//! The settings a server under test is given, as environment variables: the same words work
//! for the real program and for one inside the test process.

use std::collections::BTreeMap;

use crate::engine::Database;

/// What opens the metrics of a server with [`Settings::quick`].
pub const METRICS_TOKEN: &str = "metrics-of-a-test";

/// Environment variables by name.
#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Settings that make a server quick to test: it hashes passwords at the lowest cost and
    /// signs tokens with a key that is no secret, and takes as many sign-ups as come. It asks no
    /// model for titles, so that a test knows what the upstream is asked.
    pub fn quick() -> Self {
        Self::default()
            .set("SECRET_KEY", "5f1e0c7a92b34d68a1c2e3f405162738495a6b7c8d9eafb0c1d2e3f4a5b6c7d8")
            .set("CHATAPP_AUTH__ARGON2_MEMORY_KIB", "8")
            .set("CHATAPP_AUTH__ARGON2_ITERATIONS", "1")
            .set("CHATAPP_SERVER__METRICS_TOKEN", METRICS_TOKEN)
            .set("CHATAPP_AUTH__SIGNUPS_PER_ADDRESS", "1000000")
            .set("CHATAPP_SERVER__PORT", "0")
            .set("CHATAPP_RESPONSES__TITLES", "off")
    }

    /// Sets a variable.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Sets a variable that the test has not set.
    fn set_default(mut self, name: &str, value: &str) -> Self {
        self.0.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        self
    }

    /// Takes a variable back.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// Keeps everything in `database`, reached by its unix socket, and in its directory.
    #[must_use]
    pub fn on(self, database: &Database) -> Self {
        let directory = database.directory().display().to_string();
        let settings = self.set("CHATAPP_STORAGE__DATA_DIR", directory);
        let Some(server) = database.server() else { return settings };
        settings
            .set("DB_HOST", server.socket.display().to_string())
            .set("DB_PORT", server.port.to_string())
            .set("DB_USER", &server.user)
            .set("DB_PASSWORD", &server.password)
            .set("DB_NAME", &server.name)
    }

    /// Asks the OpenAI-compatible server at `base_url` for answers, once and without retries,
    /// unless the test has set how many it wants.
    #[must_use]
    pub fn upstream(self, base_url: &str) -> Self {
        self.set("OPENAI_BASE_URL", base_url)
            .set("OPENAI_API_KEY", "sk-0123456789abcdef")
            .set("OPENAI_MODEL", "test-model")
            .set_default("CHATAPP_PROVIDER__MAX_RETRIES", "0")
    }

    /// The variables.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
