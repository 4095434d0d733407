use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};

use super::*;
use crate::config::Sources;
use models::Context;
use tempfile::TempDir;

/// A data folder with a migrated database.
struct DataFolder {
    folder: TempDir,
    config: Config,
}

impl DataFolder {
    async fn new() -> Self {
        let place = Self::empty();
        crate::migrate(place.config.clone()).await.unwrap();
        place
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags = vec![("storage.data_dir", folder.path().join("data").display().to_string())];
        let sources = Sources { flags, directory: folder.path().to_owned(), ..Sources::default() };
        Self { config: Config::load(&sources).unwrap(), folder }
    }

    /// What is in its folder.
    fn names(&self) -> Vec<String> {
        let folder = self.path("");
        let names = std::fs::read_dir(folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn database(&self) -> &Path {
        self.config.database.sqlite_path().unwrap()
    }

    async fn write(&self, name: &str) -> PathBuf {
        let target = self.path(name);
        let context = Context::system();
        write(&self.config, &context, Some(&target), &mut silent()).await.unwrap().path
    }

    async fn restore(&self, file: &Path) -> Result<Restored> {
        restore(&self.config, &Context::system(), file, false, &mut silent()).await
    }
}

fn silent() -> Progress {
    Progress::new(true)
}

async fn refusal(file: &Path) -> String {
    check(file, &mut silent()).await.unwrap_err().to_string()
}

/// Numbers that are the same at every run.
fn scattered(count: u64, below: u64) -> impl Iterator<Item = u64> {
    (1..=count).map(move |n| n.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17) % below)
}

fn flip(file: &Path, at: u64) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[usize::try_from(at).unwrap()] ^= 1 << (at % 8);
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_backup_is_a_database_with_a_manifest_behind_it() {
    let place = DataFolder::new().await;
    let file = place.write("b").await;
    let manifest = check(&file, &mut silent()).await.unwrap();
    assert_eq!(manifest.schema, migration::steps());
    assert_eq!(manifest.rows["users"], 0);
    assert_eq!(manifest.version, VERSION_NOW);
    let contents = crud::backup::inspect(&file).await.unwrap();
    assert_eq!(contents.steps, manifest.schema, "any SQLite tool reads it");
    let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
    let lines: Vec<_> = text.lines().rev().take(2).collect();
    assert!(lines[0].starts_with("chatapp-backup 1 ") && lines[1].starts_with("{\"version\""));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "it holds what people wrote");
    }
    assert!(!place.names().iter().any(|name| name.contains("unfinished")));
}

const VERSION_NOW: &str = env!("CARGO_PKG_VERSION");

#[tokio::test]
async fn every_changed_byte_is_noticed() {
    let place = DataFolder::new().await;
    let file = place.write("b").await;
    let length = std::fs::metadata(&file).unwrap().len();
    let (manifest, _) = Manifest::read(&file).unwrap();
    let tail = manifest.database_bytes..length;
    for at in scattered(200, length).chain(tail) {
        flip(&file, at);
        let text = refusal(&file).await;
        assert!(
            text.contains("copy of the backup")
                || text.contains("not a backup")
                || text.contains("newer release"),
            "{at}: {text}"
        );
        flip(&file, at);
    }
    check(&file, &mut silent()).await.unwrap();
}

#[tokio::test]
async fn a_backup_that_was_cut_off_or_grew_is_refused() {
    let place = DataFolder::new().await;
    let file = place.write("b").await;
    let whole = std::fs::read(&file).unwrap();
    let length = whole.len() as u64;
    for left in scattered(50, length).chain([0, 15, 16, 100, length - 1]) {
        let part = &whole[..usize::try_from(left).unwrap()];
        std::fs::write(&file, part).unwrap();
        let text = refusal(&file).await;
        let expected = if left < 16 { "not a backup" } else { "cut off" };
        assert!(text.contains(expected), "{left}: {text}");
    }
    std::fs::write(&file, [&whole[..], b"\n"].concat()).unwrap();
    assert!(refusal(&file).await.contains("no manifest"), "one byte more");
}

#[tokio::test]
async fn other_files_are_refused_by_name() {
    let place = DataFolder::new().await;
    let text = place.path("notes.txt");
    std::fs::write(&text, "notes, longer than a header").unwrap();
    assert!(refusal(&text).await.ends_with("notes.txt is not a backup made by chatapp backup"));
    let said = refusal(place.database()).await;
    assert!(said.contains("chatapp.db has no manifest"), "{said}");
    assert!(refusal(&place.path("nothing")).await.contains("cannot read"));

    let newer = place.write("newer").await;
    let length = std::fs::metadata(&newer).unwrap().len();
    let mut file = File::options().write(true).open(&newer).unwrap();
    file.seek(SeekFrom::Start(length - 93)).unwrap();
    file.write_all(b"chatapp-backup 2 ").unwrap();
    assert!(refusal(&newer).await.contains("made by a newer release"));
}

