//! Seeds a SQLite store with an invented organization and weeks of its history, for tests and for looking.
//!
//! It writes rows as a finished reading would leave them and shares nothing with the code that reads them.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, QueryBuilder, Sqlite};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use store::Store;

pub const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// What to seed.
pub struct Plan {
    pub accounts: usize,
    pub groups: usize,
    pub days: i64,
    /// The present.
    pub now: i64,
    /// Whether a run is held and another one goes on.
    pub trouble: bool,
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
    fn percent(&mut self, share: u64) -> bool {
        self.next() % 100 < share
    }
    fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const FIRST: [&str; 40] = [
    "Adaeze", "Aoife", "Benedikt", "Carla", "Daniel", "Edda", "Farid", "Greta", "Hubert", "Ines", "Jonas",
    "Kateryna", "Lukas", "Mirela", "Nadia", "Otto", "Priya", "Rasmus", "Sanne", "Tomasz", "Umar", "Violeta",
    "Wanjiru", "Ximena", "Yusuf", "Zofia", "Émile", "Öykü", "Łukasz", "Søren", "Ana", "Bruno", "Chidi",
    "Dagny", "Elif", "Finn", "Gulnara", "Hana", "Ivo", "Jun",
];
const LAST: [&str; 40] = [
    "Nwosu",
    "Ní Bhriain",
    "Oyelaran",
    "Monteverdi",
    "Ferreira",
    "Þorvaldsdóttir",
    "Benhaddou",
    "Halvorsen",
    "Moreau",
    "Weidmann",
    "Holub",
    "Brandmeier",
    "Okafor",
    "Petrosyan",
    "Lindgren",
    "Raghunathan",
    "Kjeldgaard",
    "de Wit",
    "Brandt",
    "Sarıkaya",
    "Kowalczyk",
    "Achterberg",
    "Diallo",
    "Eriksen",
    "Fontaine",
    "Gómez",
    "Hashimoto",
    "Iversen",
    "Jansen",
    "Kipchoge",
    "Laurent",
    "Markovič",
    "Novák",
    "O’Connell",
    "Pereira",
    "Quist",
    "Rossi",
    "Silva",
    "Tanaka",
    "Ullmann",
];
const ODD: [&str; 6] = [
    "عبد الرحمن الخطيب",
    "田中 さくら",
    "Hubert Blaine Wolfeschlegelsteinhausenbergerdorff von und zu Hohenzollern-Sigmaringen der Ältere",
    "<script>alert(1)</script>",
    "נועה בן־דוד",
    "O'Brien \"Bob\" & Söhne",
];
const WORKSPACES: [(&str, &str, &str, i64); 11] = [
    ("fernhill", "jira-software", "Jira", 1600),
    ("fernhill-wiki", "confluence", "Confluence", 1600),
    ("support", "jira-servicedesk", "Jira Service Management", 400),
    ("fernhill-ops", "jira-software", "Jira", 400),
    ("fernhill-code", "bitbucket", "Bitbucket", 500),
    ("fernhill-sandbox", "jira-software", "Jira", 100),
    ("partners", "confluence", "Confluence", 200),
    (
        "fernhill-discovery",
        "jira-product-discovery",
        "Jira Product Discovery",
        0,
    ),
    ("legal", "confluence", "Confluence", 50),
    ("incident", "opsgenie", "Opsgenie", 60),
    ("facilities", "jira-servicedesk", "Jira Service Management", 120),
];

type Key = (i64, i64, i64, i64);

struct Row {
    key: Key,
    attributes: String,
    unseen_at: Option<i64>,
    seen_at: i64,
    begun_run: i64,
    ended_run: Option<i64>,
    ended_at: Option<i64>,
}

#[derive(Default)]
struct World {
    terms: HashMap<String, i64>,
    texts: Vec<String>,
    rows: Vec<Row>,
    open: HashMap<Key, usize>,
    members: BTreeSet<(i64, i64)>,
    grants: BTreeMap<i64, BTreeSet<(i64, i64)>>,
    groups_of: HashMap<i64, BTreeSet<i64>>,
    direct: HashMap<i64, BTreeSet<(i64, i64)>>,
    holdings: HashMap<i64, BTreeSet<(i64, i64)>>,
    run: i64,
    at: i64,
    previous_at: Option<i64>,
    begun: i64,
    ended: i64,
}

impl World {
    fn term(&mut self, text: &str) -> i64 {
        if let Some(term) = self.terms.get(text) {
            return *term;
        }
        self.texts.push(text.to_owned());
        let term = self.texts.len() as i64;
        self.terms.insert(text.to_owned(), term);
        term
    }

