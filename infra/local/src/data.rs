//! The folder a local run keeps everything in, and the lock that keeps it to one process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A folder that belongs to this process until it ends, however it ends.
pub struct DataFolder {
    path: PathBuf,
    /// Held, not read: the system lets go of the lock when the process is gone.
    _lock: File,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("another process uses the data in `{0}`; stop it, or give another folder with --data")]
    InUse(String),
    #[error("the data folder `{path}` cannot be used")]
    Io {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl DataFolder {
    /// Takes the folder, creating it when it is not there.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let shown = || path.display().to_string();
        let failed = |source| DataError::Io { path: shown(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let name = path.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(name);
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(shown())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// A file or folder inside.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_takes_one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::open(folder.path()).unwrap();
        let second = DataFolder::open(folder.path());
        assert!(matches!(second, Err(DataError::InUse(_))));
        drop(first);
        DataFolder::open(folder.path()).unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        fs::write(&path, "").unwrap();
        let error = DataFolder::open(&path).map(drop).unwrap_err();
        assert!(error.to_string().contains("data"), "{error}");
    }
}
