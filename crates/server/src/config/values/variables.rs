//! Variables: of the environment and of `.env`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::super::error::did_you_mean;
use super::super::provider::ProviderName;
use super::super::section::Key;
use super::super::setting::Setting as _;
use super::super::sources::Sources;
use super::super::{NamedProviderConfig, SECTIONS, dotenv};
use super::{Values, unknown};

/// Names the configuration file, as `--config` does.
pub(super) const CONFIG_VARIABLE: &str = "CHATAPP_CONFIG";
/// Belong to the build and to the test kit.
const FOREIGN: [&str; 2] = ["CHATAPP_BUILD_", "CHATAPP_TEST_"];
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
            self.environment.insert(name.to_owned(), value.to_owned());
        }
    }

    pub(super) fn read_dot_env(&mut self, path: &Path) {
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
        let foreign = FOREIGN.iter().any(|prefix| name.starts_with(prefix));
        let ours = name.starts_with("CHATAPP_") && !foreign;
        if !ours || known.iter().any(|n| n == name) || is_service_link(name, value) {
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
            || value.starts_with("tcp://")
            || value.starts_with("udp://"))
}
