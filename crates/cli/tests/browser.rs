//! The demo in a real browser, as a newcomer would see it.

#![expect(clippy::unwrap_used, reason = "tests state their expectations bluntly")]

use axum::http::Method;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use testkit::Program;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use url::{ParseError, Url};

/// Widths of a laptop and of a telephone.
const WIDTHS: [u32; 2] = [1440, 390];

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Then it ends with chromedriver, however that ends.
    "--remote-debugging-pipe",
];

/// A program that runs beside the test and ends with it.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(command: &mut Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    /// Reads lines until one has this text, and answers the word after it.
    async fn word_after(&mut self, text: &str) -> String {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            if let Some((_, after)) = line.split_once(text) {
                return after.split_whitespace().next().unwrap_or_default().to_owned();
            }
        }
        panic!("the program ended before it said \"{text}\"");
    }
}

/// A command of chromedriver that the standard does not have.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

async fn open_browser(driver_port: &str, profile: &Path) -> Client {
    let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    flags.push(format!("--user-data-dir={}", profile.display()));
    let mut wanted = Capabilities::new();
    wanted.insert("goog:chromeOptions".into(), json!({ "args": flags }));
    wanted.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
    let mut builder = ClientBuilder::new(HttpConnector::new());
    let address = format!("http://127.0.0.1:{driver_port}");
    builder.capabilities(wanted).connect(&address).await.unwrap()
}

/// Makes the page as wide as a screen; a window cannot be as narrow as a telephone's.
async fn set_width(client: &Client, width: u32) {
    let params = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    let body = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": params });
    let path = "goog/cdp/execute";
    client.issue_cmd(Extension { path, body }).await.unwrap();
}

/// What scripts, refused resources and the content security policy complain about.
async fn complaints(client: &Client) -> Value {
    let body = json!({ "type": "browser" });
    client
        .issue_cmd(Extension { path: "se/log", body })
        .await
        .unwrap()
}

async fn assert_page(client: &Client, title: &str) {
    let shown = client.title().await.unwrap();
    assert!(shown.contains(title), "the title is \"{shown}\", not \"{title}\"");
    let script = "return [document.documentElement.scrollWidth, window.innerWidth]";
    let widths = client.execute(script, vec![]).await.unwrap();
    assert!(
        widths[0].as_i64() <= widths[1].as_i64(),
        "{title} scrolls sideways: {widths}"
    );
    assert_eq!(complaints(client).await, json!([]), "{title}");
}

/// Follows the first link that fits.
async fn follow(client: &Client, css: &str) {
    let link = client.wait().for_element(Locator::Css(css)).await.unwrap();
    let address = link.attr("href").await.unwrap().unwrap();
    let here = client.current_url().await.unwrap();
    client.goto(here.join(&address).unwrap().as_str()).await.unwrap();
}

async fn walk(client: &Client, width: u32) {
    set_width(client, width).await;
    follow(client, "a[href='/']").await;
    assert_page(client, "Overview").await;
    follow(client, "a[href='/accounts']").await;
    assert_page(client, "Accounts").await;
    let row = client
        .wait()
        .for_element(Locator::Css("main td a[href^='/accounts/']"))
        .await
        .unwrap();
    let name = row.text().await.unwrap();
    follow(client, "main td a[href^='/accounts/']").await;
    assert_page(client, name.trim()).await;
    follow(client, "a[href='/workspaces']").await;
    assert_page(client, "Workspaces").await;
    follow(client, "main a[href^='/workspaces/']").await;
    assert_page(client, " · Orgwarden").await;
    follow(client, "a[href='/changes']").await;
    assert_page(client, "Changes").await;
    follow(client, "a[href='/plans']").await;
    assert_page(client, "Plans").await;
    follow(client, "main a[href='/guards']").await;
    assert_page(client, "Guards").await;
    follow(client, "a[href='/connections']").await;
    follow(client, "main a[href^='/connections/']").await;
    assert_page(client, "demo").await;
    follow(client, "a[href='/query']").await;
    press(client, "form.editor button.primary").await;
    let cell = Locator::Css("[aria-label='Answer'] tbody td");
    let cell = client.wait().for_element(cell).await.unwrap();
    assert!(
        cell.is_displayed().await.unwrap(),
        "the answer is hidden at {width}"
    );
    assert_page(client, "Query").await;
}

