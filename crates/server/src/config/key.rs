//! What a configuration key is.

use std::borrow::Cow;

/// Who may see a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Everybody who sees the configuration.
    Public,
    /// An address: no secret, but it may hold one, so it is not quoted in errors.
    Unquoted,
    /// Nobody; it can be kept in a file of its own.
    Secret,
}

/// One configuration key, as declared.
#[derive(Debug, Clone)]
pub struct Key {
    /// The section it is in, such as `server` or `providers.groq`.
    pub section: Cow<'static, str>,
    /// Its name within the section.
    pub name: &'static str,
    /// What it means, line by line as written above the field.
    pub doc: &'static [&'static str],
    /// The default as one would write it; none if it is unset by default.
    pub default: Option<&'static str>,
    /// A well-known environment variable that sets it too.
    pub env: Option<&'static str>,
    /// The command line option that sets it.
    pub flag: Option<&'static str>,
    /// The smallest and the largest value.
    pub range: Option<(&'static str, &'static str)>,
    /// What values look like.
    pub expects: &'static str,
    /// Who may see its value.
    pub privacy: Privacy,
    /// Whether TOML wants quotes around it.
    pub quoted: bool,
    /// Whether an empty value is a value. Elsewhere it means "not set".
    pub keep_empty: bool,
}

impl Key {
    /// Its full name, `section.name`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// Its environment variable, `CHATAPP_SECTION__NAME`.
    pub fn variable(&self) -> String {
        let section = self.section.replace('.', "__").replace('-', "_");
        format!("CHATAPP_{}__{}", section.to_uppercase(), self.name.to_uppercase())
    }

    /// The same key of a section that there are several of.
    #[must_use]
    pub(crate) fn of(&self, section: &str) -> Self {
        Self { section: Cow::Owned(section.to_owned()), ..self.clone() }
    }

    /// Whether the value is a secret; such keys have a `_FILE` twin.
    pub fn is_secret(&self) -> bool {
        self.privacy == Privacy::Secret
    }

    /// What it means, as one paragraph.
    pub fn text(&self) -> String {
        self.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    }

    /// What is allowed, as a sentence for the reference; empty where the meaning says it all.
    pub fn expectation(&self) -> String {
        let expects = self.expects.split(" such as `250ms`").next().unwrap_or_default();
        match (expects, self.range) {
            ("text" | "a path" | "a secret", None) => String::new(),
            (_, Some((low, high))) => format!(" Expects {expects} from {low} to {high}."),
            (_, None) => format!(" Expects {expects}."),
        }
    }

    /// What is allowed, as a phrase that follows "expected".
    pub fn allowed(&self) -> String {
        match self.range {
            Some((low, high)) => format!("{} from {low} to {high}", self.expects),
            None => self.expects.to_owned(),
        }
    }
}

/// A section as declared.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub doc: &'static [&'static str],
    /// Its keys, in the order of their declaration.
    pub keys: &'static [Key],
}
