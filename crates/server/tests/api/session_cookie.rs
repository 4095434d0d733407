//! The refresh token in a cookie, as our own page keeps it.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{PASSWORD, Reply};
use testkit::{TestApp, World};

/// Sends a request as a browser would for a page of `origin`.
async fn as_page(app: &TestApp, path: &str, body: Value, headers: &[(&str, &str)]) -> Reply {
    let client = app.anonymous();
    let mut request = client.request(Method::POST, path).json(&body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request).await
}

/// `name=value` of the one cookie that an answer sets, and its attributes.
fn cookie(reply: &Reply) -> (String, Vec<String>) {
    let values: Vec<_> = reply.headers.get_all("set-cookie").iter().collect();
    assert_eq!(values.len(), 1, "{values:?}");
    let mut parts = values[0].to_str().unwrap().split("; ").map(str::to_owned);
    (parts.next().unwrap(), parts.collect())
}

#[testkit::test]
async fn a_page_keeps_its_session_in_a_cookie(world: World) {
    let app = TestApp::start(&world).await;
    let own = [("x-chatapp-session", "cookie"), ("origin", app.url())];
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let reply = as_page(&app, "/api/auth/signup", body.clone(), &own).await;
    let (first, attributes) = cookie(&reply);
    let port = app.url().rsplit(':').next().unwrap();
    assert!(first.starts_with(&format!("chatapp_refresh_{port}=rt_")), "{first}");
    let days = 14 * 24 * 60 * 60;
    let expected = ["Path=/api/auth", &format!("Max-Age={days}"), "HttpOnly", "SameSite=Strict"];
    assert_eq!(attributes, expected);
    let tokens = reply.expect(201);
    assert!(tokens.get("refresh_token").is_none(), "no script sees it: {tokens}");
    assert_eq!(tokens["user"]["email"], "ada@example.org");

    let login = as_page(&app, "/api/auth/login", body, &own).await;
    assert!(cookie(&login).0 != first && login.json.get("refresh_token").is_none());

    // Other cookies of the same host do not confuse it.
    let sent = format!("theme=dark; chatapp_refresh=rt_other; {first}; {first}x=1");
    let with_cookie = [own[0], own[1], ("cookie", sent.as_str())];
    let reply = as_page(&app, "/api/auth/refresh", json!({}), &with_cookie).await;
    let (second, _) = cookie(&reply);
    assert_ne!(second, first);
    let access = reply.expect(200)["access_token"].as_str().unwrap().to_owned();
    let ada = app.anonymous().with_bearer(Some(&access));
    ada.get("/api/me").await.expect(200);

    // Both places at once, or none of them.
    let token = first.split('=').nth(1).unwrap();
    let body = json!({"refresh_token": token});
    as_page(&app, "/api/auth/refresh", body, &with_cookie).await.expect_error(400, "invalid_value");
    as_page(&app, "/api/auth/refresh", json!({}), &own).await.expect_error(401, "invalid_token");
    as_page(&app, "/api/auth/refresh", json!({}), &[])
        .await
        .expect_error(400, "missing_required_parameter");

    let request = ada.request(Method::POST, "/api/auth/logout").header(own[0].0, own[0].1);
    let reply = ada.send(request.header("origin", app.url())).await;
    let (emptied, attributes) = cookie(&reply);
    assert_eq!(emptied, format!("chatapp_refresh_{port}="));
    assert!(attributes.contains(&"Max-Age=0".to_owned()), "{attributes:?}");
    // What the browser kept of answers goes; drafts, and cookies of other programs, stay.
    assert_eq!(reply.header("clear-site-data"), Some("\"cache\""));
    reply.expect(204);
    let sent = [own[0], own[1], ("cookie", second.as_str())];
    as_page(&app, "/api/auth/refresh", json!({}), &sent).await.expect_error(401, "invalid_token");
}

