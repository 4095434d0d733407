//! What a person looks for, and whether a text has it.

use std::ops::Range;

use crate::term::{Term, cut, is_cut, pair};
use crate::unit::{Unit, UnitKind, units};

/// The longest query, in characters.
pub const MAX_CHARS: usize = 256;
/// The most pieces, parted by spaces, of a query.
pub const MAX_PIECES: usize = 16;
/// From how many letters on the beginning of a word finds it.
const MIN_BEGINNING_CHARS: usize = 3;
/// The most places of one piece that are marked in a text.
const MAX_PLACES: usize = 100;

/// Why a text is no query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryError {
    /// Nothing in it can be looked for.
    Empty,
    /// More than [`MAX_CHARS`] characters.
    TooLong,
    /// More than [`MAX_PIECES`] pieces.
    TooManyPieces,
}

/// What a person looks for: pieces, all of which a text must have, in any order.
///
/// Nothing in it has a meaning of its own: `%`, `*`, quotes and the like stand for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pieces: Vec<Vec<Unit>>,
}

/// How well a text fits; the greater the better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Whether the pieces stand side by side in their order.
    pub is_phrase: bool,
    /// Whether every piece is there as whole words.
    pub is_whole: bool,
}

/// Where a text has what was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How well it fits.
    pub rank: Rank,
    /// Where, in bytes, in order, without overlaps.
    pub places: Vec<Range<usize>>,
    /// Which of the places says most.
    pub best: usize,
}

/// A place where a piece is.
struct Hit {
    /// Its first unit.
    unit: usize,
    is_whole: bool,
}

impl Query {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.chars().count() > MAX_CHARS {
            return Err(QueryError::TooLong);
        }
        let mut pieces: Vec<Vec<Unit>> = Vec::new();
        for unit in units(text) {
            match pieces.last_mut() {
                Some(piece) if unit.is_joined => piece.push(unit),
                _ => pieces.push(vec![unit]),
            }
        }
        match pieces.len() {
            0 => Err(QueryError::Empty),
            count if count > MAX_PIECES => Err(QueryError::TooManyPieces),
            _ => Ok(Self { pieces }),
        }
    }

    /// What every text that this query finds has among its [`terms`](crate::terms).
    pub fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::new();
        for piece in &self.pieces {
            for (n, unit) in piece.iter().enumerate() {
                let next = piece.get(n + 1);
                let term = match &unit.kind {
                    UnitKind::Word { folded, .. } if is_cut(folded) => Term::Whole(cut(folded)),
                    UnitKind::Word { folded, .. } if next.is_none() && is_beginning(folded) => {
                        Term::Beginning(cut(folded))
                    }
                    UnitKind::Word { folded, .. } => Term::Whole(cut(folded)),
                    UnitKind::Wide(_) => match next.map(|next| &next.kind) {
                        Some(UnitKind::Wide(_)) => Term::Whole(pair(unit, next)),
                        // Its right neighbour in the text may be anything, unless a pair says more.
                        _ if n > 0 && is_wide(piece.get(n - 1)) => continue,
                        _ => Term::Beginning(pair(unit, None)),
                    },
                    UnitKind::Sign(sign) => Term::Whole(cut(sign)),
                };
                if !terms.contains(&term) {
                    terms.push(term);
                }
            }
        }
        terms
    }

    /// Whether and where a text has all pieces.
    pub fn find(&self, text: &str) -> Option<Found> {
        let units = units(text);
        let mut hits = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            let found = hits_of(piece, &units);
            if found.is_empty() {
                return None;
            }
            hits.push(found);
        }
        let phrase = self.phrase(&hits, &units);
        let rank = Rank {
            is_phrase: phrase.is_some(),
            is_whole: hits.iter().all(|hits| hits.iter().any(|hit| hit.is_whole)),
        };
        let anchor = phrase
            .or_else(|| hits.iter().flatten().find(|hit| hit.is_whole).map(|hit| hit.unit))
            .unwrap_or(0);
        let places = self.places(&hits, &units);
        let at = units.get(anchor).map_or(0, |unit| unit.place.start);
        let best = places.iter().position(|place| place.end > at).unwrap_or(0);
        Some(Found { rank, places, best })
    }

    /// The first unit of the first place where all pieces stand side by side.
    fn phrase(&self, hits: &[Vec<Hit>], units: &[Unit]) -> Option<usize> {
        let (first, _) = hits.split_first()?;
        first.iter().map(|hit| hit.unit).find(|begin| {
            let mut at = *begin;
            self.pieces.iter().all(|piece| {
                let fits = fits(piece, units, at).is_some();
                at += piece.len();
                fits
            })
        })
    }

    fn places(&self, hits: &[Vec<Hit>], units: &[Unit]) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        for (piece, hits) in self.pieces.iter().zip(hits) {
            for hit in hits {
                let first = units.get(hit.unit).map(|unit| unit.place.start);
                let last = units.get(hit.unit + piece.len() - 1).map(|unit| unit.place.end);
                places.extend(first.zip(last).map(|(start, end)| start..end));
            }
        }
        places.sort_unstable_by_key(|place| (place.start, place.end));
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(places.len());
        for place in places {
            match merged.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                _ => merged.push(place),
            }
        }
        merged
    }
}

fn is_wide(unit: Option<&Unit>) -> bool {
    matches!(unit, Some(Unit { kind: UnitKind::Wide(_), .. }))
}

/// Whether the beginning of a word is enough to find it.
fn is_beginning(folded: &str) -> bool {
    folded.chars().nth(MIN_BEGINNING_CHARS - 1).is_some()
}

/// The places of a piece in a text.
fn hits_of(piece: &[Unit], units: &[Unit]) -> Vec<Hit> {
    (0..units.len())
        .filter_map(|unit| fits(piece, units, unit).map(|is_whole| Hit { unit, is_whole }))
        .take(MAX_PLACES)
        .collect()
}

/// Whether a piece is at this place of a text, and then whether as whole words.
fn fits(piece: &[Unit], units: &[Unit], at: usize) -> Option<bool> {
    let found = units.get(at..at + piece.len())?;
    let mut is_whole = true;
    for (n, (wanted, unit)) in piece.iter().zip(found).enumerate() {
        if n > 0 && !unit.is_joined {
            return None;
        }
        let is_last = n + 1 == piece.len();
        match (&wanted.kind, &unit.kind) {
            (UnitKind::Word { folded: wanted, .. }, UnitKind::Word { folded, starts }) => {
                let starts = if n == 0 { starts.as_slice() } else { &[0] };
                let may_begin = is_last && is_beginning(wanted);
                is_whole &= fits_word(wanted, folded, starts, may_begin)?;
            }
            (UnitKind::Wide(wanted), UnitKind::Wide(text))
            | (UnitKind::Sign(wanted), UnitKind::Sign(text)) => {
                if wanted != text {
                    return None;
                }
            }
            _ => return None,
        }
    }
    Some(is_whole)
}

fn fits_word(wanted: &str, folded: &str, starts: &[usize], may_begin: bool) -> Option<bool> {
    if wanted == folded {
        return Some(true);
    }
    starts
        .iter()
        .filter_map(|start| folded.get(*start..))
        .any(|rest| rest == wanted || (may_begin && rest.starts_with(wanted)))
        .then_some(false)
}
