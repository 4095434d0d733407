//! Wrong passwords: counted, slowed down, forgiven.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{PASSWORD, Reply, User};
use testkit::{ManualClock, TestApp, World};

const WRONG: &str = "wrong horse battery staple";

async fn login_from(app: &TestApp, from: &str, email: &str, password: &str) -> Reply {
    let client = app.anonymous();
    let body = json!({"email": email, "password": password});
    let request = client.request(Method::POST, "/api/auth/login").json(&body);
    client.send(request.header("x-forwarded-for", from)).await
}

/// A reply that says how many seconds to wait.
#[track_caller]
fn expect_wait(reply: Reply, seconds: u64) {
    let header = reply.header("retry-after").map(str::to_owned);
    let json = reply.expect_error(429, "rate_limit_exceeded");
    assert_eq!(header, Some(seconds.to_string()), "{json}");
    let message = json["error"]["message"].as_str().unwrap();
    assert!(message.contains(&format!("{seconds} s")), "{message}");
}

async fn start(world: &World) -> (TestApp, ManualClock, User) {
    let clock = ManualClock::new();
    let app = TestApp::builder(world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    (app, clock, ada)
}

#[testkit::test]
async fn guessing_a_password_gets_slower(world: World) {
    let (app, clock, ada) = start(&world).await;
    let login = async |password: &str| login_from(&app, "203.0.113.1", &ada.email, password).await;
    for _ in 0..5 {
        login(WRONG).await.expect_error(401, "invalid_credentials");
    }
    for seconds in [1, 2, 4] {
        // Nothing is checked meanwhile, so it does not help to guess right.
        expect_wait(login(&format!("guess {seconds}")).await, seconds);
        expect_wait(login(WRONG).await, seconds);
        clock.advance(Duration::from_secs(seconds));
        login(WRONG).await.expect_error(401, "invalid_credentials");
    }
    expect_wait(login(PASSWORD).await, 8);
    clock.advance(Duration::from_secs(8));
    // Somebody is quicker, but the owner was told that it is their turn now.
    login(WRONG).await.expect_error(401, "invalid_credentials");
    expect_wait(login(WRONG).await, 16);
    login(PASSWORD).await.expect(200);
    // Everything is as before.
    for _ in 0..5 {
        login(WRONG).await.expect_error(401, "invalid_credentials");
    }
}

#[testkit::test]
async fn whether_an_address_exists_does_not_show_in_the_waits(world: World) {
    let (app, clock, ada) = start(&world).await;
    let mut seen: Vec<Vec<(u16, Option<String>, Value)>> = Vec::new();
    for (from, email) in [("203.0.113.1", ada.email.as_str()), ("203.0.113.2", "no@example.org")] {
        let mut replies = Vec::new();
        for _ in 0..8 {
            let reply = login_from(&app, from, email, WRONG).await;
            let after = reply.header("retry-after").map(str::to_owned);
            replies.push((reply.status, after, reply.json["error"].clone()));
        }
        clock.advance(Duration::from_secs(1));
        seen.push(replies);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0][7].0, 429);
}

#[testkit::test]
async fn one_address_has_to_wait_for_whatever_it_guesses(world: World) {
    let (app, clock, ada) = start(&world).await;
    let guess = async |n: usize, from: &str| {
        login_from(&app, from, &format!("user{n}@example.org"), WRONG).await
    };
    for n in 0..20 {
        guess(n, "203.0.113.1").await.expect_error(401, "invalid_credentials");
    }
    expect_wait(guess(20, "203.0.113.1").await, 1);
    expect_wait(login_from(&app, "203.0.113.1", &ada.email, PASSWORD).await, 1);
    // Others are not concerned.
    login_from(&app, "203.0.113.2", &ada.email, PASSWORD).await.expect(200);
    // An account of one's own does not make it faster.
    clock.advance(Duration::from_secs(1));
    login_from(&app, "203.0.113.1", &ada.email, PASSWORD).await.expect(200);
    guess(21, "203.0.113.1").await.expect_error(401, "invalid_credentials");
    expect_wait(guess(22, "203.0.113.1").await, 2);
    // Of IPv6 a customer has a whole network.
    for n in 0..20 {
        let from = format!("2001:db8::{n:x}");
        guess(100 + n, &from).await.expect_error(401, "invalid_credentials");
    }
    expect_wait(guess(120, "2001:db8::ffff:1").await, 1);
    guess(121, "2001:db8:0:1::1").await.expect_error(401, "invalid_credentials");
}

