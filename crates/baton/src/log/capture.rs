//! Keeping the debug lines of a reading in a file, for a server that wants them.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps the debug lines of a reading in a file, for a server that wants them.
#[derive(Debug, Default)]
pub struct Capture(Mutex<Option<File>>);

/// Ends keeping debug lines when it is dropped.
#[derive(Debug)]
pub struct Capturing<'a>(&'a Capture);

impl Capture {
    /// Keeps lines in this file from now on, until what comes back is dropped. Two at the same time share the later
    /// file.
    pub fn begin(&self, file: &Path) -> io::Result<Capturing<'_>> {
        *self.file() = Some(File::create(file)?);
        Ok(Capturing(self))
    }

    /// Whether somebody wants lines.
    pub(super) fn is_on(&self) -> bool {
        self.file().is_some()
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Capturing<'_> {
    fn drop(&mut self) {
        *self.0.file() = None;
    }
}

impl Write for &Capture {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.file().as_mut() {
            Some(file) => file.write(line),
            None => Ok(line.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
