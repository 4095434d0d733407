//! Files that are read when they are asked for.

use std::borrow::Cow;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::file::File;

/// The file at `path`, if the folder has it. No path leads out of the folder.
pub(crate) async fn read(folder: &Path, path: &str) -> Option<File> {
    let bytes = tokio::fs::read(below(folder, path)?).await.ok()?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Some(File {
        path: Cow::Owned(path.to_owned()),
        bytes: Cow::Owned(bytes),
        gzip: None,
        digest: Cow::Owned(format!("{:016x}", hasher.finish())),
    })
}

/// Where a file of this path would be: every part is a plain name, as the build makes them.
fn below(folder: &Path, path: &str) -> Option<PathBuf> {
    let plain = |part: &str| {
        !part.starts_with('.')
            && !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    path.split('/').all(plain).then(|| folder.join(path))
}
