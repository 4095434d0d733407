//! `/health`: for load balancers and supervisors.

use std::time::Duration;

use async_stream::stream;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;

use super::answers::Answer;
use crate::error::ApiError;
use crate::extract::Json;
use crate::sse;
use crate::state::AppState;

/// How many events the test stream has.
const TICKS: u32 = 5;
/// The pause between two of them: far longer than a network delays one, and short for whoever
/// waits.
const TICK: Duration = Duration::from_millis(250);

/// The answer of a server that is well.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Healthy {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What is away that the server can do without: `redis`. Absent when there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["redis"]))]
    degraded: Vec<&'static str>,
}

/// An event of the test stream.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StreamTick {
    /// Its number, from 1.
    n: u32,
    /// How many milliseconds have passed since the first.
    after_ms: u64,
}

/// Is the process alive
///
/// Looks at nothing but itself.
#[utoipa::path(
    get, path = "/health/live", tag = "Operation",
    responses((status = 200, description = "It is", body = Healthy))
)]
pub(crate) async fn health_live() -> Json<Healthy> {
    Json(Healthy { status: "ok", degraded: Vec::new() })
}

/// Should the server be given requests
#[utoipa::path(
    get, path = "/health/ready", tag = "Operation",
    responses(
        (status = 200, description = "It should", body = Healthy),
        (status = 503, description = "`not_ready`: it should not; `reasons` beside `error` lists why (`database`, `storage`, `draining`)", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn health_ready(State(state): State<AppState>) -> Answer<Json<Healthy>> {
    state.services.health.ready().await.map_err(ApiError::not_ready)?;
    Ok(Json(Healthy { status: "ok", degraded: state.services.health.degraded() }))
}

/// Test whether event streams arrive
///
/// Five events, a quarter of a second apart, each with the milliseconds that have passed here. If
/// they arrive together, something on the way keeps them back.
#[utoipa::path(
    get, path = "/health/stream", tag = "Operation",
    responses((status = 200, description = "The events", body = StreamTick, content_type = "text/event-stream"))
)]
pub(super) async fn health_stream() -> Response {
    let ticks = stream! {
        let began = Instant::now();
        for n in 1..=TICKS {
            let after_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let tick = serde_json::to_string(&StreamTick { n, after_ms });
            yield tick.map(|tick| Bytes::from(format!("data: {tick}\n\n")));
            if n < TICKS {
                sleep(TICK).await;
            }
        }
    };
    sse::stream(Body::from_stream(ticks))
}
