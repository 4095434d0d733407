//! Keeps the one connection: makes it, listens on it, and makes another when it is lost.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, PushInfo, PushKind, RedisError, RedisResult, Value};
use tokio::time::Instant;

use crate::{Bus, Shared, words};

/// The pause before the first new attempt, and the longest one. Pauses double in between.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);
/// A connection that lasted so long was a good one.
const GOOD: Duration = Duration::from_secs(5);
/// How many requests may wait for the connection; those that find no place wait for their turn,
/// within their time limit.
const REQUESTS: usize = 1024;
/// What a new connection is tried with.
const TRIAL: &str = "chatapp:trial";

impl Bus {
    /// Keeps the bus connected for as long as this is polled. While nobody publishes, reads or
    /// begins to listen it sends nothing.
    pub async fn keep(&self) {
        let shared = &*self.0;
        let _closing = Closing(shared);
        let (mut pause, mut reported) = (SHORTEST, false);
        loop {
            match connect(&self.0).await {
                Ok((connection, subscribed, number)) => {
                    tracing::info!("Redis is connected; events reach other servers at once");
                    let since = Instant::now();
                    serve(shared, connection, subscribed, number).await;
                    let reason = std::mem::take(&mut shared.lock().reason);
                    tracing::warn!(
                        reason,
                        "Redis is away; followers on other servers read the database"
                    );
                    (reported, pause) =
                        (true, if since.elapsed() > GOOD { SHORTEST } else { pause });
                }
                Err(error) if !reported => {
                    tracing::warn!(
                        reason = words(&error),
                        "Redis is away; followers on other servers read the database"
                    );
                    reported = true;
                }
                Err(error) => tracing::debug!(reason = words(&error), "Redis is still away"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}

impl Bus {
    /// Connects once and does what will be done often; the error says what is in the way.
    pub async fn check(&self) -> Result<(), String> {
        let _closing = Closing(&self.0);
        connect(&self.0).await.map(drop).map_err(|error| words(&error))
    }
}

/// Closes the connection when the keeper goes.
struct Closing<'a>(&'a Shared);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let number = self.0.lock().number;
        self.0.drop_connection(number, String::new);
    }
}

/// A connection that works, subscribed to what is listened to, and its number.
async fn connect(
    shared: &Arc<Shared>,
) -> RedisResult<(MultiplexedConnection, HashSet<String>, u64)> {
    let number = {
        let mut link = shared.lock();
        link.number += 1;
        link.number
    };
    let timeout = shared.options.timeout;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout))
        .set_pipeline_buffer_size(REQUESTS)
        .set_push_sender(hear(Arc::downgrade(shared), number));
    let mut connection =
        shared.client.get_multiplexed_async_connection_with_config(&config).await?;
    let wanted = shared.subscriptions.channels();
    if !wanted.is_empty() {
        connection.subscribe(wanted.iter().collect::<Vec<_>>()).await?;
    }
    try_out(&mut connection).await?;
    shared.lock().connection = Some(connection.clone());
    shared.set_up(true);
    Ok((connection, wanted, number))
}

/// Does once what will be done often, so that a Redis that is full, read-only or may not be used
/// is away from the beginning, instead of coming and going.
async fn try_out(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    redis::pipe()
        .cmd("XADD")
        .arg(TRIAL)
        .arg(("MAXLEN", "~", 1, "*", 0, ""))
        .cmd("PEXPIRE")
        .arg((TRIAL, 1000))
        .cmd("PUBLISH")
        .arg((TRIAL, ""))
        .cmd("XRANGE")
        .arg((TRIAL, "-", "+", "COUNT", 1))
        .exec_async(connection)
        .await
}

/// Takes what Redis says unasked.
fn hear(
    shared: Weak<Shared>,
    number: u64,
) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static {
    move |PushInfo { kind, data }| {
        let shared = shared.upgrade().ok_or(())?;
        match (kind, data.first()) {
            (PushKind::Message, Some(Value::BulkString(channel))) => {
                shared.subscriptions.notify(std::str::from_utf8(channel).map_err(drop)?);
            }
            (PushKind::Disconnection, _) => {
                shared.drop_connection(number, || "it has closed the connection".to_owned());
            }
            _ => {}
        }
        Ok(())
    }
}

/// Listens to what is wanted, until the connection is lost.
async fn serve(
    shared: &Shared,
    mut connection: MultiplexedConnection,
    mut subscribed: HashSet<String>,
    number: u64,
) {
    loop {
        tokio::select! {
            () = shared.lost.notified() => {}
            () = shared.subscriptions.changed.notified() => {}
        }
        {
            let link = shared.lock();
            if link.number != number || link.connection.is_none() {
                return;
            }
        }
        if let Err(error) = subscribe(shared, &mut connection, &mut subscribed).await {
            shared.lose(number, &error);
        }
    }
}

async fn subscribe(
    shared: &Shared,
    connection: &mut MultiplexedConnection,
    subscribed: &mut HashSet<String>,
) -> Result<(), RedisError> {
    let wanted = shared.subscriptions.channels();
    let fresh: Vec<&String> = wanted.difference(subscribed).collect();
    if !fresh.is_empty() {
        connection.subscribe(&fresh).await?;
        for channel in fresh {
            shared.subscriptions.notify(channel);
        }
    }
    let stale: Vec<&String> = subscribed.difference(&wanted).collect();
    if !stale.is_empty() {
        connection.unsubscribe(&stale).await?;
    }
    *subscribed = wanted;
    Ok(())
}
