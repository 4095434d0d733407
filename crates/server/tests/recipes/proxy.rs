//! A network that breaks: passes connections on and cuts them after so many bytes.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A relay in front of a server. Ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    cuts: Arc<Mutex<VecDeque<usize>>>,
    /// Aborted when it is dropped, and with it the set of the connections.
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// Relays to `server` (`http://HOST:PORT`). Each connection, in order, is cut after the next
    /// of these numbers of bytes from the server; when there are none left, none is cut.
    pub(crate) async fn start(server: &str, cuts: impl IntoIterator<Item = usize>) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let cuts = Arc::new(Mutex::new(cuts.into_iter().collect::<VecDeque<_>>()));
        let left = Arc::clone(&cuts);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let cut = left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let upstream = TcpStream::connect(&server).await.expect("the server listens");
                connections.spawn(relay(client, upstream, cut.unwrap_or(usize::MAX)));
            }
        });
        Self { address, cuts, _accepting: accepting }
    }

    /// Its own address, as clients see the server.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many cuts were not made.
    pub(crate) fn cuts_left(&self) -> usize {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Copies both ways until either side ends or `budget` bytes have come from the server, then
/// closes both.
async fn relay(client: TcpStream, server: TcpStream, budget: usize) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, usize::MAX) => {}
        () = copy(from_server, to_client, budget) => {}
    }
}

async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, budget: usize) {
    let mut left = budget;
    let mut buffer = vec![0; 4096];
    while left > 0 {
        let room = left.min(buffer.len());
        let Ok(length @ 1..) = from.read(&mut buffer[..room]).await else { return };
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
        left -= length;
    }
}
