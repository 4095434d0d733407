//! Finds the value of a key: options, environment, `.env`, file, default, in this order.

mod file;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use provider::without_query;

use super::error::Origin;
use super::key::{Key, Privacy};
use super::setting::Setting;
use super::sources::Sources;

/// The largest file that a secret is read from, in bytes.
const MAX_SECRET_FILE: u64 = 64 * 1024;

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
    /// The providers of sections `providers.NAME`, with the models that have an entry.
    providers: BTreeMap<String, BTreeSet<String>>,
    problems: Vec<String>,
    warnings: Vec<String>,
    /// `.env` and the configuration file, as far as they were there.
    files: Vec<PathBuf>,
    used: Vec<Used>,
}

/// A value that counts, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The key, `section.name`.
    pub key: String,
    /// The value as it was written; what is secret, or may be, is left out.
    pub value: String,
    /// Where it was written, in words.
    pub origin: String,
    /// Whether nobody has set it.
    pub is_default: bool,
}

impl Used {
    fn new(key: &Key, origin: &Origin, text: &str) -> Self {
        let value = match key.privacy {
            Privacy::Public => text.to_owned(),
            Privacy::Unquoted => without_query(text).to_owned(),
            // The length tells a value that was cut off from a whole one.
            Privacy::Secret => format!("({} characters, not shown)", text.chars().count()),
        };
        let is_default = *origin == Origin::Default;
        Self { key: key.path(), value, origin: origin.to_string(), is_default }
    }
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
        values.add_providers_of_variables();
        values
    }

    /// The names of all sections `providers.NAME`.
    pub(crate) fn provider_names(&self) -> Vec<String> {
        self.providers.keys().cloned().collect()
    }

    /// The models of a provider that have an entry of their own.
    pub(crate) fn model_ids(&self, provider: &str) -> Vec<String> {
        self.providers.get(provider).into_iter().flatten().cloned().collect()
    }

    /// What is wrong so far, which is forgotten here.
    pub(crate) fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// What is odd and does no harm, which is forgotten here.
    pub(crate) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// The files that were read, in the order in which they count.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The values that were read, each once, in the order of reading.
    pub(crate) fn into_used(self) -> Vec<Used> {
        self.used
    }

    /// Notes that something is wrong.
    pub(crate) fn complain(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Notes that something is odd.
    pub(crate) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
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
                _ => {
                    self.note(key, &origin, &text);
                    return Some(value);
                }
            },
            Err(reason) => reason,
        };
        self.problems.push(refusal(key, &origin, &text, &reason));
        None
    }

    fn note(&mut self, key: &Key, origin: &Origin, text: &str) {
        let used = Used::new(key, origin, text);
        if self.used.iter().all(|one| one.key != used.key) {
            self.used.push(used);
        }
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

/// The name of the section of one model.
pub(crate) fn model_section(provider: &str, id: &str) -> String {
    let is_bare = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_bare {
        format!("providers.{provider}.model.{id}")
    } else {
        format!("providers.{provider}.model.{id:?}")
    }
}
