//! Operators who look at the configuration from the command line.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use testkit::Settings;

use super::doctor::sound;
use super::working_directory::{WorkingDirectory, run};

async fn command(
    place: &WorkingDirectory,
    settings: &Settings,
    words: &[&str],
) -> (Option<i32>, String, String) {
    let words = [&["config"], words].concat();
    run(place.program().settings(settings).args(&words)).await
}

#[testkit::test]
async fn a_configuration_is_shown_with_its_origins_and_without_secrets() {
    let place = WorkingDirectory::new();
    place.write("chatapp.toml", "[server]\nport = 8123\n[log]\nlevel = \"warn\"\n");
    place.write(
        ".env",
        "OPENAI_API_KEY=sk-of-a-provider\n\
         OPENAI_BASE_URL=http://provider.example/v1?key=hidden\n\
         DATABASE_URL=mysql://app:hidden@db.example/chat\n",
    );
    let settings = sound().set("CHATAPP_SERVER__PORT", "8124").unset("CHATAPP_LOG__LEVEL");
    let (code, out, err) = command(&place, &settings, &["show", "--all", "--json"]).await;
    assert_eq!(code, Some(0), "{err}");
    let list: Vec<Value> = serde_json::from_str(&out).expect("a JSON array");
    let of = |key: &str| {
        let mut found = list.iter().filter(|one| one["key"] == key);
        let only = found.next().unwrap_or_else(|| panic!("no {key}: {out}"));
        assert!(found.next().is_none(), "{key} twice");
        [&only["value"], &only["origin"]].map(|text| text.as_str().expect("a text").to_owned())
    };
    // The environment counts, not the file.
    assert_eq!(of("server.port"), ["8124", "CHATAPP_SERVER__PORT in the environment"]);
    let [level, origin] = of("log.level");
    assert_eq!((level.as_str(), origin.contains("chatapp.toml")), ("warn", true), "{origin}");
    assert_eq!(of("limits.streams_per_user"), ["256", "the default"]);
    assert_eq!(of("provider.api_key")[0], "(16 characters, not shown)");
    assert_eq!(of("provider.base_url")[0], "http://provider.example/v1");
    let (code, table, err) = command(&place, &settings, &["show"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(table.contains("server.port") && !table.contains("streams_per_user"), "{table}");
    for text in [out, table] {
        assert!(!text.contains("hidden") && !text.contains("sk-of"), "{text}");
    }
}

#[testkit::test]
async fn a_configuration_is_checked() {
    let place = WorkingDirectory::new();
    let (code, out, err) = command(&place, &sound(), &["check"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("can be used"), "{out}");
    place.write("chatapp.toml", "[server]\nprot = 1\n[limits]\nstreams_per_user = 0\n");
    for words in [&["check"][..], &["show"]] {
        let (code, out, err) = command(&place, &sound(), words).await;
        assert_eq!((code, out.as_str()), (Some(78), ""), "{err}");
        assert!(
            err.contains("streams_per_user") && err.contains("server.prot"),
            "both are told: {err}"
        );
    }
    assert!(!place.path().join("data").exists(), "nothing was made");
}

#[testkit::test]
async fn a_configuration_is_begun() {
    let place = WorkingDirectory::new();
    for name in ["chatapp.toml", ".env"] {
        let words = ["init", name];
        let words = if name == "chatapp.toml" { &words[..1] } else { &words[..] };
        let (code, out, err) = command(&place, &sound(), words).await;
        assert_eq!((code, out.trim_end()), (Some(0), name), "{err}");
        let path = place.path().join(name);
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        let begun = std::fs::read_to_string(&path).expect("text");
        assert!(begun.lines().count() > 100, "{begun}");

        std::fs::write(&path, "mine").expect("a file");
        let (code, _, err) = command(&place, &sound(), words).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("--force"), "{err}");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "mine");
        let forced = [words, &["--force"]].concat();
        let (code, _, err) = command(&place, &sound(), &forced).await;
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), begun);
    }
    std::fs::create_dir(place.path().join("folder")).expect("a folder");
    let (code, _, err) = command(&place, &sound(), &["init", "folder", "--force"]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("is not a file"), "{err}");
    let (code, out, err) = command(&place, &sound(), &["check"]).await;
    assert_eq!(code, Some(0), "what was begun can be used: {out} {err}");
    let (code, _, err) = command(&place, &sound(), &["init", "nowhere/chatapp.toml"]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("cannot be made"), "{err}");
}
