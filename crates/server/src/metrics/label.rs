//! What metrics are told apart by.

/// A label of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub values: Values,
}

/// The values of a label: few, and none is anybody's.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// They are not known beforehand, or too many together.
    Any,
    /// These, which the documents name.
    OneOf(&'static [&'static str]),
    /// Those of a list that stands elsewhere.
    List(fn() -> Vec<&'static str>),
    /// The names of the providers that answer here.
    Providers,
}

/// The provider that answers, by its name.
pub(super) const PROVIDER: Label = Label { name: "provider", values: Values::Providers };

pub(super) const fn any(name: &'static str) -> Label {
    Label { name, values: Values::Any }
}

pub(super) const fn one_of(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values: Values::OneOf(values) }
}

pub(super) const fn list(name: &'static str, values: fn() -> Vec<&'static str>) -> Label {
    Label { name, values: Values::List(values) }
}

impl Label {
    /// Its values as far as they are known.
    pub(super) fn known(self, providers: &[&str]) -> Vec<String> {
        match self.values {
            Values::Any => Vec::new(),
            Values::OneOf(values) => values.iter().map(ToString::to_string).collect(),
            Values::List(values) => values().into_iter().map(str::to_owned).collect(),
            Values::Providers => providers.iter().map(ToString::to_string).collect(),
        }
    }
}