    fn set(&mut self, key: Key, attributes: serde_json::Value) {
        let attributes = attributes.to_string();
        if let Some(index) = self.open.get(&key) {
            if self.rows[*index].attributes == attributes {
                return;
            }
            self.end(key);
        }
        self.begun += i64::from(self.previous_at.is_some());
        self.open.insert(key, self.rows.len());
        self.rows.push(Row {
            key,
            attributes,
            unseen_at: self.previous_at,
            seen_at: self.at,
            begun_run: self.run,
            ended_run: None,
            ended_at: None,
        });
    }

    fn end(&mut self, key: Key) {
        if let Some(index) = self.open.remove(&key) {
            self.rows[index].ended_run = Some(self.run);
            self.rows[index].ended_at = Some(self.at);
            self.ended += 1;
        }
    }

    fn join(&mut self, group: i64, account: i64) {
        if self.members.insert((group, account)) {
            self.groups_of.entry(account).or_default().insert(group);
            self.set((5, group, account, 0), serde_json::json!({}));
        }
    }

    fn leave(&mut self, group: i64, account: i64) {
        if self.members.remove(&(group, account)) {
            self.groups_of.entry(account).or_default().remove(&group);
            self.end((5, group, account, 0));
        }
    }

    /// Brings the holdings of an account into line with its groups and its direct grants.
    fn settle(&mut self, account: i64) {
        let mut wanted = self.direct.get(&account).cloned().unwrap_or_default();
        for group in self.groups_of.get(&account).into_iter().flatten() {
            wanted.extend(self.grants.get(group).into_iter().flatten());
        }
        let held = self.holdings.remove(&account).unwrap_or_default();
        for (resource, role) in held.difference(&wanted) {
            self.end((7, account, *resource, *role));
        }
        let gained: Vec<(i64, i64)> = wanted.difference(&held).copied().collect();
        for (resource, role) in gained {
            self.set((7, account, resource, role), serde_json::json!({}));
        }
        self.holdings.insert(account, wanted);
    }
}

struct Person {
    term: i64,
    name: Option<String>,
    email: Option<String>,
    id: String,
}

fn iso(at: i64) -> String {
    app::views::At(at).to_string()
}

/// Makes the file and seeds it.
pub async fn seed(file: &Path, plan: &Plan) -> Store {
    let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut world = World::default();
    let mut people: Vec<Person> = Vec::new();
    let mut runs: Vec<(i64, i64, i64, i64, i64)> = Vec::new();
    let mut activity: Vec<(i64, i64, i64)> = Vec::new();

    let start = plan.now - plan.days * DAY - 4 * MINUTE;
    world.run = 1;
    world.at = start;

    let directory = world.term("d-fernhill");
    world.set((2, directory, 0, 0), serde_json::json!({"name": "Fernhill IdP"}));
    let partners = world.term("d-partners");
    world.set((2, partners, 0, 0), serde_json::json!({"name": "Partners"}));
    let user = world.term("atlassian/user");
    let admin = world.term("atlassian/admin");
    let agent = world.term("atlassian/contributor");
    let org_admin = world.term("atlassian/org-admin");

    let mut workspaces = Vec::new();
    for (index, (name, key, product, capacity)) in WORKSPACES.iter().enumerate() {
        let id = format!("ari:cloud:{key}::site/3f0e{index:04}-77aa-4c1b-9d2e-0f00000000{index:02}");
        let term = world.term(&id);
        let mut attributes = serde_json::json!({
            "name": name, "type_key": key, "type": product, "status": "online",
            "host_url": "https://fernhill.example", "directory_id": "d-fernhill", "sandbox": name.contains("sandbox"),
        });
        if *capacity > 0 {
            attributes["capacity"] = serde_json::json!(*capacity * (plan.accounts as i64 / 2000).max(1));
        }
        world.set((6, term, 0, 0), attributes);
        workspaces.push(term);
    }
    let site = world.term("ari:cloud:platform::site/3f0e0000-77aa-4c1b-9d2e-0f0000000000");

    let mut groups: Vec<i64> = Vec::new();
    let mut group = |world: &mut World, name: &str, synced: bool| {
        let id = format!("g-{:04}-5b1e-4e1c-9a7f", groups.len());
        let term = world.term(&id);
        let attributes = serde_json::json!({
            "directory_id": "d-fernhill", "name": name, "external_synced": synced,
            "description": if synced { "Managed in the identity provider" } else { "" },
        });
        world.set((4, term, 0, 0), attributes);
        groups.push(term);
        term
    };
    let mut giving: Vec<(i64, u64)> = Vec::new();
    for (index, workspace) in workspaces.iter().enumerate() {
        let name = WORKSPACES[index].0;
        let users = group(&mut world, &format!("{name}-users"), index < 3);
        world.grants.entry(users).or_default().insert((*workspace, user));
        giving.push((users, [85, 72, 18, 15, 20, 5, 6, 9, 2, 3, 4][index]));
        let admins = group(&mut world, &format!("{name}-admins"), false);
        world
            .grants
            .entry(admins)
            .or_default()
            .insert((*workspace, admin));
        giving.push((admins, 1));
        if index % 2 == 0 {
            let extra = group(&mut world, &format!("eng-{name}"), false);
            world.grants.entry(extra).or_default().insert((*workspace, user));
            giving.push((extra, 8));
        }
    }
    let all_staff = group(&mut world, "all-staff", true);
    world
        .grants
        .entry(all_staff)
        .or_default()
        .extend([(workspaces[0], user), (workspaces[1], user)]);
    giving.push((all_staff, 70));
    let mut small = Vec::new();
    while groups_len(&world) < plan.groups {
        let index = groups_len(&world);
        let name = format!(
            "{}-{}",
            dice.one(&["team", "guild", "project", "region", "oncall"]),
            index
        );
        let mut attributes =
            serde_json::json!({"directory_id": "d-fernhill", "name": name, "external_synced": false});
        if dice.percent(30) {
            attributes["description"] = serde_json::json!("Made by hand, owner not told");
        }
        let term = world.term(&format!("g-small-{index:05}"));
        world.set((4, term, 0, 0), attributes);
        small.push(term);
    }
    let grants: Vec<(i64, i64, i64)> = world
        .grants
        .iter()
        .flat_map(|(group, given)| given.iter().map(|(on, role)| (*group, *on, *role)))
        .collect();
    for (group, on, role) in grants {
        world.set((8, group, on, role), serde_json::json!({}));
    }

    let arrive = |world: &mut World,
                  dice: &mut Dice,
                  people: &mut Vec<Person>,
                  activity: &mut Vec<(i64, i64, i64)>| {
        let index = people.len();
        let id = format!("712020:{:08x}-5b1e-4e1c-9a7f-{:012x}", dice.next() as u32, index);
        let term = world.term(&id);
        let is_app = index % 97 == 13;
        let external = index % 14 == 5;
        let name = match index {
            1..=6 => ODD[index - 1].to_owned(),
            _ if is_app => format!("Build agent {index}"),
            _ => format!("{} {}", dice.one(&FIRST), dice.one(&LAST)),
        };
        let plain: String = name
            .to_lowercase()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == ' ')
            .collect();
        let local = plain.split_whitespace().collect::<Vec<_>>().join(".");
        let host = if external {
            "quayside-audit.example"
        } else {
            "fernhill.example"
        };
        let email = (!is_app).then(|| {
            format!(
                "{}{index}@{host}",
                if local.is_empty() { "person." } else { &local }
            )
        });
        let inactive = index % 41 == 7;
        world.set(
            (1, term, 0, 0),
            serde_json::json!({
                "type": if is_app { "app" } else { "atlassian" },
                "status": if inactive { "inactive" } else { "active" },
                "claim_status": if external || is_app { "unmanaged" } else { "managed" },
            }),
        );
        let place = if external { partners } else { directory };
        let status = if index % 83 == 11 { "suspended" } else { "active" };
        world.set((3, place, term, 0), serde_json::json!({"status": status}));
        for (group, share) in &giving {
            if dice.percent(*share) {
                world.join(*group, term);
            }
        }
        for _ in 0..dice.below(6) {
            if !small.is_empty() {
                let group = *dice.one(&small);
                world.join(group, term);
            }
        }
        if dice.percent(5) {
            let direct = (
                *dice.one(&workspaces),
                if dice.percent(30) { agent } else { user },
            );
            world.direct.entry(term).or_default().insert(direct);
        }
        if index % 500 == 9 {
            world.set((9, term, org_admin, 0), serde_json::json!({}));
            world.direct.entry(term).or_default().insert((site, admin));
        }
        world.settle(term);
        for (resource, _) in world.holdings.get(&term).cloned().unwrap_or_default() {
            let idle = if dice.percent(10) {
                91 + dice.below(200)
            } else {
                dice.below(30)
            };
            if dice.percent(90) {
                activity.push((
                    term,
                    resource,
                    plan.now - idle as i64 * DAY - dice.below(DAY as usize) as i64,
                ));
            }
        }
        if dice.percent(15) && !is_app {
            for number in 0..1 + dice.below(3) {
                let token = world.term(&format!("token-{index}-{number}"));
                let mut attributes = serde_json::json!({
                    "account_id": id, "label": dice.one(&["laptop-cli", "jira-export-script", "tableau-bridge", "ci"]),
                    "status": "ALLOWED", "created_at": iso(start - 40 * DAY),
                });
                if dice.percent(70) {
                    attributes["expires_at"] =
                        serde_json::json!(iso(plan.now + (dice.below(300) as i64 - 20) * DAY));
                }
                if dice.percent(80) {
                    attributes["last_active_at"] =
                        serde_json::json!(iso(plan.now - dice.below(250) as i64 * DAY));
                }
                world.set((12, token, 0, 0), attributes);
            }
        }
        // How some holdings came about was read.
        if index.is_multiple_of(3) {
            for (resource, role) in world.holdings.get(&term).cloned().unwrap_or_default() {
                let mut methods = Vec::new();
                if world
                    .direct
                    .get(&term)
                    .is_some_and(|direct| direct.contains(&(resource, role)))
                {
                    methods.push("direct");
                }
                let groups = world.groups_of.get(&term).into_iter().flatten();
                let given = |group: &&i64| {
                    world
                        .grants
                        .get(group)
                        .is_some_and(|given| given.contains(&(resource, role)))
                };
                if groups.filter(given).count() > 0 {
                    methods.push("group_direct");
                }
                world.set(
                    (13, term, resource, role),
                    serde_json::json!({"methods": methods}),
                );
            }
        }
        people.push(Person {
            term,
            name: Some(name),
            email,
            id,
        });
    };
    for _ in 0..plan.accounts {
        arrive(&mut world, &mut dice, &mut people, &mut activity);
    }
    credentials(&mut world, &mut people, plan);
    runs.push((1, start - 2 * MINUTE, start, 0, 0));

