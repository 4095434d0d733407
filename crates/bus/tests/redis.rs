//! The bus on a real Redis that is killed, frozen, emptied and filled.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a broken expectation is a panic"
)]

use std::process::ExitCode;
use std::time::Duration;

use bus::{Away, Batch, Bus, Keys, Options};
use testkit::{Redis, eventually};
use tokio_util::task::AbortOnDropHandle;

fn main() -> ExitCode {
    testkit::main()
}

/// What the servers share.
const KEY: [u8; 32] = *b"the key that these servers share";
/// Longer than a Redis that is there takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A bus that is being kept.
struct Kept {
    bus: Bus,
    _keeper: AbortOnDropHandle<()>,
}

fn keep(redis: &Redis) -> Kept {
    keep_at(&redis.url(), Options { timeout: TIMEOUT, ..Options::default() })
}

fn keep_at(url: &str, options: Options) -> Kept {
    keep_with(url, Keys::new(&KEY, &[]), options)
}

fn keep_with(url: &str, keys: Keys, options: Options) -> Kept {
    let bus = Bus::new(url.parse().unwrap(), keys, options).unwrap();
    let kept = bus.clone();
    #[expect(clippy::disallowed_methods, reason = "the handle ends it with the test")]
    let keeper = tokio::spawn(async move { kept.keep().await });
    Kept { bus, _keeper: AbortOnDropHandle::new(keeper) }
}

fn batch(first: u64, last: u64, lines: &str) -> Batch<'_> {
    Batch { stream: "s", channel: "c", first, last, lines }
}

async fn numbers(bus: &Bus, next: u64) -> Vec<(u64, u64)> {
    bus.read("s", next).await.unwrap().iter().map(|entry| (entry.first, entry.last)).collect()
}

#[testkit::test(needs = Redis::need())]
async fn what_is_published_is_read_from_any_number_on() {
    let redis = Redis::start().await;
    let Kept { bus, _keeper } = keep(&redis);
    bus.wait_up().await;
    for (first, last, lines) in [(0, 1, "a\nb\n"), (2, 2, "c\n"), (3, 5, "d\ne\nf\n")] {
        assert_eq!(bus.publish(batch(first, last, lines)).await, Ok(0), "nobody listens");
    }
    assert_eq!(numbers(&bus, 0).await, [(0, 1), (2, 2), (3, 5)]);
    assert_eq!(numbers(&bus, 1).await, [(0, 1), (2, 2), (3, 5)]);
    assert_eq!(numbers(&bus, 2).await, [(2, 2), (3, 5)]);
    assert_eq!(numbers(&bus, 4).await, [(3, 5)]);
    assert_eq!(numbers(&bus, 6).await, []);
    assert_eq!(bus.read("s", 4).await.unwrap()[0].lines, b"d\ne\nf\n");
    assert_eq!(bus.read("another", 0).await, Ok(vec![]));
}

/// Entries of a stream as Redis gives them: ids, and fields with values.
type Entries = Vec<(String, Vec<Vec<u8>>)>;

