use std::path::Path;

use super::*;
use crate::config::Sources;

const KEY: &str = "3d1c5e7f9b2a4860d1e3f5a7b9c2d4e6";

fn config(folder: &Path, variables: &[(&str, &str)]) -> Config {
    let data_dir = folder.join("data");
    let sources = Sources { directory: folder.to_owned(), ..Sources::default() }
        .with("CHATAPP_STORAGE__DATA_DIR", data_dir.as_os_str());
    let sources =
        variables.iter().fold(sources, |sources, (name, value)| sources.with(name, *value));
    Config::load(&sources).unwrap()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_a_secret_and_the_next_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &[]);
    let first = Secrets::load(&config).unwrap();
    let file = folder.path().join("data/secret_key");
    assert_eq!(first.created.as_deref(), Some(file.as_path()));
    #[cfg(unix)]
    {
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(&folder.path().join("data")), 0o700);
    }
    fs::write(folder.path().join("data/chatapp.db"), "").unwrap();
    let second = Secrets::load(&config).unwrap();
    assert_eq!(second.created, None);
    assert_eq!(second.current.fingerprint(), first.current.fingerprint());
    assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 2, "nothing is left");
}

#[test]
fn a_database_without_its_secret_is_refused_with_the_ways_out() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &[]);
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/chatapp.db"), "").unwrap();
    let error = Secrets::load(&config).unwrap_err();
    assert!(matches!(error, SecretsError::Missing { .. }));
    let text = error.to_string();
    assert!(text.contains("SECRET_KEY") && text.contains("openssl rand -hex 32"), "{text}");
    assert!(!folder.path().join("data/secret_key").exists());
}

#[test]
fn a_given_secret_needs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(
        folder.path(),
        &[("SECRET_KEY", KEY), ("SECRET_KEY_PREVIOUS", &KEY.replace('3', "8"))],
    );
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/chatapp.db"), "").unwrap();
    let secrets = Secrets::load(&config).unwrap();
    assert!(secrets.created.is_none() && secrets.previous.is_some());
    assert!(!folder.path().join("data/secret_key").exists());
}

#[test]
fn a_cut_file_is_refused_without_being_shown_or_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &[]);
    fs::create_dir(folder.path().join("data")).unwrap();
    let file = folder.path().join("data/secret_key");
    fs::write(&file, "3d1c5e7f9b").unwrap();
    let error = Secrets::load(&config).unwrap_err();
    assert!(matches!(error, SecretsError::Weak { .. }));
    assert!(!format!("{error} {error:?}").contains("3d1c5e7f9b"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "3d1c5e7f9b");
}

#[test]
fn many_starters_agree_on_one_secret() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &[]);
    let fingerprints: Vec<String> = std::thread::scope(|scope| {
        let starters: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Secrets::load(&config).unwrap().current.fingerprint()))
            .collect();
        starters.into_iter().map(|starter| starter.join().unwrap()).collect()
    });
    assert!(fingerprints.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), "a file").unwrap();
    let error = Secrets::load(&config(folder.path(), &[])).unwrap_err();
    assert!(error.to_string().contains("--data-dir"), "{error}");
}
