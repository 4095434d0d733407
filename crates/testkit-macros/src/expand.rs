//! From a function and its options to the function and its entry in the registry.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, Result};

use crate::options::Options;

/// The function as it stands, and its registration behind it.
pub(crate) fn expand(options: &Options, function: &ItemFn) -> Result<TokenStream> {
    let test = test(options, function)?;
    let name = function.sig.ident.to_string();
    Ok(quote! {
        #function

        ::testkit::inventory::submit! {
            ::testkit::harness::Registered::new(::core::module_path!(), #name, || #test)
        }
    })
}

/// An expression that makes the `testkit::Test`. The parameter decides which kind it is.
fn test(options: &Options, function: &ItemFn) -> Result<TokenStream> {
    let signature = &function.sig;
    let refused = |why: &str| Err(Error::new_spanned(signature, why));
    if signature.asyncness.is_none() {
        return refused("a test of the kit is an `async fn`; others are a plain `#[test]`");
    }
    let (name, engines) = (&signature.ident, &options.engines);
    let mut test = match (signature.inputs.len(), &options.cases) {
        (0, None) if engines.is_empty() => quote!(::testkit::Test::once(#name)),
        (0, None) => return refused("a test on engines takes a `World`"),
        (1, None) if engines.is_empty() => {
            quote!(::testkit::Test::on(&::testkit::Engine::ALL, #name))
        }
        (1, None) => quote!(::testkit::Test::on(&[#(::testkit::Engine::#engines),*], #name)),
        (1, Some(cases)) if engines.is_empty() => quote!(::testkit::Test::cases(#cases, #name)),
        (1, Some(_)) => return refused("a test with cases runs on no engine"),
        (0, Some(_)) => return refused("a test with cases takes one of them"),
        _ => return refused("a test takes a `World`, a case or nothing"),
    };
    if let Some(needs) = &options.needs {
        test.extend(quote!(.needs(#needs)));
    }
    if options.slow {
        test.extend(quote!(.slow()));
    }
    if options.heavy {
        test.extend(quote!(.heavy()));
    }
    Ok(test)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(options: &str, function: &str) -> Result<String> {
        let test = test(&syn::parse_str(options)?, &syn::parse_str(function)?)?;
        Ok(test.to_string().replace(' ', ""))
    }

    #[test]
    fn the_parameter_decides_the_kind() {
        for (options, function, expected) in [
            ("", "async fn a(world: World) {}", "::testkit::Test::on(&::testkit::Engine::ALL,a)"),
            ("", "async fn a() {}", "::testkit::Test::once(a)"),
            (
                "sqlite, heavy",
                "async fn a(world: World) {}",
                "::testkit::Test::on(&[::testkit::Engine::Sqlite],a).heavy()",
            ),
            (
                "cases = ALL, needs = node(), slow",
                "async fn a(case: Case) {}",
                "::testkit::Test::cases(ALL,a).needs(node()).slow()",
            ),
        ] {
            assert_eq!(made(options, function).ok().as_deref(), Some(expected), "{options}");
        }
    }

    #[test]
    fn what_could_not_run_as_it_says_is_refused() {
        for (options, function) in [
            ("", "fn a() {}"),
            ("sqlite", "async fn a() {}"),
            ("cases = ALL", "async fn a() {}"),
            ("cases = ALL, sqlite", "async fn a(case: Case) {}"),
            ("", "async fn a(world: World, other: World) {}"),
        ] {
            assert!(made(options, function).is_err(), "{options} {function}");
        }
    }
}