/// Chooses the first members of a group that is changed here, and makes a plan that they leave. Answers where it is.
///
/// The smallest such group is chosen: members of a large one could not come back, where no licence is left.
async fn plan_that_members_leave(client: &Client, home: &Url, members: usize) -> String {
    let groups = home.join("/groups?view=giving&sort=members").unwrap();
    client.goto(groups.as_str()).await.unwrap();
    let mut links = Vec::new();
    for link in client
        .find_all(Locator::Css("main td a[href^='/groups/']"))
        .await
        .unwrap()
    {
        links.push(link.attr("href").await.unwrap().unwrap());
    }
    for link in links.into_iter().rev() {
        client.goto(home.join(&link).unwrap().as_str()).await.unwrap();
        let boxes = client.find_all(Locator::Css("input.pick")).await.unwrap();
        if boxes.len() < members {
            continue;
        }
        for member in boxes.into_iter().take(members) {
            member.click().await.unwrap();
        }
        let comment = Locator::Css("form#remove input[name=comment]");
        let comment = client.find(comment).await.unwrap();
        comment.send_keys("they moved").await.unwrap();
        press(client, "form#remove button").await;
        let plan = Locator::Css("ol.steps");
        client.wait().for_element(plan).await.unwrap();
        return client.current_url().await.unwrap().path().to_owned();
    }
    panic!("no group of the demo can be changed");
}

async fn press(client: &Client, css: &str) {
    let button = client.wait().for_element(Locator::Css(css)).await.unwrap();
    button.click().await.unwrap();
}

/// The demo, and the address that lets a browser in.
async fn start_demo(temporary: &Path) -> (Running, String) {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_orgwarden"));
    demo.args(["demo", "--users", "300", "--weeks", "1", "--change-every-s", "0"]);
    let mut demo = Running::start(demo.env("TMPDIR", temporary));
    let start = demo.word_after("Open ").await;
    (demo, start)
}

/// A browser with a profile of its own.
struct Browser {
    client: Client,
    _driver: Running,
    _profile: TempDir,
}

impl Browser {
    async fn start(programs: &Path) -> Browser {
        let profile = TempDir::new().unwrap();
        let mut driver = Running::start(Command::new(programs.join("chromedriver")).arg("--port=0"));
        let port = driver.word_after("successfully on port ").await;
        Browser {
            client: open_browser(port.trim_end_matches('.'), profile.path()).await,
            _driver: driver,
            _profile: profile,
        }
    }
}

/// Light or dark, as the system would ask for it.
async fn set_theme(client: &Client, theme: &str) {
    let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
    let body = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
    let path = "goog/cdp/execute";
    client.issue_cmd(Extension { path, body }).await.unwrap();
}

/// What axe-core finds wrong with the page by WCAG 2.2, levels A and AA: the rule, and where.
async fn violations(client: &Client, axe: &str) -> Vec<String> {
    const RUN: &str = "const tell = arguments[0];
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
        axe.run(document, { runOnly: tags }).then((found) => tell(found.violations.map((rule) =>
            rule.id + ': ' + rule.help + ' – ' + rule.nodes.map((node) => node.html).slice(0, 3).join(' | '))));";
    client.execute(axe, vec![]).await.unwrap();
    let found = client.execute_async(RUN, vec![]).await.unwrap();
    serde_json::from_value(found).unwrap()
}

/// Pages of plans: the list, one that waits, guards, and somebody who leaves.
async fn pages_of_plans(client: &Client, home: &Url) -> Vec<String> {
    let plan = plan_that_members_leave(client, home, 3).await;
    client
        .goto(home.join("/accounts?sort=groups").unwrap().as_str())
        .await
        .unwrap();
    let link = client
        .wait()
        .for_element(Locator::Css("main td a[href^='/accounts/']"));
    let account = link.await.unwrap().attr("href").await.unwrap().unwrap();
    vec![
        "/findings".to_owned(),
        "/findings/rules".to_owned(),
        "/query".to_owned(),
        "/alerts".to_owned(),
        "/plans".to_owned(),
        plan.clone(),
        format!("{plan}?show=look"),
        "/plans/plan_999".to_owned(),
        "/guards".to_owned(),
        format!("{account}/leaving"),
        account,
    ]
}

