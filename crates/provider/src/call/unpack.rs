//! Content codings: none is asked for, but some services compress all the same.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

/// How many packed bytes are unpacked at a time. Deflate makes at most some thousand bytes of one,
/// so that what comes of them is bounded before the limits see it.
const PIECE: usize = 512;
/// How many a decoder is given at a time. It hands out what it has unpacked when it is given more,
/// so that a fault takes nothing with it of what came before.
const ONE: usize = 1;
const GZIP: &[u8] = &[0x1F, 0x8B];

/// What the header fields say of the coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    /// Nothing, or one that its first bytes tell.
    Plain,
    Deflate,
    /// One that is not known here.
    Unknown,
}

/// Undoes codings as the bytes come. There may be two, the service's and a relay's, whatever is
/// declared.
#[derive(Default)]
pub(crate) struct Unpack {
    outer: Coding,
    inner: Coding,
}

/// A coding that is undone.
#[derive(Default)]
enum Coding {
    /// Nothing is known before the first two bytes are there.
    Unsure {
        declared: Declared,
        held: Vec<u8>,
    },
    #[default]
    Plain,
    Gzip(Box<GzDecoder<Vec<u8>>>),
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    Deflate(Box<DeflateDecoder<Vec<u8>>>),
    /// What was packed is at its end; what stands behind it is nothing.
    Over,
}

/// Why an unpacked piece was not taken.
enum Refused<E> {
    Packed(io::Error),
    Taker(E),
}

impl Unpack {
    /// For a body with these header fields. What is declared only counts where the first bytes do
    /// not say something else.
    pub(crate) fn new(headers: &HeaderMap) -> Self {
        let values = headers.get_all(CONTENT_ENCODING).iter();
        let text = values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
        let codings = text.split(',').map(|coding| coding.trim().to_ascii_lowercase());
        let mut declared = Declared::Plain;
        for coding in codings {
            declared = match coding.as_str() {
                "" | "identity" | "none" | "utf-8" | "gzip" | "x-gzip" => declared,
                "deflate" if declared == Declared::Plain => Declared::Deflate,
                _ => Declared::Unknown,
            };
        }
        Self { outer: Coding::unsure(declared), inner: Coding::unsure(Declared::Plain) }
    }

    /// Whether all that came is held back, since its coding is not known.
    pub(crate) fn holds_unknown(&self) -> bool {
        matches!(&self.outer, Coding::Unsure { declared: Declared::Unknown, held } if !held.is_empty())
    }

    /// Hands what `bytes` hold to `take`, piece by piece, until it fails.
    pub(crate) fn push<E>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<io::Result<()>, E> {
        let Self { outer, inner } = self;
        let pushed = outer.push(bytes, |piece| match inner.push(piece, &mut take) {
            Ok(unpacked) => unpacked.map_err(Refused::Packed),
            Err(error) => Err(Refused::Taker(error)),
        });
        match pushed {
            Ok(unpacked) => Ok(unpacked),
            Err(Refused::Packed(error)) => Ok(Err(error)),
            Err(Refused::Taker(error)) => Err(error),
        }
    }
}

impl Coding {
    fn unsure(declared: Declared) -> Self {
        Self::Unsure { declared, held: Vec::new() }
    }

    fn push<E>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<io::Result<()>, E> {
        if let Self::Unsure { declared, held } = self {
            held.extend_from_slice(bytes);
            let may_be_packed = *declared != Declared::Plain || held.starts_with(&[0x1F]);
            if held.is_empty() || (held.len() < GZIP.len() && may_be_packed) {
                return Ok(Ok(()));
            }
            let (bytes, declared) = (std::mem::take(held), *declared);
            *self = match Self::sure(&bytes, declared) {
                Ok(sure) => sure,
                Err(error) => return Ok(Err(error)),
            };
            return self.push(&bytes, take);
        }
        match self {
            Self::Over => return Ok(Ok(())),
            Self::Plain => return take(bytes).map(Ok),
            _ => {}
        }
        for piece in bytes.chunks(PIECE) {
            let (unpacked, result) = self.piece(piece);
            // What came before a fault says what it can.
            take(&unpacked)?;
            match result {
                Ok(false) => {}
                Ok(true) => {
                    *self = Self::Over;
                    break;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }

    /// What the first bytes say.
    fn sure(bytes: &[u8], declared: Declared) -> io::Result<Self> {
        let is_zlib = matches!(bytes, [a, b, ..]
            if a & 0x0F == 8 && (u16::from(*a) << 8 | u16::from(*b)) % 31 == 0);
        let is_deflate = declared == Declared::Deflate;
        Ok(if bytes.starts_with(GZIP) {
            Self::Gzip(Box::new(GzDecoder::new(Vec::new())))
        } else if declared == Declared::Plain || is_plain(bytes) {
            Self::Plain
        } else if is_deflate && is_zlib {
            Self::Zlib(Box::new(ZlibDecoder::new(Vec::new())))
        } else if is_deflate {
            Self::Deflate(Box::new(DeflateDecoder::new(Vec::new())))
        } else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the coding is not known"));
        })
    }

    /// What a piece holds, and whether it has more behind the end of what was packed.
    fn piece(&mut self, piece: &[u8]) -> (Vec<u8>, io::Result<bool>) {
        // Flushing hands out what a server has flushed, so that words come as they are written.
        fn all(decoder: &mut impl Write, piece: &[u8]) -> io::Result<bool> {
            for byte in piece.chunks(ONE) {
                decoder.write_all(byte)?;
            }
            decoder.flush()?;
            Ok(false)
        }
        match self {
            Self::Gzip(decoder) => {
                let result = members(decoder, piece);
                (std::mem::take(decoder.get_mut()), result)
            }
            Self::Zlib(decoder) => {
                let result = all(decoder, piece);
                (std::mem::take(decoder.get_mut()), result)
            }
            Self::Deflate(decoder) => {
                let result = all(decoder, piece);
                (std::mem::take(decoder.get_mut()), result)
            }
            Self::Unsure { .. } | Self::Plain | Self::Over => (piece.to_vec(), Ok(false)),
        }
    }
}

/// Unpacks the members of gzip in a piece; whether something else follows them.
fn members(decoder: &mut GzDecoder<Vec<u8>>, mut piece: &[u8]) -> io::Result<bool> {
    let mut is_new = false;
    while !piece.is_empty() {
        let length = decoder.write(piece.get(..ONE).unwrap_or(piece))?;
        if length > 0 {
            piece = piece.get(length..).unwrap_or_default();
            is_new = false;
            continue;
        }
        // A member is at its end.
        if is_new || !GZIP.starts_with(piece.get(..1).unwrap_or_default()) {
            return Ok(true);
        }
        decoder.try_finish()?;
        let unpacked = std::mem::take(decoder.get_mut());
        *decoder = GzDecoder::new(unpacked);
        is_new = true;
    }
    decoder.flush()?;
    Ok(false)
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