#[testkit::test]
async fn many_guesses_at_once_are_counted_like_one_after_the_other(world: World) {
    // One hash at a time, so that the others wait for their turn.
    let clock = ManualClock::new();
    let app = TestApp::builder(&world)
        .clock(&clock)
        .set("CHATAPP_AUTH__PASSWORD_CONCURRENCY", "1")
        .start()
        .await;
    let ada = app.user("ada").await;
    let guesses = (0..30).map(|_| login_from(&app, "203.0.113.1", &ada.email, WRONG));
    let replies = join_all(guesses).await;
    let checked = replies.iter().filter(|reply| reply.status == 401).count();
    let refused = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!((checked, refused), (5, 25));
}

#[testkit::test]
async fn s6_whoever_polls_keeps_no_owner_out(world: World) {
    let (app, clock, ada) = start(&world).await;
    let bob = app.user("bob").await;
    let attacker = "203.0.113.1";
    let mut guesses = 0..;
    let mut checked = 0;
    let mut poll = async || {
        clock.advance(Duration::from_millis(100));
        let guess = format!("guess {}", guesses.next().unwrap());
        let reply = login_from(&app, attacker, &ada.email, &guess).await;
        assert!([401, 429].contains(&reply.status), "{}", reply.text);
        checked += u32::from(reply.status == 401);
    };
    for second in 1..=60 {
        for _ in 0..10 {
            poll().await;
        }
        if second % 15 == 0 {
            // The owner somewhere they have never been, and somebody else beside the attacker.
            let elsewhere = format!("198.51.100.{second}");
            login_from(&app, &elsewhere, &ada.email, PASSWORD).await.expect(200);
            login_from(&app, attacker, &bob.email, PASSWORD).await.expect(200);
        }
    }
    // Beside the attacker the owner has to wait once, for as long as they are told.
    let reply = login_from(&app, attacker, &ada.email, PASSWORD).await;
    let wait = reply.header("retry-after").map(|wait| wait.parse::<u32>().unwrap()).unwrap();
    reply.expect_error(429, "rate_limit_exceeded");
    assert!((1..=60).contains(&wait), "{wait}");
    for _ in 0..wait * 10 {
        poll().await;
    }
    login_from(&app, attacker, &ada.email, PASSWORD).await.expect(200);
    // In two minutes: five that cost nothing, after 1, 2, 4, 8, 16 and 32 s, and one more.
    assert!(checked <= 12, "{checked}");
}

#[testkit::test]
async fn s6_an_attack_from_everywhere_leaves_one_attempt(world: World) {
    let (app, _clock, ada) = start(&world).await;
    let home = |n| format!("2001:db8:1:1::{n}");
    login_from(&app, &home(1), &ada.email, PASSWORD).await.expect(200);
    for n in 0..20 {
        let from = format!("203.0.113.{n}");
        login_from(&app, &from, &ada.email, WRONG).await.expect_error(401, "invalid_credentials");
    }
    // Whoever comes anew has one attempt, which is enough for the owner.
    let stranger = "203.0.113.99";
    login_from(&app, stranger, &ada.email, WRONG).await.expect_error(401, "invalid_credentials");
    expect_wait(login_from(&app, stranger, &ada.email, "another").await, 1);
    login_from(&app, "198.51.100.1", &ada.email, PASSWORD).await.expect(200);
    // A network that the account knows has as many as always, from whichever address in it.
    for n in 2..6 {
        let reply = login_from(&app, &home(n), &ada.email, WRONG).await;
        reply.expect_error(401, "invalid_credentials");
    }
    login_from(&app, &home(7), &ada.email, PASSWORD).await.expect(200);
}