/// Every page: those with an address of their own, then those that a link leads to.
async fn every_page(client: &Client, home: &Url) -> Vec<String> {
    let mut pages: Vec<String> = [
        "/",
        "/accounts",
        "/accounts?q=nobody+is+called+so",
        "/groups",
        "/workspaces",
        "/tokens",
        "/tokens/keys",
        "/tokens/service-accounts",
        "/tokens?view=orphans",
        "/organization",
        "/changes",
        "/diff",
        "/events",
        "/connections",
        "/connections/demo",
        "/runs/run_1",
        "/nowhere",
        "/accounts/nobody",
        "/start?token=used",
    ]
    .map(str::to_owned)
    .to_vec();
    let linked = [
        ("/tokens", "main td a[href^='/accounts/']"),
        ("/groups?view=giving", "main td a[href^='/groups/']"),
        ("/workspaces", "main td a[href^='/workspaces/']"),
        ("/changes", "main table.calendar a"),
    ];
    for (from, link) in linked {
        client.goto(home.join(from).unwrap().as_str()).await.unwrap();
        let link = client.wait().for_element(Locator::Css(link)).await.unwrap();
        pages.push(link.attr("href").await.unwrap().unwrap());
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_violates_wcag_2_2_aa() {
    let (Some(programs), Some(axe)) = (Program::Chromium.require(), Program::Axe.require()) else {
        return;
    };
    let axe = std::fs::read_to_string(axe).unwrap();
    let temporary = TempDir::new().unwrap();
    let (_demo, start) = start_demo(temporary.path()).await;
    let browser = Browser::start(&programs).await;
    let client = &browser.client;
    client.goto(&start).await.unwrap();
    let home = Url::parse(&start).unwrap().join("/").unwrap();
    let mut wrong = Vec::new();
    let mut pages = every_page(client, &home).await;
    pages.extend(pages_of_plans(client, &home).await);
    for page in pages {
        for width in WIDTHS {
            set_width(client, width).await;
            for theme in ["light", "dark"] {
                set_theme(client, theme).await;
                client.goto(home.join(&page).unwrap().as_str()).await.unwrap();
                for violation in violations(client, &axe).await {
                    wrong.push(format!("{page} at {width}, {theme}: {violation}"));
                }
            }
        }
    }
    client
        .execute("document.getElementById('keys')?.showModal()", vec![])
        .await
        .unwrap();
    wrong.extend(violations(client, &axe).await);
    client.clone().close().await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_carried_out_and_undone_in_the_browser() {
    let Some(programs) = Program::Chromium.require() else {
        return;
    };
    let temporary = TempDir::new().unwrap();
    let (_demo, start) = start_demo(temporary.path()).await;
    let browser = Browser::start(&programs).await;
    let client = &browser.client;
    client.goto(&start).await.unwrap();
    let home = Url::parse(&start).unwrap().join("/").unwrap();
    for width in WIDTHS {
        set_width(client, width).await;
        plan_that_members_leave(client, &home, 2).await;
        assert_page(client, "Plan ").await;
        press(client, "form.approval button[name=then]").await;
        // The page follows the plan by itself, without being loaded again by us.
        let undo = "form[action$='/undo'] button";
        client.wait().for_element(Locator::Css(undo)).await.unwrap();
        assert_page(client, "Plan ").await;
        let actions = client.find(Locator::Css("#actions")).await.unwrap();
        assert_eq!(actions.text().await.unwrap().matches("Confirmed").count(), 2);
        press(client, undo).await;
        let approve = "form.approval button[name=then]";
        client.wait().for_element(Locator::Css(approve)).await.unwrap();
        let steps = client.find(Locator::Css("#actions")).await.unwrap();
        assert!(steps.text().await.unwrap().contains("joins the group"));
        press(client, approve).await;
        client.wait().for_element(Locator::Css(undo)).await.unwrap();
        assert_page(client, "Plan ").await;
    }
    client.clone().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_can_be_walked_through_on_a_laptop_and_a_telephone() {
    let Some(programs) = Program::Chromium.require() else {
        return;
    };
    let temporary = TempDir::new().unwrap();
    let (mut demo, start) = start_demo(temporary.path()).await;
    let browser = Browser::start(&programs).await;
    browser.client.goto(&start).await.unwrap();
    for width in WIDTHS {
        walk(&browser.client, width).await;
    }
    browser.client.clone().close().await.unwrap();

    // The standard library sends no signals.
    let process = demo.child.id().unwrap().to_string();
    let interrupted = Command::new("kill")
        .args(["-INT", &process])
        .status()
        .await
        .unwrap();
    assert!(interrupted.success());
    let ended = demo.child.wait().await.unwrap();
    assert_eq!(ended.code(), Some(0));
    let left = std::fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(left, 0, "the demo left something in its temporary folder");
}