#[testkit::test]
async fn a_page_of_another_site_gets_no_session(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let port = app.url().rsplit(':').next().unwrap();
    let kept = format!("chatapp_refresh_{port}={}", ada.refresh_token);
    let asks = ("x-chatapp-session", "cookie");
    let host = app.url().trim_start_matches("http://");
    let near = format!("http://{host}.example.org");
    let other_port = "http://127.0.0.1:1";
    let foreign: [&[(&str, &str)]; 10] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", near.as_str())],
        &[("origin", other_port)],
        &[("origin", "null")],
        &[("origin", app.url()), ("origin", "https://evil.example")],
        &[("origin", app.url()), ("sec-fetch-site", "same-site")],
        &[("origin", app.url()), ("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "none")],
        &[("sec-fetch-site", "same-origin")],
    ];
    for headers in foreign {
        for (path, body) in [
            ("/api/auth/refresh", json!({})),
            ("/api/auth/login", json!({"email": ada.email, "password": PASSWORD})),
        ] {
            let sent = [headers, &[asks, ("cookie", kept.as_str())]].concat();
            let reply = as_page(&app, path, body, &sent).await;
            assert!(reply.header("set-cookie").is_none(), "{headers:?}");
            reply.expect_error(403, "foreign_page");
        }
    }
    let sent = [("x-chatapp-session", "body"), ("origin", app.url())];
    as_page(&app, "/api/auth/refresh", json!({}), &sent).await.expect_error(400, "invalid_value");
    // The token was not touched by any of them.
    ada.refresh().await.get("/api/me").await.expect(200);
}

#[testkit::test]
async fn over_tls_the_cookie_is_secure(world: World) {
    let app = TestApp::start(&world).await;
    // As behind a proxy that ends TLS and asks under another name: the browser's word counts.
    let own = [
        ("x-chatapp-session", "cookie"),
        ("origin", "https://chat.example.org"),
        ("sec-fetch-site", "same-origin"),
    ];
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let reply = as_page(&app, "/api/auth/signup", body, &own).await;
    let (kept, attributes) = cookie(&reply);
    assert!(kept.starts_with("__Host-chatapp_refresh=rt_"), "{kept}");
    for attribute in ["Secure", "Path=/"] {
        assert!(attributes.contains(&attribute.to_owned()), "{attributes:?}");
    }
    // A cookie that somebody planted over plain HTTP does not count.
    let planted = kept.trim_start_matches("__Host-");
    let sent = [own[0], own[1], own[2], ("cookie", planted)];
    as_page(&app, "/api/auth/refresh", json!({}), &sent).await.expect_error(401, "invalid_token");
    let sent = [own[0], own[1], own[2], ("cookie", kept.as_str())];
    let reply = as_page(&app, "/api/auth/refresh", json!({}), &sent).await;
    let (kept, _) = cookie(&reply);
    reply.expect(200);
    // As a release before this one named it: it counts, and goes.
    let old = kept.replace("__Host-", "__Secure-");
    let sent = [own[0], own[1], own[2], ("cookie", old.as_str())];
    let reply = as_page(&app, "/api/auth/refresh", json!({}), &sent).await;
    let cookies = reply.headers.get_all("set-cookie").iter();
    let cookies: Vec<&str> = cookies.map(|value| value.to_str().unwrap()).collect();
    assert!(cookies[0].starts_with("__Host-chatapp_refresh=rt_"), "{cookies:?}");
    let gone = "__Secure-chatapp_refresh=; Path=/api/auth; Max-Age=0;";
    assert!(cookies.len() == 2 && cookies[1].starts_with(gone), "{cookies:?}");
    reply.expect(200);
}

#[testkit::test]
async fn a_cookie_alone_opens_nothing(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let port = app.url().rsplit(':').next().unwrap();
    for value in [&ada.refresh_token, &ada.access_token] {
        let client = app.anonymous();
        let kept = format!("chatapp_refresh_{port}={value}");
        let request = client.request(Method::GET, "/api/me").header("cookie", &kept);
        client.send(request).await.expect_error(401, "missing_token");
        // A form of another site: neither JSON nor the header.
        let request = client.request(Method::POST, "/api/auth/refresh").header("cookie", &kept);
        let form = request.header("content-type", "text/plain").body("{}");
        client.send(form).await.expect_error(415, "unsupported_media_type");
    }
}
