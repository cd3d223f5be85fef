//! How large the files are, and what in them.

use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Bytes, the logs beside the files included.
pub struct Files {
    pub store: i64,
    pub archive: i64,
}

impl Files {
    pub fn of(folder: &Path) -> anyhow::Result<Files> {
        let mut files = Files { store: 0, archive: 0 };
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = i64::try_from(entry.metadata()?.len())?;
            if name.starts_with("stage.events.db") {
                files.archive += bytes;
            } else if name.starts_with("stage.db") {
                files.store += bytes;
            }
        }
        Ok(files)
    }
}

pub fn words(bytes: i64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

pub fn open(file: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Says the sizes of the files and of the largest tables and indexes.
pub fn print(folder: &Path) -> anyhow::Result<()> {
    let files = Files::of(folder)?;
    println!("store {}, archive {}", words(files.store), words(files.archive));
    for file in ["stage.db", "stage.events.db"] {
        let file = folder.join(file);
        if !file.exists() {
            continue;
        }
        let connection = open(&file)?;
        let free: i64 = connection.query_row(
            "SELECT f.freelist_count * p.page_size FROM pragma_freelist_count f, pragma_page_size p",
            [],
            |row| row.get(0),
        )?;
        println!("{}: {} free", file.display(), words(free));
        let mut sizes = connection.prepare(
            "SELECT d.name, SUM(d.pgsize), SUM(d.payload), SUM(d.ncell) FROM dbstat d GROUP BY d.name
             ORDER BY 2 DESC LIMIT 16",
        )?;
        let mut rows = sizes.query([])?;
        while let Some(row) = rows.next()? {
            let (name, bytes, payload, cells): (String, i64, i64, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            println!(
                "  {name:<34} {:>10} ({} used, {cells} cells)",
                words(bytes),
                words(payload)
            );
        }
    }
    Ok(())
}
