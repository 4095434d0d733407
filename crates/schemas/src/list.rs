//! Pages of a list: keyset pagination.

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
    /// Where the next page begins, for `after`. Lists whose items may move between two pages have
    /// it; in others the id of the last item does the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T: ToSchema> List<T> {
    /// A page of `data`, whose ids `id` tells.
    pub fn new(data: Vec<T>, has_more: bool, id: impl Fn(&T) -> String) -> Self {
        let first_id = data.first().map(&id);
        let last_id = data.last().map(&id);
        Self { object: "list", data, first_id, last_id, has_more, next_cursor: None }
    }

    /// The same page with the place of its last item, which counts only if another page follows.
    #[must_use]
    pub fn continued_at(mut self, place: Option<impl ToString>) -> Self {
        self.next_cursor = place.filter(|_| self.has_more).map(|place| place.to_string());
        self
    }
}
