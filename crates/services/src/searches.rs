//! Search in everything a user wrote and was answered.
//!
//! The database proposes rows; what they are found by, and how well, is decided here by
//! [`search::Query`], so that every engine gives the same answers.

mod backlog;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use auth::Actor;
use crud::search_docs::{self, Proposed, SearchDocKind};
use models::{Time, UserId};
use schemas::Invalid;
use schemas::search::{Highlight, SearchKind, SearchPage, SearchPlace, SearchResult, Standing};
use search::{Found, MAX_CHARS, MAX_PIECES, Query, QueryError, Segment};

use crate::core::Core;
use crate::error::{Error, Result};

/// How many rows are put in order together. Were all, a frequent word would take long.
const WINDOW: u64 = 200;
/// How many rows are read at once.
const READ: usize = 50;
/// How many bytes of text are read before a window ends early.
const WINDOW_BYTES: usize = 1024 * 1024;
/// How many windows one request looks at, should it find little in them.
const WINDOWS: usize = 5;

/// The use case of search.
#[derive(Debug, Clone)]
pub struct Searches {
    core: Arc<Core>,
    /// Whether older texts are still being made searchable.
    is_indexing: Arc<AtomicBool>,
}

/// What was found in a window.
struct Hit {
    standing: Standing,
    result: SearchResult,
}

/// Rows that are put in order together.
struct Window {
    hits: Vec<Hit>,
    /// The newest row and the oldest; `None` when there are no rows.
    span: Option<(i64, i64)>,
    /// Below which row the next window begins; `None` when nothing is left.
    next: Option<i64>,
}

/// A text that may have what is looked for.
struct Candidate {
    doc: i64,
    created_at: Time,
    text: String,
    result: SearchResult,
}

impl Searches {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, is_indexing: Arc::default() }
    }

    /// A page of what `owner` finds with `q`: titles first, then messages of every branch. Of more
    /// than 200 proposed, those stored last are put in order first, then those before them.
    pub async fn search(
        &self,
        actor: &Actor,
        q: &str,
        limit: u32,
        place: Option<SearchPlace>,
    ) -> Result<SearchPage> {
        let owner = actor.user_id;
        let query = Arc::new(Query::parse(q).map_err(invalid)?);
        let limit = limit as usize;
        let mut data = Vec::new();
        let mut at = place.or(Some(begin(SearchDocKind::Titles)));
        for _ in 0..WINDOWS {
            let Some(place) = at.filter(|_| data.len() < limit) else { break };
            let window = self.window(owner, &query, place).await?;
            let mut hits = window.hits;
            hits.retain(|hit| place.shown.is_none_or(|shown| hit.standing < shown));
            hits.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.standing));
            let rest = hits.len() > limit - data.len();
            hits.truncate(limit - data.len());
            let last = hits.last().map(|hit| hit.standing);
            data.extend(hits.into_iter().map(|hit| hit.result));
            at = match (window.span, window.next) {
                (Some((newest, oldest)), _) if rest => {
                    Some(SearchPlace { newest, oldest, shown: last, ..place })
                }
                (_, Some(next)) => {
                    Some(SearchPlace { newest: next, oldest: next, shown: None, ..place })
                }
                (_, None) => place.is_title.then(|| begin(SearchDocKind::Messages)),
            };
        }
        Ok(SearchPage {
            object: "list",
            data,
            has_more: at.is_some(),
            next_cursor: at.map(|place| place.to_string()),
            indexing: self.is_indexing.load(Ordering::Relaxed),
        })
    }

    /// The window that a place is in, or the one behind it.
    async fn window(
        &self,
        owner: UserId,
        query: &Arc<Query>,
        place: SearchPlace,
    ) -> Result<Window> {
        let kind = if place.is_title { SearchDocKind::Titles } else { SearchDocKind::Messages };
        let (below, floor) = match place.shown {
            Some(_) => (place.newest.saturating_add(1), place.oldest),
            None => (place.oldest, 0),
        };
        let db = &self.core.db;
        let Proposed { mut docs, mut next } =
            search_docs::propose(db, owner, kind, &query.terms(), below, WINDOW).await?;
        if docs.last().is_some_and(|last| *last < floor) {
            docs.retain(|doc| *doc >= floor);
            next = Some(floor);
        }
        let mut hits = Vec::new();
        let mut bytes = 0;
        let mut oldest = None;
        let mut chunks = docs.chunks(READ);
        for chunk in &mut chunks {
            let candidates = self.read(owner, kind, chunk).await?;
            bytes += candidates.iter().map(|candidate| candidate.text.len()).sum::<usize>();
            let query = query.clone();
            // Taking texts apart is work for a processor; streams shall not wait for it.
            let found = tokio::task::spawn_blocking(move || {
                candidates.into_iter().filter_map(|candidate| hit(&query, candidate)).collect()
            });
            let found: Vec<Hit> = found.await.map_err(Error::internal)?;
            hits.extend(found);
            oldest = chunk.last().copied();
            if bytes >= WINDOW_BYTES {
                break;
            }
        }
        if chunks.next().is_some() {
            next = oldest;
        }
        Ok(Window { hits, span: docs.first().copied().zip(oldest), next })
    }

    async fn read(
        &self,
        owner: UserId,
        kind: SearchDocKind,
        docs: &[i64],
    ) -> Result<Vec<Candidate>> {
        let db = &self.core.db;
        Ok(match kind {
            SearchDocKind::Titles => {
                let rows = search_docs::list_titles(db, owner, docs).await?;
                rows.into_iter().map(title).collect()
            }
            SearchDocKind::Messages => {
                let rows = search_docs::list_messages(db, owner, docs).await?;
                rows.into_iter().map(message).collect()
            }
        })
    }
}