/// Security case S12: whoever can write to Redis, and not sign.
#[testkit::test(needs = Redis::need())]
async fn s12_what_others_write_into_redis_is_not_read() {
    let redis = Redis::start().await;
    let ours = keep(&redis);
    let options = Options { timeout: TIMEOUT, ..Options::default() };
    let stranger = keep_with(&redis.url(), Keys::new(&[7; 32], &[]), options);
    let renewed = keep_with(&redis.url(), Keys::new(&[9; 32], &[KEY]), options);
    for kept in [&ours, &stranger, &renewed] {
        kept.bus.wait_up().await;
    }
    ours.bus.publish(batch(0, 0, "ours\n")).await.unwrap();
    stranger.bus.publish(batch(1, 1, "theirs\n")).await.unwrap();
    redis.query::<String>(&["XADD", "s", "3-0", "2", "unsigned\n"]).await;
    redis.query::<String>(&["XADD", "s", "4-0", "3", "x\n", "hmac", ""]).await;
    assert_eq!(numbers(&ours.bus, 0).await, [(0, 0)]);
    assert_eq!(numbers(&stranger.bus, 0).await, [(1, 1)]);
    // With a new secret, what was signed with the one before is still read.
    renewed.bus.publish(batch(4, 4, "renewed\n")).await.unwrap();
    assert_eq!(numbers(&renewed.bus, 0).await, [(0, 0), (4, 4)]);
    assert_eq!(numbers(&ours.bus, 0).await, [(0, 0)]);

    // A batch of ours at another place, or with other lines, is none of ours.
    let entries: Entries = redis.query(&["XRANGE", "s", "1-0", "1-0"]).await;
    let proof = entries[0].1[3].clone();
    for (stream, id, first, lines) in [
        ("other", "1-0", "0", "ours\n"),
        ("moved", "2-0", "1", "ours\n"),
        ("wider", "2-0", "0", "ours\n"),
        ("changed", "1-0", "0", "mine\n"),
    ] {
        let words: [&[u8]; 7] = [
            b"XADD",
            stream.as_bytes(),
            id.as_bytes(),
            first.as_bytes(),
            lines.as_bytes(),
            b"hmac",
            &proof,
        ];
        redis.query::<String>(&words).await;
        assert_eq!(ours.bus.read(stream, 0).await.unwrap(), [], "{stream}");
    }
}

#[testkit::test(needs = Redis::need())]
async fn a_batch_sent_twice_is_stored_once() {
    let redis = Redis::start().await;
    let Kept { bus, _keeper } = keep(&redis);
    bus.wait_up().await;
    for _ in 0..2 {
        bus.publish(batch(0, 1, "a\nb\n")).await.unwrap();
    }
    // More than the first time: what is new must not be lost.
    bus.publish(batch(0, 2, "a\nb\nc\n")).await.unwrap();
    assert_eq!(numbers(&bus, 0).await, [(0, 1), (0, 2)]);
    assert!(bus.is_up());
}

#[testkit::test(needs = Redis::need())]
async fn a_stream_is_bounded_and_goes_by_itself() {
    let redis = Redis::start().await;
    let options = Options { length: 20, retention: Duration::from_mins(1), timeout: TIMEOUT };
    let Kept { bus, _keeper } = keep_at(&redis.url(), options);
    bus.wait_up().await;
    for number in 0..1000 {
        bus.publish(batch(number, number, "a\n")).await.unwrap();
    }
    let length: u64 = redis.query(&["XLEN", "s"]).await;
    // Redis removes whole blocks of a hundred.
    assert!((20..=120).contains(&length), "{length} of a thousand batches are kept");
    let life: i64 = redis.query(&["PTTL", "s"]).await;
    assert!((50_000..=60_000).contains(&life), "it is kept for {life} ms");
    let trial: i64 = redis.query(&["PTTL", "chatapp:trial"]).await;
    assert!(trial <= 1_000 && trial != -1, "the trial stays for {trial} ms");
}

#[testkit::test(needs = Redis::need())]
async fn a_notification_reaches_those_who_subscribe() {
    let redis = Redis::start().await;
    let (one, two) = (keep(&redis), keep(&redis));
    one.bus.wait_up().await;
    two.bus.wait_up().await;
    let subscription = two.bus.subscribe("c");
    // Once when it is subscribed, and before that if the bus has come up only now.
    subscription.notified().await;
    eventually("it is subscribed", async || {
        redis.query::<Vec<String>>(&["PUBSUB", "CHANNELS"]).await == ["c"]
    })
    .await;
    assert_eq!(one.bus.publish(batch(0, 0, "a\n")).await, Ok(1), "one listens");
    subscription.notified().await;
    one.bus.notify("c").await.unwrap();
    subscription.notified().await;
    // Another channel's is not heard, and two listeners share one subscription.
    one.bus.notify("other").await.unwrap();
    let same = two.bus.subscribe("c");
    drop(subscription);
    one.bus.notify("c").await.unwrap();
    same.notified().await;
    drop(same);
    eventually("it listens no more", async || {
        redis.query::<Vec<String>>(&["PUBSUB", "CHANNELS"]).await.is_empty()
    })
    .await;
}

