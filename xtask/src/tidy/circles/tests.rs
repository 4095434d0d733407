use super::*;

fn files(files: &[(&str, &str)]) -> Vec<File> {
    let file = |(name, text): &(&str, &str)| File {
        path: format!("crates/x/src/{name}.rs"),
        text: (*text).to_owned(),
    };
    files.iter().map(file).collect()
}

/// What is found in them.
fn found(texts: &[(&str, &str)]) -> Vec<String> {
    circles(&files(texts)).iter().map(Violation::to_string).collect()
}

#[test]
fn a_planted_circle_is_found_once() {
    let texts = [
        ("lib", "mod a;\nmod b;\nmod c;\n"),
        ("a", "\nuse crate::b::B;\n"),
        ("b", "fn b() { super::c::go() }\n"),
        ("c", "use crate::a::{A};\n"),
    ];
    let circle = "crates/x/src/a.rs:2: files use each other in a circle: \
        crates/x/src/a.rs uses crate::b::B, crates/x/src/b.rs uses super::c::go, \
        crates/x/src/c.rs uses crate::a::A";
    assert_eq!(found(&texts), [circle]);
}

#[test]
fn files_in_one_direction_are_none() {
    let texts = [
        ("lib", "mod a;\nmod b;\nmod c;\n"),
        ("a", "use crate::b::B;\nuse crate::c::C;\n"),
        (
            "b",
            "use crate::c::C;\n// use crate::a::A;\n#[cfg(test)]\nmod tests {\n use crate::a::A;\n}\n",
        ),
        ("c", "use services::a::A;\nconst TEXT: &str = \"crate::a::A\";\n"),
    ];
    assert_eq!(found(&texts), [""; 0]);
}

#[test]
fn parents_and_children_may_use_each_other() {
    let texts = [
        ("lib", "mod a;\npub use a::A;\n"),
        ("a", "mod b;\nuse b::B;\n"),
        ("a/b", "use super::A;\nuse crate::Root;\n"),
    ];
    assert_eq!(found(&texts), [""; 0]);
}

#[test]
fn a_name_that_is_passed_on_leads_to_where_it_stands() {
    let texts = [
        ("lib", "mod a;\nmod b;\npub use a::A;\n"),
        ("a", "mod inside;\nuse crate::b;\npub(crate) use inside::A;\nfn f() { b::go() }\n"),
        ("a/inside", "fn g() {}\n"),
        ("b", "mod inside;\npub(crate) use inside::go;\n"),
        ("b/inside", "use crate::A;\n"),
    ];
    // `a` uses `b/inside`, and that uses `a/inside`, which uses nothing.
    assert_eq!(found(&texts), [""; 0]);
    let mut closed = texts;
    closed[2].1 = "use crate::b::go;\n";
    assert_eq!(found(&closed).len(), 1, "{:?}", found(&closed));
}

#[test]
fn files_for_tests_do_not_count() {
    let texts = [
        ("lib", "mod a;\nmod b;\n"),
        ("a", "use crate::b::B;\n#[cfg(test)]\nmod planted;\n"),
        ("a/planted", "use crate::b::B;\n"),
        ("a/tests", "use crate::b::B;\n"),
        ("b", "#[cfg(test)]\nuse crate::a::A;\n"),
    ];
    assert_eq!(found(&texts), [""; 0]);
}
