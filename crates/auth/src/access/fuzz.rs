//! A way around the signature, for the fuzz targets (`fuzz/`). Not part of the program.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;

use super::AccessTokens;

impl AccessTokens {
    /// A token with any header and any claims, signed with the current secret as ours are.
    pub fn forge(&self, header: &[u8], claims: &[u8]) -> Option<String> {
        let encoded = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let key = &self.current.encoding;
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, Algorithm::HS256);
        Some(format!("{message}.{}", signature.ok()?))
    }

    /// The name of the current key in a header.
    pub fn key_id(&self) -> String {
        self.current.id.clone()
    }
}
