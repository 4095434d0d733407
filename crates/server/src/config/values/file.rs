//! The configuration file.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{fs, io};

use super::super::error::did_you_mean;
use super::super::key::Section;
use super::super::provider::ProviderName;
use super::super::setting::Setting;
use super::super::sources::Sources;
use super::super::{ModelConfig, NamedProviderConfig, SECTIONS};
use super::variables::CONFIG_VARIABLE;
use super::{Values, model_section, unknown};

impl Values {
    pub(super) fn read_file(&mut self, sources: &Sources) {
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
        self.files.push(path.clone());
        self.file_path = path;
        match toml::from_str::<toml::Table>(&text) {
            Ok(table) => {
                for (name, value) in table {
                    self.read_section(&name, value);
                }
            }
            Err(error) => {
                // The whole error quotes the line, which may hold a secret; its message does not.
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map_or(1, |before| before.matches('\n').count() + 1);
                let place = format!("{}, line {line}", self.file_path.display());
                let reason = error.message().lines().next().unwrap_or_default();
                self.complain(format!("{place}: this is not valid TOML: {reason}"));
            }
        }
    }

    fn read_section(&mut self, name: &str, value: toml::Value) {
        let place = self.file_path.display().to_string();
        if name == "providers" {
            return self.read_providers(value, &place);
        }
        let Some(section) = SECTIONS.iter().find(|section| section.name == name) else {
            let known = SECTIONS.iter().map(|section| section.name).chain(["providers"]);
            let hint = did_you_mean(name, known);
            return self.complain(unknown(&format!("[{name}] in {place}"), hint));
        };
        let Some(table) = self.table(name, value, &place) else { return };
        self.read_keys(section, name, table, &place);
    }

    /// Takes over the values of one section, which is declared as `section` and called `name`.
    fn read_keys(&mut self, section: &Section, name: &str, table: toml::Table, place: &str) {
        let mut known: Vec<String> = section.keys.iter().map(|key| key.name.to_owned()).collect();
        let secrets = section.keys.iter().filter(|key| key.is_secret());
        known.extend(secrets.map(|key| format!("{}_file", key.name)));
        for (key, value) in table {
            let full = format!("{name}.{key}");
            let text = if key == HEADERS { lines_of(&value) } else { text_of(&value) };
            if !known.contains(&key) {
                let hint = did_you_mean(&key, known.iter().map(String::as_str));
                self.complain(unknown(&format!("{full} in {place}"), hint));
            } else if let Some(text) = text {
                self.file.insert(full, text);
            } else if key == "models" {
                self.complain(format!(
                    "{full} in {place} must be a list of names; settings of one model go to \
                     [{name}.model.\"ID\"]"
                ));
            } else if key == HEADERS {
                self.complain(format!("{full} in {place} must be a table of single lines"));
            } else {
                self.complain(format!("{full} in {place} must be a single value"));
            }
        }
    }

    fn read_providers(&mut self, value: toml::Value, place: &str) {
        let Some(table) = self.table("providers", value, place) else { return };
        for (name, value) in table {
            let section = format!("providers.{name}");
            if let Err(reason) = ProviderName::parse(&name) {
                let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
                self.complain(format!(
                    "[{section}] in {place}: {name:?} is not allowed{reason}; expected {}",
                    ProviderName::EXPECTS
                ));
                continue;
            }
            let Some(mut table) = self.table(&section, value, place) else { continue };
            let models = table.remove("model");
            self.read_keys(&NamedProviderConfig::SECTION, &section, table, place);
            let models = models
                .and_then(|models| self.table(&format!("{section}.model.\"ID\""), models, place));
            let mut ids = BTreeSet::new();
            for (id, value) in models.into_iter().flatten() {
                let section = model_section(&name, &id);
                if let Some(table) = self.table(&section, value, place) {
                    self.read_keys(&ModelConfig::SECTION, &section, table, place);
                }
                ids.insert(id);
            }
            self.providers.insert(name, ids);
        }
    }

    fn table(&mut self, name: &str, value: toml::Value, place: &str) -> Option<toml::Table> {
        if let toml::Value::Table(table) = value {
            return Some(table);
        }
        self.complain(format!("{name} in {place} must be a section: [{name}]"));
        None
    }
}

/// The one key that is a table.
const HEADERS: &str = "headers";

/// A table of header fields as one would write it in a variable.
fn lines_of(value: &toml::Value) -> Option<String> {
    let lines = value.as_table()?.iter().map(|(name, value)| {
        let value = value.as_str().filter(|value| !value.contains(['\n', '\r']))?;
        Some(format!("{name}: {value}"))
    });
    Some(lines.collect::<Option<Vec<_>>>()?.join("\n"))
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
