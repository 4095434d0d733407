//! Rules about source text.

use super::{File, Violation};

/// The longest file, in lines that are not tests.
const MAX_LINES: usize = 600;

/// What begins a path of the machine that an author happened to work on. Written in two halves so
/// that this file passes its own rule.
const MACHINE: [&str; 3] = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];

/// What asks which database the program runs on, and the files that may.
const SWITCHES: &[(&[&str], &[&str])] = &[
    // `Dialect`, which is matched without a catch-all, is made of it in one place.
    (&["DbBackend::", "DatabaseBackend::"], &["crates/migration/src/dialect.rs"]),
    (
        &["Dialect::Sqlite", "Dialect::MySql", "Dialect::of"],
        &["crates/crud/src/dialect.rs", "crates/migration/src/"],
    ),
    // Choosing a database is not asking for it: the configuration names one, crud opens it.
    (
        &["Database::Sqlite", "Database::MySql"],
        &["crates/crud/src/connect.rs", "crates/server/src/"],
    ),
];

/// The crates that may know how rows are stored.
const STORAGE: [&str; 4] =
    ["crates/models/", "crates/migration/", "crates/crud/", "crates/testkit/"];

/// Files that are too long to have one subject.
pub(super) fn sizes(files: &[File]) -> Vec<Violation> {
    let is_source = |file: &&File| {
        matches!(file.extension(), "rs" | "ts" | "js" | "mjs" | "svelte" | "css" | "py")
            && !is_test(file)
            // Types that are generated from the API's description.
            && !file.path.ends_with(".d.ts")
    };
    files
        .iter()
        .filter(is_source)
        .map(|file| (file, product_lines(file)))
        .filter(|(_, count)| *count > MAX_LINES)
        .map(|(file, count)| {
            file.violation(1, format!("{count} lines; more than {MAX_LINES} hold two subjects"))
        })
        .collect()
}

/// Crates whose root does not say what they are.
pub(super) fn crate_pages(files: &[File]) -> Vec<Violation> {
    let is_root = |file: &&File| {
        file.path.starts_with("crates/") && file.path.ends_with("/src/lib.rs")
            || file.path == "xtask/src/main.rs"
    };
    files
        .iter()
        .filter(is_root)
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| file.violation(1, "a crate begins with a `//!` page that says what it is"))
        .collect()
}

/// Code that asks for the database outside of the files that may.
pub(super) fn dialect_switches(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| is_product(file)) {
        for (words, allowed) in SWITCHES {
            if !allowed.iter().any(|path| file.path.starts_with(path)) {
                let message = "asks which database it is; that belongs into crud's dialect.rs";
                violations.extend(mentions(file, words, message));
            }
        }
    }
    violations
}

/// Code above `crud` that knows the storage library.
pub(super) fn storage_below_crud(files: &[File]) -> Vec<Violation> {
    // Paths into the libraries; their bare names also stand in log filters.
    const WORDS: &[&str] = &["sea_orm::", "sea_orm_migration::", "sqlx::"];
    files
        .iter()
        .filter(|file| is_product(file))
        .filter(|file| !STORAGE.iter().any(|path| file.path.starts_with(path)))
        .flat_map(|file| mentions(file, WORDS, "knows the storage library; use crud"))
        .collect()
}

/// Text that names a path of an author's machine.
pub(super) fn machine_paths(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files {
        for (number, line) in file.lines() {
            for path in MACHINE {
                if line.match_indices(path).any(|(at, _)| begins_a_path(line, at)) {
                    violations.push(file.violation(number, format!("names {path}, a machine's")));
                }
            }
        }
    }
    violations
}

/// Whether a path that stands at `at` is absolute: nothing before it belongs to it.
fn begins_a_path(line: &str, at: usize) -> bool {
    let before = line.get(..at).and_then(|text| text.chars().next_back());
    !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '*'))
}

/// Rust code of the program, as against tests and tools.
pub(super) fn is_product(file: &File) -> bool {
    file.extension() == "rs"
        && file.path.starts_with("crates/")
        && !file.path.starts_with("crates/testkit/")
        && !file.path.starts_with("crates/campaign/")
        && !is_test(file)
}

pub(super) fn is_test(file: &File) -> bool {
    file.path.ends_with("/tests.rs") || file.path.split('/').any(|part| part == "tests")
}

/// Lines that are not in the file's own module of tests, which stands last.
pub(super) fn product_lines(file: &File) -> usize {
    let lines: Vec<&str> = file.text.lines().collect();
    let begins = |pair: &&[&str]| {
        matches!(pair, [attribute, module]
            if attribute.trim() == "#[cfg(test)]" && module.starts_with("mod tests {"))
    };
    let tests = lines.windows(2).position(|pair| begins(&pair));
    tests.unwrap_or(lines.len())
}

/// The lines of code before the tests that contain one of `words`.
fn mentions(file: &File, words: &[&str], message: &str) -> Vec<Violation> {
    file.lines()
        .take(product_lines(file))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .filter_map(|(number, line)| {
            let word = words.iter().find(|word| has_word(line, word))?;
            Some(file.violation(number, format!("`{word}`: {message}")))
        })
        .collect()
}

/// Whether `word` stands in `line` with no letter right before it.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
