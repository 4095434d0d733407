use std::fs;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;

/// What people write by mistake, and what other programs put in the way.
mod slips;

/// A folder to configure in.
pub(super) struct Bench {
    folder: TempDir,
    pub(super) sources: Sources,
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = Sources { directory: folder.path().to_owned(), ..Sources::default() };
        Self { folder, sources }
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.sources = self.sources.with(name, value);
        self
    }

    fn flag(mut self, key: &'static str, value: &str) -> Self {
        self.sources.flags.push((key, value.to_owned()));
        self
    }

    pub(super) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(super) fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.sources)
    }

    /// The only problem.
    #[track_caller]
    pub(super) fn problem(&self) -> String {
        let error = self.load().unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        let problem = error.problems()[0].clone();
        assert!(!problem.contains('\n'), "{problem}");
        problem
    }
}

const KEY: &str = "3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6";
const TORTURE: &str = "p@ss:w/rd#%? $HOME ${HOME} \"'\\ é👍";

#[test]
fn nothing_needs_to_be_configured() {
    let config = Bench::new().load().unwrap();
    assert_eq!(config.server.host.to_string(), "127.0.0.1");
    assert_eq!(config.server.port, 8000);
    assert_eq!(config.database.to_string(), "sqlite ./data/chatapp.db");
    assert_eq!(config.auth.access_token_ttl, Duration::from_mins(10));
    assert_eq!(config.auth.session_ttl.as_secs(), 30 * 24 * 60 * 60);
    assert!(config.providers.list.is_empty() && config.providers.default.is_none());
    assert_eq!(config.limits.generations_per_user, 8);
    assert!(config.storage.migrate && config.server.cors_origins.is_empty());
}

#[test]
fn options_beat_the_environment_beats_dot_env_beats_the_file() {
    let file = "[server]\nport = 1\nmax_connections = 11\nheartbeat = \"1s\"\nhost = \"::1\"";
    let dot_env = "PORT=2\nCHATAPP_SERVER__MAX_CONNECTIONS=22\nCHATAPP_SERVER__HEARTBEAT=2s";
    let config = Bench::new()
        .file("chatapp.toml", file)
        .file(".env", dot_env)
        .env("PORT", "3")
        .env("CHATAPP_SERVER__MAX_CONNECTIONS", "33")
        .flag("server.port", "4")
        .load()
        .unwrap();
    assert_eq!(config.server.port, 4);
    assert_eq!(config.server.max_connections, 33);
    assert_eq!(config.server.heartbeat, Duration::from_secs(2));
    assert_eq!(config.server.host.to_string(), "::1");
}

#[test]
fn our_own_name_beats_the_well_known_one_and_empty_is_unset() {
    let config = Bench::new()
        .env("PORT", "3")
        .env("CHATAPP_SERVER__PORT", "5")
        .env("OPENAI_MODEL", "")
        .env("OPENAI_BASE_URL", "http://localhost:1/v1")
        .file(".env", "OPENAI_MODEL=from-dot-env\nSECRET_KEY=")
        .load()
        .unwrap();
    assert_eq!(config.server.port, 5);
    assert_eq!(config.providers.list[0].default_model.as_deref(), Some("from-dot-env"));
    assert!(config.auth.secret_key.is_none());
}

#[test]
fn the_file_can_be_named_and_must_then_exist() {
    let bench = Bench::new()
        .file("other.toml", "[server]\nport = 9")
        .file("chatapp.toml", "[server]\nport = 1");
    let path = bench.path("other.toml");
    assert_eq!(bench.env("CHATAPP_CONFIG", &path).load().unwrap().server.port, 9);
    let mut bench = Bench::new();
    bench.sources.config_file = Some("nowhere.toml".into());
    assert!(bench.problem().contains("cannot read nowhere.toml"));
}