    for day in 1..=plan.days {
        let at = start + day * DAY;
        // Two days on which nothing was read.
        if day == plan.days - 26 || day == plan.days - 27 {
            continue;
        }
        world.previous_at = Some(world.at);
        world.run += 1;
        world.at = at;
        world.begun = 0;
        world.ended = 0;
        let is_weekend = ((at / DAY) + 4) % 7 == 0 || ((at / DAY) + 4) % 7 == 6;
        let scale = (plan.accounts / 250).max(2);
        let moves = if is_weekend {
            dice.below(2)
        } else {
            1 + dice.below(scale)
        };
        if day == plan.days - 40 {
            for _ in 0..plan.accounts / 60 {
                arrive(&mut world, &mut dice, &mut people, &mut activity);
            }
        }
        for _ in 0..moves {
            let account = dice.one(&people).term;
            let (group, _) = *dice.one(&giving);
            if dice.percent(55) {
                world.join(group, account)
            } else {
                world.leave(group, account)
            }
            world.settle(account);
        }
        if day == plan.days - 12 {
            let crowd: Vec<i64> = world
                .members
                .iter()
                .filter(|(group, _)| *group == giving[3].0)
                .map(|pair| pair.1)
                .collect();
            for account in crowd.into_iter().take(90) {
                world.leave(giving[3].0, account);
                world.settle(account);
            }
        }
        if moves > 3 {
            arrive(&mut world, &mut dice, &mut people, &mut activity);
            let index = dice.below(people.len());
            let term = people[index].term;
            world.set(
                (3, directory, term, 0),
                serde_json::json!({"status": "suspended"}),
            );
        }
        runs.push((world.run, at - 90_000, at, world.begun, world.ended));
    }

