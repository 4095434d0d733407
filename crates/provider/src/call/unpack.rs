//! Content codings: none is asked for, but some services compress all the same.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

/// How many packed bytes are unpacked at a time. Deflate makes at most some thousand bytes of one,
/// so that what comes of them is bounded before the limits see it.
const PIECE: usize = 512;
const GZIP: &[u8] = &[0x1F, 0x8B];

/// A coding that cannot be undone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsupported;

/// Undoes a coding as the bytes come.
pub(crate) enum Unpack {
    /// Nothing is known before the first two bytes are there.
    Unsure {
        declared_deflate: bool,
        held: Vec<u8>,
    },
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    Deflate(Box<DeflateDecoder<Vec<u8>>>),
}

impl Unpack {
    /// For a body with these header fields. What is declared only counts where the first bytes do
    /// not say something else.
    pub(crate) fn new(headers: &HeaderMap) -> Result<Self, Unsupported> {
        let values = headers.get_all(CONTENT_ENCODING).iter();
        let text = values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
        let mut codings = text
            .split(',')
            .map(|coding| coding.trim().to_ascii_lowercase())
            .filter(|coding| !matches!(coding.as_str(), "" | "identity" | "none" | "utf-8"));
        let declared_deflate = match codings.next().as_deref() {
            None | Some("gzip" | "x-gzip") => false,
            Some("deflate") => true,
            Some(_) => return Err(Unsupported),
        };
        if codings.next().is_some() {
            return Err(Unsupported);
        }
        Ok(Self::Unsure { declared_deflate, held: Vec::new() })
    }

    /// Hands what `bytes` hold to `take`, piece by piece, until it fails.
    pub(crate) fn push<E>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<io::Result<()>, E> {
        if let Self::Unsure { declared_deflate, held } = self {
            held.extend_from_slice(bytes);
            let may_be_packed = *declared_deflate || held.starts_with(&[0x1F]);
            if held.is_empty() || (held.len() < GZIP.len() && may_be_packed) {
                return Ok(Ok(()));
            }
            let bytes = std::mem::take(held);
            *self = Self::sure(&bytes, *declared_deflate);
            return self.push(&bytes, take);
        }
        if let Self::Plain = self {
            return take(bytes).map(Ok);
        }
        for piece in bytes.chunks(PIECE) {
            match self.piece(piece) {
                Ok(unpacked) => take(&unpacked)?,
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }

    /// What the first bytes say.
    fn sure(bytes: &[u8], declared_deflate: bool) -> Self {
        let is_zlib = matches!(bytes, [a, b, ..]
            if a & 0x0F == 8 && (u16::from(*a) << 8 | u16::from(*b)) % 31 == 0);
        if bytes.starts_with(GZIP) {
            Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
        } else if declared_deflate && is_zlib {
            Self::Zlib(Box::new(ZlibDecoder::new(Vec::new())))
        } else if declared_deflate && !is_plain(bytes) {
            Self::Deflate(Box::new(DeflateDecoder::new(Vec::new())))
        } else {
            Self::Plain
        }
    }

    fn piece(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        // Flushing hands out what a server has flushed, so that words come as they are written.
        let out = match self {
            Self::Unsure { .. } | Self::Plain => return Ok(piece.to_vec()),
            Self::Gzip(decoder) => {
                decoder.write_all(piece)?;
                decoder.flush()?;
                decoder.get_mut()
            }
            Self::Zlib(decoder) => {
                decoder.write_all(piece)?;
                decoder.flush()?;
                decoder.get_mut()
            }
            Self::Deflate(decoder) => {
                decoder.write_all(piece)?;
                decoder.flush()?;
                decoder.get_mut()
            }
        };
        Ok(std::mem::take(out))
    }
}

/// Whether these may be the first bytes of events, of JSON or of a page.
fn is_plain(bytes: &[u8]) -> bool {
    match bytes {
        [b'{', next, ..] => next.is_ascii_whitespace() || matches!(next, b'"' | b'}'),
        [b'[', next, ..] => next.is_ascii_whitespace() || matches!(next, b'{' | b']' | b'D'),
        [b'<', next, ..] => next.is_ascii_alphabetic() || *next == b'!',
        [b':', next, ..] => next.is_ascii_graphic() || next.is_ascii_whitespace(),
        [first, next, ..] => {
            [*b"da", *b"ev", *b"id", *b"re", *b"er", [0xEF, 0xBB]].contains(&[*first, *next])
                || first.is_ascii_whitespace() && next.is_ascii()
        }
        _ => false,
    }
}
