//! The five bytes and the compressed database behind them.
//!
//! Written with a checksum and the size of the database, read within limits: a small file can claim to be very large.

use super::error::C1zError;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use zstd::stream::raw::CParameter;
use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

/// How a file of version 1 begins.
const MAGIC: [u8; 5] = *b"C1ZF\0";
/// How a file of version 3 begins.
const MAGIC_3: [u8; 5] = *b"C1Z3\0";
/// A frame says its size within so many bytes.
const FRAME_HEADER: usize = 18;
/// Fast: the same ids are repeated all over the database, which every level finds.
const LEVEL: i32 = 1;
/// From so many bytes on, others compress than who reads; before, that takes more memory than it saves time.
const LARGE: u64 = 256 * 1024 * 1024;
/// How many threads those are.
const WORKERS: u32 = 2;
/// How many bytes each of them compresses at a time; a few times as many are in memory.
const JOB: u32 = 1024 * 1024;
const CHUNK: usize = 256 * 1024;

/// How much a file may ask of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the database once it is decompressed.
    pub decoded_bytes: u64,
    /// Most memory that decompressing may look back over, as a power of two.
    pub window_log: u32,
}

impl Default for Limits {
    /// 10 GiB and 128 MiB.
    fn default() -> Limits {
        Limits {
            decoded_bytes: 10 << 30,
            window_log: 27,
        }
    }
}

impl Limits {
    /// Those that the environment asks for, in MiB; `variable` looks a name up there. A wrong one is one sentence.
    pub fn told(variable: &dyn Fn(&str) -> Option<String>) -> Result<Limits, String> {
        let mib = |name: &str| match variable(name) {
            None => Ok(None),
            Some(text) => match text.parse::<u64>() {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(format!("{name} is \"{text}\"; it must be a number of MiB")),
            },
        };
        let mut limits = Limits::default();
        if let Some(size) = mib("BATON_DECODER_MAX_DECODED_SIZE_MB")? {
            limits.decoded_bytes = size.saturating_mul(1 << 20);
        }
        if let Some(memory) = mib("BATON_DECODER_MAX_MEMORY_MB")? {
            // Between 1 KiB and 2 GiB, which is what can be decompressed at all.
            limits.window_log = (20 + memory.ilog2()).clamp(10, 31);
        }
        Ok(limits)
    }
}

/// Decompresses the database of a file to a new file.
pub(crate) fn unpack(file: &Path, to: &Path, limits: &Limits) -> Result<(), C1zError> {
    let name = || file.display().to_string();
    let read = |source| C1zError::Read { file: name(), source };
    let aside = |source| C1zError::Aside {
        folder: to.parent().unwrap_or(to).display().to_string(),
        source,
    };
    let too_large = || C1zError::TooLarge {
        file: name(),
        limit: limits.decoded_bytes,
    };
    let mut packed = BufReader::with_capacity(CHUNK, File::open(file).map_err(read)?);
    let mut head = Vec::with_capacity(MAGIC.len() + FRAME_HEADER);
    packed
        .by_ref()
        .take((MAGIC.len() + FRAME_HEADER) as u64)
        .read_to_end(&mut head)
        .map_err(read)?;
    let frame = match head.split_at_checked(MAGIC.len()) {
        Some((magic, [])) if magic == MAGIC => return Err(C1zError::Truncated { file: name() }),
        Some((magic, frame)) if magic == MAGIC => frame.to_vec(),
        Some((magic, _)) if magic == MAGIC_3 => return Err(C1zError::Version3 { file: name() }),
        _ if head.is_empty() => return Err(C1zError::Empty { file: name() }),
        _ => return Err(C1zError::NotC1z { file: name() }),
    };
    if let Ok(Some(size)) = zstd::zstd_safe::get_frame_content_size(&frame)
        && size > limits.decoded_bytes
    {
        return Err(too_large());
    }
    let broken = |source: io::Error| match source.kind() {
        io::ErrorKind::UnexpectedEof => C1zError::Truncated { file: name() },
        _ => C1zError::Broken { file: name(), source },
    };
    let mut decoder = Decoder::new(frame.as_slice().chain(packed)).map_err(broken)?;
    decoder.window_log_max(limits.window_log).map_err(broken)?;
    let mut out = File::create(to).map_err(aside)?;
    let mut chunk = vec![0; CHUNK];
    let mut left = limits.decoded_bytes;
    loop {
        let read = decoder.read(&mut chunk).map_err(broken)?;
        if read == 0 {
            return Ok(());
        }
        left = left.checked_sub(read as u64).ok_or_else(too_large)?;
        out.write_all(chunk.get(..read).unwrap_or_default())
            .map_err(aside)?;
    }
}