#[testkit::test]
async fn s6_counts_outlive_a_restart(world: World) {
    let (mut app, clock, ada) = start(&world).await;
    let from = "203.0.113.1";
    for _ in 0..5 {
        let reply = login_from(&app, from, &ada.email, WRONG).await;
        reply.expect_error(401, "invalid_credentials");
    }
    app.restart().await;
    expect_wait(login_from(&app, from, &ada.email, WRONG).await, 1);
    clock.advance(Duration::from_secs(1));
    login_from(&app, from, &ada.email, PASSWORD).await.expect(200);
}

#[testkit::test(servers)]
async fn s6_two_servers_count_together(world: World) {
    let (one, clock, ada) = start(&world).await;
    let two = TestApp::builder(&world).clock(&clock).start().await;
    let from = "203.0.113.1";
    for server in [&one, &two, &one, &two, &one] {
        let reply = login_from(server, from, &ada.email, WRONG).await;
        reply.expect_error(401, "invalid_credentials");
    }
    for server in [&one, &two] {
        expect_wait(login_from(server, from, &ada.email, WRONG).await, 1);
    }
}

#[testkit::test]
async fn s6_a_quiet_login_counts_nothing(world: World) {
    let (app, _clock, ada) = start(&world).await;
    let mut sql = world.sql().await;
    let count = "SELECT COUNT(*) FROM login_failures";
    login_from(&app, "203.0.113.1", &ada.email, PASSWORD).await.expect(200);
    assert_eq!(sql.value(count).await, "1", "the sign-up");
    login_from(&app, "203.0.113.1", &ada.email, WRONG).await.expect(401);
    assert_eq!(sql.value(count).await, "4", "the account there, the address, the account");
    login_from(&app, "203.0.113.1", &ada.email, PASSWORD).await.expect(200);
    assert_eq!(sql.value(count).await, "3", "the account there is forgotten");
}

#[testkit::test]
async fn s5_a_flood_of_sign_ups_leaves_room_for_logins(world: World) {
    // What a hash costs is what this is about.
    let app = TestApp::builder(&world)
        .set("CHATAPP_AUTH__ARGON2_MEMORY_KIB", "19456")
        .set("CHATAPP_AUTH__ARGON2_ITERATIONS", "2")
        .set("CHATAPP_AUTH__SIGNUP", "open")
        .set("CHATAPP_AUTH__SIGNUPS_PER_ADDRESS", "1000000")
        .start()
        .await;
    let ada = app.user("ada").await;
    // One for all: making a client takes longer than a hash.
    let anonymous = app.anonymous();
    let made = AtomicUsize::new(0);
    // How many accounts are made while one login waits.
    let login = async || {
        let before = made.load(Ordering::Relaxed);
        let body = json!({"email": ada.email, "password": PASSWORD});
        loop {
            let request = anonymous.request(Method::POST, "/api/auth/login").json(&body);
            // That a connection is lost among so many takes a while, and that counts.
            let Ok(reply) = request.header("x-forwarded-for", "198.51.100.1").send().await else {
                continue;
            };
            assert_eq!(reply.status(), 200);
            return made.load(Ordering::Relaxed) - before;
        }
    };
    let over = AtomicBool::new(false);
    let flood = join_all((0..80).map(async |client| {
        let (mut n, mut refused) = (0, 0);
        while !over.load(Ordering::Relaxed) {
            n += 1;
            let body = json!({"email": format!("a{client}x{n}@example.org"), "password": PASSWORD});
            let request = anonymous.request(Method::POST, "/api/auth/signup").json(&body);
            let request = request.header("x-forwarded-for", "203.0.113.1");
            // Whether such a client is always answered is another matter.
            let Ok(reply) = request.send().await else { continue };
            if reply.status() == 201 {
                made.fetch_add(1, Ordering::Relaxed);
            } else {
                assert_eq!(reply.status(), 429);
                assert!(reply.headers().contains_key("retry-after"));
                refused += 1;
            }
        }
        refused
    }));
    let logins = async {
        let mut waits = Vec::new();
        for _ in 0..9 {
            waits.push(login().await);
        }
        over.store(true, Ordering::Relaxed);
        waits.sort_unstable();
        waits
    };
    let (waits, refused) = join(logins, flood).await;
    assert!(waits[4] < 16, "accounts made while a login waited: {waits:?}");
    assert!(refused.iter().sum::<i32>() > 0, "the queue was never full");
}

