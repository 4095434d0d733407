//! The table of docs/ACCOUNTS.md, row by row: who may sign up and who becomes the administrator,
//! in front of the real program as it is reached in practice.

use std::net::{IpAddr, UdpSocket};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Anonymous, PASSWORD, Reply};
use testkit::process::AppProcess;
use testkit::{Need, ReverseProxy, Settings};

use super::doctor::sound;
use super::proxies::{doctor, example};
use super::upstream;
use super::working_directory::WorkingDirectory;

/// The name of the site, which is not this machine's.
const NAME: &str = "chat.example.org";

#[testkit::test(needs = ReverseProxy::Nginx.need())]
async fn s3_behind_the_nginx_of_the_example_strangers_need_an_invitation() {
    shipped(ReverseProxy::Nginx).await;
}

#[testkit::test(needs = ReverseProxy::Caddy.need())]
async fn s3_behind_the_caddy_of_the_example_strangers_need_an_invitation() {
    shipped(ReverseProxy::Caddy).await;
}

/// Signs up under a name of the site, with what `more` adds to the body.
async fn sign_up(client: &Anonymous, host: Option<&str>, who: &str, more: Value) -> Reply {
    let mut body = json!({"email": format!("{who}@example.org"), "password": PASSWORD});
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    let request = client.request(Method::POST, "/api/auth/signup").json(&body);
    client.send(host.into_iter().fold(request, |request, host| request.header("host", host))).await
}

/// The administrator signs up with the printed code, and invites somebody.
async fn set_up(client: &Anonymous, host: Option<&str>, code: &str) {
    let made = sign_up(client, host, "root", json!({"setup_token": code})).await.expect(201);
    assert_eq!(made["user"]["role"], "admin");
    let root = client.with_bearer(made["access_token"].as_str());
    let request = root.request(Method::POST, "/api/admin/invitations").json(&json!({}));
    let request = host.into_iter().fold(request, |request, host| request.header("host", host));
    let token = root.send(request).await.expect(201)["token"].clone();
    let made = sign_up(client, host, "guest", json!({"invitation": token})).await.expect(201);
    assert_eq!(made["user"]["role"], "user");
}

#[testkit::test]
async fn s7_a_foreign_host_gets_in_nowhere() {
    let place = WorkingDirectory::new();
    let server = place.program().settings(&Settings::quick()).serve().await;
    let client = server.anonymous();
    let document = client.get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().expect("paths").keys().cloned();
    let paths: Vec<String> = paths.chain(["/", "/nothing", "/c/x"].map(str::to_owned)).collect();
    for path in &paths {
        for host in ["evil.example", "localhost.evil.example:8000"] {
            for forged in ["accept", "x-forwarded-host", "x-forwarded-for"] {
                let request = client.request(Method::GET, &path.replace("{id}", "x"));
                let request = request.header("host", host).header(forged, "localhost");
                let reply = client.send(request).await;
                let json = reply.expect_error(421, "misdirected_request");
                assert!(json["error"]["message"].to_string().contains("server.public_url"));
            }
        }
    }
    for more in [json!({}), json!({"setup_token": server.setup_code().await})] {
        let reply = sign_up(&client, Some("evil.example"), "eve", more).await;
        reply.expect_error(421, "misdirected_request");
    }
    // Health checks ask by address.
    let request = client.request(Method::GET, "/health/ready").header("host", "192.0.2.7:8000");
    client.send(request).await.expect(200);
    server.terminate().await;
}

/// A server as an operator has it who has read docs/OPERATING.md, and one who has not.
async fn served(place: &WorkingDirectory, settings: &Settings) -> AppProcess {
    place.program().settings(settings).serve().await
}

#[testkit::test(needs = ReverseProxy::Nginx.need())]
async fn s8_behind_a_proxy_without_headers_strangers_are_no_administrators() {
    let upstream = upstream().await;
    upstream.set_models(&[("test-model", None)]);
    let place = WorkingDirectory::new();
    let settings = sound().upstream(&upstream.base_url());
    let server = served(&place, &settings).await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let nginx = ReverseProxy::Nginx
        .start(|port| {
            format!(
                "server {{ listen 127.0.0.1:{port}; client_max_body_size 0; proxy_buffering off; \
                 location / {{ proxy_pass http://{address}; }} }}"
            )
        })
        .await;
    let stranger = Anonymous::new(&nginx.url());
    // Nothing tells them from somebody at this machine: so that must not be worth much.
    let made = sign_up(&stranger, Some(NAME), "eve", json!({})).await.expect(201);
    assert_eq!(made["user"]["role"], "user");
    stranger.get("/metrics").await.expect_error(404, "unknown_url");
    let (code, out) = doctor(&place, &settings, &nginx).await;
    assert!(out.contains("can make an account and use your provider"), "{out}");
    assert!(out.contains("X-Forwarded-For") && code == Some(2), "{out}");
    set_up(&stranger, Some(NAME), &server.setup_code().await).await;
    server.terminate().await;

    // What the doctor advises.
    let server = served(&place, &settings.set("CHATAPP_AUTH__SIGNUP", "invite")).await;
    let direct = sign_up(&server.anonymous(), None, "bob", json!({})).await;
    direct.expect_error(403, "invitation_required");
    server.terminate().await;
}

