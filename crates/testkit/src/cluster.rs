//! A PostgreSQL cluster of this test program: made when a test first asks, gone when the program ends.
//!
//! One shell owns the cluster from its making to its removal, and lives as long as its standard input is open. The
//! other end of that pipe is held here, in a static, and by nobody else (pipes of `Command` are closed in other
//! children). So however the program ends – last test, panic, Ctrl-C, kill −9 – the kernel closes the pipe, and the
//! shell stops the server and removes its folder. No destructor and no signal handler is needed. The shell has a
//! process group of its own, so that a Ctrl-C meant for the tests does not end it before its work is done.
//!
//! `initdb` refuses to work for root; then everything runs as the user `postgres`, or else `nobody`. The server
//! listens on a Unix socket in its own folder only, and is told not to care for the disk.

use crate::program::Program;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

const OWNER: &str = r#"
bin=$1
umask 077
cd /
folder=$(mktemp -d /tmp/orgwarden-postgres.XXXXXX) || exit 1
"${bin}initdb" -D "$folder/data" -U orgwarden -A trust -E UTF8 --locale=C -N >"$folder/log" 2>&1 || {
    cat "$folder/log" >&2; rm -rf "$folder"; exit 1
}
"${bin}postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c max_connections=300 -c shared_buffers=32MB -c autovacuum=off \
    >>"$folder/log" 2>&1 </dev/null &
server=$!
tries=0
until [ -S "$folder/.s.PGSQL.5432" ] && "${bin}pg_isready" -q -h "$folder"; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ] || ! kill -0 $server 2>/dev/null; then
        cat "$folder/log" >&2; kill -QUIT $server 2>/dev/null; rm -rf "$folder"; exit 1
    fi
    sleep 0.1
done
echo "$folder"
exec >/dev/null 2>&1
read -r never
kill -QUIT $server
wait $server
rm -rf "$folder"
"#;

struct Cluster {
    url: String,
    /// Holds the pipe that the kernel closes when this program ends. Nobody waits for it: it outlives us by a moment.
    _owner: Option<Child>,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

/// The address of the cluster's own database, for making others. `bin` is the folder of the programs.
pub(crate) fn url(bin: &Path) -> &'static str {
    &CLUSTER.get_or_init(|| start(bin)).url
}

fn start(bin: &Path) -> Cluster {
    if let Some(url) = crate::program::test_pg_url() {
        return Cluster { url, _owner: None };
    }
    let mut owner = spawn(bin).unwrap_or_else(|error| panic!("cannot start a shell for PostgreSQL: {error}"));
    let mut folder = String::new();
    let answer = owner.stdout.take();
    let read = answer.map(|out| BufReader::new(out).read_line(&mut folder));
    if !matches!(read, Some(Ok(1..))) {
        let mut said = String::new();
        let _ = owner.stderr.take().map(|mut err| err.read_to_string(&mut said));
        panic!(
            "PostgreSQL did not start with {} ({}): {said}",
            bin.display(),
            Program::Postgres.name()
        );
    }
    let folder = folder.trim();
    Cluster {
        url: format!("postgres://orgwarden@localhost/postgres?host={folder}"),
        _owner: Some(owner),
    }
}

fn spawn(bin: &Path) -> std::io::Result<Child> {
    let mut command = match unprivileged_user() {
        None => Command::new("sh"),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid", &user, "--regid", &group_of(&user), "--clear-groups"])
                .arg("sh");
            command
        }
    };
    command
        .args(["-c", OWNER, "sh"])
        .arg(format!("{}/", bin.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// Whom to become; `None` unless this is root.
fn unprivileged_user() -> Option<String> {
    if id_of(&["-u"])? != "0" {
        return None;
    }
    let known = ["postgres", "nobody"].into_iter();
    known
        .filter(|user| id_of(&["-u", user]).is_some())
        .map(str::to_owned)
        .next()
}

fn group_of(user: &str) -> String {
    id_of(&["-g", user]).unwrap_or_else(|| user.to_owned())
}

fn id_of(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
