//! What can be wrong with a conversation in a file.

/// Why a conversation cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not valid JSON.
    #[error("it is not valid JSON: {0}")]
    NotJson(String),
    /// It is no conversation of a product known here.
    #[error("its format is not known; ChatGPT, Claude, Open WebUI, LibreChat and our own are")]
    UnknownFormat,
    /// It is ours, but not as we write it.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It is larger than a conversation may be.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// Its JSON has more values than it may have.
    #[error("it has more than {0} values")]
    TooMany(usize),
    /// Reading it would take more memory than it may.
    #[error("reading it would take more than {0} bytes of memory")]
    TooMuch(usize),
    /// Its brackets are nested deeper than they may be.
    #[error("it is nested deeper than {0} levels")]
    TooDeep(usize),
    /// The file ends inside of it.
    #[error("the file ends before it is complete; export it again")]
    Truncated,
    /// A file of an archive cannot be unpacked.
    #[error("the archive is damaged here: {0}")]
    Unpacking(String),
    /// A newer version of this program wrote it.
    #[error("it has version {version} of our format, and this program reads up to {known}")]
    TooNew {
        /// The version that it names.
        version: u64,
        /// The newest one that is read here.
        known: u64,
    },
}
