//! Circles between the files of a crate.
//!
//! A file may use what its parents and its children have. Beyond that, files that use each other,
//! directly or through others, can only be understood together. What a file names through another
//! one that passes it on (`pub use`) counts as the use of where it stands. No circle is excused.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{File, Violation, source};

pub(super) mod paths;
mod tokens;

/// A module of a crate: the names that lead to it from the root.
type Module = Vec<String>;

/// The files of one crate by what they are called in it.
type Modules<'a> = BTreeMap<Module, Source<'a>>;

struct Source<'a> {
    file: &'a File,
    named: paths::Named,
}

/// That a file uses another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    from: Module,
    to: Module,
    line: usize,
    /// As it is written.
    path: String,
}

/// Every circle, once.
pub(super) fn circles(files: &[File]) -> Vec<Violation> {
    let mut crates: BTreeMap<&str, Modules<'_>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension() == "rs" && !source::is_test(file)) {
        if let Some((name, module)) = place(&file.path) {
            let source = Source { file, named: paths::named(&file.text) };
            // A library stands before the program of the same crate.
            crates.entry(name).or_default().entry(module).or_insert(source);
        }
    }
    let mut violations = Vec::new();
    for modules in crates.values_mut() {
        without_tests(modules);
        let uses = uses(modules);
        let circles = Graph::of(&uses).circles(&uses);
        violations.extend(circles.iter().filter_map(|circle| violation(modules, circle)));
    }
    violations
}

/// The crate a file belongs to and what it is called there.
fn place(path: &str) -> Option<(&str, Module)> {
    let (name, inside) = path.split_once("/src/")?;
    let inside = inside.strip_suffix(".rs")?;
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    let root = matches!(inside, "lib" | "main");
    let module = if root { Vec::new() } else { inside.split('/').map(str::to_owned).collect() };
    Some((name, module))
}

fn path_of<'a>(modules: &Modules<'a>, module: &Module) -> &'a str {
    modules.get(module).map_or("", |source| source.file.path.as_str())
}

/// Removes files that are compiled for tests only, and what stands below them.
fn without_tests(modules: &mut Modules<'_>) {
    let mut tests = Vec::new();
    for (module, source) in &*modules {
        for name in &source.named.tests {
            tests.push(child(module, name));
        }
    }
    modules.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
}

fn child(module: &[String], name: &str) -> Module {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// Who uses whom, apart from parents and children.
fn uses(modules: &Modules<'_>) -> Vec<Use> {
    let mut uses = BTreeSet::new();
    for (from, source) in modules {
        for named in &source.named.paths {
            let Some((to, whole)) = resolve(modules, from, &named.names, 0) else { continue };
            // A file that only names a module uses what it then takes of it.
            if (!whole || named.glob) && !to.starts_with(from) && !from.starts_with(&to) {
                let (from, path) = (from.clone(), named.names.join("::"));
                uses.insert(Use { from, to, line: named.line, path });
            }
        }
    }
    uses.into_iter().collect()
}

/// The file in which stands what `path` leads to from `from`, and whether it is the whole file;
/// `None` for other crates.
fn resolve(
    modules: &Modules<'_>,
    from: &Module,
    path: &[String],
    depth: usize,
) -> Option<(Module, bool)> {
    let mut at = from.clone();
    let mut rest = path.iter();
    let mut first = true;
    while let Some(name) = rest.next() {
        match name.as_str() {
            "crate" if first => at.clear(),
            "super" => {
                at.pop()?;
            }
            "self" => {}
            name => {
                let inside = child(&at, name);
                let renamed = modules.get(&at).and_then(|source| source.named.names.get(name));
                if modules.contains_key(&inside) {
                    at = inside;
                } else if let Some(renamed) = renamed.filter(|_| depth < 8) {
                    let path: Vec<_> = renamed.iter().chain(rest).cloned().collect();
                    // A name that leads to itself is another crate's.
                    let itself = renamed.first().is_some_and(|first| first == name);
                    return if itself { None } else { resolve(modules, &at, &path, depth + 1) };
                } else {
                    // Of the file itself; what stands nowhere is another crate's.
                    return (!first).then_some((at, false));
                }
            }
        }
        first = false;
    }
    Some((at, true))
}

/// Who uses whom, as a map.
struct Graph<'a>(BTreeMap<&'a Module, BTreeSet<&'a Module>>);

impl<'a> Graph<'a> {
    fn of(uses: &'a [Use]) -> Self {
        let mut graph: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for one in uses {
            graph.entry(&one.from).or_default().insert(&one.to);
        }
        Self(graph)
    }

    /// The shortest way from one to another, both included.
    fn way(&self, from: &'a Module, to: &Module) -> Option<Vec<&'a Module>> {
        let mut before: BTreeMap<&Module, Option<&Module>> = BTreeMap::from([(from, None)]);
        let mut open = VecDeque::from([from]);
        while let Some(at) = open.pop_front() {
            if at == to {
                let back = std::iter::successors(Some(at), |at| before.get(at).copied().flatten());
                let mut way: Vec<_> = back.collect();
                way.reverse();
                return Some(way);
            }
            for next in self.0.get(at).into_iter().flatten() {
                if !before.contains_key(next) {
                    before.insert(next, Some(at));
                    open.push_back(next);
                }
            }
        }
        None
    }

    /// The shortest circle of each use that closes one, each circle once, as its uses.
    fn circles(&self, uses: &'a [Use]) -> Vec<Vec<&'a Use>> {
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for one in uses {
            let Some(way) = self.way(&one.to, &one.from) else { continue };
            if !seen.insert(way.iter().copied().collect::<BTreeSet<_>>()) {
                continue;
            }
            let steps = std::iter::once((&one.from, &one.to))
                .chain(way.iter().copied().zip(way.iter().copied().skip(1)));
            let of = |(from, to)| uses.iter().find(|it| &it.from == from && &it.to == to);
            circles.push(steps.filter_map(of).collect());
        }
        circles
    }
}

/// A circle as one violation, at its first use.
fn violation(modules: &Modules<'_>, circle: &[&Use]) -> Option<Violation> {
    let first = circle.first()?;
    let steps: Vec<String> = circle
        .iter()
        .map(|one| format!("{} uses {}", path_of(modules, &one.from), one.path))
        .collect();
    let message = format!("files use each other in a circle: {}", steps.join(", "));
    Some(modules.get(&first.from)?.file.violation(first.line, message))
}

#[cfg(test)]
mod tests;
