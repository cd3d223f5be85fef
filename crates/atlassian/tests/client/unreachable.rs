//! What no source of the product can do: revoke the API tokens of everybody at once, or write outside `provision`.
//!
//! DELETE on the list of the API access API ends every token of every managed account. These tests read the sources of
//! all crates that are part of the product, without comments and unit tests. Each rule is also shown sources that break
//! it.

use std::path::{Path, PathBuf};

/// The pretend Atlassian, and what exists for tests only.
const NOT_THE_PRODUCT: [&str; 3] = ["twin", "testkit", "conformance"];
/// The only file that knows the path of the API access API. All it can do is ask.
const WORDS: &str = "app/src/capture/words.rs";
const API_ACCESS: &str = "atlassian/src/org/api_access.rs";
/// The only folder that has an HTTP client; it refuses the call itself, whoever asks.
const TRANSPORT: &str = "atlassian/src/transport/";
/// Asks the server that gives out tasks, which is not Atlassian, for a token.
const OTHER_SERVER: &str = "baton/src/service/";
/// The only folder that may send DELETE: to a path that ends with the id of one thing.
const WRITES: &str = "atlassian/src/writes/";

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Code without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Each source of the product: its path below `crates`, and its code.
fn product() -> Vec<(String, String)> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if NOT_THE_PRODUCT.contains(&name.as_str()) || !folder.join("src").is_dir() {
            continue;
        }
        let mut files = Vec::new();
        rust_files(&folder.join("src"), &mut files);
        for file in files {
            let place = file
                .strip_prefix(crates)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            sources.push((place, code(&std::fs::read_to_string(&file).unwrap())));
        }
    }
    sources
}

fn has_any(code: &str, words: &[&str]) -> bool {
    words.iter().any(|word| code.contains(word))
}

/// How a source could send DELETE to the list of tokens, or come nearer to that than it needs to.
fn could_revoke_all(place: &str, code: &str) -> Option<&'static str> {
    let code = code.to_lowercase();
    if place.starts_with(TRANSPORT) {
        return None;
    }
    if place == API_ACCESS {
        let more = [
            "method::",
            "request::write",
            "request::search",
            "request {",
            "delete",
        ];
        let code = code.replace("-> request {", "");
        return has_any(&code, &more).then_some("does more with the API access API than ask");
    }
    // A list of words that captures keep, which sends nothing.
    let is_words = place == WORDS && !has_any(&code, &["request::", "method::", "transport", ".send("]);
    if code.contains("api-access") && !is_words {
        return Some("names the API access API outside its file");
    }
    // A path put together out of pieces still needs the verb.
    let names_the_verb = has_any(
        &code,
        &["method::delete", "\"delete\"", ".delete(", "method::from_bytes"],
    );
    if names_the_verb && !place.starts_with(WRITES) && !is_words {
        return Some("names DELETE outside the writes");
    }
    if names_the_verb && code.contains("/admin/") {
        return Some("could send DELETE below /admin/");
    }
    let functions = code.split("pub async fn ").skip(1);
    let is_loose = |function: &str| function.contains("method::delete") && !function.contains("segment(");
    let mut bodies = functions.filter_map(|function| function.split("\n    }\n").next());
    bodies.any(is_loose).then_some("deletes what has no id")
}

fn names_writes(place: &str, code: &str) -> bool {
    let may = place.starts_with("provision/") || place.starts_with("atlassian/src/");
    !may && has_any(code, &["atlassian::writes", "AccountWrites", "ScimWrites"])
}

fn has_a_client_of_its_own(place: &str, code: &str) -> bool {
    let may = place.starts_with(TRANSPORT) || place.starts_with(OTHER_SERVER);
    !may && has_any(code, &["reqwest::Client", "reqwest::get", "hyper_util::client"])
}

#[test]
fn no_source_of_the_product_can_revoke_the_tokens_of_everybody() {
    let sources = product();
    assert!(sources.iter().any(|(place, _)| place == API_ACCESS));
    assert!(sources.iter().any(|(place, _)| place.starts_with(WRITES)));
    assert!(sources.len() > 100, "only {} sources were found", sources.len());
    let found: Vec<(&String, &str)> = sources
        .iter()
        .filter_map(|(place, code)| Some((place, could_revoke_all(place, code)?)))
        .collect();
    assert_eq!(found, []);
}

#[test]
fn nobody_but_provision_names_the_writes_and_nobody_has_another_http_client() {
    for (place, code) in product() {
        assert!(!names_writes(&place, &code), "{place} names the writes");
        assert!(
            !has_a_client_of_its_own(&place, &code),
            "{place} has an HTTP client"
        );
    }
}

#[test]
fn somebody_who_adds_it_is_found() {
    let added =
        r#"pub async fn revoke(&self) { self.send(Request::write("x", Method::DELETE, "/api-tokens")) }"#;
    let with_path = r#"Request::get("x", format!("/admin/api-access/v1/orgs/{o}/api-tokens"))"#;
    for (place, code) in [
        (API_ACCESS, added),
        (API_ACCESS, "let request = Request { operation, path };"),
        (WORDS, with_path),
        ("atlassian/src/org/accounts.rs", added),
        ("atlassian/src/org/accounts.rs", with_path),
        ("app/src/tokens.rs", "http.delete(url)"),
        ("sync/src/steps/tokens.rs", r#"Method::from_bytes(b"DEL")"#),
        ("atlassian/src/writes/tokens.rs", with_path),
        ("atlassian/src/writes/tokens.rs", added),
        (
            "atlassian/src/writes/tokens.rs",
            r#"(Method::DELETE, format!("/admin/{api}/{list}"))"#,
        ),
    ] {
        assert!(could_revoke_all(place, code).is_some(), "{place}: {code}");
    }
    assert!(names_writes(
        "app/src/tokens.rs",
        "use atlassian::writes::AccountWrites;"
    ));
    assert!(has_a_client_of_its_own(
        "app/src/tokens.rs",
        "reqwest::Client::new()"
    ));
    assert_eq!(code("// Method::DELETE\nlet a = 1;"), "let a = 1;");
}
