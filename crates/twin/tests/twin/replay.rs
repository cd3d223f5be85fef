//! Captured folders, whole and hostile.

use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use twin::Replay;

const MANIFEST: &str =
    r#"{"orgwarden_capture":1,"scrubbed":true,"organization_id":"o-1","scim_directory_id":null,"answers":4}"#;
const ANSWERS: &str = concat!(
    r#"{"operation":"getOrgById","method":"GET","path":"/admin/v1/orgs/o-1","query":[],"status":200,"headers":{"content-type":"application/json"},"answer":{"data":{"id":"o-1"}}}"#,
    "\n",
    r#"{"operation":"getUsers","method":"GET","path":"/admin/v1/orgs/o-1/users","query":[["cursor","c"]],"status":429,"headers":{"retry-after":"3"}}"#,
    "\n",
    r#"{"operation":"getUsers","method":"GET","path":"/admin/v1/orgs/o-1/users","query":[["cursor","c"]],"status":200,"headers":{},"answer":{"data":[]}}"#,
    "\n",
    r#"{"operation":"searchDirectoryUsers","method":"POST","path":"/admin/v2/orgs/o-1/directories/-/users/search","query":[],"body":{"accountIds":["a","b"],"limit":100},"status":502,"headers":{"content-type":"text/html"},"other_bytes":77}"#,
    "\n",
);

fn folder(manifest: impl AsRef<[u8]>, answers: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("manifest.json"), manifest).unwrap();
    std::fs::write(folder.path().join("answers.ndjson"), answers).unwrap();
    folder
}

async fn start(folder: &Path) -> Result<Replay, String> {
    Replay::start(folder, ([127, 0, 0, 1], 0).into())
        .await
        .map_err(|error| error.to_string())
}

async fn ask(
    replay: &Replay,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Option<String>, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", replay.base_url()));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let wait = response
        .headers()
        .get("retry-after")
        .map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), wait, response.text().await.unwrap())
}

