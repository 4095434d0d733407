//! What stands in the parentheses of `#[testkit::test(…)]`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, Result, Token};

/// The options of one test.
#[derive(Default)]
pub(crate) struct Options {
    /// The engines to run on, as variants of `testkit::Engine`; empty for all.
    pub(crate) engines: Vec<Ident>,
    pub(crate) needs: Option<Expr>,
    pub(crate) cases: Option<Expr>,
    pub(crate) slow: bool,
    pub(crate) heavy: bool,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "sqlite" => options.engine("Sqlite", name.span()),
                "mariadb" => options.engine("MariaDb", name.span()),
                "mysql" => options.engine("MySql", name.span()),
                "servers" => {
                    options.engine("MariaDb", name.span());
                    options.engine("MySql", name.span());
                }
                "slow" => options.slow = true,
                "heavy" => options.heavy = true,
                "needs" => options.needs = Some(value(input)?),
                "cases" => options.cases = Some(value(input)?),
                _ => return Err(Error::new(name.span(), EXPECTED)),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

const EXPECTED: &str =
    "expected sqlite, mariadb, mysql, servers, slow, heavy, needs = … or cases = …";

impl Options {
    fn engine(&mut self, variant: &str, span: Span) {
        self.engines.push(Ident::new(variant, span));
    }
}

fn value(input: ParseStream<'_>) -> Result<Expr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        syn::parse_str(text)
    }

    #[test]
    fn engines_are_variants() {
        let engines = |text: &str| {
            let options = parse(text).ok()?;
            Some(options.engines.iter().map(Ident::to_string).collect::<Vec<_>>())
        };
        assert_eq!(engines(""), Some(vec![]));
        assert_eq!(engines("sqlite,"), Some(vec!["Sqlite".to_owned()]));
        assert_eq!(engines("servers"), engines("mariadb, mysql"));
    }

    #[test]
    fn what_is_unknown_is_refused_with_what_there_is() {
        for text in ["postgres", "needs", "cases = ", "sqlite mysql"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let error = parse("sqllite").err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(EXPECTED));
    }
}
