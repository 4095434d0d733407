//! The application as a service.

use std::sync::Arc;

use axum::extract::Request;
use axum::{Extension, Router, middleware};
use services::Services;
use utoipa_axum::router::OpenApiRouter;

use crate::extract::{Bodies, BodyLimits};
use crate::metrics::{Metrics, Upkeep, upkeep};
use crate::middleware::{Hosts, KnownQueries, bounds, cors, known_hosts, known_queries, observe};
use crate::openapi::documented;
use crate::scopes::RouteScopes;
use crate::state::{AppState, Shared};
use crate::{ApiConfig, docs, routes};

/// Every route with everything around it, and behind them `site`, which answers with 404 what it
/// does not have. Serialises the API description and makes the reference page once.
pub fn router(
    services: Services,
    config: ApiConfig,
    metrics: Arc<dyn Metrics>,
    site: Router,
) -> Router {
    let bodies = Bodies::new(&config);
    let auth_limits = BodyLimits {
        bytes: config.max_auth_body_bytes,
        time: config.body_timeout,
        bodies: bodies.clone(),
    };
    let auth = routes::auth_routes().layer(Extension(auth_limits));
    let (router, document) =
        documented(OpenApiRouter::new().merge(auth).merge(routes::other_routes()));
    // The document consists of strings and numbers; serialising it cannot fail.
    let openapi_json = docs::Packed::new(document.to_pretty_json().unwrap_or_default());
    let queries = KnownQueries::from_document(&document);
    let router = wrap(router, queries, &config, bodies.clone(), site);
    let router = router.layer(middleware::from_fn_with_state(Upkeep::new(metrics.clone()), upkeep));
    let docs_html = docs::Packed::new(docs::reference(&document));
    let scopes = RouteScopes::from_document(&document);
    let shared = Shared { services, config, bodies, metrics, scopes, openapi_json, docs_html };
    router.with_state(AppState::new(shared))
}

/// Puts the fallbacks and the middleware around routes.
pub(crate) fn wrap<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    queries: KnownQueries,
    config: &ApiConfig,
    bodies: Bodies,
    site: Router,
) -> Router<S> {
    let limits = BodyLimits { bytes: config.max_body_bytes, time: config.body_timeout, bodies };
    let router = router
        .fallback(move |request: Request| routes::unmatched(site.clone(), request))
        .method_not_allowed_fallback(routes::method_not_supported)
        .layer(middleware::from_fn_with_state(queries, known_queries))
        // Routes with a limit of their own have set it further in, which wins.
        .layer(Extension(limits));
    let router = match cors(&config.cors_origins) {
        Some(layer) => router.layer(layer),
        None => router,
    };
    let hosts = Hosts::new(config);
    let router = router.layer(middleware::from_fn_with_state(hosts, known_hosts));
    router.layer(middleware::from_fn(bounds)).layer(middleware::from_fn(observe))
}
