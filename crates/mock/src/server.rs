//! The listening server.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use provider::script::{Script, Tally};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::ledger::{Ledger, ReceivedCall};
use crate::shared::{Models, Shared};
use crate::{answer, connection};

/// How long [`MockServer::wait_for`] waits.
const PATIENCE: Duration = Duration::from_secs(20);
/// The pause after a failed accept, which mostly means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A scripted OpenAI-compatible server. Dropping it ends its connections.
#[derive(Debug)]
pub struct MockServer {
    addr: SocketAddr,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    /// Ends the tasks, at the latest when the server is dropped.
    closing: DropGuard,
}

impl MockServer {
    /// Listens on `addr`; port 0 takes a free one.
    pub async fn start(addr: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            ledger: Ledger::new(),
            tally: Tally::default(),
            scripts: Mutex::default(),
            models: Mutex::new(Models {
                offered: answer::usual_models(),
                refusal: None,
                asked: Vec::new(),
            }),
            connections: AtomicU64::new(0),
        });
        let closing = CancellationToken::new();
        let tasks = TaskTracker::new();
        let accept = accept(listener, Arc::clone(&shared), tasks.clone(), closing.clone());
        tasks.spawn(accept);
        Ok(Self { addr, shared, tasks, closing: closing.drop_guard() })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address for a client's configuration, such as `http://127.0.0.1:4010/v1`.
    pub fn base_url(&self) -> String {
        let mut addr = self.addr;
        match addr {
            SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
                addr.set_ip(Ipv4Addr::LOCALHOST.into());
            }
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
                addr.set_ip(Ipv6Addr::LOCALHOST.into());
            }
            _ => {}
        }
        format!("http://{addr}/v1")
    }

    /// Lets the next call that has no script yet follow `script`, whatever model it names.
    pub fn push(&self, script: Script) {
        let mut scripts = self.shared.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        scripts.push_back(script);
    }

    /// Lists these models, each with its window if it has one, instead of the usual ones.
    pub fn set_models(&self, models: &[(&str, Option<u32>)]) {
        self.models().offered =
            models.iter().map(|(id, window)| ((*id).to_owned(), *window)).collect();
    }

    /// Refuses to list models, with this status.
    pub fn refuse_list(&self, status: u16) {
        self.models().refusal = Some(status);
    }

    /// The header fields of the requests for the list of models, names in small letters.
    pub fn listings(&self) -> Vec<Vec<(String, String)>> {
        self.models().asked.clone()
    }

    fn models(&self) -> MutexGuard<'_, Models> {
        self.shared.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calls so far, oldest first; of very many only the newest.
    pub fn calls(&self) -> Vec<ReceivedCall> {
        self.shared.ledger.view(<[ReceivedCall]>::to_vec)
    }

    /// Waits until `f` finds what it looks for in the calls.
    ///
    /// # Panics
    ///
    /// After 20 s, naming `what` was waited for.
    #[expect(clippy::panic, reason = "tests use it, and its panic is their failure")]
    pub async fn wait_for<T>(&self, what: &str, f: impl Fn(&[ReceivedCall]) -> Option<T>) -> T {
        let mut changes = self.shared.ledger.subscribe();
        let found = timeout(PATIENCE, async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = self.shared.ledger.view(&f) {
                    return Some(found);
                }
                if changes.changed().await.is_err() {
                    return None;
                }
            }
        });
        match found.await {
            Ok(Some(found)) => found,
            _ => panic!("waited in vain for {what}; calls: {:?}", self.calls()),
        }
    }

    /// Serves until `shutdown` is ready, then ends its connections.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        self.stop().await;
    }

    /// Ends its connections and waits for its tasks.
    pub async fn stop(self) {
        let Self { tasks, closing, .. } = self;
        drop(closing);
        tasks.close();
        tasks.wait().await;
    }
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    closing: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection broke at once");
                    continue;
                }
                let number = shared.connections.fetch_add(1, Ordering::Relaxed);
                let serve = connection::serve(stream, number, Arc::clone(&shared));
                let closing = closing.clone();
                tasks.spawn(async move {
                    tokio::select! {
                        () = closing.cancelled() => {}
                        () = serve => {}
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