/// The place before the first of a kind.
fn begin(kind: SearchDocKind) -> SearchPlace {
    let is_title = kind == SearchDocKind::Titles;
    SearchPlace { is_title, newest: i64::MAX, oldest: i64::MAX, shown: None }
}

fn title(row: search_docs::TitleText) -> Candidate {
    Candidate {
        doc: row.doc,
        created_at: row.created_at,
        result: SearchResult {
            kind: SearchKind::Title,
            conversation_id: row.id,
            conversation_title: row.title.clone(),
            message_id: None,
            role: None,
            snippet: String::new(),
            highlights: Vec::new(),
            created_at: row.created_at,
        },
        text: row.title,
    }
}

fn message(row: search_docs::MessageText) -> Candidate {
    Candidate {
        doc: row.doc,
        created_at: row.created_at,
        result: SearchResult {
            kind: SearchKind::Message,
            conversation_id: row.conversation_id,
            conversation_title: row.title,
            message_id: Some(row.id),
            role: row.role,
            snippet: String::new(),
            highlights: Vec::new(),
            created_at: row.created_at,
        },
        text: row.content,
    }
}

/// What a text is found by, if it is.
fn hit(query: &Query, candidate: Candidate) -> Option<Hit> {
    let Candidate { doc, created_at, text, mut result } = candidate;
    let found = query.find(&text)?;
    let segments = match result.kind {
        SearchKind::Title => search::marked(&text, &found),
        SearchKind::Message => search::snippet(&text, &found),
    };
    (result.snippet, result.highlights) = joined(segments);
    let Found { rank, .. } = found;
    let level = u8::from(rank.is_phrase) * 2 + u8::from(rank.is_whole);
    let standing = Standing { level, micros: created_at.timestamp_micros().max(0), doc };
    Some(Hit { standing, result })
}

fn joined(segments: Vec<Segment>) -> (String, Vec<Highlight>) {
    let (mut text, mut highlights, mut at) = (String::new(), Vec::new(), 0);
    for segment in segments {
        let start = at;
        at += segment.text.encode_utf16().count();
        text.push_str(&segment.text);
        if segment.is_match {
            highlights.push(Highlight { start, end: at });
        }
    }
    (text, highlights)
}

fn invalid(error: QueryError) -> Invalid {
    let rule = match error {
        QueryError::Empty => {
            "q must name something to look for; white space alone finds nothing".to_owned()
        }
        QueryError::TooLong => format!("q must be at most {MAX_CHARS} characters long"),
        QueryError::TooManyPieces => {
            format!("q must be at most {MAX_PIECES} words; leave out those that say least")
        }
    };
    Invalid::new("q", rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highlights_are_counted_in_utf16() {
        let segment = |text: &str, is_match| Segment { text: text.to_owned(), is_match };
        let segments = vec![segment("a 🦀 ", false), segment("日本", true), segment("!", false)];
        let (text, highlights) = joined(segments);
        assert_eq!(text, "a 🦀 日本!");
        assert_eq!(highlights, [Highlight { start: 5, end: 7 }]);
    }
}
