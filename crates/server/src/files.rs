//! Files that get their name when they are whole and on disk, or never.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// How the names of unfinished files end.
const SUFFIX: &str = ".unfinished";

/// An empty file beside `target` that only its owner may read. It is removed when it is dropped
/// without having been published, and one that a killed process left when the next one is made.
pub fn unfinished(target: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = target.file_name().map_or_else(OsString::new, OsString::from);
    prefix.push(".");
    let folder = folder_of(target);
    remove_abandoned(folder, &prefix);
    loop {
        let file = Builder::new().prefix(&prefix).suffix(SUFFIX).tempfile_in(folder)?;
        // The lock says that a process is at it. Where there are no locks, nothing is taken for
        // abandoned either.
        let _ = file.as_file().lock();
        // Unless a process came in between, which holds the lock until it is removed.
        if file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes the files of this prefix that nobody has locked.
fn remove_abandoned(folder: &Path, prefix: &OsStr) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if !name.starts_with(prefix.as_encoded_bytes()) || !name.ends_with(SUFFIX.as_bytes()) {
            continue;
        }
        let Ok(file) = File::open(entry.path()) else { continue };
        if file.try_lock().is_ok() {
            // What cannot be removed is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Gives a finished file its name, in the place of what had it.
pub fn replace(file: NamedTempFile, target: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(target)?;
    sync_folder_of(target);
    Ok(())
}

/// Gives a finished file its name.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when something has that name already.
pub fn publish(file: NamedTempFile, target: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    match file.persist_noclobber(target) {
        Ok(_) => {}
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(failed.error);
        }
        // Some file systems can only replace.
        Err(failed) => drop(failed.file.persist(target)?),
    }
    sync_folder_of(target);
    Ok(())
}

/// Makes a new name survive a power loss; not every file system can.
fn sync_folder_of(file: &Path) {
    let _ = File::open(folder_of(file)).and_then(|folder| folder.sync_all());
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_has_its_name_when_it_is_whole() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("a");
        let names = || {
            let names = std::fs::read_dir(place.path()).unwrap();
            names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        let mut one = unfinished(&target).unwrap();
        assert!(names()[0].starts_with("a.") && names()[0].ends_with(SUFFIX));
        one.write_all(b"one").unwrap();
        let mut two = unfinished(&target).unwrap();
        two.write_all(b"two").unwrap();
        publish(one, &target).unwrap();
        let error = publish(two, &target).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&target).unwrap(), b"one");
        let mut three = unfinished(&target).unwrap();
        three.write_all(b"three").unwrap();
        replace(three, &target).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"three");
        // As a process that was killed leaves it, and one of another file's.
        for left in ["a.old.unfinished", "b.old.unfinished"] {
            std::fs::write(place.path().join(left), "half").unwrap();
        }
        drop(unfinished(&target).unwrap());
        let mut names = names();
        names.sort();
        assert_eq!(names, ["a", "b.old.unfinished"], "nothing else stays");
    }
}
