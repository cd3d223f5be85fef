//! Every question that the store answers about an organization, asked at once.
//!
//! Asking all of them on an empty database prepares every statement; asking all of them on two databases that were
//! told the same compares them. Answers are text, in an order of their own where the store promises none.

use model::{FactKind, OrganizationId, RunId};
use std::fmt::Debug;
use store::views::accounts::{AccountFilter, AccountOrder};
use store::views::changes::ChangeRow;
use store::views::{Part, Snapshot};
use store::{Hint, Store, Tx};

const MANY: i64 = 10_000;
const ALL: Part = Part {
    limit: MANY,
    offset: 0,
    edge: None,
};

/// Answers gathered so far: the question and what was said.
#[derive(Default)]
pub struct Said(Vec<String>);

impl Said {
    /// An answer whose order is part of it.
    fn exactly(&mut self, question: &str, answer: impl Debug) {
        self.0.push(format!("{question}: {answer:?}"));
    }

    /// An answer in any order.
    fn sorted<T: Debug>(&mut self, question: &str, rows: Vec<T>) {
        let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort();
        self.exactly(question, rows);
    }

    /// Changes in any order, without the numbers of their rows.
    fn changes(&mut self, question: &str, rows: Vec<ChangeRow>) {
        let without_id = |row: ChangeRow| ChangeRow { id: 0, ..row };
        self.sorted(question, rows.into_iter().map(without_id).collect());
    }
}

/// Asks everything as of a run. `terms` are the numbers of all ids.
pub async fn ask_all(store: &Store, organization: i64, run: i64, terms: &[i64]) -> Vec<String> {
    let mut said = Said::default();
    let mut tx = store.read().await.unwrap();
    let at = Snapshot { organization, run };
    for kind in FactKind::ALL {
        let facts = tx.facts_chunk(organization, kind, RunId(run), 0).await.unwrap().0;
        said.sorted(kind.name(), facts);
        said.exactly("facts_count", tx.facts_count(organization, kind).await.unwrap());
        let keys = tx.fact_keys(at, kind, [0; 3], i64::MAX, MANY).await.unwrap();
        said.exactly("fact_keys", keys);
    }
    about_accounts(&mut tx, at, &mut said).await;
    about_lists(&mut tx, at, &mut said).await;
    about_runs(&mut tx, at, &mut said).await;
    about_staged(&mut tx, RunId(run), &mut said).await;
    for term in terms {
        about_term(&mut tx, at, *term, &mut said).await;
    }
    said.sorted(
        "effective_of_accounts",
        tx.effective_of_accounts(at, terms).await.unwrap(),
    );
    said.exactly(
        "platform_role_holders",
        tx.platform_role_holders(at, "atlassian/org-admin").await.unwrap(),
    );
    said.exactly("account_names", tx.account_names(terms).await.unwrap().len());
    said.sorted("token_list_among", tx.token_list_among(at, terms).await.unwrap());
    said.exactly("connection_semantics", tx.connection_semantics(1).await.unwrap());
    said.sorted("group_names", tx.group_names(organization, terms).await.unwrap());
    let extras = tx.account_extras(at, terms).await.unwrap();
    said.sorted("extras.groups", extras.groups);
    said.sorted("extras.resources", extras.resources);
    said.sorted("extras.platform_roles", extras.platform_roles);
    said.sorted("extras.last_active_at", extras.last_active_at);
    said.sorted("extras.directories", extras.directories);
    said.0
}

