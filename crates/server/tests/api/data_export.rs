//! Everything about an account, in one archive.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{PASSWORD, User};
use testkit::{TestApp, World};
use zip::ZipArchive;

/// The files of an archive by name.
struct OpenedArchive(ZipArchive<Cursor<Vec<u8>>>);

impl OpenedArchive {
    async fn of(user: &User) -> Self {
        let answer = user.request(Method::POST, "/api/me/export");
        let answer = answer.json(&json!({"current_password": PASSWORD}));
        let answer = answer.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/zip");
        let bytes = answer.bytes().await.expect("the whole archive").to_vec();
        Self(ZipArchive::new(Cursor::new(bytes)).expect("an archive"))
    }

    fn text(&mut self, name: &str) -> String {
        let mut text = String::new();
        self.0.by_name(name).expect(name).read_to_string(&mut text).expect("UTF-8");
        text
    }

    fn json(&mut self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).expect("JSON")
    }
}

#[testkit::test]
async fn an_archive_holds_all_of_one_account_and_no_secret(world: World) {
    let app = TestApp::start(&world).await;
    let bob = app.user("bob").await;
    let bobs = bob.create_conversation().await;
    bob.send_and_wait(&bobs, "a word of bob").await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let turn = ada.send_and_wait(&conversation, "a word of ada 🦀").await;
    let key = ada.create_key(&["account"]).await["key"].as_str().unwrap().to_owned();

    let mut archive = OpenedArchive::of(&ada).await;
    let about = archive.json("export.json");
    assert_eq!((&about["format"], &about["version"]), (&json!("chatapp-data"), &json!(1)));
    assert_eq!(archive.json("account.json"), ada.get("/api/me").await.expect(200));
    for (name, path) in [("sessions.json", "/api/sessions"), ("keys.json", "/api/keys")] {
        assert_eq!(archive.json(name), ada.get(path).await.expect(200)["data"], "{name}");
    }
    // All but the first line, which says the time, is what the export of conversations says.
    let lines = archive.text("conversations.jsonl");
    let exported = ada.get("/api/export").await.text;
    let rest = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(rest(&lines), rest(&exported));
    let usage = archive.text("usage.jsonl");
    let usage: Vec<Value> = usage.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(usage.len(), 1, "{usage:?}");
    assert_eq!(usage[0]["id"], turn["response"]["id"]);
    assert_eq!(usage[0]["conversation_id"], json!(conversation));
    for count in ["input_tokens", "output_tokens"] {
        assert_eq!(usage[0]["usage"][count], turn["response"]["usage"][count], "{count}");
    }

    // The schema names each file, and each file has what the schema asks of it.
    let schema = archive.json("schema.json");
    let names: Vec<String> =
        archive.0.file_names().map(|name| name.expect("a name").into_owned()).collect();
    for name in names.iter().filter(|name| *name != "schema.json") {
        let definition = &schema["$defs"][name];
        let text = archive.text(name);
        let documents: Vec<Value> = if name.contains(".jsonl") {
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        } else {
            vec![serde_json::from_str(&text).unwrap()]
        };
        for document in documents {
            let (shape, items) = match document {
                Value::Array(items) => (&definition["items"], items),
                one => (definition, vec![one]),
            };
            let required = shape["required"].as_array().expect(name);
            for item in items {
                assert!(required.iter().all(|field| item.get(field.as_str().unwrap()).is_some()));
            }
        }
        for secret in [PASSWORD, &key, &ada.access_token, "argon2", "a word of bob", &bobs] {
            assert!(!text.contains(secret), "{name} holds {secret:?}");
        }
    }

    // It comes in again, elsewhere.
    let request = bob.request(Method::POST, "/api/import").body(lines);
    let reply = bob.send(request.header("content-type", "application/octet-stream")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(reply.text.contains("\"imported\""), "{}", reply.text);
}

/// More than are read at once, and all from the same moment.
#[testkit::test]
async fn an_archive_says_once_what_each_of_many_responses_used(world: World) {
    const ANSWERS: usize = 450;
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let at = "2026-01-01T00:00:00Z";
    let message = |n: usize| {
        json!({
            "id": format!("msg_{n:032x}"), "parent_id": (n > 0).then(|| format!("msg_{:032x}", 0)),
            "role": if n == 0 { "user" } else { "assistant" }, "status": "completed",
            "content": "x", "created_at": at, "updated_at": at,
        })
    };
    let conversation = json!({
        "type": "conversation", "id": format!("conv_{:032x}", 1), "title": "Many",
        "title_source": "user", "pinned": false, "metadata": {}, "created_at": at,
        "updated_at": at, "messages": (0..=ANSWERS).map(message).collect::<Vec<_>>(),
    });
    let head = json!({"type": "export", "format": "chatapp", "version": 1});
    let end = json!({"type": "end", "conversations": 1, "messages": ANSWERS + 1});
    let request = ada.request(Method::POST, "/api/import");
    let request = request.header("content-type", "application/octet-stream");
    let reply = ada.send(request.body(format!("{head}\n{conversation}\n{end}"))).await;
    assert!(reply.text.contains("\"imported\":1"), "{}", reply.text);

    let usage = OpenedArchive::of(&ada).await.text("usage.jsonl");
    let ids: BTreeSet<String> = usage
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!((usage.lines().count(), ids.len()), (ANSWERS, ANSWERS));
}
