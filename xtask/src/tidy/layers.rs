//! Which crate may use which.

use cargo_metadata::DependencyKind;

use super::{File, Violation};

/// A crate of ours and what its manifest names.
#[derive(Debug)]
pub(super) struct Package {
    name: String,
    dependencies: Vec<(String, DependencyKind)>,
}

impl From<&cargo_metadata::Package> for Package {
    fn from(package: &cargo_metadata::Package) -> Self {
        let pair =
            |dependency: &cargo_metadata::Dependency| (dependency.name.clone(), dependency.kind);
        Self {
            name: package.name.to_string(),
            dependencies: package.dependencies.iter().map(pair).collect(),
        }
    }
}

/// Our crates, each with those it may use. The direction is the layering: a crate knows only
/// what stands above it here.
const LAYERS: &[(&str, &[&str])] = &[
    ("models", &[]),
    ("migration", &[]),
    ("bus", &[]),
    ("provider", &[]),
    ("search", &[]),
    ("transfer", &[]),
    ("testkit-macros", &[]),
    ("web", &[]),
    ("schemas", &["models"]),
    ("auth", &["models"]),
    ("crud", &["models", "migration", "search"]),
    ("mock", &["provider"]),
    ("engine", &["models", "schemas", "crud", "bus", "provider"]),
    (
        "services",
        &["models", "schemas", "crud", "auth", "bus", "provider", "search", "transfer", "engine"],
    ),
    ("api", &["services", "schemas", "auth"]),
    (
        "chatapp",
        &[
            "api",
            "auth",
            "bus",
            "crud",
            "migration",
            "mock",
            "models",
            "provider",
            "schemas",
            "services",
            "web",
        ],
    ),
    (
        "testkit",
        &[
            "api",
            "auth",
            "bus",
            "chatapp",
            "crud",
            "migration",
            "mock",
            "models",
            "provider",
            "schemas",
            "services",
            "testkit-macros",
        ],
    ),
    ("campaign", &["mock", "testkit"]),
    (
        "fuzz",
        &[
            "api", "auth", "chatapp", "crud", "models", "provider", "schemas", "search",
            "services", "transfer",
        ],
    ),
    ("fuzz-driver", &["fuzz"]),
    ("bench", &[]),
    ("xtask", &[]),
];

/// What tests may use besides: crates made for them, and the schema to begin with.
const FOR_TESTS: &[&str] = &["testkit", "mock", "migration"];

/// Crates of others that only some of ours may link.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("sea-orm", &["models", "crud", "testkit"]),
    ("sea-orm-migration", &["migration"]),
    // Named to choose its features; code goes through sea-orm.
    ("sqlx", &["crud"]),
    ("redis", &["bus", "testkit"]),
    ("reqwest", &["provider", "chatapp", "testkit", "bench", "campaign"]),
    ("axum", &["api", "web", "fuzz"]),
    ("anyhow", &["chatapp", "testkit", "bench", "campaign", "xtask"]),
];

/// Edges that the tables do not allow.
pub(super) fn check(packages: &[Package], files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in packages {
        let Some(allowed) = find(LAYERS, &package.name) else {
            let message = format!("{} has no place among the layers of xtask tidy", package.name);
            violations.push(at(files, package, &package.name, message));
            continue;
        };
        for (name, kind) in &package.dependencies {
            if let Some(message) = refusal(&package.name, allowed, name, *kind) {
                violations.push(at(files, package, name, message));
            }
        }
    }
    violations
}

fn refusal(from: &str, allowed: &[&str], to: &str, kind: DependencyKind) -> Option<String> {
    let test = kind == DependencyKind::Development;
    if find(LAYERS, to).is_some() {
        let fine = allowed.contains(&to) || (test && FOR_TESTS.contains(&to));
        let how = if test { "may not use, even in tests," } else { "may not use" };
        return (!fine).then(|| format!("{from} {how} {to}: the layering forbids it"));
    }
    let users = find(OUTSIDE, to)?;
    let fine = test || users.contains(&from);
    (!fine).then(|| format!("{from} may not use {to}; only {users:?} may"))
}

fn find<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(entry, _)| *entry == name).map(|(_, names)| *names)
}

/// A violation at the line of the manifest that begins with `word`.
fn at(files: &[File], package: &Package, word: &str, message: String) -> Violation {
    let name = format!("name = \"{}\"", package.name);
    let manifest = files.iter().find(|file| {
        file.path.ends_with("Cargo.toml") && file.text.lines().any(|line| line == name)
    });
    let Some(manifest) = manifest else {
        return Violation { path: "Cargo.toml".to_owned(), line: 1, message };
    };
    let names = |line: &str| {
        let rest = line.strip_prefix(word);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    };
    let line = manifest.lines().find(|(_, line)| names(line)).map_or(1, |(number, _)| number);
    manifest.violation(line, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, DependencyKind)]) -> Package {
        let dependencies = dependencies.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
        Package { name: name.to_owned(), dependencies: dependencies.collect() }
    }

    #[test]
    fn a_planted_edge_is_found_at_its_line() {
        use DependencyKind::{Development, Normal};
        let text = "[package]\nname = \"api\"\n\n[dependencies]\ncrud.workspace = true\n";
        let path = "crates/api/Cargo.toml".to_owned();
        let files = [File { path, text: text.to_owned() }];
        let found = |dependencies: &[_]| check(&[package("api", dependencies)], &files);

        assert_eq!(found(&[("services", Normal), ("testkit", Development)]), []);
        let violations = found(&[("crud", Normal)]);
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert!(violations[0].to_string().starts_with("crates/api/Cargo.toml:5: api may not use"));
        assert_eq!(found(&[("testkit", Normal)]).len(), 1);
        assert_eq!(found(&[("chatapp", Development)]).len(), 1);
        assert_eq!(found(&[("sea-orm", Normal)]).len(), 1);
        assert_eq!(found(&[("reqwest", Normal), ("reqwest", Development)]).len(), 1);
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        assert_eq!(check(&[package("utils", &[])], &[]).len(), 1);
    }

    #[test]
    fn the_table_has_no_circle() {
        for (place, (name, allowed)) in LAYERS.iter().enumerate() {
            for below in *allowed {
                let known = LAYERS.iter().position(|(entry, _)| entry == below);
                assert!(known.is_some_and(|known| known < place), "{name} uses {below}");
            }
        }
    }
}