async fn about_accounts(tx: &mut Tx, at: Snapshot, said: &mut Said) {
    said.exactly(
        "account_descriptions",
        tx.account_descriptions(at, 0, MANY).await.unwrap(),
    );
    let text = |text: &str| text.to_owned();
    let filters = [
        AccountFilter::default(),
        AccountFilter {
            search: text("A1"),
            ..AccountFilter::default()
        },
        AccountFilter {
            search: text("%_\\"),
            ..AccountFilter::default()
        },
        AccountFilter {
            status: text("active"),
            ..AccountFilter::default()
        },
        AccountFilter {
            claim_status: text("managed"),
            account_type: text("app"),
            ..AccountFilter::default()
        },
        AccountFilter {
            resources: Some(vec![9, 10]),
            ..AccountFilter::default()
        },
        AccountFilter {
            resource: 9,
            ..AccountFilter::default()
        },
        AccountFilter {
            group: 6,
            administrator: true,
            ..AccountFilter::default()
        },
        AccountFilter {
            resources: Some(vec![9]),
            search: text("a"),
            ..AccountFilter::default()
        },
        AccountFilter {
            unused_since: 500,
            ..AccountFilter::default()
        },
    ];
    let administrators = AccountFilter {
        administrator: true,
        ..AccountFilter::default()
    };
    // Some are counted otherwise than they are listed.
    for filter in [&administrators, &filters[filters.len() - 1]] {
        let listed = tx
            .account_list(at, filter, AccountOrder::Name, MANY, 0)
            .await
            .unwrap();
        let counted = tx.account_count(at, filter).await.unwrap();
        assert_eq!(usize::try_from(counted), Ok(listed.len()), "{filter:?}");
    }
    use AccountOrder::{Active, Groups, Inactive, Name, NameBackwards, Newest};
    for filter in filters {
        let question = format!("account_list {filter:?}");
        for order in [Name, NameBackwards, Inactive, Active, Groups, Newest] {
            let rows = tx.account_list(at, &filter, order, MANY, 0).await.unwrap();
            said.exactly(&question, rows);
        }
        said.exactly(&question, tx.account_count(at, &filter).await.unwrap());
        said.sorted(
            &question,
            tx.account_list_among(at, &filter, &["a0", "a1", "a2"])
                .await
                .unwrap(),
        );
    }
    said.sorted("token_uses", tx.token_uses(at).await.unwrap());
    said.sorted("key_list", tx.key_list(at).await.unwrap());
    said.exactly("token_owners", tx.token_owners(at).await.unwrap());
    said.sorted("term_numbers", tx.term_numbers(&["a1", "none"]).await.unwrap());
    for kind in [model::FactKind::Domain, model::FactKind::Policy] {
        said.exactly("governance_list", tx.governance_list(at, kind).await.unwrap());
    }
    said.exactly("roles_on", tx.roles_on(at, 9).await.unwrap());
    said.exactly("has_summary", tx.has_summary(at).await.unwrap());
    said.exactly("account_tally", tx.account_tally(at).await.unwrap());
    let accounts = tx.fact_count(at, model::FactKind::Account).await.unwrap();
    assert_eq!(accounts, tx.account_tally(at).await.unwrap().accounts);
    said.exactly("fact_count", accounts);
    said.sorted("account_left", tx.account_left(at).await.unwrap());
    said.exactly("account_find", tx.account_find(at, "a1").await.unwrap());
    for name in ["a1 name", "A1@EXAMPLE.ORG", "nobody"] {
        said.sorted("account_named", tx.account_named(at, name).await.unwrap());
    }
}

