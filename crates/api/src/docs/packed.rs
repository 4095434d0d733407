//! A text that is large enough to be sent compressed.

use std::io::Write as _;
use std::sync::OnceLock;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// A text in both its forms. It is compressed when a client first asks for that, once.
#[derive(Debug)]
pub(crate) struct Packed {
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

impl Packed {
    /// Of a text.
    pub(crate) fn new(text: impl Into<Bytes>) -> Self {
        Self { plain: text.into(), gzip: OnceLock::new() }
    }

    /// The form for a request with these headers, and whether that is gzip.
    pub(crate) fn for_client(&self, headers: &HeaderMap) -> (Bytes, bool) {
        let gzip = || self.gzip.get_or_init(|| compress(&self.plain)).clone();
        match Some(headers).filter(|headers| takes_gzip(headers)).and_then(|_| gzip()) {
            Some(gzip) => (gzip, true),
            None => (self.plain.clone(), false),
        }
    }
}

/// Writing to memory has no reason to fail; if it does, the text is sent as it is.
fn compress(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether gzip is named and not refused with `q=0` (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).iter();
    let codings = named.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    codings.map(|coding| coding.split_once(';').unwrap_or((coding, ""))).any(|(name, weight)| {
        let weight = weight.trim().strip_prefix("q=").map(str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("gzip") && weight != Some(Ok(0.0))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn asking(coding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, coding.parse().unwrap())])
    }

    #[test]
    fn a_text_is_compressed_for_who_takes_it() {
        let text = "a text that says the same, ".repeat(100);
        let packed = Packed::new(text.clone());
        for coding in ["gzip", "br, GZIP;q=0.5", "deflate,gzip"] {
            let (bytes, is_gzip) = packed.for_client(&asking(coding));
            assert!(is_gzip && bytes.len() < text.len() / 4, "{coding}");
            let mut read = String::new();
            flate2::read::GzDecoder::new(bytes.as_ref()).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
        for headers in [HeaderMap::new(), asking("br"), asking("gzip;q=0"), asking("identity")] {
            assert_eq!(packed.for_client(&headers), (Bytes::from(text.clone()), false));
        }
    }
}