async fn shipped(kind: ReverseProxy) {
    let upstream = upstream().await;
    upstream.set_models(&[("test-model", None)]);
    let place = WorkingDirectory::new();
    let settings = sound().upstream(&upstream.base_url());
    let server = served(&place, &settings).await;
    let proxy = example(kind, &server, str::to_owned).await;
    let stranger = Anonymous::new(&proxy.url());
    // The one line of the example is missing: it is named.
    let lost = sign_up(&stranger, Some(NAME), "eve", json!({})).await;
    let lost = lost.expect_error(421, "misdirected_request");
    assert!(lost["error"]["message"].to_string().contains("server.public_url"), "{lost}");
    server.terminate().await;

    let known = settings.clone().set("CHATAPP_SERVER__PUBLIC_URL", format!("https://{NAME}"));
    let server = served(&place, &known).await;
    let proxy = example(kind, &server, str::to_owned).await;
    let stranger = Anonymous::new(&proxy.url());
    let eve = sign_up(&stranger, Some(NAME), "eve", json!({})).await;
    eve.expect_error(403, "invitation_required");
    let guess = json!({"setup_token": "setup_guess"});
    let guess = sign_up(&stranger, Some(NAME), "eve", guess).await;
    guess.expect_error(403, "setup_token_invalid");
    set_up(&stranger, Some(NAME), &server.setup_code().await).await;
    let known = known.set("CHATAPP_SERVER__PUBLIC_URL", proxy.url());
    let (code, out) = doctor(&place, &known, &proxy).await;
    assert!(out.contains("accounts are made by invitation only"), "{out}");
    assert!(out.contains("People can log in with it") && code == Some(0), "{out}");
    server.terminate().await;
}

#[testkit::test]
async fn directly_on_loopback_everybody_here_may_sign_up() {
    let place = WorkingDirectory::new();
    let server = served(&place, &Settings::quick()).await;
    let client = server.anonymous();
    let made = sign_up(&client, None, "ada", json!({})).await.expect(201);
    assert_eq!(made["user"]["role"], "user");
    set_up(&client, None, &server.setup_code().await).await;
    server.terminate().await;
}

/// An address of this machine that is not loopback.
fn another_address() -> Need {
    let address = own_address().map(drop);
    Need::unnamed(address.ok_or_else(|| "this machine has one address only".to_owned()))
}

fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: the system says which address it would use.
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

#[testkit::test(needs = another_address())]
async fn s3_directly_on_any_address_strangers_need_an_invitation() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick().set("CHATAPP_SERVER__HOST", "0.0.0.0");
    let server = served(&place, &settings).await;
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let address = own_address().expect("an address");
    let stranger = Anonymous::new(&format!("http://{address}:{port}"));
    // Any name leads here, and none makes a stranger local.
    for host in [None, Some(NAME), Some("localhost")] {
        let eve = sign_up(&stranger, host, "eve", json!({})).await;
        eve.expect_error(403, "invitation_required");
    }
    let foreign = sign_up(&server.anonymous(), Some(NAME), "eve", json!({})).await;
    foreign.expect_error(403, "invitation_required");
    let here = sign_up(&server.anonymous(), None, "ada", json!({})).await.expect(201);
    assert_eq!(here["user"]["role"], "user");
    set_up(&stranger, Some(NAME), &server.setup_code().await).await;
    server.terminate().await;

    let settings = settings.set("CHATAPP_SERVER__ALLOWED_HOSTS", "*.example.org, other.example");
    let server = served(&place, &settings).await;
    let client = server.anonymous();
    let health = async |host: &str| {
        let request = client.request(Method::GET, "/health/live").header("host", host);
        client.send(request).await.status
    };
    let port = server.url().rsplit(':').next().expect("a port");
    for own in [NAME, "other.example:80", "localhost", &format!("{address}:{port}")] {
        assert_eq!(health(own).await, 200, "{own}");
    }
    assert_eq!(health("evil.example").await, 421);
    server.terminate().await;
}

