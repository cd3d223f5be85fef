//! What the server is told of this machine and this program. Nothing may be empty.

use crate::options::machine_name;
use crate::proto::c1::connectorapi::baton::v1::baton_service_hello_request::{BuildInfo, OsInfo};
use std::env::consts;
use std::path::Path;

/// What this program is.
pub(super) fn build_info() -> BuildInfo {
    BuildInfo {
        lang_version: concat!("rust ", env!("CARGO_PKG_RUST_VERSION")).to_owned(),
        package: "orgwarden".to_owned(),
        package_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What this machine is, as far as its files tell.
pub(super) fn os_info() -> OsInfo {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let is_container = Path::new("/.dockerenv").exists()
        || Path::new("/run/.containerenv").exists()
        || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let platform = or_unknown(value_of(&release, "ID"));
    OsInfo {
        hostname: or_unknown(&machine_name().unwrap_or_default()),
        os: or_unknown(consts::OS),
        platform_family: or_unknown(family_of(&release)),
        platform,
        platform_version: or_unknown(value_of(&release, "VERSION_ID")),
        kernel_version: or_unknown(kernel.trim()),
        kernel_arch: or_unknown(consts::ARCH),
        virtualization_system: if is_container { "container" } else { "none" }.to_owned(),
    }
}

/// The family of systems that a release file names: the first that it is like, or else itself.
fn family_of(release: &str) -> &str {
    let like = value_of(release, "ID_LIKE").split(' ').next().unwrap_or_default();
    if like.is_empty() {
        value_of(release, "ID")
    } else {
        like
    }
}

/// A value of a file of lines such as `ID=debian`.
fn value_of<'a>(file: &'a str, name: &str) -> &'a str {
    let lines = file.lines().filter_map(|line| line.split_once('='));
    let mut found = lines.filter(|(known, _)| *known == name);
    found.next().map_or("", |(_, value)| value.trim_matches('"'))
}

/// A text of at most 256 bytes that is not empty.
fn or_unknown(text: &str) -> String {
    let mut cut = text.to_owned();
    while cut.len() > 256 {
        cut.pop();
    }
    if cut.is_empty() { "unknown".to_owned() } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_empty_or_too_long() {
        let told = os_info();
        let texts = [
            told.hostname,
            told.os,
            told.platform,
            told.platform_version,
            told.platform_family,
            told.kernel_version,
            told.kernel_arch,
            told.virtualization_system,
        ];
        assert!(
            texts.iter().all(|text| (1..=256).contains(&text.len())),
            "{texts:?}"
        );
    }

    #[test]
    fn a_release_file_is_read_line_by_line() {
        let file = "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n";
        assert_eq!(
            (value_of(file, "ID"), value_of(file, "VERSION_ID")),
            ("debian", "12")
        );
        assert_eq!(family_of(file), "debian");
        assert_eq!(family_of("ID=ubuntu\nID_LIKE=debian\n"), "debian");
        assert_eq!(or_unknown(&"ä".repeat(200)).len(), 256);
        assert_eq!(or_unknown(""), "unknown");
    }
}
