//! One file of the client.

use std::borrow::Cow;

/// The page.
pub(crate) const INDEX: &str = "index.html";

/// A file with everything its answer needs. The build script writes a table of them.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Its path below the root, without a slash in front.
    pub(crate) path: Cow<'static, str>,
    /// Its content.
    pub(crate) bytes: Cow<'static, [u8]>,
    /// The same compressed, where that is shorter.
    pub(crate) gzip: Option<&'static [u8]>,
    /// Changes with the content.
    pub(crate) digest: Cow<'static, str>,
}
