//! A network that breaks on command: a relay in front of a server of any kind.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What happens to a connection whose client sends the bytes that are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is cut; the server never gets them.
    Lost,
    /// The server gets them and answers, and the connection is cut instead of the answer.
    ReplyLost,
    /// The server gets them when [`FaultProxy::release`] says so, though the client be gone.
    Late,
}

/// A relay. Ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Aborted when it is dropped, and with it the set of the connections.
    _accepting: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Shared {
    /// After how many bytes from the server the next connections are cut.
    cuts: Mutex<VecDeque<usize>>,
    /// What is waited for, and the faults that are still to happen there.
    faults: Mutex<(Vec<u8>, VecDeque<Option<Fault>>)>,
    /// Whether new connections are cut at once.
    is_off: AtomicBool,
    /// Cancelled to cut all connections that are open.
    open: Mutex<CancellationToken>,
    /// Cancelled to carry nothing over them any more.
    alive: Mutex<CancellationToken>,
    /// Cancelled to deliver what is late.
    held: Mutex<CancellationToken>,
}

impl FaultProxy {
    /// Relays to `server`: `HOST:PORT`, or `http://HOST:PORT`.
    pub async fn start(server: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared::default());
        let mut accepting = JoinSet::new();
        let everyone = Arc::clone(&shared);
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let budget = lock(&everyone.cuts).pop_front().unwrap_or(usize::MAX);
                let relay = relay(client, server.clone(), budget, Arc::clone(&everyone));
                connections.spawn(relay);
            }
        });
        Self { address, shared, _accepting: accepting }
    }

    /// Its own address, as clients of an HTTP server see that.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts each of the next connections after so many bytes from the server.
    pub fn cut_after(&self, lengths: impl IntoIterator<Item = usize>) {
        lock(&self.shared.cuts).extend(lengths);
    }

    /// How many cuts were not made.
    pub fn cuts_left(&self) -> usize {
        lock(&self.shared.cuts).len()
    }

    /// Does this, in order, to those who send `bytes` from now on, in one piece; `None` lets one pass.
    pub fn fail_at(&self, bytes: &[u8], faults: impl IntoIterator<Item = Option<Fault>>) {
        *lock(&self.shared.faults) = (bytes.to_vec(), faults.into_iter().collect());
    }

    /// How many of these have not been sent yet.
    pub fn faults_left(&self) -> usize {
        lock(&self.shared.faults).1.len()
    }

    /// Delivers what is late.
    pub fn release(&self) {
        std::mem::take(&mut *lock(&self.shared.held)).cancel();
    }

    /// Cuts what is open and what comes until [`FaultProxy::restore`].
    pub fn cut_off(&self) {
        self.shared.is_off.store(true, Ordering::SeqCst);
        self.cut_all();
    }

    /// Ends [`FaultProxy::cut_off`].
    pub fn restore(&self) {
        self.shared.is_off.store(false, Ordering::SeqCst);
    }

    /// Resets every connection that is open.
    pub fn cut_all(&self) {
        std::mem::take(&mut *lock(&self.shared.open)).cancel();
    }

    /// Lets every connection that is open hang, as if the other machine had lost its power. New
    /// ones work.
    pub fn strand_all(&self) {
        std::mem::take(&mut *lock(&self.shared.alive)).cancel();
    }
}

impl Shared {
    /// What is to happen to a connection on which a client sends this.
    fn fault(&self, sent: &[u8]) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let (bytes, left) = &mut *faults;
        let sends = !bytes.is_empty() && sent.windows(bytes.len()).any(|part| part == bytes);
        if sends { left.pop_front().flatten() } else { None }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock is held leaves whole values behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Copies both ways until either side ends or a fault happens, then closes both.
async fn relay(mut client: TcpStream, server: String, budget: usize, shared: Arc<Shared>) {
    let open = lock(&shared.open).clone();
    let alive = lock(&shared.alive).clone();
    if shared.is_off.load(Ordering::SeqCst) {
        return;
    }
    // A server that is away is a client's connection that ends.
    let Ok(mut server) = TcpStream::connect(&server).await else { return };
    let is_reset = tokio::select! {
        biased;
        () = open.cancelled() => true,
        () = copy(&mut client, &mut server, budget, &shared, &alive) => false,
    };
    if is_reset {
        // Closing with this makes the system say "connection reset" instead of "end".
        let _ = client.set_zero_linger();
    }
}

async fn copy(
    client: &mut TcpStream,
    server: &mut TcpStream,
    budget: usize,
    shared: &Shared,
    alive: &CancellationToken,
) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let deaf = AtomicBool::new(false);
    tokio::select! {
        biased;
        () = alive.cancelled() => std::future::pending().await,
        () = requests(from_client, to_server, shared, &deaf) => {}
        () = replies(from_server, to_client, budget, &deaf) => {}
    }
}

async fn requests(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    shared: &Shared,
    deaf: &AtomicBool,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        match shared.fault(&buffer[..length]) {
            None => {}
            Some(Fault::Lost) => return,
            Some(Fault::ReplyLost) => deaf.store(true, Ordering::SeqCst),
            Some(Fault::Late) => {
                let held = lock(&shared.held).clone();
                held.cancelled().await;
                deaf.store(true, Ordering::SeqCst);
            }
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn replies(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, budget: usize, deaf: &AtomicBool) {
    let mut left = budget;
    let mut buffer = vec![0; 16 * 1024];
    while left > 0 {
        let room = left.min(buffer.len());
        let Ok(length @ 1..) = from.read(&mut buffer[..room]).await else { return };
        if deaf.load(Ordering::SeqCst) || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
        left -= length;
    }
}