/// Compresses a database into an open file; answers how many bytes that became.
pub(crate) fn pack(database: &Path, to: &File) -> io::Result<u64> {
    let from = File::open(database)?;
    let size = from.metadata()?.len();
    // Large pieces: each is a turn of the compressor, which wakes the others that compress.
    let mut from = BufReader::with_capacity(CHUNK, from);
    let mut out = BufWriter::with_capacity(CHUNK, to);
    out.write_all(&MAGIC)?;
    let mut encoder = Encoder::new(out, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.include_contentsize(true)?;
    encoder.set_pledged_src_size(Some(size))?;
    if size > LARGE {
        encoder.multithread(WORKERS)?;
        encoder.set_parameter(CParameter::JobSize(JOB))?;
    }
    io::copy(&mut from, &mut encoder)?;
    encoder.finish()?.flush()?;
    Ok(to.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// A folder with a database of so many bytes, packed.
    fn packed(bytes: &[u8]) -> (TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (database, file) = (folder.path().join("db"), folder.path().join("f.c1z"));
        std::fs::write(&database, bytes).unwrap();
        pack(&database, &File::create(&file).unwrap()).unwrap();
        let out = folder.path().join("out");
        (folder, file, out)
    }

    fn refusal(content: &[u8]) -> C1zError {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.c1z");
        std::fs::write(&file, content).unwrap();
        unpack(&file, &folder.path().join("out"), &Limits::default()).unwrap_err()
    }

    #[test]
    fn limits_are_told_by_the_environment() {
        let told = |name: &'static str, text: &'static str| {
            Limits::told(&|asked| (asked == name).then(|| text.to_owned()))
        };
        assert_eq!(told("OTHER", "1"), Ok(Limits::default()));
        let small = told("BATON_DECODER_MAX_DECODED_SIZE_MB", "1").unwrap();
        assert_eq!(small.decoded_bytes, 1 << 20);
        assert_eq!(told("BATON_DECODER_MAX_MEMORY_MB", "8").unwrap().window_log, 23);
        let refused = told("BATON_DECODER_MAX_MEMORY_MB", "much").unwrap_err();
        assert_eq!(
            refused,
            "BATON_DECODER_MAX_MEMORY_MB is \"much\"; it must be a number of MiB"
        );
    }

    #[test]
    fn what_is_packed_unpacks_to_the_same_bytes() {
        let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let (_folder, file, out) = packed(&bytes);
        unpack(&file, &out, &Limits::default()).unwrap();
        assert_eq!(std::fs::read(out).unwrap(), bytes);
    }

    #[test]
    fn the_frame_tells_its_size_and_carries_a_checksum() {
        let (_folder, file, out) = packed(&[7; 5000]);
        let mut bytes = std::fs::read(&file).unwrap();
        let size = zstd::zstd_safe::get_frame_content_size(&bytes[5..]).unwrap();
        assert_eq!(size, Some(5000));
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        let refused = unpack(&file, &out, &Limits::default()).unwrap_err();
        assert!(matches!(refused, C1zError::Broken { .. }), "{refused}");
    }

    #[test]
    fn what_is_no_such_file_is_refused_by_name() {
        assert!(matches!(refusal(b""), C1zError::Empty { .. }));
        assert!(matches!(refusal(b"C1"), C1zError::NotC1z { .. }));
        assert!(matches!(
            refusal(b"PK\x03\x04 and so on"),
            C1zError::NotC1z { .. }
        ));
        assert!(matches!(refusal(b"C1Z3\0\0\0\0\x01x"), C1zError::Version3 { .. }));
        assert!(matches!(refusal(b"C1ZF\0not a frame"), C1zError::Broken { .. }));
    }

    #[test]
    fn a_file_that_is_cut_off_is_said_to_be() {
        let (_folder, file, out) = packed(&[7; 5000]);
        let bytes = std::fs::read(&file).unwrap();
        for length in 5..bytes.len() {
            std::fs::write(&file, &bytes[..length]).unwrap();
            let refused = unpack(&file, &out, &Limits::default()).unwrap_err();
            assert!(
                matches!(refused, C1zError::Truncated { .. }),
                "{length}: {refused}"
            );
        }
    }

    #[test]
    fn a_file_that_claims_or_turns_out_to_be_too_large_is_refused() {
        let limits = Limits {
            decoded_bytes: 4999,
            ..Limits::default()
        };
        let (_folder, file, out) = packed(&[7; 5000]);
        let refused = unpack(&file, &out, &limits).unwrap_err();
        assert!(matches!(refused, C1zError::TooLarge { .. }));
        assert!(!out.exists(), "it says so itself, before anything is unpacked");

        let mut silent = b"C1ZF\0".to_vec();
        let mut encoder = Encoder::new(&mut silent, 1).unwrap();
        encoder.include_contentsize(false).unwrap();
        encoder.write_all(&[7; 5000]).unwrap();
        encoder.finish().unwrap();
        std::fs::write(&file, silent).unwrap();
        let refused = unpack(&file, &out, &limits).unwrap_err();
        assert!(matches!(refused, C1zError::TooLarge { .. }));
    }
}
