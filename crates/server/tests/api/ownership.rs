//! Who may see what: every route of the document, with every place where it takes an id, for its
//! owner, for somebody else and for nobody.

mod matrix;

use std::collections::BTreeSet;

use api::route_table::{Auth, RouteInfo, routes};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::client::{Anonymous, Reply, User};
use testkit::{TestApp, World};

use crate::unknown_id;
use matrix::{ENDING, NAME, NAMED, PLAIN, POSITIONS, Position, ROWS, ResourceKind, Row, Scope};

/// What one user has, in a session of its own.
struct Holdings {
    user: User,
    /// Another session of the same user.
    session: String,
    key: String,
    conversation: String,
    message: String,
    /// The message as an item of the conversation: both ids.
    item: String,
    response: String,
    invitation: String,
}

impl Holdings {
    /// Logs into an account and gives it a conversation with a turn in it.
    async fn of(app: &TestApp, email: &str) -> Self {
        let other = app.anonymous().login(email).await;
        let user = app.anonymous().login(email).await;
        let conversation = user.create_conversation().await;
        let turn = user.send_and_wait(&conversation, &format!("a secret of {email}")).await;
        Self {
            session: session_of(&other).await,
            key: text(&user.create_key(&["read"]).await["id"]),
            item: format!("{conversation}/{}", text(&turn["user_message"]["id"])),
            conversation,
            invitation: text(
                &user.post("/api/admin/invitations", json!({})).await.expect(201)["id"],
            ),
            message: text(&turn["user_message"]["id"]),
            response: text(&turn["response"]["id"]),
            user,
        }
    }

    fn id(&self, kind: ResourceKind) -> &str {
        match kind {
            ResourceKind::Conversation => &self.conversation,
            ResourceKind::Message => &self.message,
            ResourceKind::Item => &self.item,
            ResourceKind::Response => &self.response,
            ResourceKind::Session => &self.session,
            ResourceKind::Key => &self.key,
            ResourceKind::User => &self.user.id,
            ResourceKind::Invitation => &self.invitation,
        }
    }
}

async fn session_of(user: &User) -> String {
    let sessions = user.get("/api/sessions").await.expect(200);
    let sessions = sessions["data"].as_array().unwrap();
    text(&sessions.iter().find(|session| session["current"] == true).unwrap()["id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text instead of {value}")).to_owned()
}

/// Two users, Ada and Bob.
async fn start(world: &World) -> TestApp {
    let keys = "CHATAPP_LIMITS__KEYS_PER_USER";
    let app = TestApp::builder(world).set(keys, "10000").start().await;
    app.user("ada").await;
    app.user("bob").await;
    // The last administrator could not go.
    world.sql().await.execute("UPDATE users SET role = 'admin'").await;
    app
}

fn route(operation: &str) -> RouteInfo {
    routes().into_iter().find(|route| route.operation == operation).unwrap()
}

/// A path with an id filled in; that of an item is its conversation's and its own.
fn filled(path: &str, id: &str) -> String {
    let (first, second) = id.split_once('/').unwrap_or((id, id));
    path.replace("{id}", first).replace("{item_id}", second)
}

/// The request of a row, its `{id}` filled in.
fn request(client: &Anonymous, row: &Row, id: &str) -> RequestBuilder {
    let RouteInfo { method, path, .. } = route(row.operation);
    let path = filled(&path, id) + row.query;
    let request = client.request(method, &path);
    match (row.body)() {
        Value::Null => request,
        body => request.json(&body),
    }
}

/// Everything a client sees of an answer, but for its request id, its date, and how many requests
/// are left.
fn visible(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let headers = reply
        .headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            !matches!(name, "x-request-id" | "date" | "openai-processing-ms")
                && !name.starts_with("x-ratelimit-")
        })
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let request_id = reply.header("x-request-id").unwrap();
    (reply.status, headers, reply.text.replace(request_id, ""))
}

/// Checks a 401 and its challenge (RFC 6750, section 3).
#[track_caller]
fn assert_refused(what: &str, reply: Reply, code: &str) {
    let challenge = reply.header("www-authenticate").map(str::to_owned);
    assert!(challenge.is_some_and(|text| text.starts_with("Bearer ")), "{what}: no challenge");
    let json = reply.expect(401);
    assert_eq!(json["error"]["code"], code, "{what}: {json}");
}

