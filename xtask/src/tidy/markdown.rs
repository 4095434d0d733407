//! Rules about documents: links lead somewhere, and every document is linked from somewhere.

use std::collections::BTreeSet;

use super::{File, Violation};

/// The documents that readers begin with.
const ENTRANCES: [&str; 2] = ["README.md", "ARCHITECTURE.md"];

/// The documents that name tests as proofs.
const PROOFS: [&str; 2] = ["SECURITY.md", "docs/PROMISES.md"];

/// What makes a function a test.
const ATTRIBUTES: [&str; 3] = ["#[test]", "#[tokio::test", "#[testkit::test"];

/// A link of a document.
struct Link<'a> {
    line: usize,
    /// Path or address, without the anchor.
    target: &'a str,
    /// What follows `#`; empty when nothing does.
    anchor: &'a str,
}

/// Relative links to files, directories or headings that do not exist.
pub(super) fn links(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| is_document(file)) {
        for link in links_of(file) {
            let path = resolve(&file.path, link.target);
            let target = files.iter().find(|other| other.path == path);
            if target.is_none() && !is_directory(files, &path) {
                let message = format!("the link to {} leads nowhere", link.target);
                violations.push(file.violation(link.line, message));
            }
            let document = target.filter(|target| is_document(target) && !link.anchor.is_empty());
            if document.is_some_and(|target| !anchors(target).contains(link.anchor)) {
                let message = format!("{path} has no heading #{}", link.anchor);
                violations.push(file.violation(link.line, message));
            }
        }
    }
    violations
}

/// Documents in `docs/` that nobody finds from the entrances.
pub(super) fn orphans(files: &[File]) -> Vec<Violation> {
    let mut reached: BTreeSet<String> = ENTRANCES.map(str::to_owned).into();
    let mut waiting: Vec<String> = reached.iter().cloned().collect();
    while let Some(path) = waiting.pop() {
        let Some(file) = files.iter().find(|file| file.path == path) else { continue };
        for link in links_of(file) {
            let target = resolve(&file.path, link.target);
            // A link to a directory shows everything that is directly in it.
            let shown = files.iter().filter(|other| {
                is_document(other) && (other.path == target || parent(&other.path) == target)
            });
            for document in shown {
                if reached.insert(document.path.clone()) {
                    waiting.push(document.path.clone());
                }
            }
        }
    }
    files
        .iter()
        .filter(|file| file.path.starts_with("docs/") && is_document(file))
        .filter(|file| !reached.contains(&file.path))
        .map(|file| file.violation(1, "no way leads here from README.md or ARCHITECTURE.md"))
        .collect()
}

/// Tests that a document names as a proof and that do not exist.
pub(super) fn named_tests(files: &[File]) -> Vec<Violation> {
    let exists = |name: &str| {
        let by_hand = format!("Trial::test(\"{name}\"");
        let mut sources = files.iter().filter(|file| file.extension() == "rs");
        sources.any(|file| has_test(&file.text, name) || file.text.contains(&by_hand))
    };
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| PROOFS.contains(&file.path.as_str())) {
        for (line, text) in file.lines() {
            let quoted = text.split('`').skip(1).step_by(2);
            for name in quoted.filter(|word| is_test_name(word) && !exists(word)) {
                violations.push(file.violation(line, format!("there is no test {name}")));
            }
        }
    }
    violations
}

/// Whether a function of this name has an attribute that makes it a test: `#[test]`,
/// `#[tokio::test]` or `#[testkit::test(…)]`.
fn has_test(text: &str, name: &str) -> bool {
    text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        // Without what stands before `fn` in its own line.
        let above = text.get(..at).unwrap_or_default().rsplit('\n').skip(1);
        // Up to the end of what stands before it.
        let mut above = above.map(str::trim).take_while(|line| !matches!(*line, "" | "}" | "};"));
        above.any(|line| ATTRIBUTES.iter().any(|attribute| line.starts_with(attribute)))
    })
}

/// Whether a word looks like the name of a test: several words in lower case.
fn is_test_name(word: &str) -> bool {
    word.matches('_').count() >= 2
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn is_document(file: &File) -> bool {
    file.extension() == "md"
}

fn is_directory(files: &[File], path: &str) -> bool {
    let prefix = format!("{path}/");
    path.is_empty() || files.iter().any(|file| file.path.starts_with(&prefix))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// `target` as seen from the document at `from`, relative to the root.
fn resolve(from: &str, target: &str) -> String {
    if target.is_empty() {
        return from.to_owned();
    }
    let mut parts: Vec<&str> = parent(from).split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The lines outside of fenced code.
fn prose(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    file.lines().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The relative links of a document: `[text](target)` and `[name]: target`.
fn links_of(file: &File) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    for (line, text) in prose(file) {
        let mut targets = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else { break };
            targets.push(target);
            rest = after;
        }
        let definition = text.strip_prefix('[').and_then(|text| text.split_once("]: "));
        targets.extend(definition.map(|(_, target)| target));
        for target in targets {
            let target = target.split_whitespace().next().unwrap_or_default();
            let (target, anchor) = target.split_once('#').unwrap_or((target, ""));
            if !target.contains(':') && !target.contains('`') {
                links.push(Link { line, target, anchor });
            }
        }
    }
    links
}

/// The anchors of a document's headings, as code hosts make them.
fn anchors(file: &File) -> BTreeSet<String> {
    let slug = |heading: &str| {
        let kept = heading.trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    prose(file)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| slug(line.trim_start_matches('#')))
        .collect()
}
