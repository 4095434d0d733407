//! Fenced blocks and code in the text of the documents.

use std::fmt;
use std::path::{Path, PathBuf};

/// A fenced block.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Where it begins.
    pub(crate) place: Location,
    /// What its fence says; empty if nothing.
    pub(crate) language: String,
    pub(crate) text: String,
    /// The line above the fence.
    pub(crate) above: String,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) file: String,
    pub(crate) line: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every document by its path in the repository.
pub(crate) fn documents() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort();
    assert!(found.iter().any(|(name, _)| name == "README.md"), "{}", root().display());
    found
}

/// What others wrote, and what is built.
const FOREIGN: [&str; 3] = ["node_modules", "target", "dist"];

fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let path = format!("{prefix}{name}");
        if entry.file_type().expect("its kind").is_dir() {
            if !FOREIGN.contains(&name.as_str()) && !name.starts_with('.') {
                walk(&entry.path(), &format!("{path}/"), found);
            }
        } else if entry.path().extension().is_some_and(|kind| kind == "md") {
            found.push((path, std::fs::read_to_string(entry.path()).expect("text")));
        }
    }
}

/// The fenced blocks of a document, and the lines outside of them.
pub(crate) fn split(file: &str, text: &str) -> (Vec<Block>, Vec<(Location, String)>) {
    let (mut blocks, mut prose) = (Vec::new(), Vec::new());
    let mut open: Option<(Block, usize)> = None;
    let mut above = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        let place = Location { file: file.to_owned(), line: number };
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => {
                let language = language.trim().to_owned();
                let block = Block { place, language, text: String::new(), above: above.clone() };
                open = Some((block, indent));
            }
            (Some(_), Some(_)) => blocks.extend(open.take().map(|(block, _)| block)),
            (Some((block, indent)), None) => {
                let shared = line.len() - line.trim_start().len();
                block.text.push_str(line.get(shared.min(*indent)..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, None) => prose.push((place, line.to_owned())),
        }
        line.clone_into(&mut above);
    }
    assert!(open.is_none(), "{file} has a fence that is not closed");
    (blocks, prose)
}

/// The code within the lines of a text.
pub(crate) fn spans(prose: &[(Location, String)]) -> Vec<(Location, String)> {
    let of_line = |(place, line): &(Location, String)| {
        let spans: Vec<_> = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        spans.into_iter().map(|span| (place.clone(), span)).collect::<Vec<_>>()
    };
    prose.iter().flat_map(of_line).collect()
}