#[testkit::test]
async fn the_matrix_has_a_row_for_every_route_and_id(world: World) {
    let app = TestApp::start(&world).await;
    let document = app.anonymous().get("/openapi.json").await.expect(200);
    let mut operations = BTreeSet::new();
    let mut positions = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = text(&operation["operationId"]);
            let row = ROWS.iter().find(|row| row.operation == id);
            let row = row.unwrap_or_else(|| panic!("{method} {path} ({id}) has no row"));
            let by_id =
                matches!(row.scope, Scope::ById(_) | Scope::OfServer(Some(_)) | Scope::Shared(_));
            let is_item = matches!(row.scope, Scope::ById(ResourceKind::Item));
            let ids = usize::from(by_id) + usize::from(is_item);
            assert_eq!(path.matches('{').count(), ids, "{id}: ids in the path");
            let public = matches!(row.scope, Scope::Public(_));
            assert_eq!(operation["security"].is_null(), public, "{id}: who may use it");
            assert_eq!(route(&id).auth == Auth::Public, public, "{id}: the table agrees");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = text(&parameter["name"]);
                let integer = parameter["schema"].to_string().contains("integer");
                if parameter["in"] != "path" && !integer && !PLAIN.contains(&name.as_str()) {
                    positions.insert((id.clone(), name));
                }
            }
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if let Some(name) = schema["$ref"].as_str() {
                let schema = document.pointer(name.trim_start_matches('#')).unwrap();
                for field in schema["properties"].as_object().unwrap().keys() {
                    let is_name = (id.as_str(), field.as_str()) == NAME;
                    if (field == "id" || field.ends_with("_id")) && !is_name {
                        positions.insert((id.clone(), field.clone()));
                    }
                }
            }
            operations.insert(id);
        }
    }
    let rows: BTreeSet<String> = ROWS.iter().map(|row| row.operation.to_owned()).collect();
    assert_eq!(rows, operations, "rows without a route");
    let known: BTreeSet<_> =
        POSITIONS.iter().map(|p| (p.operation.to_owned(), p.field.to_owned())).collect();
    assert_eq!(known, positions, "ids in queries and bodies");
}

#[testkit::test]
async fn owners_are_served_and_strangers_told_nothing(world: World) {
    let app = start(&world).await;
    let bob = Holdings::of(&app, "bob@example.org").await;
    for row in ROWS {
        // Anew for every row, since some rows destroy what they name.
        let ada = Holdings::of(&app, "ada@example.org").await;
        let what = row.operation;
        match row.scope {
            Scope::Public(status) => {
                // A token changes nothing where none is needed.
                let reply = ada.user.send(request(&ada.user, row, "")).await;
                assert_eq!((reply.status, row.owner), (status, status), "{what}: {}", reply.text);
            }
            Scope::ById(kind) => {
                let send =
                    async |client: &User, id: &str| client.send(request(client, row, id)).await;
                let unknown = visible(&send(&bob.user, &kind.unknown()).await);
                assert_eq!(unknown.0, 404, "{what}: {}", unknown.2);
                let foreign = visible(&send(&bob.user, ada.id(kind)).await);
                assert_eq!(foreign, unknown, "{what}: somebody else's id");
                let upper = ada.id(kind).to_uppercase();
                let wrong_kind = format!("user_{}", &ada.id(kind)[ada.id(kind).len() - 32..]);
                for id in ["nonsense", "%00", "%ff", "'%20OR%201=1", &upper, &wrong_kind] {
                    let broken = visible(&send(&bob.user, id).await);
                    if what == NAMED && !id.starts_with('%') {
                        assert_eq!(broken.0, 204, "{what}: a name of nothing yet");
                        continue;
                    }
                    assert_eq!(broken, unknown, "{what}: the id {id}");
                }
                assert_eq!(visible(&send(&ada.user, bob.id(kind)).await), unknown, "{what}");
                let own = send(&ada.user, ada.id(kind)).await;
                assert_eq!(own.status, row.owner, "{what}: {}", own.text);
            }
            Scope::Shared(name) => {
                let own = ada.user.send(request(&ada.user, row, name)).await;
                let others = bob.user.send(request(&bob.user, row, name)).await;
                assert_eq!(own.status, row.owner, "{what}: {}", own.text);
                assert_eq!(others.text, own.text, "{what}");
                let unknown = bob.user.send(request(&bob.user, row, "nothing")).await;
                assert_eq!(unknown.status, 404, "{what}: {}", unknown.text);
            }
            Scope::OfServer(kind) => {
                if let Some(kind) = kind {
                    let unknown = bob.user.send(request(&bob.user, row, &kind.unknown())).await;
                    assert_eq!(unknown.status, 404, "{what}: {}", unknown.text);
                }
                let id = kind.map_or("", |kind| ada.id(kind));
                let any = bob.user.send(request(&bob.user, row, id)).await;
                assert_eq!(any.status, row.owner, "{what}: {}", any.text);
            }
            Scope::Own(kinds) => {
                if !ENDING.contains(&what) {
                    let others = bob.user.send(request(&bob.user, row, "")).await;
                    assert_eq!(others.status, row.owner, "{what}: {}", others.text);
                    let hers = [&ada.session, &ada.key, &ada.conversation, &ada.message];
                    for id in hers.into_iter().chain([&ada.user.id]) {
                        assert!(!others.text.contains(id), "{what} shows {id}: {}", others.text);
                    }
                    assert!(!others.text.contains("ada@example.org"), "{what}: {}", others.text);
                }
                let own = ada.user.send(request(&ada.user, row, "")).await;
                assert_eq!(own.status, row.owner, "{what}: {}", own.text);
                for kind in kinds {
                    assert!(own.text.contains(ada.id(*kind)), "{what}: {}", own.text);
                }
            }
        }
    }
    // Nothing that Ada tried has touched what Bob has.
    let title = bob.user.conversation(&bob.conversation).await["title"].clone();
    assert_eq!(title, "a secret of bob@example.org");
    assert_eq!(bob.user.list_messages(&bob.conversation).await.len(), 2);
    assert_eq!(
        bob.user.get("/api/sessions").await.expect(200)["data"].as_array().unwrap().len(),
        3
    );
}

