use super::*;

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

/// What a rule finds, as it is printed.
fn found(rule: fn(&[File]) -> Vec<Violation>, files: &[File]) -> Vec<String> {
    rule(files).iter().map(Violation::to_string).collect()
}

/// Where a rule finds something: `path:line`.
fn places(rule: fn(&[File]) -> Vec<Violation>, files: &[File]) -> Vec<String> {
    rule(files).iter().map(|it| format!("{}:{}", it.path, it.line)).collect()
}

#[test]
fn a_long_file_is_found_and_its_tests_do_not_count() {
    let long = "fn f() {}\n".repeat(601);
    let tested = format!("{}#[cfg(test)]\nmod tests {{\n{long}}}\n", "fn f() {}\n".repeat(600));
    let files = [
        file("crates/a/src/long.rs", &long),
        file("crates/a/src/tested.rs", &tested),
        file("crates/a/src/long/tests.rs", &long),
        file("crates/a/tests/api/main.rs", &long),
        file("docs/API.md", &long),
    ];
    assert_eq!(places(source::sizes, &files), ["crates/a/src/long.rs:1"]);
}

#[test]
fn a_crate_without_a_page_is_found() {
    let files = [
        file("crates/a/src/lib.rs", "//! What a is.\n"),
        file("crates/b/src/lib.rs", "\n//! Too late.\n"),
        file("crates/b/src/other.rs", "fn f() {}\n"),
    ];
    assert_eq!(places(source::crate_pages, &files), ["crates/b/src/lib.rs:1"]);
}

#[test]
fn a_database_switch_outside_of_the_dialect_is_found() {
    let backend = "fn f() {\n    if backend == DbBackend::Sqlite {}\n}\n";
    let dialect = "fn f() {\n    match dialect { Dialect::Sqlite => {} }\n}\n";
    let files = [
        file("crates/migration/src/dialect.rs", backend),
        file("crates/migration/src/ddl.rs", dialect),
        file("crates/migration/src/views.rs", backend),
        file("crates/crud/src/dialect.rs", dialect),
        file("crates/crud/src/turns.rs", dialect),
        file("crates/crud/tests/stories.rs", backend),
        file("crates/services/src/a.rs", "// DbBackend::Sqlite\nlet e = MyDatabase::Sqlite;\n"),
        file("crates/services/src/b.rs", "match database { Database::MySql => 1 }\n"),
        file("crates/crud/src/c.rs", "#[cfg(test)]\nmod tests {\n    use DbBackend::Sqlite;\n}\n"),
    ];
    let expected = [
        "crates/migration/src/views.rs:2",
        "crates/crud/src/turns.rs:2",
        "crates/services/src/b.rs:1",
    ];
    assert_eq!(places(source::dialect_switches, &files), expected);
}

#[test]
fn a_finder_that_names_no_owner_is_found() {
    let finders = "pub async fn find_x(db: &Db, id: MessageId) -> Result<Option<Model>> {\n}\n\
        pub async fn list_x(\n    db: &Db,\n    owner: UserId,\n) -> Result<Vec<Model>> {\n}\n\
        pub async fn find_z(db: &Db, id: MessageId) -> Result<Option<Owned<Model>>> {\n}\n\
        pub async fn list_y(db: &Db, id: Owned<ResponseId>) -> Result<Vec<Model>> {\n}\n\
        pub async fn list_removing(db: &Db) -> Result<Vec<ConversationId>> {\n}\n\
        pub(crate) async fn find_in(tx: &Tx, id: MessageId) -> Result<Option<Model>> {\n}\n";
    let files = [
        file("crates/crud/src/messages.rs", finders),
        file("crates/crud/src/messages/places.rs", finders),
        file("crates/crud/src/engine.rs", finders),
        file("crates/crud/src/servers.rs", finders),
    ];
    let expected = [
        "crates/crud/src/messages.rs:1",
        "crates/crud/src/messages.rs:8",
        "crates/crud/src/messages/places.rs:1",
        "crates/crud/src/messages/places.rs:8",
    ];
    assert_eq!(places(owners::finders_without_an_owner, &files), expected);
}

#[test]
fn a_finder_of_the_engine_elsewhere_is_found() {
    let named = "// crud::engine\nlet row = crud::engine::find_response(db, id);\n";
    let files = [
        file("crates/engine/src/recover.rs", named),
        file("crates/crud/tests/stories.rs", named),
        file("crates/services/src/messages.rs", named),
        file("crates/services/src/exports.rs", "use crud::{\n    Db,\n    engine,\n};\n"),
        file("crates/services/src/imports.rs", "use crud as rows;\nuse crud::engine as e;\n"),
        file("crates/services/src/lib.rs", "use crud::Db;\nuse engine::Engine;\n"),
    ];
    let expected = [
        "crates/services/src/messages.rs:2",
        "crates/services/src/exports.rs:3",
        "crates/services/src/imports.rs:2",
    ];
    assert_eq!(places(owners::engine_finders, &files), expected);
}