#[testkit::test(needs = Redis::need())]
async fn nothing_is_sent_while_nothing_happens() {
    let redis = Redis::start().await;
    let Kept { bus, _keeper } = keep(&redis);
    bus.wait_up().await;
    let _subscription = bus.subscribe("c");
    // It also rings when the bus has come up only now, before it is subscribed.
    eventually("it is subscribed", async || {
        redis.query::<Vec<String>>(&["PUBSUB", "CHANNELS"]).await == ["c"]
    })
    .await;
    let before = redis.commands().await;
    // Longer than any time limit and pause of the bus.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(redis.commands().await, before);
}

#[testkit::test(needs = Redis::need())]
async fn a_killed_redis_is_away_until_it_is_back() {
    let mut redis = Redis::start().await;
    let Kept { bus, _keeper } = keep(&redis);
    bus.wait_up().await;
    let subscription = bus.subscribe("c");
    subscription.notified().await;
    redis.kill().await;
    // The closed connection is noticed without a word being sent.
    subscription.notified().await;
    assert!(!bus.is_up());
    assert_eq!(bus.publish(batch(0, 0, "a\n")).await, Err(Away));
    assert_eq!(bus.read("s", 0).await, Err(Away));
    assert_eq!(bus.notify("c").await, Err(Away));
    redis.come_back().await;
    bus.wait_up().await;
    subscription.notified().await;
    eventually("it listens again", async || bus.publish(batch(0, 0, "a\n")).await == Ok(1)).await;
    subscription.notified().await;
    assert_eq!(numbers(&bus, 0).await, [(0, 0)]);
}

#[testkit::test(needs = Redis::need())]
async fn a_frozen_redis_is_away_within_the_time_limit() {
    let redis = Redis::start().await;
    let options = Options { timeout: Duration::from_secs(1), ..Options::default() };
    let Kept { bus, _keeper } = keep_at(&redis.url(), options);
    bus.wait_up().await;
    redis.freeze();
    // It would never answer.
    let publish = tokio::time::timeout(4 * options.timeout, bus.publish(batch(0, 0, "a\n")));
    assert_eq!(publish.await, Ok(Err(Away)));
    assert!(!bus.is_up());
    redis.thaw();
    bus.wait_up().await;
    bus.publish(batch(0, 0, "a\n")).await.unwrap();
    assert_eq!(numbers(&bus, 0).await, [(0, 0)]);
}

#[testkit::test(needs = Redis::need())]
async fn a_full_redis_is_away_and_stays_so() {
    let redis = Redis::start().await;
    let Kept { bus, _keeper } = keep(&redis);
    bus.wait_up().await;
    redis.fill().await;
    assert_eq!(bus.publish(batch(0, 0, "a\n")).await, Err(Away));
    // It answers, but it would refuse the next batch too.
    let back = tokio::time::timeout(Duration::from_secs(2), bus.wait_up());
    assert!(back.await.is_err(), "a full Redis is away");
    redis.make_room().await;
    bus.wait_up().await;
    bus.publish(batch(0, 0, "a\n")).await.unwrap();
}

#[testkit::test(needs = Redis::need())]
async fn a_redis_that_comes_late_is_found() {
    let mut redis = Redis::down();
    let Kept { bus, _keeper } = keep(&redis);
    let subscription = bus.subscribe("c");
    assert_eq!(bus.publish(batch(0, 0, "a\n")).await, Err(Away));
    redis.come_back().await;
    subscription.notified().await;
    bus.wait_up().await;
}

#[testkit::test(needs = Redis::need())]
async fn a_wrong_password_keeps_it_away() {
    let redis = Redis::start().await;
    let url = redis.url().replace("redis://", "redis://:right-canary@");
    redis.command(&["CONFIG", "SET", "requirepass", "right-canary"]).await;
    keep_at(&url, Options::default()).bus.wait_up().await;
    let wrong = keep_at(&url.replace("right", "wrong"), Options::default());
    let up = tokio::time::timeout(Duration::from_secs(1), wrong.bus.wait_up());
    assert!(up.await.is_err(), "the password is wrong");
}