#[testkit::test]
async fn a_key_opens_what_its_scopes_say_and_nothing_of_others(world: World) {
    const ALL: [&str; 4] = ["read", "write", "account", "admin"];
    let app = start(&world).await;
    let document = app.anonymous().get("/openapi.json").await.expect(200);
    let bob = Holdings::of(&app, "bob@example.org").await;
    let bobs = bob.user.with_key(&ALL).await;
    for row in ROWS {
        let what = row.operation;
        let RouteInfo { method, path, .. } = route(what);
        let operation = &document["paths"][&path][method.as_str().to_lowercase()];
        let Some(scope) = operation["security"][0]["bearer"][0].as_str() else {
            assert!(matches!(row.scope, Scope::Public(_)), "{what} names no scope");
            continue;
        };
        let ada = Holdings::of(&app, "ada@example.org").await;
        let id = match row.scope {
            Scope::ById(kind) => {
                let unknown = request(&bobs, row, &kind.unknown());
                let unknown = visible(&bobs.send(unknown).await);
                assert_eq!(unknown.0, 404, "{what}: {}", unknown.2);
                let foreign = bobs.send(request(&bobs, row, ada.id(kind))).await;
                assert_eq!(visible(&foreign), unknown, "{what}: somebody else's id");
                ada.id(kind)
            }
            Scope::OfServer(Some(kind)) => ada.id(kind),
            Scope::Shared(name) => name,
            _ => "",
        };
        let others: Vec<&str> = ALL.into_iter().filter(|other| *other != scope).collect();
        let wrong = ada.user.with_key(&others).await;
        let reply = wrong.send(request(&wrong, row, id)).await;
        let challenge = reply.header("www-authenticate").unwrap_or_default().to_owned();
        let json = reply.expect_error(403, "insufficient_scope");
        assert!(challenge.contains(&format!("scope=\"{scope}\"")), "{what}: {challenge}");
        assert!(json["error"]["message"].as_str().unwrap().contains(scope), "{what}: {json}");

        // A key makes no key that may do more than itself.
        let right = match what {
            "create_key" => ada.user.with_key(&[scope, "read", "write"]).await,
            // It needs two, as it says.
            "export_me" | "export_me_confirmed" => ada.user.with_key(&[scope, "read"]).await,
            _ => ada.user.with_key(&[scope]).await,
        };
        let reply = right.send(request(&right, row, id)).await;
        // A key belongs to no session that could end.
        let expected = match what {
            "logout" => 403,
            "export_me" => 200,
            _ => row.owner,
        };
        assert_eq!(reply.status, expected, "{what}: {}", reply.text);
    }
    let title = bob.user.conversation(&bob.conversation).await["title"].clone();
    assert_eq!(title, "a secret of bob@example.org");
}

