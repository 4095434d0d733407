//! The memory of one hash, taken so that the system gets it back.
//!
//! glibc keeps freed blocks of up to 32 MiB for later, once it has seen one of that size; larger
//! ones it unmaps. So room for more is asked for, of which only what the hash uses is ever
//! touched, and an idle server does not hold 19 MiB for the next login.

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};

/// More than glibc keeps, in blocks of 1 KiB.
const UNMAPPED_WHEN_FREED: usize = 33 * 1024;

/// Hashes `password` with `salt`.
pub(super) fn hash(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
) -> password_hash::Result<PasswordHash> {
    let salt = Salt::new(salt)?;
    let output = output(argon2, password, &salt)?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(salt),
        hash: Some(output),
    })
}

/// Whether `password` leads to the `stored` hash, whatever its parameters.
pub(super) fn matches(password: &[u8], stored: &PasswordHash) -> password_hash::Result<bool> {
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Err(password_hash::Error::EncodingInvalid);
    };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
    let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(stored)?);
    // Outputs are compared in constant time.
    Ok(output(&argon2, password, salt)? == *expected)
}

fn output(argon2: &Argon2<'_>, password: &[u8], salt: &[u8]) -> password_hash::Result<Output> {
    let used = argon2.params().block_count();
    let mut blocks: Vec<Block> = Vec::new();
    blocks
        .try_reserve_exact(used.max(UNMAPPED_WHEN_FREED))
        .map_err(|_| password_hash::Error::OutOfMemory)?;
    blocks.resize(used, Block::default());
    let mut buffer = [0; Output::MAX_LENGTH];
    let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let out = buffer.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
    argon2.hash_password_into_with_memory(password, salt, out, &mut blocks)?;
    Ok(Output::new(out)?)
}
