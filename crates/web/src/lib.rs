//! The web client: its built files, embedded or from a folder, as a service.
//!
//! It knows nothing of the API. A path that is no page and no file is answered with 404 and an
//! empty body; the caller that mounts the service says what it means.
//!
//! ```
//! let site = web::Site::embedded();
//! let router = site.router();
//! # drop(router);
//! ```

mod answer;
mod file;
mod folder;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::map_response;
use axum::response::Response;

use file::File;

include!(concat!(env!("OUT_DIR"), "/site.rs"));

/// The header that has [`Site::build`] on it.
const BUILD_HEADER: &str = "x-chatapp-build";

/// Why a folder cannot be served.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no web client in {}: it has no index.html that can be read ({reason}); build one \
     with `npm ci && npm run build` in frontend/ and name frontend/dist",
    folder.display()
)]
pub struct NoClient {
    folder: PathBuf,
    reason: std::io::Error,
}

/// The client's files.
#[derive(Debug, Clone)]
pub struct Site(Arc<Source>);

#[derive(Debug)]
enum Source {
    /// Built into the program.
    Embedded,
    /// Read for every request, so that a rebuilt client is there at once.
    Folder(PathBuf),
}

impl Site {
    /// The client that was built with the program, or the page that says why there is none.
    pub fn embedded() -> Self {
        Self(Arc::new(Source::Embedded))
    }

    /// The client in a folder.
    pub fn folder(folder: PathBuf) -> Result<Self, NoClient> {
        match std::fs::metadata(folder.join(file::INDEX)) {
            Ok(_) => Ok(Self(Arc::new(Source::Folder(folder)))),
            Err(reason) => Err(NoClient { folder, reason }),
        }
    }

    /// The name of the build, by which a page notices that it is older than the server. A folder
    /// has none: what is in it may change at any time.
    pub fn build(&self) -> Option<&'static str> {
        match *self.0 {
            Source::Embedded => BUILD,
            Source::Folder(_) => None,
        }
    }

    /// Names the build on every answer of `router`, which is the API that goes with it.
    pub fn mark(&self, router: Router) -> Router {
        let Some(build) = self.build() else { return router };
        router.layer(map_response(async move |mut response: Response| {
            response.headers_mut().insert(BUILD_HEADER, HeaderValue::from_static(build));
            response
        }))
    }

    /// The service. It answers GET and HEAD.
    pub fn router(self) -> Router {
        Router::new().fallback(serve).with_state(self)
    }

    async fn find(&self, path: &str) -> Option<File> {
        match &*self.0 {
            Source::Embedded => FILES.iter().find(|file| file.path == path).cloned(),
            Source::Folder(folder) => folder::read(folder, path).await,
        }
    }
}

/// A file of this path, or the page for every path that a person may have in the address bar.
async fn serve(State(site): State<Site>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { file::INDEX } else { path };
    if let Some(file) = site.find(path).await {
        return answer::found(&request, file);
    }
    if !answer::wants_page(&request) {
        return answer::missing();
    }
    match site.find(file::INDEX).await {
        Some(page) => answer::found(&request, page),
        None => answer::missing(),
    }
}
