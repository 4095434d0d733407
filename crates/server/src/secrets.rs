//! The secret that signs tokens: given by the operator, or generated once and kept in a file.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use auth::{SecretKey, WeakSecret};
use crud::{CrudError, Db};
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::Config;
use crate::files;

/// The name of the file in the data folder.
const FILE_NAME: &str = "secret_key";

/// What is wrong when a database was used with another secret.
pub(crate) const OTHER_SECRET: &str = "A server of this database signs tokens with another secret: each of the two refuses what the \
     other has issued, and people are logged out as the balancer chooses.";
/// What to do about it.
pub(crate) const SAME_SECRET: &str = "Give all servers of a database the same SECRET_KEY. If it was changed on purpose, set \
     SECRET_KEY_PREVIOUS to the old one on all of them.";

/// The secrets of this server.
#[derive(Debug)]
pub struct Secrets {
    /// Signs new tokens.
    pub current: SecretKey,
    /// Its tokens are accepted too.
    pub previous: Option<SecretKey>,
    /// The file that was made for it just now, worth being told about once.
    pub created: Option<PathBuf>,
}

/// Why there is no secret to work with. The messages say what to do.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file is gone, but the database is not.
    #[error(
        "the secret {} is missing, but the database {} exists. It was probably left behind when \
         the database was copied; with a new one every login would end. Put the file back, or \
         set SECRET_KEY to the secret used before. To end every login and go on: \
         (umask 077; openssl rand -hex 32 > {})",
        file.display(), database.display(), file.display()
    )]
    Missing {
        /// Where the secret should be.
        file: PathBuf,
        /// The database.
        database: PathBuf,
    },
    /// The file holds no usable secret.
    #[error(
        "the file {} holds no usable secret: {source}. It was probably cut or edited; put the \
         right one back, or set SECRET_KEY", file.display()
    )]
    Weak {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: WeakSecret,
    },
    /// The system refused to read or write.
    #[error(
        "cannot use {}: {source}. Check who owns the data folder, or choose another with \
         --data-dir", path.display()
    )]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Secrets {
    /// The configured secrets, or the one in the data folder, which is made if neither it nor a
    /// database exists yet. Call this before the database is opened.
    pub fn load(config: &Config) -> Result<Self, SecretsError> {
        let data_dir = &config.storage.data_dir;
        let database = config.database.sqlite_path();
        if config.auth.secret_key.is_none() || database.is_some() {
            Self::make_folder(data_dir)?;
        }
        let previous = config.auth.secret_key_previous.clone();
        if let Some(current) = config.auth.secret_key.clone() {
            return Ok(Self { current, previous, created: None });
        }
        let file = Self::file(config);
        if let Some(current) = read(&file)? {
            crud::private::keep(&file);
            return Ok(Self { current, previous, created: None });
        }
        if let Some(database) = database.filter(|path| path.exists()) {
            return Err(SecretsError::Missing { file, database: database.to_owned() });
        }
        create(&file)?;
        match read(&file)? {
            Some(current) => Ok(Self { current, previous, created: Some(file) }),
            None => Err(failed(&file, io::ErrorKind::NotFound.into())),
        }
    }

    /// The secrets whose tokens are accepted, the current one first.
    pub fn accepted(&self) -> Vec<SecretKey> {
        std::iter::once(&self.current).chain(&self.previous).cloned().collect()
    }

    /// Warns if another server of this database signs with another secret.
    pub async fn compare(&self, db: &Db) -> Result<(), CrudError> {
        let current = self.current.fingerprint();
        let accepted = self.accepted().iter().map(SecretKey::fingerprint).collect();
        if crud::secret::note(db, current, accepted).await? {
            tracing::warn!("{OTHER_SECRET} {SAME_SECRET}");
        }
        Ok(())
    }

    /// The file of a secret that is not configured.
    pub fn file(config: &Config) -> PathBuf {
        config.storage.data_dir.join(FILE_NAME)
    }

    /// The secrets whose tokens a server of this configuration takes, as far as there are any;
    /// changes nothing.
    pub fn existing(config: &Config) -> Result<Vec<SecretKey>, SecretsError> {
        let current = match config.auth.secret_key.clone() {
            Some(current) => Some(current),
            None => read(&Self::file(config))?,
        };
        Ok(current.into_iter().chain(config.auth.secret_key_previous.clone()).collect())
    }

    /// Whether there is a secret, or none yet and none needed; changes nothing.
    pub fn look(config: &Config) -> Result<bool, SecretsError> {
        let file = Self::file(config);
        if config.auth.secret_key.is_some() || read(&file)?.is_some() {
            return Ok(true);
        }
        match config.database.sqlite_path().filter(|path| path.exists()) {
            Some(database) => Err(SecretsError::Missing { file, database: database.to_owned() }),
            None => Ok(false),
        }
    }

    /// Makes a secret where neither the configuration nor the data folder has one, for a database
    /// that comes from elsewhere. The file, if it was made.
    pub fn create_if_missing(config: &Config) -> Result<Option<PathBuf>, SecretsError> {
        let file = Self::file(config);
        if config.auth.secret_key.is_some() || file.exists() {
            return Ok(None);
        }
        create(&file)?;
        Ok(Some(file))
    }

    /// Makes the data folder for its owner only; one that exists keeps its mode.
    pub fn make_folder(path: &Path) -> Result<(), SecretsError> {
        make_private_folder(path).map_err(|error| failed(path, error))
    }
}

/// Makes a folder, and those above it, for their owner only.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn failed(path: &Path, source: io::Error) -> SecretsError {
    SecretsError::File { path: path.to_owned(), source }
}

fn read(file: &Path) -> Result<Option<SecretKey>, SecretsError> {
    let text = match fs::read_to_string(file) {
        Ok(text) => SecretString::from(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(file, error)),
    };
    SecretKey::parse(text)
        .map(Some)
        .map_err(|source| SecretsError::Weak { file: file.to_owned(), source })
}

/// Writes a new secret under a name of its own and then gives it the right one, so that a crash
/// leaves no half-written file and two starters agree on one secret.
fn create(file: &Path) -> Result<(), SecretsError> {
    match write_new(file) {
        // Another starter was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map_err(|error| failed(file, error)),
    }
}

fn write_new(file: &Path) -> io::Result<()> {
    let mut unfinished = files::unfinished(file)?;
    unfinished.write_all(SecretKey::generate().expose_secret().as_bytes())?;
    unfinished.write_all(b"\n")?;
    files::publish(unfinished, file)
}

#[cfg(test)]
mod tests;
