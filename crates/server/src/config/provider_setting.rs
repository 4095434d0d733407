//! Types of the keys of providers.

use std::fmt;

use provider::{
    CallStyle, ReasoningField, ReasoningTags, SystemRole, TagPair, TokenLimit, Tokenizer,
};
use secrecy::SecretString;

use super::key::Privacy;
use super::setting::{Setting, words};

words! {
    SystemRole: "`system`, `developer` or `user`";
    System = "system",
    Developer = "developer",
    User = "user",
}

words! {
    TokenLimit: "`max_tokens` or `max_completion_tokens`";
    MaxTokens = "max_tokens",
    MaxCompletionTokens = "max_completion_tokens",
}

words! {
    CallStyle: "`standard`, `mistral` or `as_is`";
    Standard = "standard",
    Mistral = "mistral",
    AsIs = "as_is",
}

words! {
    ReasoningField: "`off`, `reasoning_content` or `reasoning`";
    Off = "off",
    ReasoningContent = "reasoning_content",
    Reasoning = "reasoning",
}

words! {
    Tokenizer: "`o200k_base`, `cl100k_base` or `estimate`";
    O200k = "o200k_base",
    Cl100k = "cl100k_base",
    Estimate = "estimate",
}

/// The longest tag, in bytes.
const MAX_TAG: usize = 64;

impl Setting for ReasoningTags {
    const EXPECTS: &'static str =
        "`off`, `leading`, `implied`, or pairs of tags such as `<reason>,</reason>`";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "off" => return Ok(Self::Off),
            "leading" => return Ok(Self::Leading),
            "implied" => return Ok(Self::Implied),
            _ => {}
        }
        let tags: Vec<&str> = text.split(',').map(str::trim).collect();
        let fits =
            |tag: &&str| (3..=MAX_TAG).contains(&tag.len()) && !tag.chars().any(char::is_control);
        if tags.len() < 2 || !tags.iter().all(fits) {
            return Err(String::new());
        }
        let pairs = tags.chunks(2).map(|pair| match pair {
            [open, close] if open != close => {
                Ok(TagPair { open: (*open).to_owned().into(), close: (*close).to_owned().into() })
            }
            [open, ..] => Err(format!("{open:?} has no closing tag of its own")),
            [] => Err(String::new()),
        });
        pairs.collect::<Result<Vec<_>, _>>().map(|pairs| Self::Pairs(pairs.into()))
    }
}

/// Names of models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelNames(pub Vec<String>);

/// The longest name of a model at its provider, in bytes.
const MAX_MODEL_NAME: usize = 200;

impl Setting for ModelNames {
    const EXPECTS: &'static str = "names of models, separated by commas";

    fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<String> = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        if names.is_empty() {
            return Err("the list is empty".to_owned());
        }
        let unfit = |name: &&String| {
            name.len() > MAX_MODEL_NAME || name.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if let Some(name) = names.iter().find(unfit) {
            let name: String = name.chars().take(100).collect();
            return Err(format!("{name:?} cannot be the name of a model"));
        }
        Ok(Self(names))
    }
}

/// The name of a header field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName(pub String);

impl Setting for FieldName {
    const EXPECTS: &'static str = "the name of a header field such as `X-Api-Key`";

    fn parse(text: &str) -> Result<Self, String> {
        if is_field_name(text) { Ok(Self(text.to_owned())) } else { Err(String::new()) }
    }
}

/// A token of RFC 9110, section 5.6.2.
fn is_field_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Header fields with their values, which may be secrets.
#[derive(Clone)]
pub struct Headers(pub Vec<(String, SecretString)>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Setting for Headers {
    const EXPECTS: &'static str = "header fields, one `Name: value` a line";
    const PRIVACY: Privacy = Privacy::Secret;

    fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let field = |line: &str| {
            let (name, value) = line.split_once(':').ok_or("a line has no `:`")?;
            let (name, value) = (name.trim(), value.trim());
            if !is_field_name(name) {
                return Err("a line does not begin with the name of a field".to_owned());
            }
            if value.is_empty() || value.chars().any(|c| c.is_control() || !c.is_ascii()) {
                return Err(format!("the value of {name} is empty or not plain ASCII"));
            }
            Ok((name.to_owned(), SecretString::from(value)))
        };
        lines.map(field).collect::<Result<_, String>>().map(Self)
    }
}