#[tokio::test]
async fn the_same_question_gets_the_recorded_answers_in_their_order() {
    let folder = folder(MANIFEST, ANSWERS);
    let replay = start(folder.path()).await.unwrap();
    assert_eq!(replay.org_id(), "o-1");
    let users = "/admin/v1/orgs/o-1/users?cursor=c";
    let first = ask(&replay, Method::GET, users, None).await;
    assert_eq!((first.0, first.1.as_deref()), (429, Some("3")));
    for _ in 0..2 {
        let later = ask(&replay, Method::GET, users, None).await;
        assert_eq!((later.0, later.2.as_str()), (200, r#"{"data":[]}"#));
    }
    let search = "/admin/v2/orgs/o-1/directories/-/users/search";
    let body = json!({ "limit": 100, "accountIds": ["b", "a"] });
    assert_eq!(ask(&replay, Method::POST, search, Some(body)).await.0, 502);
    replay.stop().await;
}

#[tokio::test]
async fn a_question_that_was_never_recorded_is_told_so_and_counted() {
    let folder = folder(MANIFEST, ANSWERS);
    let replay = start(folder.path()).await.unwrap();
    let (status, _, said) = ask(&replay, Method::GET, "/admin/v1/orgs/o-1/users", None).await;
    assert_eq!(status, 404);
    assert!(said.contains("never recorded"), "{said}");
    let (_, _, stats) = ask(&replay, Method::GET, "/_twin/stats", None).await;
    let stats: Value = serde_json::from_str(&stats).unwrap();
    assert_eq!(stats["unrecorded"], 1);
    assert_eq!(stats["requests"], 1);
    assert_eq!(ask(&replay, Method::GET, "/_twin/truth", None).await.0, 404);
    replay.stop().await;
}

/// What is said of a folder that cannot be replayed.
async fn refused(manifest: impl AsRef<[u8]>, answers: impl AsRef<[u8]>) -> String {
    let folder = folder(manifest, answers);
    let said = start(folder.path()).await.unwrap_err();
    assert!(said.len() < 200 && !said.contains(['\n', '\x1b']), "{said}");
    said
}

#[tokio::test]
async fn what_is_wrong_with_a_capture_is_one_sentence() {
    let of_two = MANIFEST.replace("\"orgwarden_capture\":1", "\"orgwarden_capture\":2");
    assert!(refused(of_two, ANSWERS).await.contains("form 2"));
    assert!(refused("", ANSWERS).await.contains("ends too early"));
    assert!(refused("[]", ANSWERS).await.contains("which form"));
    assert!(refused("not json", ANSWERS).await.contains("no JSON"));
    assert!(refused(MANIFEST, "not json\n").await.contains("line 1"));
    assert!(refused(MANIFEST, "").await.contains("not whole"));
    let cut = &ANSWERS[..ANSWERS.len() - 9];
    assert!(refused(MANIFEST, cut).await.contains("line 4"));
    let escape = MANIFEST.replace("o-1", "\\u001b[2J");
    assert!(refused(escape, ANSWERS).await.contains("an id in it is none"));
    let elsewhere = MANIFEST.replace("o-1", "../../etc");
    assert!(refused(elsewhere, ANSWERS).await.contains("an id in it is none"));
    let switching = ANSWERS.replace("\"status\":502", "\"status\":101");
    assert!(refused(MANIFEST, switching).await.contains("its status is 101"));
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(refused(&deep, ANSWERS).await.contains("no JSON"));
    let deep = ANSWERS.replace(r#"{"data":[]}"#, &deep);
    assert!(refused(MANIFEST, deep).await.contains("line 3"));
    let long = format!("{MANIFEST}{}", " ".repeat(1 << 20));
    assert!(refused(long, ANSWERS).await.contains("too large"));
}

#[tokio::test]
async fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let folder = folder(MANIFEST, "");
    let answers = std::fs::File::options()
        .write(true)
        .open(folder.path().join("answers.ndjson"))
        .unwrap();
    // A file with a hole: far larger than the memory that one line may take, and no place on the disk.
    answers.set_len(200 << 30).unwrap();
    let said = start(folder.path()).await.unwrap_err();
    assert!(said.contains("line 1 has more than 64 MiB"), "{said}");
}

#[tokio::test]
async fn files_that_are_missing_or_lead_elsewhere_are_refused() {
    let empty = tempfile::tempdir().unwrap();
    assert!(
        start(empty.path())
            .await
            .unwrap_err()
            .contains("manifest.json cannot be read")
    );
    assert!(start(&empty.path().join("nowhere")).await.is_err());
    let folder = folder(MANIFEST, ANSWERS);
    std::fs::remove_file(folder.path().join("answers.ndjson")).unwrap();
    std::fs::create_dir(folder.path().join("answers.ndjson")).unwrap();
    assert!(
        start(folder.path())
            .await
            .unwrap_err()
            .contains("no ordinary file")
    );
    #[cfg(unix)]
    {
        let other = self::folder(MANIFEST, ANSWERS);
        std::fs::remove_dir(folder.path().join("answers.ndjson")).unwrap();
        let target = other.path().join("answers.ndjson");
        std::os::unix::fs::symlink(target, folder.path().join("answers.ndjson")).unwrap();
        assert!(
            start(folder.path())
                .await
                .unwrap_err()
                .contains("no ordinary file")
        );
    }
}

#[tokio::test]
async fn paths_in_a_capture_are_questions_and_never_files() {
    let hostile = ANSWERS.replace("/admin/v1/orgs/o-1/users", "/../../../../etc/passwd");
    let folder = folder(MANIFEST, hostile);
    let replay = start(folder.path()).await.unwrap();
    let (status, _, said) = ask(&replay, Method::GET, "/%2e%2e/%2e%2e/etc/passwd", None).await;
    assert_eq!(status, 404, "{said}");
    replay.stop().await;
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "something was written");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_capture_is_served_or_is_one_sentence(
        in_manifest in any::<bool>(),
        damage in prop::collection::vec((0_usize..2_000, any::<u8>()), 1..6),
        length in 0_usize..1_400,
    ) {
        let (mut manifest, mut answers) = (MANIFEST.as_bytes().to_vec(), ANSWERS.as_bytes().to_vec());
        let hit = if in_manifest { &mut manifest } else { &mut answers };
        for (at, byte) in damage {
            let at = at % hit.len();
            hit[at] = byte;
        }
        hit.truncate(length);
        let folder = folder(manifest, answers);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            match start(folder.path()).await {
                Ok(replay) => replay.stop().await,
                Err(said) => assert!(said.len() < 200 && !said.contains('\n'), "{said}"),
            }
        });
    }
}
