//! What every handler can reach.

use std::sync::Arc;

use services::Services;

use crate::ApiConfig;
use crate::docs::Packed;
use crate::extract::Bodies;
use crate::metrics::Metrics;
use crate::scopes::RouteScopes;

/// Shared by all requests; a clone is one reference count.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

/// The fields of [`AppState`].
pub(crate) struct Shared {
    /// The use cases.
    pub(crate) services: Services,
    /// The operator's choices.
    pub(crate) config: ApiConfig,
    /// The bodies that are being received.
    pub(crate) bodies: Bodies,
    /// Renders what was counted.
    pub(crate) metrics: Arc<dyn Metrics>,
    /// What an API key must be good for.
    pub(crate) scopes: RouteScopes,
    /// The API description, serialised once.
    pub(crate) openapi_json: Packed,
    /// The reference page made from it.
    pub(crate) docs_html: Packed,
}

impl AppState {
    /// Wraps the parts.
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl std::ops::Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
