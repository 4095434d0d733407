//! Everything about an account, in one archive.

use std::io::{Cursor, Read as _};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{PASSWORD, User};
use testkit::{Harness, TestApp, World};
use zip::ZipArchive;

pub(crate) fn stories(harness: Harness) -> Harness {
    stories!(harness, an_archive_holds_all_of_one_account_and_no_secret)
}

/// The files of an archive by name.
struct Opened(ZipArchive<Cursor<Vec<u8>>>);

impl Opened {
    async fn of(user: &User) -> Self {
        let answer = user.request(Method::GET, "/api/me/export").send().await.expect("an answer");
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

async fn an_archive_holds_all_of_one_account_and_no_secret(world: World) {
    let app = TestApp::start(&world).await;
    let bob = app.user("bob").await;
    let bobs = bob.create_conversation().await;
    bob.send_and_wait(&bobs, "a word of bob").await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let turn = ada.send_and_wait(&conversation, "a word of ada 🦀").await;
    let key = json!({"name": "script", "scopes": ["account"]});
    let key = ada.post("/api/keys", key).await.expect(201)["key"].as_str().unwrap().to_owned();

    let mut archive = Opened::of(&ada).await;
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
