//! Servers that are restarted one after the other behind the examples for reverse proxies.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use mock::MockServer;
use serde_json::json;
use tempfile::TempDir;
use testkit::client::Anonymous;
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::reverse_proxy::ReverseProxyProcess;
use testkit::{ReverseProxy, Settings, World, eventually, free_port};

const NGINX: &str = include_str!("../../../../packaging/nginx-servers.conf");
const CADDY: &str = include_str!("../../../../packaging/Caddyfile.servers");
/// How many requests must have been answered between two steps.
const SOME: u32 = 5;

#[testkit::test(mariadb, needs = ReverseProxy::Nginx.need())]
async fn o23_no_send_fails_while_servers_restart_behind_nginx(world: World) {
    restart(world, ReverseProxy::Nginx).await;
}

#[testkit::test(mariadb, needs = ReverseProxy::Caddy.need())]
async fn o23_no_send_fails_while_servers_restart_behind_caddy(world: World) {
    restart(world, ReverseProxy::Caddy).await;
}

/// The example in front of these two ports, without the certificate that nobody has here.
async fn proxy(kind: ReverseProxy, ports: [u16; 2]) -> ReverseProxyProcess {
    let (text, listen) = match kind {
        ReverseProxy::Nginx => (NGINX, "listen 443 ssl http2;"),
        ReverseProxy::Caddy => (CADDY, "chat.example.org {"),
    };
    let site = |port: u16| {
        let here = match kind {
            ReverseProxy::Nginx => format!("listen 127.0.0.1:{port};"),
            ReverseProxy::Caddy => format!("http://127.0.0.1:{port} {{"),
        };
        let text = [
            (listen.to_owned(), here),
            ("10.0.0.11:8000".to_owned(), format!("127.0.0.1:{}", ports[0])),
            ("10.0.0.12:8000".to_owned(), format!("127.0.0.1:{}", ports[1])),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (found, new)| {
            assert_eq!(text.matches(&found).count(), 1, "{found}");
            text.replace(&found, &new)
        });
        let plain = text.lines().filter(|line| !line.trim().starts_with("ssl_certificate"));
        plain.collect::<Vec<_>>().join("\n")
    };
    kind.start(site).await
}

async fn restart(world: World, kind: ReverseProxy) {
    let upstream = MockServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let settings = Settings::quick()
        .on(world.database())
        .upstream(&upstream.base_url())
        .set("CHATAPP_SERVER__SHUTDOWN_DELAY", "3s")
        .set("CHATAPP_SERVER__HEARTBEAT", "1s");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let ports = [free_port().expect("a port"), free_port().expect("a port")];
    let mut servers = Vec::new();
    for port in ports {
        servers.push(start(&directory, &settings, port).await);
    }
    servers[0].anonymous().signup("ada@example.org").await;
    let proxy = proxy(kind, ports).await;
    let user = Anonymous::new(&proxy.url()).login("ada@example.org").await;

    let (answered, done) = (AtomicU32::new(0), AtomicBool::new(false));
    let sending = async {
        while !done.load(Ordering::Relaxed) {
            let body = json!({"content": "Hello", "model": "mock:ticks=3"});
            let turn = user.post("/api/messages", body).await.expect(201);
            assert_eq!(turn["response"]["status"], "completed", "{turn}");
            answered.fetch_add(1, Ordering::Relaxed);
        }
    };
    let some = async || {
        let enough = answered.load(Ordering::Relaxed) + SOME;
        eventually("more is answered", async || answered.load(Ordering::Relaxed) >= enough).await;
    };
    let restarting = async {
        for (place, port) in ports.into_iter().enumerate() {
            some().await;
            let server = servers.remove(0);
            let ended = server.terminate().await;
            assert_eq!(ended.status.code(), Some(0), "{place}: {}", ended.stderr);
            some().await;
            servers.push(start(&directory, &settings, port).await);
            // The other one goes only when this one is in use again.
            some().await;
        }
        some().await;
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(sending, restarting);
}

async fn start(directory: &TempDir, settings: &Settings, port: u16) -> AppProcess {
    let program = ProcessBuilder::new(env!("CARGO_BIN_EXE_chatapp"), directory.path());
    program.settings(settings).port(port).serve().await
}