#[tokio::test]
async fn a_backup_of_a_newer_schema_is_refused_and_changes_nothing() {
    let place = DataFolder::new().await;
    let mut sql = testkit::sql::Sql::open(place.database()).await;
    sql.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_x', 1)")
        .await;
    drop(sql);
    let file = place.write("b").await;
    let target = DataFolder::new().await;
    let before = std::fs::read(target.database()).unwrap();
    let error = target.restore(&file).await.unwrap_err().to_string();
    assert!(error.contains("m29990101_x") && error.contains("newer"), "{error}");
    assert_eq!(std::fs::read(target.database()).unwrap(), before);
    let names = std::fs::read_dir(&target.config.storage.data_dir).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("unfinished")), "{names:?}");
}

#[tokio::test]
async fn what_is_replaced_stays_beside_it() {
    let place = DataFolder::new().await;
    let file = place.write("b").await;
    let mut sql = testkit::sql::Sql::open(place.database()).await;
    sql.execute("PRAGMA journal_mode = WAL").await;
    sql.execute("CREATE TABLE later (n INTEGER)").await;
    // Somebody with a shell keeps the row in the write-ahead log.
    let mut shell = testkit::sql::Sql::open(place.database()).await;
    shell.execute("BEGIN").await;
    shell.value("SELECT COUNT(*) FROM later").await;
    sql.execute("INSERT INTO later VALUES (7)").await;
    let done = place.restore(&file).await.unwrap();
    let log = |database: &Path| PathBuf::from(format!("{}-wal", database.display()));
    let replaced = done.replaced.unwrap();
    assert!(std::fs::metadata(log(&replaced)).unwrap().len() > 0);
    assert!(!log(place.database()).exists(), "it would be taken for the new one's");
    drop((sql, shell));
    assert!(replaced.to_string_lossy().contains("chatapp.db.replaced-20"), "{replaced:?}");
    let mut old = testkit::sql::Sql::open(&replaced).await;
    assert_eq!(old.value("SELECT n FROM later").await, "7");
    let mut new = testkit::sql::Sql::open(place.database()).await;
    assert!(new.try_execute("SELECT n FROM later").await.is_err());
    assert_eq!(done.missing_steps, 0);
}

#[tokio::test]
async fn a_broken_database_can_be_replaced() {
    let place = DataFolder::new().await;
    let file = place.write("b").await;
    let broken = "this was a database once. ".repeat(400);
    std::fs::write(place.database(), &broken).unwrap();
    let replaced = place.restore(&file).await.unwrap().replaced.unwrap();
    assert_eq!(std::fs::read(&replaced).unwrap(), broken.as_bytes());
    crud::backup::check_live(place.database()).await.unwrap();
}

#[tokio::test]
async fn a_backup_keeps_the_settings_of_the_file() {
    let place = DataFolder::new().await;
    let file = place.write("b").await;
    let target = DataFolder::empty();
    target.restore(&file).await.unwrap();
    crate::migrate(target.config.clone()).await.unwrap();
    let mut sql = testkit::sql::Sql::open(target.database()).await;
    assert_eq!(sql.value("PRAGMA auto_vacuum").await, "2", "incremental");
    assert_eq!(sql.value("PRAGMA journal_mode").await, "wal");
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_unfinished_stays() {
    let place = DataFolder::new().await;
    let file = place.write("b").await;
    let context = Context::system();
    let again = write(&place.config, &context, Some(&file), &mut silent()).await.unwrap_err();
    assert!(again.to_string().contains("exists already"), "{again}");
    // As a run that was killed leaves it.
    std::fs::write(place.path("c.old.unfinished"), "half").unwrap();
    let file = place.write("c").await;
    check(&file, &mut silent()).await.unwrap();
    assert!(!place.names().iter().any(|name| name.contains("unfinished")));
    let missing = DataFolder::empty();
    let error = write(&missing.config, &context, None, &mut silent()).await.unwrap_err();
    assert!(error.to_string().contains("no database"), "{error}");
}

#[tokio::test]
async fn only_backups_without_a_name_are_removed_the_oldest_first() {
    let place = DataFolder::new().await;
    let folder = folder(&place.config);
    let context = Context::system();
    write(&place.config, &context, None, &mut silent()).await.unwrap();
    for name in [
        "chatapp-20200101T000000Z.backup",
        "chatapp-20210101T000000Z.backup",
        "chatapp-mine.backup",
        "other",
    ] {
        std::fs::write(folder.join(name), "").unwrap();
    }
    let removed = keep_newest(&folder, 2).unwrap();
    assert_eq!(removed, [folder.join("chatapp-20200101T000000Z.backup")]);
    assert_eq!(list(&folder).unwrap().len(), 2);
    assert!(folder.join("chatapp-mine.backup").exists() && folder.join("other").exists());
    assert!(keep_newest(&folder, 9).unwrap().is_empty());
}

#[test]
fn names_made_of_the_time_are_recognised() {
    assert!(is_stamp(&stamp(Context::system().now())));
    for wrong in ["", "20261122T101112", "2026-11-22T1011Z", "20261122T101112ZZ"] {
        assert!(!is_stamp(wrong), "{wrong}");
    }
}
