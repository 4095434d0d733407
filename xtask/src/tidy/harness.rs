//! Tests that nothing would run.

use super::{File, Violation};

/// Tests of the kit in a target that has the usual harness: it knows nothing of them, and says that
/// all is well.
pub(super) fn tests_nobody_runs(files: &[File]) -> Vec<Violation> {
    let manifests =
        files.iter().filter_map(|file| Some((file.path.strip_suffix("Cargo.toml")?, file)));
    let manifests: Vec<_> = manifests.collect();
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.extension() == "rs") {
        let above = manifests.iter().filter(|(folder, _)| file.path.starts_with(folder));
        let Some((folder, manifest)) = above.max_by_key(|(folder, _)| folder.len()) else {
            continue;
        };
        let target = file.path.strip_prefix(folder).and_then(target);
        if target.is_some_and(|target| has_own_main(&manifest.text, target)) {
            continue;
        }
        let message = "its target needs `harness = false`, or nothing runs this test";
        let lines = file.lines().filter(|(_, line)| names_the_attribute(line));
        violations.extend(lines.map(|(number, _)| file.violation(number, message)));
    }
    violations
}

/// The target of tests that a file belongs to, by its path in its package.
fn target(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("tests/")?;
    rest.split('/').next()?.split('.').next()
}

/// Whether a manifest gives a target of tests a `main` of its own.
fn has_own_main(manifest: &str, target: &str) -> bool {
    let name = format!("name = \"{target}\"");
    manifest.split("[[test]]").skip(1).any(|table| {
        let lines: Vec<_> = table.lines().map(str::trim).collect();
        let own = lines.split(|line| line.starts_with('[')).next().unwrap_or_default();
        own.contains(&name.as_str()) && own.contains(&"harness = false")
    })
}

/// Whether a line uses the attribute, or imports it as another `test`.
fn names_the_attribute(line: &str) -> bool {
    let rest = ["#[testkit::test", "use testkit::test"]
        .iter()
        .find_map(|start| line.trim_start().strip_prefix(start));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}
