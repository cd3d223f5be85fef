//! An organization being read: what most behaviours begin with.

use model::{AccountId, Attributes, Fact, FactKind, Family, GroupId, OrganizationId, Person, RunId};
use secrecy::SecretString;
use store::{
    CompleteRun, Extent, Lease, MasterKey, Merge, NewConnection, Observation, PageOf, RunRow, Store, Taken,
    TermCache, this_holder,
};

/// When the tests begin.
pub const START: i64 = 1_700_000_000_000;
pub const HOUR: i64 = 3_600_000;

/// A connected organization whose lease is held.
pub struct Reading {
    pub store: Store,
    pub organization: i64,
    pub connection: i64,
    pub lease: Lease,
    pub terms: TermCache,
    /// Now.
    pub at: i64,
}

pub fn master_key() -> MasterKey {
    MasterKey::from_hex(&"0a".repeat(32)).unwrap()
}

pub async fn connect(store: &Store, name: &str, organization: &str) -> (i64, i64) {
    let mut tx = store.write().await.unwrap();
    let id = OrganizationId::from(organization);
    let organization = tx.organization_ensure(&id, Some("Acme")).await.unwrap().id;
    let new = NewConnection {
        organization_id: organization,
        name,
        base_url: "https://example.org",
        key: &SecretString::from("the-key"),
        created_at: START,
        created_by: "test",
        sync_interval_ms: HOUR,
    };
    tx.connection_add(&new, &master_key()).await.unwrap();
    let connection = tx.connection_find(name).await.unwrap().unwrap().id;
    tx.commit().await.unwrap();
    (organization, connection)
}

pub async fn lease(store: &Store, name: &str, at: i64) -> Lease {
    match store.lease_take(name, &this_holder(), at).await.unwrap() {
        Taken::Held(lease) => lease,
        Taken::HeldBy { holder, .. } => panic!("{name} is held by {holder}"),
    }
}

impl Reading {
    pub async fn begin(store: &Store) -> Reading {
        let (organization, connection) = connect(store, "acme", "org-1").await;
        Reading {
            store: store.clone(),
            organization,
            connection,
            lease: lease(store, "sync/1", START).await,
            terms: TermCache::default(),
            at: START,
        }
    }

    /// Opens a run; an hour has passed.
    pub async fn open(&mut self) -> RunRow {
        self.open_for(Extent::Whole).await
    }

    pub async fn open_for(&mut self, extent: Extent) -> RunRow {
        self.at += HOUR;
        let mut tx = self.store.write().await.unwrap();
        let run = tx
            .run_open(self.organization, self.connection, extent, self.at)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        run
    }

    /// Keeps them together.
    pub async fn record_all(&self, run: RunId, observations: &[&Observation]) {
        let (lease, terms) = (&self.lease, &self.terms);
        let recorded = self
            .store
            .observations_record(lease, self.at, run, terms, observations);
        recorded.await.unwrap();
    }

    pub async fn record(&self, run: RunId, observation: &Observation) {
        self.record_all(run, &[observation]).await;
    }

    /// Plans the family with one listing and keeps these facts as its only page.
    pub async fn page(&self, run: RunId, family: Family, facts: Vec<Fact>) {
        self.plan(run, family, "only").await;
        let observation = Observation {
            sent_at: self.at,
            facts,
            ..Observation::default()
        };
        self.record_page(run, family, "only", None, &observation).await;
        let mut tx = self.store.write().await.unwrap();
        assert!(tx.family_end(run, family).await.unwrap());
        tx.commit().await.unwrap();
    }

