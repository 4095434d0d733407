//! The bus between servers: what one of them generates, the others hear of at once.
//!
//! It is Redis, and it is optional in every respect. Nothing is kept there that is not in the
//! database or will be in a moment; it may be slow, full, emptied or gone at any time, and
//! its users go on without it. Every operation has a time limit, and the first one that
//! fails makes the bus [`Away`] for everybody until a new connection works.
//!
//! It carries two things: *streams*, numbered lines that are kept for a while
//! ([`Bus::publish`], [`Bus::read`]), and *notifications*, which say that there is a reason to poll
//! ([`Bus::notify`], [`Bus::subscribe`]) and nothing else. Knows nothing of responses or servers.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use bus::{Address, Batch, Bus, Keys, Options};
//!
//! async fn talk() -> Result<(), Box<dyn std::error::Error>> {
//!     let address: Address = "redis://127.0.0.1:6379".parse()?;
//!     let keys = Keys::new(&[7; 32], &[]);
//!     let options = Options { timeout: Duration::from_secs(1), ..Options::default() };
//!     let bus = Bus::new(address, keys, options)?;
//!     let talk = async {
//!         let subscription = bus.subscribe("a channel");
//!         subscription.notified().await;
//!         let batch = Batch { stream: "a", channel: "a channel", first: 0, last: 0, lines: "one\n" };
//!         bus.publish(batch).await?;
//!         assert_eq!(bus.read("a", 0).await?[0].lines, b"one\n");
//!         Ok::<_, bus::Away>(())
//!     };
//!     tokio::select! {
//!         () = bus.keep() => {}
//!         talked = talk => talked?,
//!     }
//!     Ok(())
//! }
//! ```

mod address;
mod keeper;
mod keys;
mod stream;
mod subscriptions;

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError};
use tokio::sync::{Notify, watch};

pub use address::{Address, BadAddress};
pub use keys::Keys;
pub use stream::{Batch, Entry};
pub use subscriptions::Subscription;

use subscriptions::Subscriptions;

/// Times and bounds.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long one operation may take, connecting included.
    pub timeout: Duration,
    /// How many batches a stream keeps, roughly.
    pub length: u32,
    /// How long a stream is kept after its newest batch.
    pub retention: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(1), length: 1000, retention: Duration::from_mins(2) }
    }
}

/// The bus cannot be used now. It has said why in the log, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Redis is away")]
pub struct Away;

/// A bus. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus(Arc<Shared>);

struct Shared {
    client: Client,
    keys: Keys,
    options: Options,
    subscriptions: Subscriptions,
    link: Mutex<Link>,
    /// Whether a batch was met that none of our servers has signed; said once.
    met_forgery: AtomicBool,
    /// Wakes the keeper when the connection is lost.
    lost: Notify,
    /// Whether there is a connection; for those who wait for one.
    up: watch::Sender<bool>,
}

/// The one connection.
#[derive(Default)]
struct Link {
    connection: Option<MultiplexedConnection>,
    /// Counts the connections, so that the failure of an old one does not end a new one.
    number: u64,
    /// Why the newest was lost.
    reason: String,
}

impl fmt::Debug for Shared {
    /// The client knows a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Bus {
    /// A bus that is away until [`Bus::keep`] runs. What is published is signed with `keys`, and
    /// nothing else is read. Fails when `address` cannot be used at all.
    pub fn new(address: Address, keys: Keys, options: Options) -> Result<Self, BadAddress> {
        let client = address.client()?;
        metrics::gauge!("chatapp_bus_up").set(0.0);
        Ok(Self(Arc::new(Shared {
            client,
            keys,
            options,
            subscriptions: Subscriptions::default(),
            link: Mutex::default(),
            met_forgery: AtomicBool::new(false),
            lost: Notify::new(),
            up: watch::Sender::new(false),
        })))
    }

    /// Whether the bus can be used, as far as is known.
    pub fn is_up(&self) -> bool {
        *self.0.up.borrow()
    }

    /// Waits until the bus can be used.
    pub async fn wait_up(&self) {
        // The sender lives as long as the bus.
        let _ = self.0.up.subscribe().wait_for(|up| *up).await;
    }

    /// Notifies the subscribers of a channel, on every server.
    pub async fn notify(&self, channel: &str) -> Result<(), Away> {
        let (mut connection, number) = self.0.connection()?;
        let sent = redis::cmd("PUBLISH").arg(channel).arg("").exec_async(&mut connection).await;
        sent.map_err(|error| self.0.lose(number, &error))
    }

    /// Subscribes to a channel until the [`Subscription`] is dropped.
    pub fn subscribe(&self, channel: impl Into<String>) -> Subscription {
        Subscription::new(self.0.clone(), channel.into())
    }
}

impl Shared {
    // A panic while the lock is held leaves at worst a connection that fails.
    fn lock(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection and its number.
    fn connection(&self) -> Result<(MultiplexedConnection, u64), Away> {
        let link = self.lock();
        Ok((link.connection.clone().ok_or(Away)?, link.number))
    }

    /// Gives a connection up because of an error, unless that was done before.
    fn lose(&self, number: u64, error: &RedisError) -> Away {
        self.drop_connection(number, || words(error));
        Away
    }

    fn drop_connection(&self, number: u64, reason: impl FnOnce() -> String) {
        let dropped = {
            let mut link = self.lock();
            if link.number != number || link.connection.is_none() {
                return;
            }
            link.reason = reason();
            link.connection.take()
        };
        drop(dropped);
        self.set_up(false);
        self.lost.notify_one();
    }

    fn set_up(&self, up: bool) {
        metrics::gauge!("chatapp_bus_up").set(f64::from(u8::from(up)));
        self.up.send_replace(up);
        self.subscriptions.notify_all();
    }
}

/// What went wrong, for the log. An error of the library repeats itself and may quote data.
fn words(error: &RedisError) -> String {
    if error.is_timeout() {
        return "it does not answer in time".to_owned();
    }
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("it says {code} {detail}"),
        (Some(code), None) => format!("it says {code}"),
        (None, _) => error.to_string(),
    }
}