#[test]
fn storage_above_crud_is_found() {
    let files = [
        file("crates/crud/src/a.rs", "use sea_orm::Set;\n"),
        file("crates/services/src/a.rs", "\nuse sea_orm::Set;\n"),
        file("crates/server/src/a.rs", "let x: sqlx::Error;\n"),
        file("crates/api/src/a.rs", "/// Not `sea_orm`.\nfn f() {}\n"),
    ];
    let expected = ["crates/services/src/a.rs:2", "crates/server/src/a.rs:1"];
    assert_eq!(places(source::storage_below_crud, &files), expected);
}

#[test]
fn a_machine_path_is_found() {
    let planted = format!("let a = \"{}me\";\n", ["/ho", "me/"].concat());
    let relative = format!("let a = dir.join(\"x{}me\");\n", ["/ho", "me/"].concat());
    let files = [file("a.rs", &planted), file("b.rs", &relative)];
    assert_eq!(places(source::machine_paths, &files), ["a.rs:1"]);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let readme = "# Title\n\
        [a](docs/A.md), [its part](docs/A.md#the-first-part) and [b](docs/B.md)\n\
        [web](https://example.org/x.md) [here](#title) [gone](#subtitle) [dir](docs)\n\
        ```\n[code](nowhere.md)\n```\n\
        [name]: missing.txt\n";
    let page = "# A\n## The first part\n[back](../README.md)\n[wrong](README.md)\n";
    let files = [file("README.md", readme), file("docs/A.md", page)];
    assert_eq!(
        found(markdown::links, &files),
        [
            "README.md:2: the link to docs/B.md leads nowhere",
            "README.md:3: README.md has no heading #subtitle",
            "README.md:7: the link to missing.txt leads nowhere",
            "docs/A.md:4: the link to README.md leads nowhere",
        ]
    );
}

#[test]
fn a_test_that_a_document_names_must_exist() {
    let files = [
        file("SECURITY.md", "`a_test_of_this` and `another_test_of_that`\n`a_lost_test`\n`key`\n"),
        file("docs/API.md", "`a_field_of_ours`\n"),
        file(
            "crates/x/tests/a.rs",
            "#[testkit::test(sqlite)]\nasync fn a_test_of_this(world: World) {}\n\n\
             /// Why.\n#[test]\nfn another_test_of_that() {}\n\n\
             async fn a_lost_test(world: World) {}\n",
        ),
    ];
    assert_eq!(places(markdown::named_tests, &files), ["SECURITY.md:2"]);
}

#[test]
fn a_document_nobody_links_is_found() {
    let files = [
        file("README.md", "[a](docs/A.md)\n"),
        file("ARCHITECTURE.md", "[decisions](docs/adr/)\n"),
        file("docs/A.md", "[b](B.md)\n"),
        file("docs/B.md", "B\n"),
        file("docs/C.md", "[a](A.md)\n"),
        file("docs/adr/0001-x.md", "x\n"),
    ];
    assert_eq!(places(markdown::orphans, &files), ["docs/C.md:1"]);
}

#[test]
fn a_retired_word_is_found_in_code_and_documents() {
    let files = [
        file("crates/a/src/lib.rs", "//! A.\n/// No gap, none twice.\nfn none_twice() {}\n"),
        file("crates/a/src/b.rs", "struct Places;\npub(crate) struct Place<'a> {}\n"),
        file("docs/A.md", "None twice. Anyone twiced.\nIn none twicer.\n"),
        file("docs/GLOSSARY.md", "Not none twice, but without duplicates.\n"),
        file("crates/a/src/data.json", "none twice\n"),
    ];
    let expected = ["crates/a/src/lib.rs:2", "crates/a/src/b.rs:2", "docs/A.md:1"];
    assert_eq!(places(words::retired_words, &files), expected);
    let found = found(words::retired_words, &files);
    assert!(found[0].contains("write \"without duplicates\""), "{found:?}");
}

#[test]
fn a_test_of_the_kit_under_the_usual_harness_is_found() {
    let test = "use testkit::World;\n\n#[testkit::test(sqlite)]\nasync fn f(w: World) {}\n";
    let import = "use testkit::test;\n";
    let manifest = "[[test]]\nname = \"own\"\nharness = false\n\n[[test]]\nname = \"usual\"\n";
    let files = [
        file("Cargo.toml", "[workspace]\n"),
        file("crates/a/Cargo.toml", manifest),
        file("crates/a/src/lib.rs", test),
        file("crates/a/tests/own/main.rs", "mod one;\n"),
        file("crates/a/tests/own/one.rs", test),
        file("crates/a/tests/usual/main.rs", import),
        file("crates/a/tests/found.rs", test),
        file("crates/a/tests/plain.rs", "// #[testkit::test]\n#[test]\nfn f() {}\n"),
        file("crates/b/Cargo.toml", "[package]\n"),
        file("crates/b/tests/own.rs", test),
    ];
    let expected = [
        "crates/a/src/lib.rs:3",
        "crates/a/tests/usual/main.rs:1",
        "crates/a/tests/found.rs:3",
        "crates/b/tests/own.rs:3",
    ];
    assert_eq!(places(harness::tests_nobody_runs, &files), expected);
}