#[testkit::test]
async fn nobody_without_a_token_is_served(world: World) {
    let app = start(&world).await;
    let ada = Holdings::of(&app, "ada@example.org").await;
    let anonymous = app.anonymous();
    let forged = anonymous.with_bearer(Some("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyIn0."));
    for row in ROWS {
        let what = row.operation;
        let id = match row.scope {
            Scope::Public(status) => {
                let reply = anonymous.send(request(&anonymous, row, "")).await;
                assert_eq!(reply.status, status, "{what}: {}", reply.text);
                continue;
            }
            Scope::Own(_) | Scope::OfServer(None) => "",
            Scope::Shared(name) => name,
            Scope::ById(kind) | Scope::OfServer(Some(kind)) => ada.id(kind),
        };
        let reply = anonymous.send(request(&anonymous, row, id)).await;
        assert_refused(what, reply, "missing_token");
        let reply = forged.send(request(&forged, row, id)).await;
        assert_refused(what, reply, "invalid_token");
        // A stranger's body is not even read: a broken one is answered the same.
        let RouteInfo { method, path, .. } = route(what);
        if method == Method::POST || method == Method::PATCH {
            let broken = anonymous.request(method, &filled(&path, id)).body("{");
            assert_refused(what, anonymous.send(broken).await, "missing_token");
        }
    }
    let list = ada.user.list_conversations().await;
    assert_eq!(list.len(), 1, "nothing was made or removed: {list:?}");
}

#[testkit::test]
async fn ids_in_queries_and_bodies_are_the_callers_own(world: World) {
    let app = start(&world).await;
    let ada = Holdings::of(&app, "ada@example.org").await;
    let bob = Holdings::of(&app, "bob@example.org").await;
    for Position { operation, field, kind } in POSITIONS {
        let (kind, what) = (*kind, format!("{operation}.{field}"));
        let row = ROWS.iter().find(|row| row.operation == *operation).unwrap();
        let RouteInfo { method, path, .. } = route(operation);
        let send = async |id: &str| {
            let of = match row.scope {
                Scope::ById(kind) => kind,
                _ => ResourceKind::Conversation,
            };
            let path = path.replace("{id}", bob.id(of));
            let request = if method == Method::GET {
                let all = if *operation == "list_messages" { "&all=true" } else { "" };
                bob.user.request(method.clone(), &format!("{path}?{field}={id}{all}"))
            } else {
                let mut body = (row.body)();
                body[*field] = json!(id);
                bob.user.request(method.clone(), &path).json(&body)
            };
            bob.user.send(request).await
        };
        let unknown = send(&kind.unknown()).await;
        assert_eq!(unknown.json["error"]["param"], *field, "{what}: {}", unknown.text);
        let unknown = visible(&unknown);
        assert_eq!(unknown.0, 400, "{what}: {}", unknown.2);
        assert_eq!(visible(&send(ada.id(kind)).await), unknown, "{what}: somebody else's id");
        // Of the right owner but another conversation it is no better.
        if kind == ResourceKind::Message {
            let another = Holdings::of(&app, "bob@example.org").await;
            assert_eq!(visible(&send(&another.message).await), unknown, "{what}");
        }
        let broken = send("nonsense").await;
        assert_eq!(broken.json["error"]["param"], *field, "{what}: {}", broken.text);
        assert_eq!(broken.status, 400, "{what}: {}", broken.text);
        let own = send(bob.id(kind)).await;
        assert_eq!(own.status, row.owner, "{what}: {}", own.text);
    }
}

