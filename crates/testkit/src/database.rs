//! A database for one test.

use crate::cluster;
use crate::program::Program;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use store::Store;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// An open store, and what keeps its database alive.
pub struct TestDatabase {
    /// The store.
    pub store: Store,
    /// Its address.
    pub url: String,
    /// The folder of a SQLite file; it goes with this value.
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }
}

/// An empty SQLite store in a temporary folder.
pub async fn sqlite() -> TestDatabase {
    let (folder, url) = sqlite_url();
    TestDatabase {
        store: open(&url).await,
        url,
        _folder: Some(folder),
    }
}

/// The address of a SQLite file that does not exist yet, and the folder it will lie in.
pub fn sqlite_url() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    (folder, url)
}

/// An empty PostgreSQL store, or `None` (and the test is skipped) when the machine has no PostgreSQL.
pub async fn postgres() -> Option<TestDatabase> {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let bin = Program::Postgres.require()?;
    // The schema is made once and copied for each test.
    let template = TEMPLATE.get_or_init(|| async {
        let url = create(&bin, "template0").await;
        open(&url).await.close().await;
        name_in(&url)
    });
    let url = create(&bin, template.await).await;
    Some(TestDatabase {
        store: open(&url).await,
        url,
        _folder: None,
    })
}

/// The address of a PostgreSQL database without any table, or `None` as above.
pub async fn postgres_url() -> Option<String> {
    let bin = Program::Postgres.require()?;
    Some(create(&bin, "template0").await)
}

/// Makes a database with a name of its own and answers its address. It goes with the cluster; on the server of
/// `TEST_PG_URL` it stays.
async fn create(bin: &Path, template: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let server = cluster::url(bin);
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let made = async {
        let mut connection = PgConnection::connect(server).await?;
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' LOCALE 'C'");
        connection.execute(AssertSqlSafe(statement)).await?;
        connection.close().await
    };
    if let Err(error) = made.await {
        panic!("cannot make the database {name}: {error}");
    }
    with_name(server, &name)
}

async fn open(url: &str) -> Store {
    match Store::open(url).await {
        Ok(store) => store,
        Err(error) => panic!("cannot open {url}: {error:?}"),
    }
}

/// The same server's address with another database.
fn with_name(url: &str, name: &str) -> String {
    let (path, query) = url
        .split_once('?')
        .map_or((url, String::new()), |(path, query)| (path, format!("?{query}")));
    let authority_end = path.find("://").map_or(0, |at| at + 3);
    let host_end = path[authority_end..]
        .find('/')
        .map_or(path.len(), |at| authority_end + at);
    format!("{}/{name}{query}", &path[..host_end])
}

fn name_in(url: &str) -> String {
    let path = url.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        let url = "postgres://u@localhost/postgres?host=/tmp/x";
        assert_eq!(with_name(url, "t"), "postgres://u@localhost/t?host=/tmp/x");
        assert_eq!(with_name("postgres://u@h", "t"), "postgres://u@h/t");
        assert_eq!(name_in("postgres://u@localhost/t?host=/tmp/x"), "t");
    }

    #[tokio::test]
    async fn each_test_has_a_database_of_its_own() {
        let Some(first) = postgres().await else { return };
        let Some(second) = postgres().await else { return };
        assert_ne!(first.url, second.url);
        assert!(first.is_postgres() && !sqlite().await.is_postgres());
    }
}
