//! Who reads an answer of another server, and how often its tables are read for that.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use testkit::client::User;
use testkit::process::AppProcess;
use testkit::{World, eventually, validator};

use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, ticked, ticks, upstream};

const FOLLOWERS: usize = 8;
/// Readers that do not read.
const ASLEEP: usize = 10;
/// More than the operating system keeps for a connection, as events.
const LONG: u32 = 40_000;

async fn gauge(server: &AppProcess, name: &str) -> u64 {
    let text = server.anonymous().metrics().await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().expect("a whole number"))
}

/// How many answers of other servers this one is reading, each with a reader of its own.
async fn readers(server: &AppProcess) -> u64 {
    gauge(server, "chatapp_remote_responses_followed").await
}

#[testkit::test(servers)]
async fn one_reads_for_all_who_follow_an_answer_of_another_server(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let one = place.program().settings(&settings).serve().await;
    let two = place.program().settings(&settings).serve().await;
    let user = one.anonymous().signup("ada@example.org").await;
    let elsewhere = two.anonymous().login(&user.email).await;
    let mut here = Vec::new();
    for _ in 0..2 {
        upstream.push(ticks(1_000_000, 50));
        let conversation = user.create_conversation().await;
        let mut stream = user.send_stream(&conversation, PROMPT).await;
        here.push((stream.response_id().await, stream));
    }
    assert_eq!(readers(&two).await, 0, "nobody follows there");

    let [(first, first_here), (second, second_here)] =
        here.try_into().unwrap_or_else(|_| unreachable!("two of them"));
    let followers = (0..FOLLOWERS).map(|_| elsewhere.follow(&first, None));
    let mut followers = futures_util::future::join_all(followers).await;
    for follower in &mut followers {
        follower.read_text(3).await;
    }
    assert_eq!(readers(&two).await, 1, "one for all of them");
    let mut other = elsewhere.follow(&second, None).await;
    other.read_text(3).await;
    assert_eq!(readers(&two).await, 2, "one for each answer");
    assert_eq!(readers(&one).await, 0, "its own answers are in memory");

    // The last of them goes, but for one.
    followers.truncate(1);
    drop(other);
    eventually("the other answer is let go", async || readers(&two).await == 1).await;
    followers[0].read_text(3).await;
    drop(followers);
    eventually("nobody reads for nobody", async || readers(&two).await == 0).await;

    // Somebody comes back, and leaves with the end of the answer.
    let back = elsewhere.follow(&first, None).await;
    for response in [&first, &second] {
        assert_eq!(elsewhere.cancel(response).await["status"], "cancelled");
    }
    let (back, here, _) = tokio::join!(back.finish(), first_here.finish(), second_here.finish());
    validator::assert_valid(&back);
    assert!(back == here);
    eventually("nothing is read any more", async || readers(&two).await == 0).await;
}

/// Asks for the events of an answer and reads nothing.
async fn fall_asleep(server: &AppProcess, user: &User, response: &str) -> TcpStream {
    let host = server.url().strip_prefix("http://").expect("its address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = socket.connect(host.parse().expect("an address")).await.expect("it listens");
    let request = format!(
        "GET /api/responses/{response}/events HTTP/1.1\r\nhost: {host}\r\n\
         authorization: Bearer {}\r\n\r\n",
        user.access_token
    );
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    stream
}

#[testkit::test]
async fn readers_that_stall_are_dropped_and_hurt_nobody(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream).set("CHATAPP_SERVER__WRITE_STALL", "1s");
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(LONG, 0));
    let response = user.send_async(&conversation, PROMPT).await;
    let mut asleep = Vec::new();
    for _ in 0..ASLEEP {
        asleep.push(fall_asleep(&server, &user, &response).await);
    }
    let healthy = user.follow(&response, None).await.finish().await;
    validator::assert_valid(&healthy);
    assert_eq!(testkit::sse::text_of(&healthy), ticked(LONG), "the generator waits for nobody");
    for _ in 0..5 {
        upstream.push(ticks(20, 0));
        let other = user.create_conversation().await;
        let turn = user.send_and_wait(&other, PROMPT).await;
        assert_eq!(turn["message"]["content"], ticked(20));
    }
    eventually("they are dropped, though none of them has read anything", async || {
        gauge(&server, "chatapp_sse_followers").await == 0
    })
    .await;

    // One wakes up. It has the beginning, and asks for the rest.
    let mut kept = Vec::new();
    // A connection that was reset ends with an error; what came before it is here.
    let _ = asleep.remove(0).read_to_end(&mut kept).await;
    let kept = String::from_utf8_lossy(&kept).into_owned();
    assert!(!kept.contains("response.completed"), "it was cut off");
    let numbers = kept.split("\nid: ").filter_map(|rest| rest.split_once('\n')?.0.parse().ok());
    let newest: u64 = numbers.last().expect("it was sent something");
    let rest = user.follow(&response, Some(newest)).await.finish().await;
    validator::assert_valid_from_middle(&rest);
    let place = usize::try_from(newest).expect("a small number") + 1;
    assert!(rest == healthy[place..], "exactly what it has not seen");
}