/// What a proxy passes on: its name, lines of nginx, settings of the server, and whether one can
/// log in through it.
type Case<'a> = (&'a str, String, &'a [(&'a str, &'a str)], bool);

/// A page on a plain HTTP site logs in; browsers send no Fetch Metadata there.
#[testkit::test(needs = ReverseProxy::Nginx.need())]
async fn f8_the_web_client_logs_in_over_plain_http() {
    let upstream = upstream().await;
    upstream.set_models(&[("test-model", None)]);
    let place = WorkingDirectory::new();
    let settings = sound().upstream(&upstream.base_url());
    let server = served(&place, &settings).await;
    server.anonymous().signup_administrator("ada@example.org", &server.setup_code().await).await;
    server.terminate().await;
    let name = "chat.lan";
    let forwarded = "proxy_set_header X-Forwarded-For $remote_addr;";
    let said = format!(
        "{forwarded} proxy_set_header X-Forwarded-Proto $scheme; \
         proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-Port $server_port;"
    );
    let hosts = ("CHATAPP_SERVER__ALLOWED_HOSTS", name);
    let elsewhere = ("CHATAPP_SERVER__TRUSTED_PROXIES", "192.0.2.0/24");
    let cases: [Case<'_>; 7] = [
        ("the default Host, said besides", said.clone(), &[], true),
        (
            "$host, without its port",
            format!("{forwarded} proxy_set_header Host $host;"),
            &[hosts],
            true,
        ),
        ("$http_host", format!("{forwarded} proxy_set_header Host $http_host;"), &[hosts], true),
        ("the default Host, nothing said", forwarded.to_owned(), &[], false),
        ("the default Host, the address configured", String::new(), &[("", "")], true),
        ("said by a proxy that is not trusted", said, &[elsewhere], false),
        (
            "$host, by a proxy that is not trusted",
            "proxy_set_header Host $host;".to_owned(),
            &[hosts, elsewhere],
            false,
        ),
    ];
    for (what, headers, more, works) in cases {
        // The proxy's port is known before the server is.
        let (sender, receiver) = std::sync::mpsc::channel();
        let backend = testkit::free_port().expect("a free port");
        let nginx = ReverseProxy::Nginx
            .start(|port| {
                sender.send(port).expect("somebody waits");
                format!(
                    "server {{ listen 127.0.0.1:{port}; client_max_body_size 0; \
                     proxy_buffering off; location / {{ proxy_pass http://127.0.0.1:{backend}; \
                     {headers} }} }}"
                )
            })
            .await;
        let port = receiver.recv().expect("a port");
        let page = format!("http://{name}:{port}");
        let settings = more.iter().fold(settings.clone(), |settings, (key, value)| match *key {
            "" => settings.set("CHATAPP_SERVER__PUBLIC_URL", &page),
            key => settings.set(key, *value),
        });
        let server =
            place.program().settings(&settings).args(["--port", &backend.to_string()]).launch();
        let direct = Anonymous::new(&format!("http://127.0.0.1:{backend}"));
        testkit::eventually("the server is ready", async || {
            let request = direct.request(Method::GET, "/health/ready").send();
            request.await.is_ok_and(|reply| reply.status().is_success())
        })
        .await;
        let client = Anonymous::new(&nginx.url());
        let log_in = async |origin: &str| {
            let body = json!({"email": "ada@example.org", "password": PASSWORD});
            let request = client.request(Method::POST, "/api/auth/login").json(&body);
            let request = request.header("host", format!("{name}:{port}"));
            let request = request.header("origin", origin);
            client.send(request.header("x-chatapp-session", "cookie")).await
        };
        let reply = log_in(&page).await;
        if works {
            assert_eq!(reply.status, 200, "{what}: {}", reply.text);
            let cookie = reply.header("set-cookie").unwrap_or_default();
            assert!(cookie.contains("HttpOnly"), "{what}: {cookie}");
        } else {
            let json = reply.expect_error(403, "foreign_page");
            assert!(json["error"]["message"].to_string().contains("server.public_url"), "{what}");
        }
        for foreign in ["http://evil.example", "http://evil.chat.lan", "null"] {
            log_in(foreign).await.expect_error(403, "foreign_page");
        }
        if what == "the default Host, nothing said" {
            let (code, out) = doctor(&place, &settings, &nginx).await;
            assert!(out.contains("Nobody can log in with the web client"), "{out}");
            assert!(out.contains("$http_host") && code == Some(2), "{out}");
        }
        server.terminate().await;
    }
}
