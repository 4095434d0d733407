//! Finds the files with conversations in a ZIP archive.

use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use zip::ZipReadOptions;
use zip::read::{Config, OwnedZipFileEntry};
use zip::unstable::read::ZipIterable;

use super::{ReadError, Reader, Record, Unreadable, Values};
use crate::loose;

/// What an archive may unpack to, however small it is.
const ANY_SIZE: u64 = 1 << 30;

/// Reads all of them, in the order of their names.
pub(super) fn read<R, F>(mut file: R, reader: &mut Reader<'_, F>) -> Result<(), ReadError>
where
    R: Read + Seek,
    F: FnMut(Record) -> ControlFlow<()>,
{
    let limits = reader.limits;
    let too_large = || ReadError::ArchiveTooLarge(limits.archive_files);
    let packed = file.seek(SeekFrom::End(0))?;
    let mut left = ANY_SIZE
        .saturating_add(packed.saturating_mul(limits.archive_ratio))
        .min(limits.archive_bytes);
    for (name, entry) in members(&mut file, reader)? {
        let base = base(&name);
        // Archives hold other JSON, too: profiles, feedback, lists of what was shared.
        let is_expected = base.starts_with("conversation") || base.starts_with("chat");
        let shown = loose::short(&name);
        let mut values = Values::new(Some(shown), is_expected, reader);
        let mut member = match entry.as_ref().with_reader(&mut file, ZipReadOptions::new()) {
            Ok(member) => member.take(left),
            Err(error) => {
                if values.fail(None, Unreadable::Unpacking(error.to_string())).is_break() {
                    return Ok(());
                }
                continue;
            }
        };
        let flow = match values.read(&mut member) {
            Ok(flow) => flow,
            // A damaged member does not take the others with it.
            Err(error) => values.fail(None, Unreadable::Unpacking(error.to_string())),
        };
        left = member.limit();
        if flow.is_break() {
            return Ok(());
        }
        if left == 0 {
            return Err(too_large());
        }
    }
    Ok(())
}

/// The files that may have conversations. The list is read entry by entry, so that one that says
/// it is long takes no memory for what it says.
fn members<R: Read + Seek, F>(
    file: &mut R,
    reader: &Reader<'_, F>,
) -> Result<Vec<(String, OwnedZipFileEntry)>, ReadError> {
    let limits = reader.limits;
    let too_large = || ReadError::ArchiveTooLarge(limits.archive_files);
    let mut archive = ZipIterable::try_new(file, Config::default())?;
    let mut begin = None;
    let mut found: Vec<(String, OwnedZipFileEntry)> = Vec::new();
    for (count, entry) in archive.files()?.enumerate() {
        let entry = entry?;
        let at = entry.central_header_start();
        let bytes = at.saturating_sub(*begin.get_or_insert(at));
        if count >= limits.archive_files || bytes > limits.archive_list_bytes {
            return Err(too_large());
        }
        let Ok(name) = entry.name() else { continue };
        let is_json = [".json", ".jsonl", ".ndjson"].iter().any(|end| base(&name).ends_with(end));
        if is_json {
            let name = name.into_owned();
            found.push((name, entry.into()));
        }
    }
    // conversations-000.json, conversations-001.json …: in their order.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// The last part of a name, in small letters.
fn base(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase()
}
