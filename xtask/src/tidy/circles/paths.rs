//! What a Rust file names of its crate.

use std::collections::BTreeMap;

use super::tokens::{Token, tokens};

/// A path as seen from the file, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tidy) struct Path {
    pub(in crate::tidy) names: Vec<String>,
    pub(in crate::tidy) line: usize,
    /// Whether it brings all names of where it leads to.
    pub(super) glob: bool,
}

/// What a file names, without what is compiled for tests only.
#[derive(Debug, Default)]
pub(in crate::tidy) struct Named {
    /// Every path with more than one name, and every `use`.
    pub(in crate::tidy) paths: Vec<Path>,
    /// Names that a `use` brings into the file, and what each leads to.
    pub(super) names: BTreeMap<String, Vec<String>>,
    /// Modules in files of their own that are compiled for tests only.
    pub(super) tests: Vec<String>,
    /// The braces that are open while it is read: whether each is a module inside of the file.
    open: Vec<bool>,
}

type Tokens<'a, 'b> = &'b [Token<'a>];

/// Reads a file.
pub(in crate::tidy) fn named(text: &str) -> Named {
    let tokens = tokens(text);
    let mut named = Named::default();
    let mut rest = tokens.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        rest = if let Some((item, behind)) = test_item(rest) {
            if let [.., module, name, Token { text: ";", .. }] = item
                && module.text == "mod"
            {
                named.tests.push(name.text.to_owned());
            }
            behind
        } else {
            named.item(token, behind)
        };
    }
    named
}

impl Named {
    /// Takes what begins with `token`; what is left.
    fn item<'a, 'b>(&mut self, token: &Token<'_>, behind: Tokens<'a, 'b>) -> Tokens<'a, 'b> {
        match token.text {
            "mod" if behind.get(1).is_some_and(|it| it.text == "{") => {
                self.open.push(true);
                behind.get(2..).unwrap_or_default()
            }
            "{" => {
                self.open.push(false);
                behind
            }
            "}" => {
                self.open.pop();
                behind
            }
            "use" => self.tree(behind, &[]),
            name if is_name(name) => {
                let (path, behind) = path(name, behind);
                if path.len() > 1 {
                    self.add(path, token.line, false);
                }
                behind
            }
            _ => behind,
        }
    }

    /// Takes a tree of a `use` behind `before`; what is left.
    fn tree<'a, 'b>(&mut self, mut rest: Tokens<'a, 'b>, before: &[String]) -> Tokens<'a, 'b> {
        let mut path = before.to_vec();
        let mut line = 0;
        while let Some((token, behind)) = rest.split_first() {
            match token.text {
                "{" => {
                    rest = behind;
                    while !matches!(rest.first(), None | Some(Token { text: "}" | ";", .. })) {
                        rest = self.tree(rest, &path);
                        rest = past(rest, ",");
                    }
                    return past(rest, "}");
                }
                "*" => {
                    self.add(path, token.line, true);
                    return behind;
                }
                "::" => rest = behind,
                "as" => {
                    let name = behind.first().map_or("", |it| it.text);
                    self.bring(name, path, line);
                    return behind.get(1..).unwrap_or_default();
                }
                name if is_name(name) => {
                    path.push(name.to_owned());
                    line = token.line;
                    rest = behind;
                }
                _ => break,
            }
        }
        if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
            path.pop();
        }
        let name = path.last().cloned().unwrap_or_default();
        self.bring(&name, path, line);
        rest
    }

    /// Adds the end of a `use`.
    fn bring(&mut self, name: &str, path: Vec<String>, line: usize) {
        if !self.open.contains(&true) {
            self.names.insert(name.to_owned(), path.clone());
        }
        self.add(path, line, false);
    }

    /// Adds a path that stands in the innermost open module.
    fn add(&mut self, mut path: Vec<String>, line: usize, glob: bool) {
        let inside = self.open.iter().filter(|module| **module).count();
        if path.first().is_none_or(|first| first != "crate") {
            let above = path.iter().take_while(|name| *name == "super").count();
            if above < inside {
                // It stays inside of the file.
                return;
            }
            path.drain(..inside);
        }
        self.paths.push(Path { names: path, line, glob });
    }
}

/// What stands behind `text`, if that comes first.
fn past<'a, 'b>(tokens: Tokens<'a, 'b>, text: &str) -> Tokens<'a, 'b> {
    tokens.split_first().filter(|(first, _)| first.text == text).map_or(tokens, |(_, rest)| rest)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The names of the path that begins with `first`, and what stands behind it.
fn path<'a, 'b>(first: &str, mut rest: Tokens<'a, 'b>) -> (Vec<String>, Tokens<'a, 'b>) {
    let mut path = vec![first.to_owned()];
    while let [colons, name, behind @ ..] = rest
        && colons.text == "::"
        && is_name(name.text)
    {
        path.push(name.text.to_owned());
        rest = behind;
    }
    (path, rest)
}

/// The item that `rest` begins with if it is compiled for tests only, and what stands behind it.
fn test_item<'a, 'b>(rest: Tokens<'a, 'b>) -> Option<(Tokens<'a, 'b>, Tokens<'a, 'b>)> {
    let starts = |words: &[&str]| {
        rest.len() >= words.len() && rest.iter().zip(words).all(|(token, word)| token.text == *word)
    };
    if !starts(&["#", "[", "cfg", "(", "test", ")"])
        && !starts(&["#", "[", "cfg", "(", "all", "(", "test"])
    {
        return None;
    }
    let attribute = rest.iter().position(|it| it.text == "]")? + 1;
    let mut depth = 0_usize;
    let mut end = rest.len();
    for (at, token) in rest.iter().enumerate().skip(attribute) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => {
                end = at;
                break;
            }
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                if depth == 0 {
                    end = at + 1;
                    break;
                }
            }
            ";" | "," if depth == 0 => {
                end = at + 1;
                break;
            }
            _ => {}
        }
    }
    rest.split_at_checked(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let star = |path: &Path| if path.glob { "::*" } else { "" };
        named(text)
            .paths
            .iter()
            .map(|path| format!("{}: {}{}", path.line, path.names.join("::"), star(path)))
            .collect()
    }

    #[test]
    fn paths_and_trees_are_read() {
        let text =
            "use a::b;\nuse crate::{c::{self, d as e}, f::*, };\nfn g() { super::h::i(); }\n";
        let expected =
            ["1: a::b", "2: crate::c", "2: crate::c::d", "2: crate::f::*", "3: super::h::i"];
        assert_eq!(paths(text), expected);
        let names = named(text).names;
        assert_eq!(names["e"], ["crate", "c", "d"]);
        assert_eq!(names["c"], ["crate", "c"]);
    }

    #[test]
    fn modules_inside_of_a_file_are_looked_out_of() {
        let text = "mod a {\n use super::b::c;\n use super::super::d::e;\n use crate::f::g;\n}\n";
        assert_eq!(paths(text), ["2: b::c", "3: super::d::e", "4: crate::f::g"]);
        assert!(named(text).names.is_empty());
    }

    #[test]
    fn what_is_for_tests_only_is_left_out() {
        let text = "#[cfg(test)]\nuse a::b;\n#[cfg(test)]\nmod tests;\n#[cfg(all(test, x))]\n\
            pub(crate) mod more;\n#[cfg(test)]\nmod c { use super::d::e; }\n\
            struct F { #[cfg(test)] g: h::I }\nuse j::k;\n";
        assert_eq!(paths(text), ["10: j::k"]);
        assert_eq!(named(text).tests, ["tests", "more"]);
    }
}
