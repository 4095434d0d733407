//! Variables: of the environment and of `.env`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::super::error::did_you_mean;
use super::super::key::Key;
use super::super::provider::ProviderName;
use super::super::setting::Setting as _;
use super::super::sources::Sources;
use super::super::{NamedProviderConfig, SECTIONS, dotenv};
use super::{Values, unknown};

/// Names the configuration file, as `--config` does.
pub(super) const CONFIG_VARIABLE: &str = "CHATAPP_CONFIG";
/// Belong to the build and to the test kit.
const FOREIGN: [&str; 2] = ["CHATAPP_BUILD_", "CHATAPP_TEST_"];
/// What other programs call what is well known by another name here.
const ALSO_CALLED: [(&str, &str); 6] = [
    ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
    ("OPENAI_API_BASE_URL", "OPENAI_BASE_URL"),
    ("DB_DATABASE", "DB_NAME"),
    ("DB_USERNAME", "DB_USER"),
    ("DB_PASS", "DB_PASSWORD"),
    ("DB_PWD", "DB_PASSWORD"),
];
/// Begins the variables of sections `providers.NAME`.
const PROVIDERS_PREFIX: &str = "CHATAPP_PROVIDERS__";

impl Values {
    pub(super) fn read_environment(&mut self, sources: &Sources) {
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
            if is_link_to_a_service(value) && known.iter().any(|n| n == name) {
                self.warn(format!(
                    "{name} in the environment is ignored: {value:?} is what Kubernetes sets for a \
                     service of that name"
                ));
                continue;
            }
            self.environment.insert(name.to_owned(), value.to_owned());
        }
    }

    pub(super) fn read_dot_env(&mut self, path: &Path) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.complain(format!("cannot read {}: {error}", path.display())),
        };
        self.files.push(path.to_owned());
        let known = known_variables();
        let secrets = secret_variables();
        match dotenv::parse(&text) {
            Ok(assignments) => {
                for assignment in assignments {
                    let place = format!("in .env, line {}", assignment.line);
                    self.check_variable(&assignment.name, &assignment.value, &known, &place);
                    if assignment.is_cut && secrets.contains(&assignment.name) {
                        self.warn(format!(
                            "{} {place} ends before the #, which begins a comment there; if it \
                             belongs to the value, put the value in single quotes",
                            assignment.name
                        ));
                    }
                    self.dot_env.insert(assignment.name, (assignment.value, assignment.line));
                }
            }
            Err((line, problem)) => {
                self.complain(format!("{}, line {line}: {problem}", path.display()));
            }
        }
    }

    /// Complains about a variable that begins like ours and is none of ours, and warns about one
    /// that was probably meant to be a well-known one.
    fn check_variable(&mut self, name: &str, value: &str, known: &[String], place: &str) {
        let foreign = FOREIGN.iter().any(|prefix| name.starts_with(prefix));
        let ours = name.starts_with("CHATAPP_") && !foreign;
        if known.iter().any(|n| n == name) || is_service_link(name, value) {
            return;
        }
        if !ours {
            if let Some(meant) = meant_well_known(name, known) {
                self.warn(format!(
                    "{name} {place} is not known and is ignored; did you mean {meant}?"
                ));
            }
            return;
        }
        let of_provider = provider_variables(name);
        if of_provider.as_ref().is_some_and(|known| known.iter().any(|n| n == name)) {
            return;
        }
        let known = of_provider.as_deref().unwrap_or(known);
        let hint = did_you_mean(
            name,
            known.iter().map(String::as_str).filter(|name| name.starts_with("CHATAPP_")),
        );
        self.complain(unknown(&format!("{name} {place}"), hint));
    }

    /// Takes note of the providers that variables alone describe, once the file's are known.
    pub(super) fn add_providers_of_variables(&mut self) {
        let mut by_word: BTreeMap<String, String> = BTreeMap::new();
        let mut clashes = Vec::new();
        for name in self.providers.keys() {
            if let Some(other) = by_word.insert(word(name), name.clone()) {
                clashes.push(format!(
                    "[providers.{other}] and [providers.{name}] cannot be told apart in variables; \
                     rename one"
                ));
            }
        }
        let dot_env = self.dot_env.iter().map(|(name, (value, _))| (name, value));
        let set: Vec<String> = self
            .environment
            .iter()
            .chain(dot_env)
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, _)| Some(split(name)?.0.to_owned()))
            .collect();
        for segment in set {
            let name = by_word.get(&segment).cloned().unwrap_or_else(|| segment.to_lowercase());
            self.providers.entry(name).or_default();
        }
        self.problems.extend(clashes);
    }
}

/// The name of a provider as it stands in variables.
fn word(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

/// The parts of `CHATAPP_PROVIDERS__NAME__KEY`.
fn split(variable: &str) -> Option<(&str, &str)> {
    variable.strip_prefix(PROVIDERS_PREFIX)?.split_once("__")
}

/// The variables of the provider that `variable` belongs to, if it looks like one of those.
fn provider_variables(variable: &str) -> Option<Vec<String>> {
    let (segment, _) = split(variable)?;
    let name = segment.to_lowercase();
    let is_name = word(&name) == segment && ProviderName::parse(&name).is_ok();
    let keys = NamedProviderConfig::SECTION.keys.iter();
    is_name.then(|| keys.flat_map(|key| variables(&key.of(&format!("providers.{name}")))).collect())
}

/// The well-known variable that `name` was probably meant to be.
///
/// Other programs have variables of their own: one is taken for a slip of ours only if it has the
/// same first word and is very like it, or lacks just a part of it.
fn meant_well_known<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    const ALIKE: f64 = 0.94;
    if let Some((_, known)) = ALSO_CALLED.iter().find(|(other, _)| *other == name) {
        return Some(known);
    }
    let (first, rest) = name.split_once('_')?;
    known
        .iter()
        .filter(|known| !known.starts_with("CHATAPP_") && !known.ends_with("_FILE"))
        .filter_map(|known| {
            let (word, tail) = known.split_once('_')?;
            let likeness = if word == first && is_part_of(rest, tail) {
                1.0
            } else {
                strsim::jaro_winkler(name, known)
            };
            (likeness > ALIKE).then_some((likeness, known.as_str()))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Whether `short` are the last words of `long`: `KEY` of `API_KEY`.
fn is_part_of(short: &str, long: &str) -> bool {
    long.strip_suffix(short).is_some_and(|before| before.ends_with('_'))
}

/// Whether a value is the address of a service as Kubernetes puts it into the environment, where
/// a service called `db` makes `DB_PORT=tcp://10.0.0.5:3306`.
fn is_link_to_a_service(value: &str) -> bool {
    value.starts_with("tcp://") || value.starts_with("udp://")
}

/// The variables that hold a secret.
fn secret_variables() -> Vec<String> {
    let keys = SECTIONS.iter().flat_map(|section| section.keys);
    keys.filter(|key| key.is_secret()).flat_map(variables).collect()
}

/// Every environment variable that is read.
fn known_variables() -> Vec<String> {
    let mut names = vec![CONFIG_VARIABLE.to_owned()];
    names.extend(SECTIONS.iter().flat_map(|section| section.keys).flat_map(variables));
    names
}

/// The variables that set a key.
fn variables(key: &Key) -> Vec<String> {
    let mut names = Vec::new();
    for name in [Some(key.variable()), key.env.map(str::to_owned)].into_iter().flatten() {
        if key.is_secret() {
            names.push(format!("{name}_FILE"));
        }
        names.push(name);
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
            || is_link_to_a_service(value))
}
