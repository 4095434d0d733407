//! Pages of a list: keyset pagination with ids as cursors.

use serde::Serialize;
use utoipa::ToSchema;

/// The size of a page when the client asks for none.
pub const DEFAULT_LIMIT: u32 = 20;
/// The largest page.
pub const MAX_LIMIT: u32 = 100;

/// One page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<T: ToSchema> {
    /// Always `list`.
    #[schema(example = "list")]
    pub object: &'static str,
    /// The items of this page.
    pub data: Vec<T>,
    /// Id of the first item of this page.
    pub first_id: Option<String>,
    /// Id of the last item of this page.
    pub last_id: Option<String>,
    /// Whether another page follows in the direction asked.
    pub has_more: bool,
}

impl<T: ToSchema> List<T> {
    /// A page of `data`, whose ids `id` tells.
    pub fn new(data: Vec<T>, has_more: bool, id: impl Fn(&T) -> String) -> Self {
        let first_id = data.first().map(&id);
        let last_id = data.last().map(&id);
        Self { object: "list", data, first_id, last_id, has_more }
    }
}
