//! `docs/API.md`: its examples are run as they stand there, and their replies compared with those
//! that are shown. `UPDATE_DOCS=1` writes the replies instead.

mod exchange;
mod guide;
mod json;
mod shown;

use std::collections::BTreeSet;
use std::path::PathBuf;

use provider::ProviderError;
use serde_json::Value;
use testkit::process::AppProcess;
use testkit::{Need, Settings};

use super::tour;
use super::working_directory::WorkingDirectory;
use exchange::{Exchange, Shell};
use guide::{Guide, Route};
use shown::Names;

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/API.md"))
}

#[testkit::test(needs = Need::unnamed(tour::available()))]
async fn every_route_has_an_example_that_works() {
    let place = WorkingDirectory::new();
    let server = place.program().settings(&Settings::quick()).serve().await;
    let text = std::fs::read_to_string(path()).expect("docs/API.md");
    let mut guide = Guide::read(&text);
    let routes = served(&server).await;
    check_sections(&guide.routes(), &routes);

    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut shell = Shell::new(place.path(), server.url());
    shell.set("SETUP_CODE", &server.setup_code().await);
    shell.set("METRICS_TOKEN", testkit::METRICS_TOKEN);
    let (mut names, mut wrong) = (Names::default(), Vec::new());
    for example in &mut guide.examples {
        let call = shell.run(&example.script).await;
        let real = names.describe(&call);
        let compared = check(&call, &example.route, &routes)
            .and_then(|()| shown::compare(example.shown.as_ref(), &real));
        match compared {
            Ok(()) => {}
            Err(_) if update && call.status < 500 => example.shown = Some(real),
            Err(why) => wrong.push(format!("{}: {why}", example.route)),
        }
        for (name, place) in &example.kept {
            shell.keep(name, place, &call);
        }
    }
    if update {
        std::fs::write(path(), guide.write()).expect("docs/API.md can be written");
    }
    assert!(
        wrong.is_empty(),
        "docs/API.md shows what is not so:\n{}\n\nMend the text or the program; replies are \
         written by UPDATE_DOCS=1 cargo test -p chatapp --test process every_route",
        wrong.join("\n")
    );
}

/// The routes of the served description.
async fn served(server: &AppProcess) -> BTreeSet<Route> {
    let document = server.anonymous().get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().expect("paths");
    let methods = ["get", "post", "put", "patch", "delete"];
    let of_path = |(path, item): (&String, &Value)| {
        let found = methods.into_iter().filter(|method| item[*method].is_object());
        found.map(|method| Route::new(method, path)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn check_sections(sections: &BTreeSet<Route>, served: &BTreeSet<Route>) {
    let gone: Vec<String> = sections.difference(served).map(ToString::to_string).collect();
    assert!(gone.is_empty(), "docs/API.md has sections of routes that are not there: {gone:?}");
    let missing: Vec<String> = served.difference(sections).map(ToString::to_string).collect();
    assert!(
        missing.is_empty(),
        "docs/API.md has no section for {}.\n\nAdd one where it belongs:\n\n\
         ### {}\n\nWhat it is for.\n\n```sh\ncurl $BASE/… -H \"authorization: Bearer $TOKEN\"\n```\n\n\
         then run UPDATE_DOCS=1 cargo test -p chatapp --test process every_route, which runs the \
         example and writes its reply below it. \"Keep `id` as `$NAME`.\" below a reply keeps \
         a value for later examples.",
        missing.join(", "),
        missing.first().map_or("", String::as_str)
    );
}

/// Whether the example calls the route that it stands under.
fn check(call: &Exchange, route: &Route, routes: &BTreeSet<Route>) -> Result<(), String> {
    let called = routes.iter().filter(|route| route.fits(&call.method, &call.path));
    let called = called.min_by_key(|route| route.parameters());
    match called {
        Some(called) if called == route => Ok(()),
        _ => Err(format!("the example calls {} {}", call.method, call.path)),
    }
}

/// A failure of a provider ends an answer with its code, so docs/ERRORS.md has to say what it is.
#[testkit::test]
async fn every_failure_of_a_provider_is_documented() {
    let reference = api::error_reference();
    let (requests, answers) = reference.split_once("## Of answers").expect("two tables");
    for code in ProviderError::CODES {
        assert!(requests.contains(&format!("| `{code}` |")), "{code}");
        assert!(answers.contains(&format!("\n| `{code}` |")), "{code}");
    }
}
