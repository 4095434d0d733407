//! What no route takes.

use crate::error::ApiError;

/// No route has this path.
pub(crate) async fn unknown_url() -> ApiError {
    ApiError::unknown_url()
}

/// A route has this path, but not with this method.
pub(crate) async fn method_not_supported() -> ApiError {
    ApiError::method_not_supported()
}
