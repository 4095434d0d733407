//! Finds the value of a key: options, environment, `.env`, file, default, in this order.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::SECTIONS;
use super::dotenv;
use super::error::{Origin, did_you_mean};
use super::section::{Key, Privacy};
use super::setting::Setting;
use super::sources::Sources;

/// The largest file that a secret is read from, in bytes.
const MAX_SECRET_FILE: u64 = 64 * 1024;
/// Names the configuration file, as `--config` does.
const CONFIG_VARIABLE: &str = "CHATAPP_CONFIG";
/// Belongs to the test kit.
const TEST_PREFIX: &str = "CHATAPP_TEST_";

/// The values of all sources, and what was found to be wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Values {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, String>,
    /// With the line of each.
    dot_env: BTreeMap<String, (String, usize)>,
    /// By `section.key`.
    file: BTreeMap<String, String>,
    file_path: PathBuf,
    problems: Vec<String>,
}

/// A layer's answer for one key.
enum Found {
    Value(Origin, String),
    /// The value is in a file: the `_FILE` twin of a secret.
    InFile(Origin, PathBuf),
}

impl Values {
    /// Reads all sources.
    pub(crate) fn collect(sources: &Sources) -> Self {
        let mut values = Self { flags: sources.flags.iter().cloned().collect(), ..Self::default() };
        values.read_environment(sources);
        values.read_dot_env(&sources.directory.join(".env"));
        values.read_file(sources);
        values
    }

    /// What is wrong so far.
    pub(crate) fn into_problems(self) -> Vec<String> {
        self.problems
    }

    /// Notes that something is wrong.
    pub(crate) fn complain(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Whether an option sets the key.
    pub(crate) fn has_flag(&self, path: &str) -> bool {
        self.flags.contains_key(path)
    }

    /// The value of a key; none, with the problem noted, if there is none that can be used.
    pub(crate) fn read<T: Setting>(&mut self, key: &Key) -> Option<T> {
        let (origin, text) = match self.find(key) {
            Ok(Some(found)) => found,
            Ok(None) => match key.default {
                Some(default) => (Origin::Default, default.to_owned()),
                None => return T::unset(),
            },
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        let reason = match T::parse(&text) {
            Ok(value) => match key.range {
                Some((low, high)) if !value.is_within(low, high) => String::new(),
                _ => return Some(value),
            },
            Err(reason) => reason,
        };
        self.problems.push(refusal(key, &origin, &text, &reason));
        None
    }

    fn find(&self, key: &Key) -> Result<Option<(Origin, String)>, String> {
        let path = key.path();
        if let (Some(value), Some(flag)) = (self.flags.get(path.as_str()), key.flag) {
            return Ok(Some((Origin::Flag(flag), value.clone())));
        }
        let names = || [Some(key.variable()), key.env.map(str::to_owned)].into_iter().flatten();
        let environment = |name: &str| {
            let value = meant_by(name, self.environment.get(name)?);
            Some((Origin::Environment(name.to_owned()), value))
        };
        let dot_env = |name: &str| {
            let (value, line) = self.dot_env.get(name)?;
            let origin = Origin::DotEnv { name: name.to_owned(), line: *line };
            Some((origin, meant_by(name, value)))
        };
        let file = |name: &str| {
            let value = self.file.get(name)?.clone();
            Some((Origin::File { key: name.to_owned(), path: self.file_path.clone() }, value))
        };
        let mut found = None;
        for name in names() {
            found = found.or(layer(key, &name, "_FILE", environment)?);
        }
        if found.is_none() {
            for name in names() {
                found = found.or(layer(key, &name, "_FILE", dot_env)?);
            }
        }
        if found.is_none() {
            found = layer(key, &path, "_file", file)?;
        }
        match found {
            Some(Found::Value(origin, value)) => Ok(Some((origin, value))),
            Some(Found::InFile(origin, file)) => match read_secret(&file) {
                Ok(value) => Ok(Some((origin, value))),
                Err(problem) => Err(format!("{path}: {problem} (from {origin})")),
            },
            None => Ok(None),
        }
    }

    fn read_environment(&mut self, sources: &Sources) {
        let known = known_variables();
        for (name, value) in &sources.environment {
            let Some(name) = name.to_str() else { continue };
            let Some(value) = value.to_str() else {
                if known.contains(&name.to_owned()) {
                    self.complain(format!("{name} in the environment is not valid UTF-8"));
                }
                continue;
            };
            self.check_variable(name, value, &known, "in the environment");
            self.environment.insert(name.to_owned(), value.to_owned());
        }
    }

    fn read_dot_env(&mut self, path: &Path) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.complain(format!("cannot read {}: {error}", path.display())),
        };
        let known = known_variables();
        match dotenv::parse(&text) {
            Ok(assignments) => {
                for assignment in assignments {
                    let place = format!("in .env, line {}", assignment.line);
                    self.check_variable(&assignment.name, &assignment.value, &known, &place);
                    self.dot_env.insert(assignment.name, (assignment.value, assignment.line));
                }
            }
            Err((line, problem)) => {
                self.complain(format!("{}, line {line}: {problem}", path.display()));
            }
        }
    }

    /// Complains about a variable that begins like ours and is none of ours.
    fn check_variable(&mut self, name: &str, value: &str, known: &[String], place: &str) {
        let ours = name.starts_with("CHATAPP_") && !name.starts_with(TEST_PREFIX);
        if !ours || known.iter().any(|n| n == name) || is_service_link(name, value) {
            return;
        }
        let hint = did_you_mean(
            name,
            known.iter().map(String::as_str).filter(|name| name.starts_with("CHATAPP_")),
        );
        self.complain(unknown(&format!("{name} {place}"), hint));
    }