    write(file, plan, &world, &people, &runs, &activity).await;
    store
}

/// Keys of the organization, service accounts, what an identity provider owns, and a token whose owner is gone.
fn credentials(world: &mut World, people: &mut Vec<Person>, plan: &Plan) {
    use serde_json::json;
    let (maker, maker_id) = (people[0].term, people[0].id.clone());
    let key = |label: &str, maker: &str, days: i64| {
        let expires_at = iso(plan.now + days * DAY);
        json!({"label": label, "key_type": "SCOPED", "created_by": maker, "created_at": iso(plan.now - 200 * DAY),
            "expires_at": expires_at, "scopes": ["read:accounts:admin", "read:groups:admin"]})
    };
    let keys = [
        ("key-1", key("orgwarden", &maker_id, 12)),
        ("key-2", key("backup of <groups>", "557058:long-gone", 165)),
        ("key-3", key("old export", &maker_id, -3)),
    ];
    for (id, attributes) in keys {
        let term = world.term(id);
        world.set((14, term, 0, 0), attributes);
    }
    let robot = world.term("557058:robot");
    let attributes = json!({"service_account_id": "sa-1", "name": "build-robot", "status": "ACTIVE",
        "description": "Moves tickets when a build ends", "created_by": maker_id});
    world.set((15, robot, 0, 0), attributes);

    let (domain, policy) = (world.term("domain-1"), world.term("policy-1"));
    world.set(
        (10, domain, 0, 0),
        json!({"name": "fernhill.example", "claim_type": "dns", "claim_status": "verified"}),
    );
    world.set(
        (11, policy, 0, 0),
        json!({"name": "Data stays here", "type": "data-residency", "status": "enabled"}),
    );

    let directory = world.term("scim-directory-1");
    for (index, account) in [maker, 0].into_iter().enumerate() {
        let id = format!("scim-user-{index}");
        let term = world.term(&id);
        world.set((16, term, directory, account), json!({"active": true}));
        let email = Some(format!("provisioned{index}@fernhill.example"));
        people.push(Person {
            term,
            name: None,
            email,
            id,
        });
    }
    let group = world.rows.iter().find(|row| row.key.0 == 4);
    let group: serde_json::Value =
        group.map_or_else(|| json!({}), |row| serde_json::from_str(&row.attributes).unwrap());
    let record = world.term("scim-group-1");
    world.set((17, record, directory, 0), json!({"name": group["name"]}));

    let token = world.term("token-of-nobody");
    let attributes = json!({"account_id": "557058:long-gone", "label": "left behind", "status": "ALLOWED",
        "created_at": iso(plan.now - 300 * DAY), "expires_at": iso(plan.now + 5 * DAY)});
    world.set((12, token, 0, 0), attributes);
    world.term("557058:long-gone");
}

