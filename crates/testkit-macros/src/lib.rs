//! The attribute `#[testkit::test]`. Tests use it through `testkit`, which documents it.

mod expand;
mod options;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Registers an asynchronous function as a test; see `testkit`.
#[proc_macro_attribute]
pub fn test(options: TokenStream, function: TokenStream) -> TokenStream {
    let options = parse_macro_input!(options as options::Options);
    let function = parse_macro_input!(function as ItemFn);
    expand::expand(&options, &function).unwrap_or_else(syn::Error::into_compile_error).into()
}