#[test]
fn unknown_names_are_refused_with_a_suggestion() {
    let cases = [
        (Bench::new().env("CHATAPP_PORT", "1"), "CHATAPP_SERVER__PORT"),
        (Bench::new().env("CHATAPP_SERVER_PORT", "1"), "CHATAPP_SERVER__PORT"),
        (Bench::new().env("CHATAPP_SERVER__PROT", "1"), "CHATAPP_SERVER__PORT"),
        (Bench::new().file(".env", "CHATAPP_LOG__LEVLE=info"), "CHATAPP_LOG__LEVEL"),
        (Bench::new().file("chatapp.toml", "[sevrer]\nport = 1"), "server"),
        (Bench::new().file("chatapp.toml", "[server]\nprot = 1"), "port"),
        (Bench::new().file("chatapp.toml", "[auth]\nsecretkey = 'x'"), "secret_key"),
        (Bench::new().file("chatapp.toml", "[server]\nport_file = 'x'"), "port"),
    ];
    for (bench, hint) in cases {
        let problem = bench.problem();
        assert!(problem.contains("is not known; did you mean"), "{problem}");
        assert!(problem.ends_with(&format!("did you mean {hint}?")), "{problem}");
    }
    let far = Bench::new().env("CHATAPP_ZZZ", "1").problem();
    assert!(far.ends_with("is not known; remove it"), "{far}");
}

