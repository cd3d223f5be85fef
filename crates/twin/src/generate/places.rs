//! Directories, sites, workspaces, and the resources that are not workspaces.

use super::Plan;
use crate::random::Random;
use crate::state::{Directory, Resource, ResourceKind, Site, World};

const DAY_MS: i64 = 86_400_000;
/// Products in the order in which an organization gets them: (key, display name, lives on a site).
const PRODUCTS: [(&str, &str, bool); 10] = [
    ("confluence", "Confluence", true),
    ("jira-software", "Jira", true),
    ("jira-servicedesk", "Jira Service Management", true),
    ("jira-product-discovery", "Jira Product Discovery", true),
    ("bitbucket", "Bitbucket", false),
    ("trello", "Trello", false),
    ("compass", "Compass", true),
    ("jira-core", "Jira Work Management", true),
    ("opsgenie", "Opsgenie", true),
    ("statuspage", "Statuspage", false),
];

pub(super) fn fill(world: &mut World, plan: &Plan) {
    let mut random = plan.random("places");
    for index in 0..plan.directories {
        let name = match index {
            0 => "Default directory".to_owned(),
            1 => "Partners".to_owned(),
            other => format!("Directory {other}"),
        };
        world.directories.push(Directory {
            id: random.uuid(),
            name,
        });
    }
    let org_ari = format!("ari:cloud:platform::org/{}", world.org_id);
    if plan.workspaces > 0 || plan.users > 0 {
        world.add_resource(outside(org_ari, "platform", 0, None, ResourceKind::Organization));
    }
    for index in 0..plan.workspaces {
        let directory = directory_of(index, plan, &mut random);
        add_workspace(world, index, directory, &mut random);
    }
    for index in 0..world.sites.len() {
        let Some(site) = world.sites.get(index) else {
            continue;
        };
        let (ari, directory) = (
            format!("ari:cloud:platform::site/{}", site.cloud_id),
            site.directory,
        );
        let site = u16::try_from(index).ok();
        world.add_resource(outside(ari, "platform", directory, site, ResourceKind::Site));
    }
    if plan.workspaces > 1 {
        world.add_resource(outside(
            "ari:cloud:jira::app/all".to_owned(),
            "jira",
            0,
            None,
            ResourceKind::Wildcard,
        ));
    }
}

/// The three largest products live in the first directory, and every directory gets one as long as there are enough.
fn directory_of(index: usize, plan: &Plan, random: &mut Random) -> u16 {
    let others = plan.directories - 1;
    let chosen = match index {
        0..3 => 0,
        _ if others == 0 => 0,
        _ if index < 3 + others => index - 2,
        _ if random.chance(0.75) => 0,
        _ => 1 + random.below(others),
    };
    u16::try_from(chosen).unwrap_or(0)
}

fn add_workspace(world: &mut World, index: usize, directory: u16, random: &mut Random) {
    let Some((owner, title, is_sited)) = PRODUCTS.get(index % PRODUCTS.len()).copied() else {
        return;
    };
    let capacity_is_known = owner == "bitbucket";
    let status = if index % 17 == 16 { "deprecated" } else { "online" };
    let is_sandbox = index % 13 == 12;
    if !is_sited {
        let part = if owner == "trello" {
            random.hex(24)
        } else {
            random.uuid()
        };
        let name = format!("{title} {index}");
        let capacity = capacity_is_known.then_some(0);
        let kind = ResourceKind::Workspace {
            name,
            host: None,
            created_ms: None,
            capacity,
            status,
            is_sandbox,
        };
        world.add_resource(outside(
            format!("ari:cloud:{owner}::workspace/{part}"),
            owner,
            directory,
            None,
            kind,
        ));
        return;
    }
    let site = site_for(world, owner, directory, random);
    let Some(row) = world.sites.get_mut(site) else {
        return;
    };
    row.products.push(owner);
    let ari = format!("ari:cloud:{owner}::site/{}", row.cloud_id);
    let host = Some(row.host.clone());
    let name = row
        .host
        .trim_start_matches("https://")
        .trim_end_matches(".atlassian.net")
        .to_owned();
    let created_ms = Some(world.born_ms - (400 + random.below(1500) as i64) * DAY_MS);
    let kind = ResourceKind::Workspace {
        name,
        host,
        created_ms,
        capacity: None,
        status,
        is_sandbox,
    };
    world.add_resource(outside(ari, owner, directory, u16::try_from(site).ok(), kind));
}

/// A site of this directory that has not the product yet, made when there is none.
fn site_for(world: &mut World, owner: &'static str, directory: u16, random: &mut Random) -> usize {
    let fits = |site: &Site| site.directory == directory && !site.products.contains(&owner);
    if let Some(found) = world.sites.iter().position(fits) {
        return found;
    }
    let number = world.sites.len();
    let label = if number == 0 {
        "acme".to_owned()
    } else {
        format!("acme-{number}")
    };
    let host = format!("https://{label}.atlassian.net");
    world.sites.push(Site {
        cloud_id: random.uuid(),
        host,
        directory,
        products: Vec::new(),
    });
    number
}

fn outside(
    ari: String,
    owner: &'static str,
    directory: u16,
    site: Option<u16>,
    kind: ResourceKind,
) -> Resource {
    Resource {
        ari,
        owner,
        directory,
        site,
        kind,
        granting: Vec::new(),
        holding: Vec::new(),
    }
}
