//! Every target over its whole corpus.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::TARGETS;

/// The most bytes of all corpora together: they are examples, not what a run has learnt.
const MAX_BYTES: u64 = 300 * 1024;

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind)
}

#[test]
fn every_target_holds_for_its_corpus() {
    let mut broken = Vec::new();
    for target in TARGETS {
        let folder = folder("corpus").join(target.name);
        let files = names(&folder);
        assert!(files.len() >= 3, "{} has hardly any corpus", target.name);
        for file in files {
            let input = std::fs::read(folder.join(&file)).unwrap();
            if catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).is_err() {
                broken.push(format!("{}/{file}", target.name));
            }
            // Cut off, as what comes over a network may be.
            for end in [input.len() / 3, input.len() / 2, input.len().saturating_sub(1)] {
                if catch_unwind(AssertUnwindSafe(|| (target.run)(&input[..end]))).is_err() {
                    broken.push(format!("{}/{file}, its first {end} bytes", target.name));
                }
            }
        }
        (target.run)(b"");
    }
    assert!(broken.is_empty(), "these inputs break their target: {broken:#?}");
}

#[test]
fn there_is_no_corpus_or_dictionary_without_a_target() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "names are there once");
    assert_eq!(names(&folder("corpus")), targets);
    assert!(names(&folder("dictionaries")).is_subset(&targets));
}

#[test]
fn the_corpora_are_small() {
    let mut bytes = 0;
    for target in names(&folder("corpus")) {
        let folder = folder("corpus").join(target);
        for file in names(&folder) {
            bytes += std::fs::metadata(folder.join(file)).unwrap().len();
        }
    }
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}