    fn read_file(&mut self, sources: &Sources) {
        let named = sources.config_file.clone().or_else(|| {
            let from = |value: Option<&String>| value.filter(|v| !v.is_empty()).map(PathBuf::from);
            from(self.environment.get(CONFIG_VARIABLE))
                .or_else(|| from(self.dot_env.get(CONFIG_VARIABLE).map(|(value, _)| value)))
        });
        let must_exist = named.is_some();
        let path = named.unwrap_or_else(|| sources.directory.join("chatapp.toml"));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => return,
            Err(error) => return self.complain(format!("cannot read {}: {error}", path.display())),
        };
        self.file_path = path;
        match toml::from_str::<toml::Table>(&text) {
            Ok(table) => {
                for (name, value) in table {
                    self.read_section(&name, value);
                }
            }
            Err(error) => {
                // The error itself quotes the line, which may hold a secret.
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map_or(1, |before| before.matches('\n').count() + 1);
                let place = format!("{}, line {line}", self.file_path.display());
                self.complain(format!("{place}: this is not valid TOML"));
            }
        }
    }

    fn read_section(&mut self, name: &str, value: toml::Value) {
        let place = self.file_path.display().to_string();
        let Some(section) = SECTIONS.iter().find(|section| section.name == name) else {
            let hint = did_you_mean(name, SECTIONS.iter().map(|section| section.name));
            return self.complain(unknown(&format!("[{name}] in {place}"), hint));
        };
        let toml::Value::Table(table) = value else {
            return self.complain(format!("{name} in {place} must be a section: [{name}]"));
        };
        let mut known: Vec<String> = section.keys.iter().map(|key| key.name.to_owned()).collect();
        let secrets = section.keys.iter().filter(|key| key.is_secret());
        known.extend(secrets.map(|key| format!("{}_file", key.name)));
        for (key, value) in table {
            let full = format!("{name}.{key}");
            if !known.contains(&key) {
                let hint = did_you_mean(&key, known.iter().map(String::as_str));
                self.complain(unknown(&format!("{full} in {place}"), hint));
            } else if let Some(text) = text_of(&value) {
                self.file.insert(full, text);
            } else {
                self.complain(format!("{full} in {place} must be a single value"));
            }
        }
    }
}

/// Whatever `NO_COLOR` is set to, it means the same (no-color.org).
fn meant_by(name: &str, value: &str) -> String {
    let says_never = name == "NO_COLOR" && !value.is_empty();
    if says_never { "never".to_owned() } else { value.to_owned() }
}

/// One layer's value for a name, or for its twin that names a file.
fn layer(
    key: &Key,
    name: &str,
    file_suffix: &str,
    get: impl Fn(&str) -> Option<(Origin, String)>,
) -> Result<Option<Found>, String> {
    let value = get(name).filter(|(_, value)| key.keep_empty || !value.is_empty());
    let twin = key
        .is_secret()
        .then(|| get(&format!("{name}{file_suffix}")))
        .flatten()
        .filter(|(_, value)| !value.is_empty());
    match (value, twin) {
        (Some((first, _)), Some((second, _))) => {
            Err(format!("{}: both {first} and {second} are set; remove one", key.path()))
        }
        (Some((origin, value)), None) => Ok(Some(Found::Value(origin, value))),
        (None, Some((origin, path))) => Ok(Some(Found::InFile(origin, PathBuf::from(path)))),
        (None, None) => Ok(None),
    }
}

/// A secret from a file, without the line break at its end.
fn read_secret(path: &Path) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > MAX_SECRET_FILE {
        return Err(failed(&"it is larger than 64 KiB"));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(failed(&"it is empty")) } else { Ok(text.to_owned()) }
}

fn refusal(key: &Key, origin: &Origin, text: &str, reason: &str) -> String {
    let path = key.path();
    let shown = if key.privacy == Privacy::Public {
        format!("{:?}", text.chars().take(100).collect::<String>())
    } else {
        "the value".to_owned()
    };
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("{path}: {shown} is not allowed{reason} (from {origin}); expected {}", key.allowed())
}

fn unknown(what: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("{what} is not known; did you mean {hint}?"),
        None => format!("{what} is not known; remove it"),
    }
}

/// Every environment variable that is read.
fn known_variables() -> Vec<String> {
    let mut names = vec![CONFIG_VARIABLE.to_owned()];
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        for name in [Some(key.variable()), key.env.map(str::to_owned)].into_iter().flatten() {
            if key.is_secret() {
                names.push(format!("{name}_FILE"));
            }
            names.push(name);
        }
    }
    names
}

/// Kubernetes sets variables such as `CHATAPP_SERVICE_HOST` and `CHATAPP_PORT=tcp://…` in every
/// container when there is a service called `chatapp` or `chatapp-…`.
fn is_service_link(name: &str, value: &str) -> bool {
    !name.contains("__")
        && (name.ends_with("_SERVICE_HOST")
            || name.contains("_SERVICE_PORT")
            || name.contains("_TCP")
            || name.contains("_UDP")
            || value.starts_with("tcp://")
            || value.starts_with("udp://"))
}

/// A TOML value as one would write it in a variable.
fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<_>> =
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            items.map(|items| items.join(","))
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}