    pub async fn plan(&self, run: RunId, family: Family, name: &str) {
        let mut tx = self.store.write().await.unwrap();
        tx.family_plan(run, family).await.unwrap();
        tx.listings_plan(run, family, [name]).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn record_page(
        &self,
        run: RunId,
        family: Family,
        name: &str,
        next: Option<&str>,
        observation: &Observation,
    ) {
        let page = PageOf {
            family,
            name: name.to_owned(),
            next: next.map(str::to_owned),
            rows: i64::try_from(observation.facts.len()).unwrap(),
        };
        let observation = Observation {
            page: Some(page),
            ..observation.clone()
        };
        self.record(run, &observation).await;
    }

    /// What is needed to merge a kind of a run that follows the last whole one.
    pub async fn merge<'a>(&'a self, run: &'a RunRow, kind: FactKind) -> Merge<'a> {
        let mut tx = self.store.read().await.unwrap();
        Merge {
            lease: &self.lease,
            run,
            kind,
            previous_at: tx
                .run_last_whole(self.organization)
                .await
                .unwrap()
                .map(|run| run.started_at),
            now: self.at,
        }
    }

    pub async fn complete(&self, run: RunId, kind: FactKind) -> Option<CompleteRun> {
        let mut tx = self.store.read().await.unwrap();
        tx.run_complete(run, self.organization, kind).await.unwrap()
    }

    /// Begins, changes and – taking the candidates for confirmed – ends.
    pub async fn merge_all(&self, run: &RunRow, kind: FactKind) {
        let merge = self.merge(run, kind).await;
        self.store.facts_begin(&merge).await.unwrap();
        self.store.facts_change(&merge).await.unwrap();
        let complete = self
            .complete(run.id, kind)
            .await
            .expect("the kind was read completely");
        let mut tx = self.store.read().await.unwrap();
        let absent = tx.facts_absent(&complete).await.unwrap();
        drop(tx);
        self.store
            .facts_end(&merge, &complete, &absent, self.at)
            .await
            .unwrap();
    }

    pub async fn publish(&self, run: &RunRow) -> (i64, i64) {
        self.store
            .run_publish(&self.lease, run, &run.report, self.at)
            .await
            .unwrap()
    }

    /// One whole reading of one kind.
    pub async fn read(&mut self, family: Family, kind: FactKind, facts: Vec<Fact>) -> (RunRow, (i64, i64)) {
        let run = self.open().await;
        self.page(run.id, family, facts).await;
        self.store.run_merging(&self.lease, &run, self.at).await.unwrap();
        self.merge_all(&run, kind).await;
        let changes = self.publish(&run).await;
        (run, changes)
    }

    /// The keys of the facts that people see now, sorted.
    pub async fn seen(&self, kind: FactKind) -> Vec<String> {
        let mut tx = self.store.read().await.unwrap();
        let run = tx
            .organization_get(self.organization)
            .await
            .unwrap()
            .published_run;
        drop(tx);
        self.seen_at(kind, run).await
    }

    pub async fn seen_at(&self, kind: FactKind, run: RunId) -> Vec<String> {
        let mut tx = self.store.read().await.unwrap();
        let (facts, more) = tx.facts_chunk(self.organization, kind, run, 0).await.unwrap();
        assert_eq!(more, None);
        let mut keys: Vec<String> = facts
            .into_iter()
            .map(|fact| fact.key.join(" ").trim_end().to_owned())
            .collect();
        keys.sort();
        keys
    }

    /// The attributes of the fact with this first key part, as people see it now.
    pub async fn attributes(&self, kind: FactKind, first: &str) -> Attributes {
        let mut tx = self.store.read().await.unwrap();
        let run = tx
            .organization_get(self.organization)
            .await
            .unwrap()
            .published_run;
        let (facts, _) = tx.facts_chunk(self.organization, kind, run, 0).await.unwrap();
        let found = facts.into_iter().find(|fact| fact.key[0] == first);
        found.expect("the fact is seen").attributes
    }
}

pub fn account(id: &str, status: Option<&str>) -> Fact {
    Fact::account(&AccountId::from(id), Attributes::new().with("status", status))
}

pub fn accounts(ids: &[&str]) -> Vec<Fact> {
    ids.iter().map(|id| account(id, Some("active"))).collect()
}

pub fn membership(group: &str, account: &str) -> Fact {
    Fact::membership(&GroupId::from(group), &AccountId::from(account))
}

pub fn person(account: &str, name: Option<&str>, email: Option<&str>) -> Person {
    Person {
        account: AccountId::from(account),
        attributes: Attributes::new().with("name", name).with("email", email),
    }
}