async fn about_lists(tx: &mut Tx, at: Snapshot, said: &mut Said) {
    said.sorted("group_list", tx.group_list(at).await.unwrap());
    said.sorted("group_member_counts", tx.group_member_counts(at).await.unwrap());
    said.exactly("group_find", tx.group_find(at, "g1").await.unwrap());
    said.sorted("grant_list", tx.grant_list(at, None, None).await.unwrap());
    let groups: Vec<i64> = tx
        .group_list(at)
        .await
        .unwrap()
        .iter()
        .map(|group| group.term)
        .collect();
    said.sorted("grants_around", tx.grants_around(at, &groups).await.unwrap());
    for kind in [FactKind::Account, FactKind::Group] {
        said.sorted("gone_list", tx.gone_list(at, kind).await.unwrap());
    }
    said.sorted("workspace_list", tx.workspace_list(at).await.unwrap());
    said.sorted("directory_list", tx.directory_list(at).await.unwrap());
    for resource in [None, Some(9)] {
        said.sorted("role_counts", tx.role_counts(at, resource).await.unwrap());
        said.sorted(
            "holder_counts",
            tx.holder_counts(at, 500, resource).await.unwrap(),
        );
    }
    said.sorted("grant_counts", tx.grant_counts(at).await.unwrap());
    for (number, id) in tx.scim_directories(at.organization).await.unwrap() {
        let counts = tx.scim_counts(at, number).await.unwrap();
        said.exactly("scim_counts", (id, counts));
        for unlinked in [true, false] {
            let users = tx
                .scim_user_list(at, number, unlinked, (0, 0), MANY)
                .await
                .unwrap();
            said.sorted("scim_user_list", users);
        }
    }
    said.sorted("token_list", tx.token_list(at).await.unwrap());
    said.sorted(
        "effective_of_everybody",
        tx.effective_of_everybody(at).await.unwrap(),
    );
    said.exactly(
        "activity_read_at",
        tx.activity_read_at(at.organization).await.unwrap(),
    );
    said.exactly("known_roles", tx.known_roles(at.organization).await.unwrap());
    said.exactly(
        "known_role_resources",
        tx.known_role_resources(at.organization).await.unwrap(),
    );
    let orphans = tx.methods_without_holding(at.organization).await.unwrap();
    said.exactly("methods_without_holding", orphans.len());
}

async fn about_runs(tx: &mut Tx, at: Snapshot, said: &mut Said) {
    said.exactly(
        "run_whole_begun_at",
        tx.run_whole_begun_at(at.organization).await.unwrap(),
    );
    let Snapshot { organization, run } = at;
    said.changes("change_begun", tx.change_begun(at, None, MANY).await.unwrap());
    said.changes("change_begun", tx.change_begun(at, Some(5), MANY).await.unwrap());
    said.changes("change_ended", tx.change_ended(at, None, MANY).await.unwrap());
    let (begun, ended) = tx.change_between(at, run - 1, None, MANY).await.unwrap();
    said.changes("change_between", begun);
    said.changes("change_between", ended);
    let (begun, ended) = tx.change_counts(organization, 0, run).await.unwrap();
    said.sorted("change_counts", begun);
    said.sorted("change_counts", ended);
    said.exactly("change_runs", tx.change_runs(at, 0, None, MANY).await.unwrap());
    let of_kind = tx.change_runs(at, 0, Some(5), MANY).await.unwrap();
    said.exactly("change_runs of a kind", of_kind);
    said.exactly("organization_list", tx.organization_list().await.unwrap());
    let id = OrganizationId::from("org-1");
    said.exactly("organization_find", tx.organization_find(&id).await.unwrap());
    said.exactly("connection_views", tx.connection_views().await.unwrap());
    said.exactly("run_views", tx.run_views(None, MANY).await.unwrap());
    said.exactly("run_views", tx.run_views(Some(1), MANY).await.unwrap());
    said.exactly("run_view", tx.run_view(run).await.unwrap());
    said.exactly("run_latest", tx.run_latest(organization, MANY).await.unwrap());
    said.exactly("listing_views", tx.listing_views(run).await.unwrap());
    said.exactly("listing_all", tx.listing_all(RunId(run)).await.unwrap());
    said.exactly("run_progress_view", tx.run_progress_view(run).await.unwrap());
    said.exactly("family_tally", tx.family_tally(run).await.unwrap());
    said.exactly(
        "published_first",
        tx.published_first(organization, run).await.unwrap(),
    );
    said.exactly(
        "published_last",
        tx.published_last(organization, run, i64::MAX).await.unwrap(),
    );
    said.exactly(
        "published_since",
        tx.published_since(organization, run, 0).await.unwrap(),
    );
    said.exactly(
        "published_methods",
        tx.published_methods(organization, run).await.unwrap(),
    );
    said.exactly(
        "published_whole",
        tx.published_whole(organization, run).await.unwrap(),
    );
}