#[test]
fn foreign_variables_are_none_of_our_business() {
    let bench = [
        ("PATH", "/bin"),
        ("DB_CHARSET", "x"),
        ("CHATAPP_TEST_LOG", "debug"),
        ("CHATAPP_BUILD_WEB", "required"),
        // What Kubernetes sets for services called `chatapp` and `chatapp-db`.
        ("CHATAPP_SERVICE_HOST", "10.0.0.1"),
        ("CHATAPP_SERVICE_PORT_HTTP", "80"),
        ("CHATAPP_PORT", "tcp://10.0.0.1:80"),
        ("CHATAPP_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("CHATAPP_DB_SERVICE_PORT", "3306"),
    ]
    .into_iter()
    .fold(Bench::new(), |bench, (name, value)| bench.env(name, value));
    assert_eq!(bench.load().unwrap().server.port, 8000);
}

#[test]
fn every_bad_value_is_one_line_that_names_the_key() {
    let cases = [
        ("PORT", "70000", "server.port"),
        ("PORT", "eight", "server.port"),
        ("CHATAPP_SERVER__HOST", "example.org", "server.host"),
        ("CHATAPP_SERVER__MAX_CONNECTIONS", "0", "server.max_connections"),
        ("CHATAPP_SERVER__HEARTBEAT", "15", "server.heartbeat"),
        ("CHATAPP_SERVER__HEARTBEAT", "15 parsecs", "server.heartbeat"),
        ("CHATAPP_SERVER__HEARTBEAT", "-1s", "server.heartbeat"),
        ("CHATAPP_SERVER__HEARTBEAT", "99999999999999999999d", "server.heartbeat"),
        ("CHATAPP_SERVER__HEARTBEAT", "1000d", "server.heartbeat"),
        ("CHATAPP_SERVER__CORS_ORIGINS", "*", "server.cors_origins"),
        ("CHATAPP_SERVER__CORS_ORIGINS", "https://a.example/path", "server.cors_origins"),
        ("CHATAPP_STORAGE__SYNCHRONOUS", "off", "storage.synchronous"),
        ("CHATAPP_STORAGE__MIGRATE", "maybe", "storage.migrate"),
        ("DATABASE_URL", "postgres://u:canary@h/db", "storage.database_url"),
        ("DATABASE_URL", "canary", "storage.database_url"),
        ("DATABASE_URL", "mysql:canary", "storage.database_url"),
        ("DATABASE_URL", "sqlite::memory:", "storage.database_url"),
        ("SECRET_KEY", "your_secret_key", "auth.secret_key"),
        ("SECRET_KEY", "canary", "auth.secret_key"),
        ("SECRET_KEY_PREVIOUS", "canary", "auth.secret_key_previous"),
        ("CHATAPP_AUTH__SIGNUP", "Open", "auth.signup"),
        ("CHATAPP_AUTH__ARGON2_MEMORY_KIB", "1", "auth.argon2_memory_kib"),
        ("OPENAI_API_KEY", "your_openai_api_key", "provider.api_key"),
        ("OPENAI_API_KEY", "canary with spaces", "provider.api_key"),
        ("OPENAI_BASE_URL", "localhost:11434", "provider.base_url"),
        ("OPENAI_BASE_URL", "https://user:canary@host/v1", "provider.base_url"),
        ("OPENAI_BASE_URL", "https:///v1", "provider.base_url"),
        ("CHATAPP_PROVIDER__INCLUDE_USAGE", "2", "provider.include_usage"),
        ("CHATAPP_LIMITS__GENERATIONS", "1e3", "limits.generations"),
        ("CHATAPP_LOG__LEVEL", "loud", "log.level"),
        ("RUST_LOG", "chatapp=loud", "log.filter"),
    ];
    for (name, value, key) in cases {
        let problem = Bench::new().env(name, value).problem();
        assert!(problem.starts_with(&format!("{key}: ")), "{name}={value}: {problem}");
        assert!(problem.contains("expected "), "{problem}");
        assert!(!problem.contains("canary"), "{problem}");
        assert!(problem.contains(name), "{problem}");
    }
}

#[test]
fn an_error_says_what_was_given_where_and_what_is_allowed() {
    let text = |bench: Bench| bench.load().unwrap_err().to_string();
    insta::assert_snapshot!(text(
        Bench::new()
            .env("PORT", "70000")
            .env("CHATAPP_SERVER__HOST", "example.org")
            .file(".env", "\nCHATAPP_SERVER__HEARTBEAT=15\nSECRET_KEY=changeme")
            .env("CHATAPP_SERVR__PORT", "1")
            .env("OPENAI_API_KEY", "your_openai_api_key")
            .env("DATABASE_URL", "postgres://localhost/chat")
            .flag("log.level", "loud")
    ));
}

#[test]
fn a_broken_file_is_named_with_its_line_and_without_its_text() {
    let toml = Bench::new().file("chatapp.toml", "[auth]\n\nsecret_key = canary\n").problem();
    assert!(toml.contains("chatapp.toml, line 3: this is not valid TOML: "), "{toml}");
    assert!(!toml.contains("canary"), "{toml}");
    let env = Bench::new().file(".env", "A=b\nSECRET_KEY='canary").problem();
    assert!(env.ends_with(".env, line 2: the single quote is not closed"), "{env}");
    let nested = Bench::new().file("chatapp.toml", "[server]\nport = { a = 'canary' }").problem();
    assert!(nested.contains("server.port in") && !nested.contains("canary"), "{nested}");
    let flat = Bench::new().file("chatapp.toml", "server = 1").problem();
    assert!(flat.contains("must be a section: [server]"), "{flat}");
}

#[test]
fn lists_are_written_with_commas_or_as_arrays() {
    let expected = ["https://a.example", "http://localhost:5173"];
    let variable = "https://a.example, http://LOCALHOST:5173,";
    let array = "[server]\ncors_origins = ['https://a.example', 'http://localhost:5173']";
    let by_variable = Bench::new().env("CHATAPP_SERVER__CORS_ORIGINS", variable).load().unwrap();
    let by_array = Bench::new().file("chatapp.toml", array).load().unwrap();
    assert_eq!(by_variable.server.cors_origins, expected);
    assert_eq!(by_array.server.cors_origins, expected);
}

#[test]
fn every_secret_can_be_kept_in_a_file() {
    let secrets = SECTIONS.iter().flat_map(|section| section.keys).filter(|key| key.is_secret());
    let mut count = 0;
    for key in secrets {
        let (value, extra): (_, &[(&str, &str)]) = match key.name {
            "database_url" => ("mysql://u:p@h/db", &[]),
            "url" => ("redis://h:1", &[]),
            "db_password" => (TORTURE, &[("DB_HOST", "h"), ("DB_USER", "u"), ("DB_NAME", "n")]),
            _ => (KEY, &[]),
        };
        let bench = Bench::new().file("secret", &format!("{value}\r\n"));
        let bench = extra.iter().fold(bench, |bench, (name, value)| bench.env(name, value));
        let path = bench.path("secret");
        let table = format!("[{}]\n{}_file = '{path}'", key.section, key.name);
        let mut ways = vec![(key.variable(), format!("{}_FILE", key.variable()))];
        ways.extend(key.env.map(|name| (name.to_owned(), format!("{name}_FILE"))));
        let by_file =
            Bench { folder: tempfile::tempdir().unwrap(), sources: bench.sources.clone() };
        let expected = {
            let (name, _) = &ways[0];
            let direct =
                Bench { folder: tempfile::tempdir().unwrap(), sources: bench.sources.clone() };
            reveal(&direct.env(name, value).load().unwrap(), key.name)
        };
        assert_eq!(expected, value, "{}", key.name);
        for (name, twin) in ways {
            let sources = bench.sources.clone().with(&twin, &path);
            assert_eq!(reveal(&Config::load(&sources).unwrap(), key.name), value, "{twin}");
            let both = sources.with(&name, value);
            let error = Config::load(&both).unwrap_err().to_string();
            assert!(error.contains("both") && error.contains(&twin), "{error}");
            let missing = bench.sources.clone().with(&twin, "/nowhere/secret");
            let error = Config::load(&missing).unwrap_err().to_string();
            assert!(error.contains(&twin) && error.contains("/nowhere/secret"), "{error}");
        }
        let mut sources = by_file.sources.clone();
        sources.config_file = Some(by_file.folder.path().join("c.toml"));
        fs::write(by_file.folder.path().join("c.toml"), table).unwrap();
        assert_eq!(reveal(&Config::load(&sources).unwrap(), key.name), value, "{}", key.name);
        count += 1;
    }
    assert_eq!(count, 7);
}

/// The value of a secret, by the name of its key.
fn reveal(config: &Config, name: &str) -> String {
    match name {
        "metrics_token" => config.server.metrics_token.as_ref().unwrap().expose_secret().to_owned(),
        "database_url" => match &config.database {
            Database::Url(url) => url.expose_secret().to_owned(),
            other => panic!("{other:?}"),
        },
        "db_password" => match &config.database {
            Database::MySql(options) => options.password.expose_secret().to_owned(),
            other => panic!("{other:?}"),
        },
        "secret_key" | "secret_key_previous" => {
            let auth = &config.auth;
            let key =
                if name == "secret_key" { &auth.secret_key } else { &auth.secret_key_previous };
            let same = ::auth::SecretKey::parse(KEY.into()).unwrap();
            assert_eq!(key.as_ref().unwrap().fingerprint(), same.fingerprint());
            KEY.to_owned()
        }
        "url" => format!("redis://{}", config.redis.url.as_ref().unwrap().0),
        "api_key" => config.providers.list[0].api_key.as_ref().unwrap().expose_secret().to_owned(),
        other => panic!("no way to look at {other}"),
    }
}

#[test]
fn debug_shows_no_secret() {
    let canaries = [
        ("CHATAPP_SERVER__METRICS_TOKEN", "canary-metrics"),
        ("DATABASE_URL", "mysql://user:canary-url@host/db"),
        ("DB_HOST", "h"),
        ("DB_USER", "u"),
        ("DB_NAME", "n"),
        ("DB_PASSWORD", "canary-password"),
        ("SECRET_KEY", "canary-7f9b2a4860d1e3f5a7b9c2d4e6"),
        ("SECRET_KEY_PREVIOUS", "canary-8f9b2a4860d1e3f5a7b9c2d4e6"),
        ("OPENAI_API_KEY", "sk-canary"),
        ("OPENAI_BASE_URL", "https://host.example/v1?api-key=canary"),
    ];
    let bench =
        canaries.into_iter().fold(Bench::new(), |bench, (name, value)| bench.env(name, value));
    let config = bench.load().unwrap();
    let text = format!("{config:?} {config:#?} {}", config.database);
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("host.example/v1") && text.contains("mysql host/db"), "{text}");
}