#[testkit::test]
async fn confirming_with_a_wrong_password_is_slowed_down(world: World) {
    let (app, clock, ada) = start(&world).await;
    let new = "another horse battery staple";
    let confirm = async |password: &str| {
        let body = json!({"current_password": password, "new_password": new});
        ada.post("/api/me/password", body).await
    };
    for _ in 0..2 {
        confirm(WRONG).await.expect_error(403, "wrong_password");
        let body = json!({"email": "new@example.org", "current_password": WRONG});
        ada.patch("/api/me", body).await.expect_error(403, "wrong_password");
    }
    let body = json!({"current_password": WRONG});
    let request = ada.request(Method::DELETE, "/api/me").json(&body);
    ada.send(request).await.expect_error(403, "wrong_password");
    expect_wait(confirm(PASSWORD).await, 1);
    // Logging in is another matter, and so is everything that takes no password.
    login_from(&app, "203.0.113.1", &ada.email, PASSWORD).await.expect(200);
    ada.patch("/api/me", json!({"name": "Ada"})).await.expect(200);
    clock.advance(Duration::from_secs(1));
    confirm(PASSWORD).await.expect(204);
}

#[testkit::test]
async fn the_limits_are_the_operators(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world)
        .clock(&clock)
        .set("CHATAPP_AUTH__LOGIN_ATTEMPTS", "1")
        .set("CHATAPP_AUTH__LOGIN_ATTEMPTS_PER_ADDRESS", "2")
        .set("CHATAPP_AUTH__LOGIN_DELAY_MAX", "3s")
        .start()
        .await;
    for (n, seconds) in [1, 2, 3, 3].into_iter().enumerate() {
        let login = async |password: &str| {
            login_from(&app, "203.0.113.1", "ada@example.org", password).await
        };
        login(WRONG).await.expect_error(401, "invalid_credentials");
        expect_wait(login(&format!("guess {n}")).await, seconds);
        clock.advance(Duration::from_secs(seconds));
    }
    for n in 0..2 {
        let reply = login_from(&app, "203.0.113.50", &format!("a{n}@example.org"), WRONG).await;
        reply.expect_error(401, "invalid_credentials");
    }
    expect_wait(login_from(&app, "203.0.113.50", "a2@example.org", WRONG).await, 1);
}

#[testkit::test]
async fn a_proxy_that_is_not_trusted_is_not_believed(world: World) {
    let address_of_a_login = async |proxies: Option<&str>| {
        let mut builder = TestApp::builder(&world).set("CHATAPP_AUTH__SIGNUP", "open");
        if let Some(proxies) = proxies {
            builder = builder.set("CHATAPP_SERVER__TRUSTED_PROXIES", proxies);
        }
        let app = builder.start().await;
        let client = app.anonymous();
        let email = format!("user{}@example.org", proxies.unwrap_or("").len());
        let body = json!({"email": email, "password": PASSWORD});
        let request = client.request(Method::POST, "/api/auth/signup").json(&body);
        let request = request.header("x-forwarded-for", "6.6.6.6, 203.0.113.1, 10.0.0.1");
        let tokens = client.send(request).await.expect(201);
        let user = client.with_bearer(tokens["access_token"].as_str());
        user.get("/api/sessions").await.expect(200)["data"][0]["address"].clone()
    };
    assert_eq!(address_of_a_login(None).await, "10.0.0.1");
    assert_eq!(address_of_a_login(Some("127.0.0.1, 10.0.0.0/8")).await, "203.0.113.1");
    assert_eq!(address_of_a_login(Some("10.0.0.0/8")).await, "127.0.0.1");
}
