//! Rules that leave what a person stores to that person.

use super::circles::paths;
use super::source::{is_product, product_lines};
use super::{File, Violation};

/// The modules of crud that hold what people store.
const USER_DATA: [&str; 7] =
    ["conversations", "messages", "responses", "search_docs", "imports", "turns", "prune"];

/// What says in a signature whose rows are read.
const OWNERS: [&str; 2] = ["UserId", "Owned<"];

/// Finders of work in the background, which tell no request anything: when something was deleted,
/// and the ids of what is on its way out.
const BACKGROUND: [&str; 3] = ["find_oldest", "list_due", "list_removing"];

/// Where the engine stands.
const ENGINE: &str = "crates/engine/";

/// Finders of what people store that do not ask whose it is.
pub(super) fn finders_without_an_owner(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| holds_user_data(file)) {
        for (number, name, signature) in finders(file) {
            // What it takes counts, not what it finds.
            let takes = signature.split("->").next().unwrap_or_default();
            let has_owner = OWNERS.iter().any(|owner| takes.contains(owner));
            if !has_owner && !BACKGROUND.contains(&name.as_str()) {
                let rule = "names no owner: take a UserId or an Owned, or stand in crud::engine";
                violations.push(file.violation(number, format!("`{name}` {rule}")));
            }
        }
    }
    violations
}

/// Code that reads what people store as the engine does, and is not the engine.
pub(super) fn engine_finders(files: &[File]) -> Vec<Violation> {
    let is_other = |file: &&File| {
        is_product(file) && !file.path.starts_with("crates/crud/") && !file.path.starts_with(ENGINE)
    };
    let mut violations = Vec::new();
    for file in files.iter().filter(is_other) {
        for path in paths::named(&file.text).paths {
            if path.names.starts_with(&["crud".to_owned(), "engine".to_owned()]) {
                let rule = "`crud::engine` reads for every owner; only the engine may";
                violations.push(file.violation(path.line, rule));
            }
        }
    }
    violations
}

fn holds_user_data(file: &File) -> bool {
    let Some(path) = file.path.strip_prefix("crates/crud/src/") else { return false };
    let module = path.split(['/', '.']).next().unwrap_or_default();
    USER_DATA.contains(&module) && is_product(file)
}

/// The finders that other crates can call: line, name and signature of each.
fn finders(file: &File) -> Vec<(usize, String, String)> {
    let lines: Vec<(usize, &str)> = file.lines().take(product_lines(file)).collect();
    let mut found = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
        let name = rest.split(['(', '<']).next().unwrap_or_default();
        if !name.starts_with("find") && !name.starts_with("list") {
            continue;
        }
        let mut signature = String::new();
        for (_, line) in lines.iter().skip(at) {
            signature.push_str(line);
            if line.ends_with('{') {
                break;
            }
        }
        found.push((*number, name.to_owned(), signature));
    }
    found
}