#[test]
fn the_parts_of_a_database_are_taken_as_they_are() {
    let quoted = TORTURE.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    let dot_env = format!(
        "DB_USER=chat\nDB_PASSWORD=\"{quoted}\"\nDB_HOST=db.example\nDB_PORT=3307\nDB_NAME=ch@t/1"
    );
    let config = Bench::new().file(".env", &dot_env).load().unwrap();
    let Database::MySql(options) = &config.database else { panic!("{:?}", config.database) };
    assert_eq!(options.password.expose_secret(), TORTURE);
    assert_eq!((options.host.as_str(), options.port), ("db.example", 3307));
    assert_eq!((options.user.as_str(), options.name.as_str()), ("chat", "ch@t/1"));
    assert_eq!(options.socket, None);
    assert_eq!(config.database.to_string(), "mysql chat@db.example:3307/ch@t/1");
}

#[test]
fn a_host_that_is_a_path_is_a_socket_and_a_password_may_be_empty() {
    let config = Bench::new()
        .env("DB_HOST", "/run/mysqld/mysqld.sock")
        .env("DB_USER", "chat")
        .env("DB_PASSWORD", "")
        .env("DB_NAME", "chat")
        .load()
        .unwrap();
    let Database::MySql(options) = &config.database else { panic!("{:?}", config.database) };
    assert_eq!(options.socket.as_deref().unwrap().to_str(), Some("/run/mysqld/mysqld.sock"));
    assert!(options.host.is_empty() && options.password.expose_secret().is_empty());
    assert_eq!(options.port, 3306);
    assert_eq!(config.database.to_string(), "mysql chat@/run/mysqld/mysqld.sock/chat");
}