fn groups_len(world: &World) -> usize {
    world.rows.iter().filter(|row| row.key.0 == 4).count()
}

async fn write(
    file: &Path,
    plan: &Plan,
    world: &World,
    people: &[Person],
    runs: &[(i64, i64, i64, i64, i64)],
    activity: &[(i64, i64, i64)],
) {
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file))
        .await
        .unwrap();
    let mut tx = connection.begin().await.unwrap();
    let last = runs.last().map_or(0, |run| run.0);
    sqlx::query("INSERT INTO organization (id, atlassian_id, name, published_run) VALUES (1, 'o-fernhill', 'Fernhill', $1)")
        .bind(last)
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO connection (id, organization_id, name, base_url, sealed_key, created_at, created_by, sync_interval_ms, semantics)
         VALUES (1, 1, 'fernhill-main', 'https://api.atlassian.com', x'00', $1, 'ines', 3600000, $2)",
    )
    .bind(plan.now - (plan.days + 1) * DAY)
    .bind(r#"{"version":1,"joint_filters":true,"search_page":100,"groups_cut_at":null,"learned_at":1790000000000}"#)
    .execute(&mut *tx)
    .await
    .unwrap();
    let insert_run = "INSERT INTO run (id, organization_id, connection_id, with_methods, state, started_at, ended_at, requests,
        changes_begun, changes_ended, report) VALUES ($1, 1, 1, $2, $3, $4, $5, $6, $7, $8, $9)";
    for (run, started, ended, begun, gone) in runs {
        let plain = r#"{"version":1,"operations":{"users_search":62,"groups":3,"group_role_assignments":110,"workspaces":1}}"#;
        let drift = r#"{"version":1,"drift":{"account.membershipStatus: unknown value \"dormant\"":3},"operations":{"users_search":62}}"#;
        let run_query = sqlx::query(insert_run)
            .bind(run)
            .bind(i64::from(run % 7 == 1))
            .bind("published")
            .bind(started);
        let run_query = run_query.bind(ended).bind(180 + run % 40).bind(begun).bind(gone);
        run_query
            .bind(if run % 5 == 0 { drift } else { plain })
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    if plan.trouble {
        let reasons =
            r#"{"version":1,"reasons":["role holdings: 1,204 of 6,586 would end (18 %, more than 10 %)"]}"#;
        let held = sqlx::query(insert_run)
            .bind(last + 1)
            .bind(0)
            .bind("held")
            .bind(plan.now - 40 * MINUTE);
        let held = held
            .bind(Some(plan.now - 38 * MINUTE))
            .bind(201)
            .bind(0)
            .bind(0)
            .bind(reasons);
        held.execute(&mut *tx).await.unwrap();
        let live = sqlx::query(insert_run)
            .bind(last + 2)
            .bind(0)
            .bind("reading")
            .bind(plan.now - 20_000);
        let live = live
            .bind(None::<i64>)
            .bind(87)
            .bind(0)
            .bind(0)
            .bind(r#"{"version":1}"#);
        live.execute(&mut *tx).await.unwrap();
        let listings = [
            ("accounts", "d-fernhill", "reading", 12, 1_200, Some(2_056), None),
            ("groups", "d-fernhill", "ended", 3, 120, Some(120), None),
            ("group_members", "g-1", "ended", 2, 150, None, None),
            ("group_members", "g-2", "reading", 1, 100, None, None),
            ("group_members", "g-3", "planned", 0, 0, None, None),
            (
                "tokens",
                "",
                "refused",
                0,
                0,
                None,
                Some("this key may not read API tokens (403)"),
            ),
            ("workspaces", "", "ended", 1, 11, None, None),
        ];
        for (family, name, state, pages, rows, expected, note) in listings {
            let sql = "INSERT INTO listing (run_id, family, name, state, pages, rows_seen, expected, note)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
            let row = sqlx::query(sql)
                .bind(last + 2)
                .bind(family)
                .bind(name)
                .bind(state)
                .bind(pages);
            row.bind(rows)
                .bind(expected)
                .bind(note)
                .execute(&mut *tx)
                .await
                .unwrap();
        }
    }
    for (name, expected) in [
        ("accounts", people.len() as i64),
        ("groups", 60),
        ("workspaces", 11),
        ("tokens", 400),
    ] {
        sqlx::query("INSERT INTO listing (run_id, family, name, state, pages, rows_seen, expected) VALUES ($1, $2, 'all', 'ended', $3, $4, $5)")
            .bind(last)
            .bind(name)
            .bind(expected / 100 + 1)
            .bind(expected)
            .bind((name != "tokens").then_some(expected))
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    for chunk in world.texts.chunks(400).enumerate() {
        let (number, texts) = chunk;
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO term (id, text) ");
        query.push_values(texts.iter().enumerate(), |mut row, (index, text)| {
            row.push_bind((number * 400 + index + 1) as i64).push_bind(text);
        });
        query.build().execute(&mut *tx).await.unwrap();
    }
    for chunk in people.chunks(400) {
        let mut query =
            QueryBuilder::<Sqlite>::new("INSERT INTO person (account, name, email, attributes, search) ");
        query.push_values(chunk, |mut row, person| {
            let parts = [
                person.name.as_deref(),
                person.email.as_deref(),
                Some(person.id.as_str()),
            ];
            let search = parts
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase();
            row.push_bind(person.term)
                .push_bind(&person.name)
                .push_bind(&person.email)
                .push_bind("{}")
                .push_bind(search);
        });
        query.build().execute(&mut *tx).await.unwrap();
    }
    for chunk in activity.chunks(400) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT OR IGNORE INTO activity (organization_id, account, resource, last_active_at, read_at) ",
        );
        query.push_values(chunk, |mut row, (account, resource, at)| {
            row.push_bind(1_i64)
                .push_bind(account)
                .push_bind(resource)
                .push_bind(at)
                .push_bind(plan.now - 6 * 3_600_000);
        });
        query.build().execute(&mut *tx).await.unwrap();
    }
    for chunk in world.rows.chunks(200) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO fact (organization_id, kind, a, b, c, attributes, unseen_at, seen_at, begun_run, ended_run, ended_at, last_seen_at) ",
        );
        query.push_values(chunk, |mut row, fact| {
            let (kind, a, b, c) = fact.key;
            row.push_bind(1_i64)
                .push_bind(kind)
                .push_bind(a)
                .push_bind(b)
                .push_bind(c)
                .push_bind(&fact.attributes);
            row.push_bind(fact.unseen_at)
                .push_bind(fact.seen_at)
                .push_bind(fact.begun_run);
            row.push_bind(fact.ended_run)
                .push_bind(fact.ended_at)
                .push_bind(fact.ended_at.map(|at| at - DAY));
        });
        query.build().execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}
