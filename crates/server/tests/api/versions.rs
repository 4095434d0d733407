//! Versions: entity tags and what they are compared with (RFC 9110, sections 8.8.3 and 13).

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::{TestApp, World};

use crate::unknown_id;

fn tag(reply: &Reply) -> String {
    reply.header("etag").unwrap_or_else(|| panic!("no ETag: {}", reply.text)).to_owned()
}

async fn conditional(
    user: &User,
    method: Method,
    path: &str,
    header: (&str, &str),
    body: Value,
) -> Reply {
    let request = user.request(method, path).header(header.0, header.1);
    let request = if body.is_null() { request } else { request.json(&body) };
    user.send(request).await
}

#[testkit::test]
async fn every_change_makes_a_new_version(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let made = ada.post("/api/conversations", json!({})).await;
    let mut tags = vec![tag(&made)];
    let id = made.expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/conversations/{id}");
    for change in [
        json!({"title": "x"}),
        json!({"model": "mock:echo"}),
        json!({"instructions": "Be brief."}),
        json!({"pinned": true}),
        json!({"archived": true}),
        json!({"metadata": {"a": "b"}}),
    ] {
        let reply = ada.patch(&path, change).await;
        let tag = tag(&reply);
        let version = reply.expect(200)["version"].clone();
        assert_eq!(tag, format!("\"{version}\""));
        tags.push(tag);
    }
    ada.send_and_wait(&id, "hello").await;
    tags.push(tag(&ada.get(&path).await));
    ada.delete_conversation(&id).await;
    tags.push(tag(&ada.post(&format!("{path}/restore"), json!({})).await));
    let mut unique = tags.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), tags.len(), "{tags:?}");
    // A change of nothing is none, and reading changes nothing.
    let same = ada.patch(&path, json!({})).await;
    assert_eq!(Some(&tag(&same)), tags.last());
    assert_eq!(Some(&tag(&ada.get(&path).await)), tags.last());
}

#[testkit::test]
async fn a_version_that_is_known_is_not_sent_again(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    let path = format!("/api/conversations/{id}");
    let current = tag(&ada.get(&path).await);
    let get = async |value: &str| {
        conditional(&ada, Method::GET, &path, ("if-none-match", value), Value::Null).await
    };
    for value in [&current, "*", &format!("W/{current}"), &format!("\"x\", {current}")] {
        let reply = get(value).await;
        assert_eq!((reply.status, reply.text.as_str()), (304, ""), "{value}");
        assert_eq!(tag(&reply), current);
    }
    for value in ["\"999\"", "\"\"", "\"x\"", "W/\"999\""] {
        assert_eq!(get(value).await.expect(200)["id"], id, "{value}");
    }
    for value in ["", "1", "\"1", "*, \"1\""] {
        let json = get(value).await.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], "if-none-match", "{value}");
    }
    ada.patch(&path, json!({"title": "x"})).await.expect(200);
    assert_eq!(get(&current).await.expect(200)["title"], "x");
}

#[testkit::test]
async fn a_change_of_an_old_version_is_refused(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    let path = format!("/api/conversations/{id}");
    let old = tag(&ada.get(&path).await);
    let current = tag(&ada.patch(&path, json!({"title": "newer"})).await);
    let change = |value: String, body: Value| {
        let (ada, path) = (ada.clone(), path.clone());
        async move { conditional(&ada, Method::PATCH, &path, ("if-match", &value), body).await }
    };
    for value in [old.clone(), format!("W/{old}"), "\"x\"".to_owned()] {
        for body in [json!({"title": "lost"}), json!({})] {
            let json = change(value.clone(), body).await.expect_error(412, "etag_mismatch");
            assert_eq!(json["error"]["type"], "invalid_request_error");
            assert_eq!(json["error"]["param"], "if-match");
        }
        conditional(&ada, Method::DELETE, &path, ("if-match", &value), Value::Null)
            .await
            .expect_error(412, "etag_mismatch");
    }
    assert_eq!(ada.conversation(&id).await["title"], "newer");
    change("7".to_owned(), json!({"title": "x"})).await.expect_error(400, "invalid_value");
    let pinned = change(format!("{old}, {current}"), json!({"pinned": true})).await;
    let newest = tag(&pinned);
    assert_eq!(pinned.expect(200)["pinned"], true);
    change("*".to_owned(), json!({"pinned": false})).await.expect(200);
    // Field case F10: a proxy that compresses has weakened the tag, or added the coding to it.
    for form in ["W/TAG", "TAG-gzip"] {
        let tag = tag(&ada.get(&path).await);
        let written = match form {
            "W/TAG" => format!("W/{tag}"),
            _ => tag.replacen('"', "\u{0}", 1).replace('"', "-gzip\"").replace('\u{0}', "\""),
        };
        change(written, json!({"pinned": false})).await.expect(200);
    }
    let newest = {
        drop(newest);
        tag(&ada.get(&path).await)
    };
    // What is not there is missing, whatever is expected of it.
    let unknown = format!("/api/conversations/{}", unknown_id("conv"));
    for value in ["*", newest.as_str()] {
        conditional(&ada, Method::DELETE, &unknown, ("if-match", value), Value::Null)
            .await
            .expect_error(404, "not_found");
    }
    conditional(&ada, Method::DELETE, &path, ("if-match", &newest), Value::Null).await.expect(200);
    // Somebody else cannot even learn versions.
    let bob = app.user("bob").await;
    ada.post(&format!("{path}/restore"), json!({})).await.expect(200);
    for value in ["*", &old, &newest] {
        conditional(&bob, Method::PATCH, &path, ("if-match", value), json!({"title": "x"}))
            .await
            .expect_error(404, "not_found");
    }
}

#[testkit::test]
async fn of_changes_to_one_version_one_is_made(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let id = ada.create_conversation().await;
    let path = format!("/api/conversations/{id}");
    let current = tag(&ada.get(&path).await);
    let attempts = (0..8).map(|n| {
        let body = json!({"title": format!("attempt {n}")});
        conditional(&ada, Method::PATCH, &path, ("if-match", &current), body)
    });
    let replies = futures_util::future::join_all(attempts).await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|r| r.status == 200);
    assert_eq!(made.len(), 1);
    for reply in refused {
        reply.expect_error(412, "etag_mismatch");
    }
    assert_eq!(ada.conversation(&id).await["title"], made[0].json["title"]);
}