#[test]
fn a_database_named_in_part_is_refused_by_the_missing_name() {
    let all = [("DB_HOST", "h"), ("DB_USER", "u"), ("DB_PASSWORD", "canary"), ("DB_NAME", "n")];
    for (left_out, _) in all {
        let bench = all
            .into_iter()
            .filter(|(name, _)| *name != left_out)
            .fold(Bench::new(), |bench, (name, value)| bench.env(name, value));
        let problem = bench.problem();
        assert!(problem.starts_with(&format!("{left_out} is missing")), "{problem}");
        assert!(!problem.contains("canary"), "{problem}");
    }
}

#[test]
fn a_url_wins_over_parts_and_is_shown_without_its_password() {
    let url = |text: &str| {
        Bench::new().env("DB_HOST", "h").env("DATABASE_URL", text).load().unwrap().database
    };
    let cases = [
        ("mysql://u:canary@db:3306/chat", "mysql db:3306/chat"),
        ("mariadb://u:canary@db/chat", "mysql db/chat"),
        ("MYSQL://u:canary@db/chat?ssl-mode=required", "mysql db/chat"),
        ("mysql://u:canary@x/y@db/chat", "mysql db/chat"),
        ("mysql://u:p@db/chat?password=canary@x", "mysql (hidden)"),
        ("mysql://db/chat", "mysql db/chat"),
    ];
    for (text, shown) in cases {
        let database = url(text);
        assert_eq!(database.to_string(), shown, "{text}");
        let Database::Url(url) = database else { panic!("{text}") };
        assert!(url.expose_secret().starts_with("mysql://"));
    }
    let files = [
        ("sqlite:chat.db", "chat.db"),
        ("sqlite://chat.db", "chat.db"),
        ("sqlite:///var/lib/chat.db", "/var/lib/chat.db"),
        ("sqlite:/var/lib/chat.db", "/var/lib/chat.db"),
    ];
    for (text, path) in files {
        assert_eq!(url(text).sqlite_path().unwrap().to_str(), Some(path), "{text}");
    }
}

