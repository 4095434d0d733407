//! Requests byte by byte, for what an HTTP library would put right before it is sent.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than any answer takes.
const LIMIT: Duration = Duration::from_secs(20);

/// An answer as it came from the socket.
#[derive(Debug)]
pub(crate) struct RawReply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    /// How many bytes of the request's body the connection took.
    pub(crate) taken: usize,
}

impl RawReply {
    /// The body as JSON; `null` when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// A header, its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Checks that this is an error in the one shape of all errors.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, code: &str) {
        let json = self.json();
        assert_eq!((self.status, json["error"]["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(json["request_id"].as_str(), self.header("x-request-id"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
    }
}

/// Sends these bytes and reads until the server closes; the request should ask it to.
pub(crate) async fn send(url: &str, request: impl AsRef<[u8]>) -> RawReply {
    flood(url, request, b"", 0).await
}

/// Sends `head`, then `piece` so many times or until nobody takes it any more, reading all the
/// while until the server closes.
pub(crate) async fn flood(
    url: &str,
    head: impl AsRef<[u8]>,
    piece: &[u8],
    times: usize,
) -> RawReply {
    let address = url.strip_prefix("http://").unwrap();
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let write = async {
        // A server that has heard enough closes; what it said stands in `from`.
        if to.write_all(head.as_ref()).await.is_err() {
            return 0;
        }
        let mut taken = 0;
        for _ in 0..times {
            if to.write_all(piece).await.is_err() {
                break;
            }
            taken += piece.len();
        }
        taken
    };
    let read = async {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            bytes.extend_from_slice(&buffer[..count]);
        }
        bytes
    };
    let both = async { tokio::join!(write, read) };
    let (taken, bytes) = tokio::time::timeout(LIMIT, both).await.expect("the server closes");
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    RawReply {
        status: status.unwrap_or_else(|| panic!("no status in {text:?}")),
        head: head.to_owned(),
        body: body.to_owned(),
        taken,
    }
}
