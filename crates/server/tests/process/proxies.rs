//! The examples for reverse proxies, in front of the real program.

use mock::script::FaultKind;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Anonymous, User};
use testkit::process::AppProcess;
use testkit::reverse_proxy::ReverseProxyProcess;
use testkit::{ReverseProxy, Settings};

use super::doctor::sound;
use super::working_directory::{WorkingDirectory, run};
use super::{PROMPT, ticked, ticks, upstream};

const NGINX: &str = include_str!("../../../../packaging/nginx.conf");
const CADDY: &str = include_str!("../../../../packaging/Caddyfile");

#[testkit::test(needs = ReverseProxy::Nginx.need())]
async fn nginx_passes_on_what_it_should() {
    good(ReverseProxy::Nginx).await;
}

#[testkit::test(needs = ReverseProxy::Caddy.need())]
async fn caddy_passes_on_what_it_should() {
    good(ReverseProxy::Caddy).await;
}

/// The example for a server at this address, without the certificate that nobody has here.
pub(crate) async fn example(
    proxy: ReverseProxy,
    server: &AppProcess,
    change: impl Fn(&str) -> String,
) -> ReverseProxyProcess {
    let address = server.url().trim_start_matches("http://").to_owned();
    let text = match proxy {
        ReverseProxy::Nginx => change(NGINX),
        ReverseProxy::Caddy => change(CADDY),
    };
    let site = |port: u16| {
        let here = match proxy {
            ReverseProxy::Nginx => vec![
                ("listen 443 ssl http2;", format!("listen 127.0.0.1:{port};")),
                ("listen 80;", format!("listen 127.0.0.2:{port};")),
                ("server 127.0.0.1:8000;", format!("server {address};")),
            ],
            ReverseProxy::Caddy => vec![
                ("chat.example.org {", format!("http://:{port} {{")),
                ("127.0.0.1:8000 {", format!("{address} {{")),
            ],
        };
        let text = here.iter().fold(text, |text, (found, new)| {
            assert_eq!(text.matches(found).count(), 1, "{found}");
            text.replace(found, new)
        });
        let plain = text.lines().filter(|line| !line.trim().starts_with("ssl_certificate"));
        plain.collect::<Vec<_>>().join("\n")
    };
    proxy.start(site).await
}

async fn good(kind: ReverseProxy) {
    let upstream = upstream().await;
    upstream.set_models(&[("test-model", None)]);
    let place = WorkingDirectory::new();
    let settings = sound().upstream(&upstream.base_url());
    let server = place.program().settings(&settings).serve().await;
    server.anonymous().signup_administrator("ada@example.org", &server.setup_code().await).await;
    let proxy = example(kind, &server, str::to_owned).await;
    let user = Anonymous::new(&proxy.url()).login("ada@example.org").await;

    upstream.push(ticks(9, 0).failing(FaultKind::Stall, 3));
    one_by_one(&user).await;
    large_import(&user).await;
    // Metrics are for whoever has the token.
    user.get("/metrics").await.expect_error(404, "unknown_url");
    if matches!(kind, ReverseProxy::Nginx) {
        // Caddy calls it an error when a client goes away.
        assert_eq!(proxy.log(), "");
    }
    let (code, out) = doctor(&place, &settings, &proxy).await;
    assert!(out.contains("Events arrive as they are sent."), "{out}");
    assert_eq!(code, Some(0), "{out}");
    server.terminate().await;
}

/// Of an answer that stalls, what was said is here before the rest is; and it goes on from there.
async fn one_by_one(user: &User) {
    let conversation = user.create_conversation().await;
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    assert_eq!(stream.read_text(3).await, ticked(3));
    let response = stream.response_id().await;
    assert_eq!(user.response(&response).await["status"], "in_progress");
    let last = stream.last_seq().expect("numbers");
    drop(stream);
    let mut again = user.follow(&response, Some(last)).await;
    user.cancel(&response).await;
    let first = again.next().await.expect("an event").json();
    assert_eq!(first["sequence_number"], last + 1, "{first}");
    again.until("response.incomplete").await;
    let mut whole = user.follow(&response, None).await;
    whole.until("response.incomplete").await;
    assert_eq!(whole.text(), ticked(3));
}

/// Five times what nginx takes if it is told nothing.
async fn large_import(user: &User) {
    let mut file = json!({"type": "export", "format": "chatapp", "version": 1}).to_string();
    for n in 0..50 {
        let message = json!({
            "id": format!("msg_{n:032x}"), "parent_id": null, "role": "user",
            "status": "completed", "content": "x".repeat(100_000),
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        });
        let conversation = json!({
            "type": "conversation", "id": format!("conv_{n:032x}"), "title": "Long", "title_source": "user", "pinned": false, "metadata": {},
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "messages": [message],
        });
        file = format!("{file}\n{conversation}");
    }
    file.push('\n');
    file.push_str(&json!({"type": "end", "conversations": 50, "messages": 50}).to_string());
    let request = user.request(Method::POST, "/api/import");
    let request = request.header("content-type", "application/octet-stream").body(file);
    let reply = user.send(request).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let summary: Value = reply.text.lines().last().unwrap_or_default().parse().expect("JSON");
    let first = reply.text.lines().next().unwrap_or_default();
    assert_eq!(summary["imported"], 50, "{first}");
}

#[testkit::test(needs = ReverseProxy::Nginx.need())]
async fn the_doctor_sees_a_bad_nginx() {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let settings = sound().upstream(&upstream.base_url());
    let server = place.program().settings(&settings).serve().await;
    let worse = |text: &str| {
        let gzip = "gzip on; gzip_min_length 0; gzip_types text/event-stream;";
        text.replace("proxy_buffering off;", "proxy_ignore_headers X-Accel-Buffering;")
            .replace("gzip off;", gzip)
            .replace("client_max_body_size 0;", "")
    };
    let nginx = example(ReverseProxy::Nginx, &server, worse).await;
    // As large a body as the server may be told to take, and more than nginx takes by itself.
    let settings = settings.set("CHATAPP_SERVER__MAX_BODY_BYTES", "2000000");
    let (code, out) = doctor(&place, &settings, &nginx).await;
    assert!(out.contains("compresses event streams"), "{out}");
    assert!(out.contains("is refused by the proxy"), "{out}");
    assert_eq!(code, Some(2), "{out}");
    server.terminate().await;
}

/// What the doctor says of this way to the server: exit code and report.
pub(crate) async fn doctor(
    place: &WorkingDirectory,
    settings: &Settings,
    proxy: &ReverseProxyProcess,
) -> (Option<i32>, String) {
    let command = place.program().settings(settings).args(["doctor", "--url", &proxy.url()]);
    let (code, out, _) = run(command).await;
    (code, out)
}