#[test]
fn placeholders_of_examples_are_no_keys() {
    let placeholders = [
        "your_openai_api_key",
        "your-api-key-here",
        "YOUR_KEY",
        "<your key>",
        "<key>",
        "sk-...",
        "sk-xxxxxxxxxxxxxxxx",
        "changeme",
        "sk-replace-with-yours",
        "put-api-key-here",
    ];
    for value in placeholders {
        let problem = Bench::new().env("OPENAI_API_KEY", value).problem();
        assert!(problem.contains("placeholder"), "{problem}");
        assert!(!problem.contains(value), "{problem}");
    }
    // What people give local servers that want no key.
    for value in ["ollama", "none", "EMPTY", "sk-no-key-required", "lm-studio", "sk-proj-Ab_9"] {
        assert!(Bench::new().env("OPENAI_API_KEY", value).load().is_ok(), "{value}");
    }
}

#[test]
fn the_level_on_the_command_line_beats_an_old_rust_log() {
    let bench = Bench::new().env("RUST_LOG", "trace");
    assert_eq!(bench.load().unwrap().log.filter.unwrap().as_str(), "trace");
    let config = bench.flag("log.level", "warn").load().unwrap();
    assert_eq!((config.log.level, config.log.filter), (LogLevel::Warn, None));
}

#[test]
fn durations_have_units() {
    let read = |text: &str| {
        let bench = Bench::new().env("CHATAPP_AUTH__REFRESH_IDLE", text);
        bench.load().ok().map(|config| config.auth.refresh_idle.as_secs())
    };
    assert_eq!(read("60000ms"), Some(60));
    assert_eq!(read("90s"), Some(90));
    assert_eq!(read("90 s"), Some(90));
    assert_eq!(read("10m"), Some(600));
    assert_eq!(read("2h"), Some(7_200));
    assert_eq!(read("30d"), Some(2_592_000));
    for bad in ["90", "s", "1.5h", "1h30m", "+5m", "1M", "１m"] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

#[test]
fn every_declared_default_can_be_read_and_every_key_is_documented() {
    Bench::new().load().unwrap();
    for key in SECTIONS.iter().chain(NAMED_SECTIONS).flat_map(|section| section.keys) {
        assert!(key.text().ends_with('.'), "{}", key.path());
        assert!(!key.is_secret() || key.default.is_none(), "{}", key.path());
    }
    let mut names: Vec<_> = SECTIONS.iter().flat_map(|s| s.keys).filter_map(|k| k.env).collect();
    names.sort_unstable();
    names.dedup();
    let well_known = [
        "DATABASE_URL",
        "DB_HOST",
        "DB_NAME",
        "DB_PASSWORD",
        "DB_PORT",
        "DB_TLS",
        "DB_TLS_CA",
        "DB_USER",
        "NO_COLOR",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_MODEL",
        "PORT",
        "REDIS_URL",
        "RUST_LOG",
        "SECRET_KEY",
        "SECRET_KEY_PREVIOUS",
    ];
    assert_eq!(names, well_known);
}

#[test]
fn the_examples_are_the_defaults() {
    let without_files = |bench: Bench| {
        let config = Config { files: Vec::new(), ..bench.load().unwrap() };
        format!("{config:?}")
    };
    let defaults = without_files(Bench::new());
    let uncommented = |text: &str| {
        let lines = text.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
        lines
            .filter(|line| line.contains('=') || line.starts_with('['))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let toml = toml_example();
    let only = toml.split("# [providers.").next().unwrap();
    let toml = uncommented(only).replace("db_password = \"\"", "");
    assert_eq!(without_files(Bench::new().file("chatapp.toml", &toml)), defaults);
    let env = uncommented(&env_example()).replace("DB_PASSWORD=", "");
    assert_eq!(without_files(Bench::new().file(".env", &env)), defaults);
}

/// `UPDATE_DOCS=1` writes the files instead of comparing them.
#[test]
fn the_generated_files_are_current() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let files = [("docs/CONFIGURATION.md", reference()), (".env.example", env_example())];
    for (name, expected) in files {
        let path = format!("{root}/{name}");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &expected).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "{name} is stale; run: UPDATE_DOCS=1 cargo test -p chatapp config"
        );
    }
}