#[testkit::test]
async fn a_session_that_ended_is_refused_everywhere_at_its_next_request(world: World) {
    let app = start(&world).await;
    let ada = Holdings::of(&app, "ada@example.org").await;
    let bob = Holdings::of(&app, "bob@example.org").await;
    for row in ROWS {
        let id = match row.scope {
            Scope::Public(_) => continue,
            Scope::Own(_) | Scope::OfServer(None) => "",
            Scope::Shared(name) => name,
            Scope::ById(kind) | Scope::OfServer(Some(kind)) => ada.id(kind),
        };
        let ending = app.anonymous().login("ada@example.org").await;
        let session = session_of(&ending).await;
        ada.user.delete(&format!("/api/sessions/{session}")).await.expect(204);
        let reply = ending.send(request(&ending, row, id)).await;
        assert_refused(row.operation, reply, "invalid_token");
    }
    // The same for an account that the operator disables.
    let disable = "UPDATE users SET disabled_at = updated_at WHERE email = 'bob@example.org'";
    assert_eq!(world.sql().await.execute(disable).await, 1);
    for row in ROWS {
        let id = match row.scope {
            Scope::Public(_) => continue,
            Scope::Own(_) | Scope::OfServer(None) => "",
            Scope::Shared(name) => name,
            Scope::ById(kind) | Scope::OfServer(Some(kind)) => bob.id(kind),
        };
        let reply = bob.user.send(request(&bob.user, row, id)).await;
        assert_refused(row.operation, reply, "invalid_token");
    }
    ada.user.get("/api/me").await.expect(200);
}

#[testkit::test]
async fn a_running_response_belongs_to_its_owner(world: World) {
    let app = start(&world).await;
    let ada = app.anonymous().login("ada@example.org").await;
    let bob = app.anonymous().login("bob@example.org").await;
    let conversation = ada.create_conversation().await;
    let body = json!({
        "content": "wait", "model": "mock:ticks=9,fault=stall@3", "stream": true
    });
    let path = format!("/api/conversations/{conversation}/messages");
    let mut stream = ada.stream(ada.request(Method::POST, &path).json(&body)).await;
    assert_eq!(stream.read_text(3).await.lines().count(), 3);
    let response = stream.response_id().await;

    let unknown = visible(&bob.send(bob.follow_request(&unknown_id("resp"), None)).await);
    for after in [None, Some(0), Some(5)] {
        let reply = bob.send(bob.follow_request(&response, after)).await;
        assert_eq!(visible(&reply), unknown, "following after {after:?}");
    }
    assert_eq!(unknown.0, 404);
    let cancel = |id: &str| format!("/api/responses/{id}/cancel");
    let refused = bob.post(&cancel(&response), json!({})).await;
    let unknown = bob.post(&cancel(&unknown_id("resp")), json!({})).await;
    assert_eq!(visible(&refused), visible(&unknown));
    refused.expect_error(404, "not_found");

    assert_eq!(ada.response(&response).await["status"], "in_progress");
    assert_eq!(ada.cancel(&response).await["status"], "cancelled");
    stream.until("response.incomplete").await;
}

#[testkit::test]
async fn a_key_that_makes_requests_repeatable_is_its_users_own(world: World) {
    let app = start(&world).await;
    let ada = app.anonymous().login("ada@example.org").await;
    let bob = app.anonymous().login("bob@example.org").await;
    let send = async |user: &User, path: &str, body: &Value| {
        let request = user.request(Method::POST, path).header("idempotency-key", "the-same");
        user.send(request.json(body)).await
    };
    let body = json!({"title": "one"});
    let path = "/api/conversations";
    let hers = send(&ada, path, &body).await.expect(201);
    let his = send(&bob, path, &body).await;
    assert_eq!(his.header("idempotency-replayed"), None);
    let his = his.expect(201);
    assert_ne!(hers["id"], his["id"]);
    let again = send(&ada, path, &body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201)["id"], hers["id"]);
    // A key says nothing about a conversation that is somebody else's.
    let messages = format!("{path}/{}/messages", text(&hers["id"]));
    let question = json!({"content": "x"});
    let unknown = format!("{path}/{}/messages", unknown_id("conv"));
    let unknown = visible(&send(&bob, &unknown, &question).await);
    assert_eq!((unknown.0, visible(&send(&bob, &messages, &question).await)), (404, unknown));
    assert_eq!(ada.list_conversations().await.len(), 1);
    assert_eq!(bob.list_conversations().await.len(), 1);
}
