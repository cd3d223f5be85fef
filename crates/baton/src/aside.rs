//! A folder for what is needed for a while, gone at the end, and those that killed programs left behind.
//!
//! Whoever uses a folder holds a lock on a file in it. A folder whose lock can be had is used by nobody.

use rusqlite::Connection;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// What the names of the folders begin with.
const PREFIX: &str = "orgwarden-connector-";
const LOCK: &str = "lock";

/// A folder of our own; removed when it is dropped.
#[derive(Debug)]
pub struct Aside {
    // Let go of first, because some systems remove no file that is in use.
    _lock: File,
    folder: TempDir,
}

impl Aside {
    /// Makes a folder in another one, and removes those of this user's that nobody uses any more.
    pub fn make(within: &Path) -> io::Result<Aside> {
        let folder = private_folder(PREFIX, within)?;
        sweep(within, &folder.path().symlink_metadata()?);
        // Without a lock a folder is not swept, so it gets one that is held already.
        let unlocked = folder.path().join("unlocked");
        let lock = File::create(&unlocked)?;
        // Some file systems know no locks; a folder there is left to whoever tidies it up.
        if lock.lock().is_ok() {
            std::fs::rename(&unlocked, folder.path().join(LOCK))?;
        }
        Ok(Aside { _lock: lock, folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Has SQLite keep its own temporary files here, in the whole program. Left alone it knows only the system's
    /// folders and the current one, none of which can be written to on a read-only root.
    ///
    /// Call it before any database is opened.
    pub fn take_sqlite_in(&self) -> Result<(), rusqlite::Error> {
        // Deprecated because it is not safe beside other threads that use SQLite; there are none yet.
        let folder = self.folder.path().display().to_string();
        let database = Connection::open_in_memory()?;
        database.pragma_update(None, "temp_store_directory", folder)
    }
}

/// A new folder within another, for nobody but its owner.
fn private_folder(prefix: &str, within: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir_in(within)
}

/// Removes what nobody uses any more, of the user whose folder `own` is. What cannot be removed is left to the next
/// one.
fn sweep(within: &Path, own: &Metadata) {
    let Ok(entries) = std::fs::read_dir(within) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(PREFIX));
        // Nobody else could put anything into a folder of ours, such as a pipe for its lock, which would never open.
        let is_ours = is_ours && entry.metadata().is_ok_and(|found| is_alike(&found, own));
        if !is_ours {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK)) else {
            continue;
        };
        if lock.try_lock().is_ok() {
            drop(lock);
            let removed = std::fs::remove_dir_all(entry.path());
            tracing::debug!(
                is_removed = removed.is_ok(),
                "a folder that a killed program left was found"
            );
        }
    }
}

/// Whether it is a folder of the same owner that is open to nobody else.
#[cfg(unix)]
fn is_alike(found: &Metadata, own: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    found.is_dir() && (found.uid(), found.mode()) == (own.uid(), own.mode())
}

#[cfg(not(unix))]
fn is_alike(found: &Metadata, _own: &Metadata) -> bool {
    found.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(within: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(within).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_folder_is_gone_when_it_is_let_go() {
        let within = tempfile::tempdir().unwrap();
        let aside = Aside::make(within.path()).unwrap();
        std::fs::write(aside.path().join("state.db"), "x").unwrap();
        drop(aside);
        assert_eq!(names(within.path()), BTreeSet::new());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_looks_into_a_folder() {
        use std::os::unix::fs::PermissionsExt as _;
        let within = tempfile::tempdir().unwrap();
        let aside = Aside::make(within.path()).unwrap();
        let mode = aside.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn only_what_nobody_uses_is_swept() {
        let within = tempfile::tempdir().unwrap();
        let used = Aside::make(within.path()).unwrap();
        let left = private_folder(PREFIX, within.path()).unwrap().keep();
        std::fs::write(left.join(LOCK), "").unwrap();
        std::fs::write(left.join("state.db"), "x").unwrap();
        let just_made = private_folder(PREFIX, within.path()).unwrap().keep();
        std::fs::create_dir(within.path().join("another")).unwrap();
        #[cfg(unix)]
        let open_to_others = {
            let folder = within.path().join(format!("{PREFIX}open"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(LOCK), "").unwrap();
            folder
        };
        let own = Aside::make(within.path()).unwrap();
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let expected = [
            name(used.path()),
            name(own.path()),
            name(&just_made),
            "another".to_owned(),
            #[cfg(unix)]
            name(&open_to_others),
        ];
        assert_eq!(names(within.path()), BTreeSet::from(expected));
    }
}
