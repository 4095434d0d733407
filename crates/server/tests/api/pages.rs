//! What operators, supervisors and developers read: health, version, metrics, documentation.

use std::collections::{BTreeMap, BTreeSet};

use mock::script::{Answer, FaultKind, Script};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{METRICS_TOKEN, TestApp, World};

#[testkit::test]
async fn a_healthy_server_says_so(world: World) {
    let app = TestApp::start(&world).await;
    let client = app.anonymous();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(client.get(path).await.expect(200), json!({"status": "ok"}));
    }
    let version = client.get("/api/version").await.expect(200);
    assert_eq!(version["name"], "chatapp");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert!(version["commit"].is_null() || version["commit"].is_string(), "{version}");
}

#[testkit::test]
async fn the_test_stream_says_when_it_was_sent(world: World) {
    let app = TestApp::start(&world).await;
    let client = app.anonymous();
    let mut stream = client.stream(client.request(Method::GET, "/health/stream")).await;
    let first = stream.next().await.expect("an event").json();
    assert_eq!(first["n"], 1);
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    let frames = stream.finish().await;
    let sent: Vec<_> = frames.iter().map(|frame| frame.json()["after_ms"].as_u64()).collect();
    assert_eq!(sent.len(), 5);
    assert!(sent.is_sorted() && sent.last() >= Some(&Some(1_000)), "{sent:?}");
}

#[testkit::test]
async fn the_document_lists_every_route_and_every_route_is_served(world: World) {
    let app = TestApp::start(&world).await;
    let client = app.anonymous();
    let reply = client.get("/openapi.json").await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let document = reply.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let operation_id = operation["operationId"].as_str().unwrap().to_owned();
            described.insert((method.to_uppercase(), path.clone(), operation_id));
        }
    }
    let table: BTreeSet<_> = api::route_table::routes()
        .into_iter()
        .map(|route| (route.method.to_string(), route.path, route.operation))
        .collect();
    assert_eq!(described, table);
    let client = client.with_bearer(Some(METRICS_TOKEN));
    for (method, path, operation) in described {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let reply = client.send(client.request(method, &path)).await;
        let code = reply.json["error"]["code"].as_str().unwrap_or_default();
        assert!(
            !matches!(code, "unknown_url" | "method_not_supported"),
            "{operation} is not served"
        );
    }
    // Every reference in the document leads somewhere.
    let mut links = Vec::new();
    collect_links(&document, &mut links);
    assert!(links.len() > 20);
    for link in links {
        let target = document.pointer(link.trim_start_matches('#'));
        assert!(target.is_some(), "{link} leads nowhere");
    }
}

fn collect_links(value: &Value, links: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(link) if name == "$ref" => links.push(link.to_owned()),
                    _ => collect_links(value, links),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_links(item, links)),
        _ => {}
    }
}

#[testkit::test]
async fn the_reference_needs_nothing_from_outside(world: World) {
    let app = TestApp::start(&world).await;
    let client = app.anonymous();
    let reference = client.get("/docs").await;
    assert_eq!(reference.header("content-type"), Some("text/html; charset=utf-8"));
    for route in api::route_table::routes() {
        assert!(reference.text.contains(&format!("id=\"{}\"", route.operation)), "{route:?}");
    }
    let page = reference.text.to_lowercase();
    assert!(page.starts_with("<!doctype html>"));
    for outside in
        ["<script", "javascript:", " onload=", " onclick=", "@import", "<iframe", "<object"]
    {
        assert!(!page.contains(outside), "it has {outside}");
    }
    for attribute in ["src=\"", "href=\"", "url("] {
        for link in page.split(attribute).skip(1) {
            let link = link.split(['"', ')']).next().unwrap();
            let own = link.starts_with('#') || (link.starts_with('/') && !link.starts_with("//"));
            assert!(own, "it links to {link}");
            if let Some(target) = link.strip_prefix('#') {
                let anchor = format!("id=\"{target}\"");
                assert!(page.contains(&anchor), "{link} leads nowhere");
            } else {
                assert_eq!(client.get(link).await.status, 200, "it links to {link}");
            }
        }
    }
    let style = client.get("/docs/style.css").await;
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(!style.text.contains("@import") && !style.text.contains("//"), "the style is whole");
}

