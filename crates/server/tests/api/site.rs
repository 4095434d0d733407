//! The web client, and what lies between it and the API.

use reqwest::Method;
use testkit::{TestApp, World};

#[testkit::test]
async fn pages_are_pages_and_the_api_is_json(world: World) {
    let app = TestApp::start(&world).await;
    let client = app.anonymous();
    let page = |path: &str| {
        client.request(Method::GET, path).header("accept", "text/html,application/xhtml+xml")
    };
    let index = client.send(page("/")).await;
    assert_eq!(index.status, 200);
    let policy = index.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(index.header("cache-control"), Some("no-cache"));
    assert!(index.header("x-request-id").is_some() && index.header("etag").is_some());
    assert!(!index.text.contains("<style") && !index.text.contains(" style="), "{}", index.text);
    for path in ["/login", "/c/conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e", "/settings/sessions"] {
        assert_eq!(client.send(page(path)).await.text, index.text, "{path}");
    }
    // Every file that the page names is there, and may be kept for ever if its name has a hash.
    for link in index.text.split(['"', '\'']).filter(|part| part.starts_with('/')) {
        let reply = client.get(link).await;
        assert_eq!(reply.status, 200, "{link}");
        let kept = reply.header("cache-control").unwrap_or_default().contains("immutable");
        assert_eq!(kept, link.starts_with("/assets/"), "{link}");
    }
    let head = client.send(client.request(Method::HEAD, "/").header("accept", "text/html")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    let length = index.text.len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()));

    for path in ["/api/nothing", "/v1/nothing", "/health/nothing", "/docs/nothing", "/assets/x.js"]
    {
        client.send(page(path)).await.expect_error(404, "unknown_url");
    }
    client.get("/login").await.expect_error(404, "unknown_url");
    client.send(client.request(Method::POST, "/login")).await.expect_error(404, "unknown_url");
    // A page that is older than the server can tell.
    let version = client.get("/api/version").await;
    let build = web::Site::embedded().build();
    assert_eq!(version.header("x-chatapp-build"), build);
    if let Some(build) = build {
        assert!(index.text.contains(&format!("content=\"{build}\"")), "{}", index.text);
    }
}

#[testkit::test]
async fn another_client_can_be_served(world: World) {
    let folder = world.database().directory().join("client");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "<h1>another client</h1>").unwrap();
    let setting = folder.display().to_string();
    let app = TestApp::builder(&world).set("CHATAPP_SERVER__WEB_DIR", setting).start().await;
    let client = app.anonymous();
    let request = client.request(Method::GET, "/c/any").header("accept", "text/html");
    let page = client.send(request).await;
    assert_eq!((page.status, page.text.as_str()), (200, "<h1>another client</h1>"));
    assert_eq!(page.header("x-chatapp-build"), None);
    client.get("/chatapp.db").await.expect_error(404, "unknown_url");
}
