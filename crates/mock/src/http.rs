//! As much of HTTP/1.1 as a client of chat completions needs (RFC 9112).

use std::io;

use tokio::net::TcpStream;

const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 32 * 1024 * 1024;

/// A request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub authorization: Option<String>,
    /// All header fields, by name in small letters.
    pub fields: Vec<(String, String)>,
    pub keep_alive: bool,
    pub body: Vec<u8>,
}

/// Why there is no request.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The client closed the connection, or it broke.
    Closed,
    /// The client sent something else; what to answer.
    Bad(u16, &'static str),
}

/// A client's connection. All its methods take `&self` where they can, so that the server can
/// write and watch for the client's end at the same time.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    /// Received, but not yet part of a request.
    received: Vec<u8>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, received: Vec::new() }
    }

    /// Waits for the next request.
    pub(crate) async fn request(&mut self) -> Result<Request, ReadError> {
        let end = loop {
            let end = self.received.windows(4).position(|window| window == b"\r\n\r\n");
            match end {
                Some(end) => break end,
                None if self.received.len() > MAX_HEAD => {
                    return Err(ReadError::Bad(431, "the head is too large"));
                }
                None => self.receive().await.map_err(|_| ReadError::Closed)?,
            }
        };
        let rest = self.received.split_off(end + 4);
        let head = std::mem::replace(&mut self.received, rest);
        let head = String::from_utf8_lossy(&head).into_owned();
        let (mut request, length) = parse_head(&head)?;
        while self.received.len() < length {
            self.receive().await.map_err(|_| ReadError::Closed)?;
        }
        let rest = self.received.split_off(length);
        request.body = std::mem::replace(&mut self.received, rest);
        Ok(request)
    }

    /// Waits for bytes; the end of the connection is an error.
    async fn receive(&mut self) -> io::Result<()> {
        let mut buffer = [0; 8 * 1024];
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    self.received.extend_from_slice(buffer.get(..n).unwrap_or_default());
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until the client closes the connection. A client that sends its next request before
    /// the answer to this one is treated the same: nobody whom this server serves does that.
    pub(crate) async fn closed(&self) {
        let mut byte = [0; 1];
        loop {
            if self.stream.readable().await.is_err() {
                return;
            }
            match self.stream.try_read(&mut byte) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => return,
            }
        }
    }

    /// Writes all of `bytes`, `step` bytes at a time.
    pub(crate) async fn write(&self, bytes: &[u8], step: usize) -> io::Result<()> {
        let small = step < bytes.len();
        for piece in bytes.chunks(step.max(1)) {
            let mut rest = piece;
            while !rest.is_empty() {
                self.stream.writable().await?;
                match self.stream.try_write(rest) {
                    Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            if small {
                // Gives a reader on the same thread the chance to see the piece by itself.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Makes the end of the connection a reset (RST instead of FIN).
    pub(crate) fn reset(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }
}

fn parse_head(head: &str) -> Result<(Request, usize), ReadError> {
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version)) = (first.next(), first.next(), first.next())
    else {
        return Err(ReadError::Bad(400, "this is not HTTP/1.1"));
    };
    let path = target.split('?').next().unwrap_or_default();
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        keep_alive: version == "HTTP/1.1",
        ..Request::default()
    };
    let mut length = 0;
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.trim();
        request.fields.push((name.to_ascii_lowercase(), value.to_owned()));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => {
                length = value.parse().map_err(|_| ReadError::Bad(400, "bad content-length"))?;
            }
            "transfer-encoding" => {
                return Err(ReadError::Bad(411, "send a content-length, please"));
            }
            "connection" => request.keep_alive &= !value.eq_ignore_ascii_case("close"),
            "authorization" => request.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    if length > MAX_BODY {
        return Err(ReadError::Bad(413, "the body is too large"));
    }
    Ok((request, length))
}

/// The head of an answer. Without a length the body is chunked.
pub(crate) fn head(
    status: u16,
    content_type: &str,
    length: Option<usize>,
    keep_alive: bool,
    fields: &[(&str, String)],
) -> Vec<u8> {
    let mut head =
        format!("HTTP/1.1 {status} {}\r\ncontent-type: {content_type}\r\n", reason(status));
    match length {
        Some(length) => head.extend(["content-length: ", &length.to_string(), "\r\n"]),
        None => head.push_str("cache-control: no-store\r\ntransfer-encoding: chunked\r\n"),
    }
    for (name, value) in fields {
        head.extend([*name, ": ", value.as_str(), "\r\n"]);
    }
    if !keep_alive {
        head.push_str("connection: close\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// Appends `data` to `out` as one chunk of a chunked body.
pub(crate) fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    if !data.is_empty() {
        out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
        out.extend_from_slice(data);
        out.extend_from_slice(b"\r\n");
    }
}

/// The end of a chunked body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let head = "POST /v1/chat/completions?x=1 HTTP/1.1\r\nContent-Length: 5\r\n\
                    AUTHORIZATION:  Bearer k \r\nConnection: Close\r\n\r\n";
        let (request, length) = parse_head(head).unwrap();
        assert_eq!((request.path.as_str(), length), ("/v1/chat/completions", 5));
        assert_eq!(request.authorization.as_deref(), Some("Bearer k"));
        assert!(!request.keep_alive);
        assert!(parse_head("GET / HTTP/1.1\r\n\r\n").unwrap().0.keep_alive);
        for bad in [
            "x",
            "P / HTTP/1.1\r\ncontent-length: x\r\n",
            "P / HTTP/1.1\r\ncontent-length: 99999999999\r\n",
            "P / HTTP/1.1\r\ntransfer-encoding: chunked\r\n",
        ] {
            assert!(matches!(parse_head(bad), Err(ReadError::Bad(..))), "{bad}");
        }
    }

    #[test]
    fn chunks() {
        let mut out = Vec::new();
        chunk(&mut out, b"");
        chunk(&mut out, &[b'x'; 17]);
        assert_eq!(out, [&b"11\r\n"[..], &[b'x'; 17], b"\r\n"].concat());
    }
}
