//! Operators who look at the providers from the command line.

use mock::MockServer;
use serde_json::Value;
use testkit::Settings;

use super::doctor::sound;
use super::upstream;
use super::working_directory::{WorkingDirectory, run};

/// Two providers, the default one first.
async fn configured(place: &WorkingDirectory) -> (MockServer, Settings) {
    let upstream = upstream().await;
    upstream.set_models(&[("test-model", None), ("mock:ticks=2", None)]);
    let more = format!(
        "[providers.second]\nbase_url = {:?}\nmodels = [\"mock:ticks=2\"]\n",
        upstream.base_url()
    );
    place.write("chatapp.toml", &more);
    let settings = sound().upstream(&upstream.base_url());
    (upstream, settings)
}

async fn command(
    place: &WorkingDirectory,
    settings: &Settings,
    words: &[&str],
) -> (Option<i32>, String, String) {
    let words = [&["provider"], words].concat();
    run(place.program().settings(settings).args(&words)).await
}

#[testkit::test]
async fn providers_are_listed_without_their_keys() {
    let place = WorkingDirectory::new();
    let (upstream, settings) = configured(&place).await;
    let settings = settings.set("OPENAI_API_KEY", "sk-of-the-provider");
    let (code, out, err) = command(&place, &settings, &["list", "--json"]).await;
    assert_eq!(code, Some(0), "{err}");
    let list: Vec<Value> = serde_json::from_str(&out).expect("a JSON array");
    let second = list.iter().find(|one| one["name"] == "second").expect("the second one");
    assert_eq!(second["base_url"], upstream.base_url());
    assert_eq!((&second["has_key"], &second["is_default"]), (&false.into(), &false.into()));
    assert_eq!(second["models"], serde_json::json!(["mock:ticks=2"]));
    let first = list.iter().find(|one| one["is_default"] == true).expect("a default");
    assert_eq!(first["has_key"], true);
    let (code, table, err) = command(&place, &settings, &["list"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(table.contains("second") && table.contains(&upstream.base_url()), "{table}");
    for text in [out, table] {
        assert!(!text.contains("sk-of-the-provider"), "{text}");
    }
    assert!(upstream.calls().is_empty(), "nobody is asked");
}

#[testkit::test]
async fn a_provider_that_is_well_is_tested() {
    let place = WorkingDirectory::new();
    let (upstream, settings) = configured(&place).await;
    let (code, out, err) = command(&place, &settings, &["test", "second"]).await;
    assert_eq!(code, Some(0), "{out} {err}");
    assert!(out.contains("mock:ticks=2 of second began after"), "{out}");
    assert!(out.contains(r#""tick 0 \ntick 1 \n""#), "{out}");
    assert_eq!(upstream.calls().len(), 1);
    let (code, out, err) = command(&place, &settings, &["test", "--json"]).await;
    assert_eq!(code, Some(0), "{err}");
    let report: Value = serde_json::from_str(&out).expect("a report");
    let findings = report["findings"].as_array().expect("findings");
    let answers = findings.iter().filter(|one| one["check"] == "answer" && one["verdict"] == "ok");
    assert_eq!(answers.count(), 2, "both were asked: {report}");
}

#[testkit::test]
async fn a_provider_that_fails_is_told_how_to_be_mended() {
    let place = WorkingDirectory::new();
    let (upstream, settings) = configured(&place).await;
    let settings = settings.set("CHATAPP_PROVIDER__MAX_RETRIES", "3");
    // Only silence may run out of time, however slow the machine is.
    let impatient = settings.clone().set("CHATAPP_PROVIDER__FIRST_TOKEN_TIMEOUT", "3s");
    let cases = [
        ("mock:status=401", "refused the credentials", "Set its api_key"),
        ("mock:status=404", "address is wrong", "often ends in /v1"),
        ("mock:status=422", "refused the request", "CHATAPP_PROVIDERS__SECOND__SYSTEM_ROLE"),
        ("mock:status=429", "rate of requests", "Wait a little"),
        ("mock:fault=garbage", "cannot be understood", "CHATAPP_PROVIDERS__SECOND__STREAM"),
        ("mock:fault=silent", "took too long (first token", "first_token_timeout"),
    ];
    for (model, says, fix) in cases {
        let asked = upstream.calls().len();
        let words = ["test", "second", "--model", model];
        let settings = if model == "mock:fault=silent" { &impatient } else { &settings };
        let (code, out, _) = command(&place, settings, &words).await;
        assert_eq!(code, Some(2), "{out}");
        assert!(out.contains(says) && out.contains(fix), "{model}: {out}");
        upstream.wait_for("the call", |calls| (calls.len() > asked).then_some(())).await;
        assert_eq!(upstream.calls().len(), asked + 1, "nothing is tried twice");
    }

    // The one provider of three variables has keys without a name (F15).
    let words = ["test", "openai", "--model", "mock:status=422"];
    let (_, out, _) = command(&place, &settings, &words).await;
    assert!(out.contains("CHATAPP_PROVIDER__SYSTEM_ROLE"), "{out}");

    let (code, out, err) = command(&place, &settings, &["test", "third"]).await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("there is no provider \"third\"") && err.contains("second"), "{err}");
    let nobody = WorkingDirectory::new();
    let (code, _, err) = command(&nobody, &sound(), &["test"]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("no provider is configured"), "{err}");

    let gone = upstream.base_url();
    upstream.stop().await;
    let (code, out, _) = command(&place, &settings, &["test", "second"]).await;
    assert_eq!(code, Some(2), "{out}");
    assert!(out.contains("cannot be reached") && out.contains(&gone), "{out}");
}