async fn about_staged(tx: &mut Tx, run: RunId, said: &mut Said) {
    said.exactly("check_group_members", tx.check_group_members(run).await.unwrap());
    said.exactly(
        "check_account_resources",
        tx.check_account_resources(run).await.unwrap(),
    );
    said.exactly("check_strangers", tx.check_strangers(run).await.unwrap());
    said.exactly("check_not_told", tx.check_not_told(run).await.unwrap());
    said.exactly(
        "check_unknown_groups",
        tx.check_unknown_groups(run).await.unwrap(),
    );
    said.exactly("check_ambiguous", tx.check_ambiguous(run).await.unwrap());
    said.exactly("check_implied", tx.check_implied(run, MANY).await.unwrap());
    said.exactly("staged_grants", tx.staged_grants(run).await.unwrap());
    said.exactly("staged_groups", tx.staged_groups(run).await.unwrap());
    said.exactly("staged_holders", tx.staged_holders(run, 0, MANY).await.unwrap());
    // Any three accounts will do, so which are found is not promised.
    said.exactly(
        "staged_many_sided",
        tx.staged_many_sided(run).await.unwrap().len(),
    );
    said.exactly(
        "staged_holders_count",
        tx.staged_holders_count(run, "r1", "role0").await.unwrap(),
    );
    said.exactly(
        "staged_hint_count",
        tx.staged_hint_count(run, Hint::HoldsRole, "role0").await.unwrap(),
    );
    said.sorted(
        "staged_holdings_of",
        tx.staged_holdings_of(run, "a1").await.unwrap(),
    );
    for kind in FactKind::ALL {
        said.exactly("staged_first", tx.staged_first(run, kind).await.unwrap());
        said.exactly("staged_second", tx.staged_second(run, kind).await.unwrap());
        said.exactly("staged_third", tx.staged_third(run, kind).await.unwrap());
        said.exactly("staged_under", tx.staged_under(run, kind, "g1").await.unwrap());
    }
}

async fn about_term(tx: &mut Tx, at: Snapshot, term: i64, said: &mut Said) {
    for kind in FactKind::ALL {
        let found = tx.fact_find(at, kind, [term, 0, 0]).await.unwrap();
        said.exactly("fact_find", found);
    }
    said.sorted(
        "account_directories",
        tx.account_directories(at, term).await.unwrap(),
    );
    said.sorted(
        "account_platform_roles",
        tx.account_platform_roles(at, term).await.unwrap(),
    );
    said.sorted(
        "scim_users_of_account",
        tx.scim_users_of_account(at, 1, term).await.unwrap(),
    );
    said.sorted(
        "scim_groups_named",
        tx.scim_groups_named(at, term, "g_1").await.unwrap(),
    );
    said.sorted("account_groups", tx.account_groups(at, term).await.unwrap());
    said.sorted(
        "account_activity",
        tx.account_activity(at.organization, term).await.unwrap(),
    );
    said.sorted(
        "effective_of_account",
        tx.effective_of_account(at, term, None).await.unwrap(),
    );
    said.changes("change_account", tx.change_account(at, term).await.unwrap());
    said.changes("change_group", tx.change_group(at, term, 0, MANY).await.unwrap());
    said.changes(
        "change_resource",
        tx.change_resource(at, term, 0, MANY).await.unwrap(),
    );
    said.sorted("grant_list", tx.grant_list(at, Some(term), None).await.unwrap());
    said.sorted("grant_list", tx.grant_list(at, None, Some(term)).await.unwrap());
    said.exactly("holder_count", tx.holder_count(at, term).await.unwrap());
    for search in ["", "a1"] {
        said.exactly(
            "group_member_count",
            tx.group_member_count(at, term, search).await.unwrap(),
        );
        said.exactly(
            "holding_count",
            tx.holding_count(at, term, None, search).await.unwrap(),
        );
        for is_large in [false, true] {
            let members = tx.group_members(at, term, search, ALL, is_large).await.unwrap();
            said.sorted("group_members", members);
            let rows = tx
                .effective_of_resource(at, term, None, search, ALL, is_large)
                .await
                .unwrap();
            said.sorted("effective_of_resource", rows);
        }
    }
}