#[testkit::test]
async fn metrics_count_and_name_nobody(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("zaphod").await;
    let body = json!({"title": "canary-title", "instructions": "canary-instructions"});
    let made = ada.post("/api/conversations", body).await.expect(201);
    let conversation = made["id"].as_str().unwrap();
    let turn = ada.send_and_wait(conversation, "canary-content").await;
    ada.get("/canary-path").await.expect_error(404, "unknown_url");
    ada.get("/api/me?canary-query=1").await.expect_error(400, "unknown_parameter");
    ada.send(ada.request(Method::from_bytes(b"CANARY").unwrap(), "/api/me")).await.expect(405);

    let reply = app.anonymous().metrics().await;
    assert!(reply.header("content-type").unwrap().starts_with("text/plain"));
    let metrics = reply.text;
    let counted = metrics.lines().find(|line| {
        line.starts_with("chatapp_http_requests_total")
            && line.contains(r#"route="/api/conversations/{id}/messages""#)
            && line.contains(r#"method="POST""#)
            && line.contains(r#"status="201""#)
    });
    let count: f64 =
        counted.unwrap_or_else(|| panic!("{metrics}")).rsplit(' ').next().unwrap().parse().unwrap();
    assert!(count >= 1.0);
    assert!(metrics.contains("chatapp_generations_running"), "{metrics}");
    let lower = metrics.to_lowercase();
    for secret in [
        "canary",
        "zaphod",
        "example.org",
        &ada.id,
        conversation,
        "127.0.0.1",
        "sk-0123456789",
        turn["response"]["id"].as_str().unwrap(),
        turn["message"]["id"].as_str().unwrap(),
    ] {
        assert!(!lower.contains(secret), "{secret} is in the metrics");
    }
}

#[testkit::test]
async fn what_is_served_as_metrics_is_documented(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    ada.send_and_wait(&conversation, "Hello").await;
    app.upstream().push(Script::new(Answer::Ticks(3)).failing(FaultKind::Reset, 1));
    let failed = ada.send_and_wait(&conversation, "Fail").await;
    let code = failed["response"]["error"]["code"].as_str().unwrap().to_owned();
    ada.get("/api/nothing").await.expect(404);
    let text = app.anonymous().metrics().await.text;

    let all = chatapp::metrics::GROUPS.iter().flat_map(|group| group.metrics);
    let all: BTreeMap<_, _> = all.map(|metric| (metric.name, metric)).collect();
    let mut kinds = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|it| it.split_once(' ')) {
            let metric = all.get(name).unwrap_or_else(|| panic!("{name} is not documented"));
            assert_eq!(metric.kind.word(), kind, "{name}");
            assert!(text.contains(&format!("# HELP {name} {}\n", metric.help())), "{name}");
            kinds.insert(name, kind);
        }
        let Some((series, value)) =
            line.rsplit_once(' ').filter(|_| !line.starts_with('#') && !line.is_empty())
        else {
            continue;
        };
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let ends = ["_bucket", "_sum", "_count"];
        let base = ends.iter().filter_map(|end| name.strip_suffix(end)).find_map(|it| all.get(it));
        let metric = all.get(name).or(base).unwrap_or_else(|| panic!("{line}"));
        let labels: Vec<_> = labels
            .split("\",")
            .filter_map(|pair| pair.split_once("=\"").map(|(label, _)| label))
            .filter(|label| *label != "le")
            .collect();
        let documented: Vec<_> = metric.labels.iter().map(|label| label.name).collect();
        assert_eq!(labels, documented, "{line}");
    }
    // What is always there, and what this day has brought.
    let always = all.values().filter(|it| it.kind.word() == "counter" && it.labels.is_empty());
    let expected = always.map(|it| it.name).chain([
        "chatapp_build_info",
        "chatapp_database_up",
        "chatapp_database_connections",
        "chatapp_database_connections_limit",
        "chatapp_data_disk_free_bytes",
        "chatapp_generations_limit",
        "chatapp_generations_running",
        "chatapp_generation_seconds",
        "chatapp_generation_first_token_seconds",
        "chatapp_generation_tokens_total",
        "chatapp_http_connections",
        "chatapp_http_connections_limit",
    ]);
    for name in expected {
        assert!(kinds.contains_key(name), "{name} is not served");
    }
    let counted = [
        format!("chatapp_generation_failures_total{{code=\"{code}\"}}"),
        "chatapp_http_errors_total{code=\"unknown_url\"}".to_owned(),
        "chatapp_generations_total{status=\"failed\"}".to_owned(),
        "chatapp_generation_tokens_total{provider=\"openai\",kind=\"output\"}".to_owned(),
        "chatapp_database_up 1".to_owned(),
    ];
    for series in counted {
        let line = text.lines().find(|line| line.starts_with(&series));
        let line = line.unwrap_or_else(|| panic!("no {series}: {text}"));
        assert!(!line.ends_with(" 0"), "{line}");
    }
}

#[testkit::test]
async fn s8_metrics_are_for_whoever_has_the_token(world: World) {
    let token = "a-token-for-prometheus-0123456789";
    let app = TestApp::builder(&world).set("CHATAPP_SERVER__METRICS_TOKEN", token).start().await;
    let client = app.anonymous();
    // A proxy that adds no header makes strangers look like this machine.
    for wrong in ["wrong", "a-token-for-prometheus-012345678", ""] {
        let scraper = client.with_bearer(Some(wrong));
        scraper.get("/metrics").await.expect_error(404, "unknown_url");
    }
    client.get("/metrics").await.expect_error(404, "unknown_url");
    app.user("ada").await.get("/metrics").await.expect_error(404, "unknown_url");
    let scraper = client.with_bearer(Some(token));
    let from_afar = scraper.request(Method::GET, "/metrics");
    scraper.send(from_afar.header("x-forwarded-for", "192.0.2.7")).await.expect(200);
    app.finish().await;
    // Nobody has a token that there is not.
    let app = TestApp::builder(&world).unset("CHATAPP_SERVER__METRICS_TOKEN").start().await;
    app.anonymous().get("/metrics").await.expect_error(404, "unknown_url");
    app.anonymous().metrics().await.expect_error(404, "unknown_url");
}
