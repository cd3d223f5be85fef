//! A file with a line of JSON for each message, each once.
//!
//! Under a lock, what was cut in the middle by a crash is taken away, the end of the file is searched for the message's
//! id, and only then the line is appended and brought to the disk. So a message that was written and not yet noted as
//! sent is not written again.

use crate::error::DeliveryError;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// How much of the end is searched. A message is tried again within minutes; what was written since is far less.
const TAIL_BYTES: u64 = 16 * 1024 * 1024;

pub(crate) async fn append(path: PathBuf, (id, line): (String, String)) -> Result<(), DeliveryError> {
    let appended = tokio::task::spawn_blocking(move || {
        append_now(&path, &id, &line).map_err(|source| DeliveryError::File {
            file: path.display().to_string(),
            source,
        })
    });
    appended.await.unwrap_or(Err(DeliveryError::TooSlow))
}

fn append_now(path: &Path, id: &str, line: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // What happened to people's access is not for everybody on the machine.
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not an ordinary file"));
    }
    file.lock()?;
    let written = write_once(&mut file, id, line);
    file.unlock()?;
    written
}

fn write_once(file: &mut File, id: &str, line: &str) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let whole = tail
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    // A tail without any line end is somebody else's file, unless it is the very first line that was cut.
    if whole == 0 && from > 0 {
        return Err(std::io::Error::other("it does not hold lines of JSON"));
    }
    let cut = tail.len() - whole;
    tail.truncate(whole);
    let needle = format!("{{\"id\":{}", serde_json::Value::from(id));
    let is_written = tail
        .split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(needle.as_bytes()) && line.get(needle.len()) == Some(&b','));
    if cut > 0 {
        file.set_len(length - u64::try_from(cut).unwrap_or(0))?;
    }
    if !is_written {
        file.seek(SeekFrom::End(0))?;
        file.write_all(format!("{line}\n").as_bytes())?;
    }
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str) -> String {
        format!("{{\"id\":\"{id}\",\"title\":\"it holds \\\"id\\\":\\\"msg_9\\\"\"}}")
    }

    fn lines(path: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_message_is_written_once_however_often_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        for id in ["msg_1", "msg_2", "msg_1", "msg_12", "msg_2", "msg_9"] {
            append_now(&path, id, &line(id)).unwrap();
        }
        let expected: Vec<String> = ["msg_1", "msg_2", "msg_12", "msg_9"].map(line).to_vec();
        assert_eq!(lines(&path), expected);
    }

    #[test]
    fn a_line_that_a_crash_cut_anywhere_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        let whole = format!("{}\n{}\n", line("msg_1"), line("msg_2"));
        for cut in 0..=whole.len() {
            std::fs::write(&path, whole.get(..cut).unwrap()).unwrap();
            append_now(&path, "msg_1", &line("msg_1")).unwrap();
            append_now(&path, "msg_2", &line("msg_2")).unwrap();
            assert_eq!(lines(&path), [line("msg_1"), line("msg_2")], "cut at {cut}");
        }
    }

    #[test]
    fn many_at_once_write_each_message_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.jsonl");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for number in 0..20 {
                        let id = format!("msg_{number}");
                        append_now(&path, &id, &line(&id)).unwrap();
                    }
                });
            }
        });
        let mut found = lines(&path);
        found.sort();
        let mut expected: Vec<String> = (0..20).map(|number| line(&format!("msg_{number}"))).collect();
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_folder_or_a_device_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(append_now(folder.path(), "msg_1", &line("msg_1")).is_err());
        assert!(append_now(Path::new("/dev/null"), "msg_1", &line("msg_1")).is_err());
    }
}
