//! Reading operations.

use jira::admin::{FieldOperand, FieldOperandField, QueryVariants, SearchWorkspacesRequestV2};
use jira::futures_util::TryStreamExt;
use serde_json::json;
use twin::{GroupRolesStyle, Shape, TwinOptions};

use crate::case::{Case, ask};

#[tokio::test]
async fn organization_directories_and_domains_are_read() {
    let case = Case::start(Shape::Typical).await;

    let orgs: Vec<_> = case
        .client
        .orgs()
        .get_orgs()
        .stream()
        .try_collect()
        .await
        .unwrap();
    let org = case.client.orgs().get_org_by_id(&case.org).send().await.unwrap();
    let directories: Vec<_> = case
        .client
        .directory()
        .get_directories_for_org(&case.org)
        .limit(1)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let domains: Vec<_> = case
        .client
        .domains()
        .get_domains(&case.org)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let domain = case
        .client
        .domains()
        .get_domain_by_id(&case.org, &domains[0].id)
        .send()
        .await
        .unwrap();

    assert_eq!((orgs.len(), orgs[0].id.as_str()), (1, case.org.as_str()));
    assert_eq!(org.data.unwrap().attributes.name, orgs[0].attributes.name);
    assert_eq!(directories.len(), 2);
    assert_eq!(domains.len(), case.facts("domain").len());
    assert_eq!(domain.data.unwrap().attributes, domains[0].attributes);
}

#[tokio::test]
async fn users_are_searched_listed_counted_and_shown() {
    for shape in [Shape::Typical, Shape::Messy] {
        let case = Case::start(shape).await;
        let users = case.client.users();
        let memberships = case.facts("directory_membership");
        let everything = json!({ "limit": 17, "expand": ["platformRoles", "counts.resources", "productAccess", "groups"] });
        for directory in case.directories().await {
            let here = memberships
                .iter()
                .filter(|fact| fact["directory_id"] == directory)
                .count();

            let request = users.search_directory_users(&case.org, &directory);
            let found: Vec<_> = request
                .multi_directory_user_search_request(ask(everything.clone()))
                .stream()
                .try_collect()
                .await
                .unwrap();
            #[expect(deprecated, reason = "the ending operation has to answer until it ends")]
            let listed: Vec<_> = users
                .get_directory_users(&case.org, &directory)
                .limit(23)
                .stream()
                .try_collect()
                .await
                .unwrap();
            let count = users
                .get_directory_users_count(&case.org, &directory)
                .send()
                .await
                .unwrap();
            let stats = users.get_user_stats(&case.org, &directory).send().await.unwrap();
            let id = found[0].account_id.clone().unwrap();
            let one = users
                .get_directory_user_details(&case.org, &directory, &id)
                .send()
                .await
                .unwrap();

            assert_eq!((found.len(), listed.len()), (here, here), "{shape:?}");
            assert_eq!(count.count, Some(here as i64));
            assert!(!stats.roles.unwrap().is_empty());
            assert!(
                found
                    .iter()
                    .all(|user| user.groups.is_some() && user.counts.is_some())
            );
            assert_eq!(one.data.unwrap().name, found[0].name);
        }
    }
}

#[tokio::test]
async fn role_assignments_and_last_activity_are_read() {
    let case = Case::start(Shape::Typical).await;
    let account = case.first("platform_role", "account_id");
    let users = case.client.users();

    let held: Vec<_> = users
        .get_user_role_assignments(&case.org, "-", &account)
        .limit(5)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let active: Vec<_> = users
        .get_user_last_active_dates(&case.org, &account)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let dates = users
        .get_user_last_active_dates(&case.org, &account)
        .send()
        .await
        .unwrap();
    let managed: Vec<_> = users.get_users(&case.org).stream().try_collect().await.unwrap();

    let roles: usize = held
        .iter()
        .map(|it| it.role_assignments.as_ref().map_or(0, Vec::len))
        .sum();
    assert_eq!(
        roles,
        case.facts("role_holding")
            .iter()
            .filter(|fact| fact["account_id"] == account)
            .count()
    );
    assert!(!active.is_empty() && dates.data.unwrap().added_to_org.is_some());
    assert_eq!(
        managed.len(),
        case.facts("account")
            .iter()
            .filter(|fact| fact["claim_status"] == "managed")
            .count()
    );
}

#[tokio::test]
async fn groups_are_searched_listed_counted_and_shown() {
    let case = Case::start(Shape::Messy).await;
    let groups = case.client.groups();
    for directory in case.directories().await {
        let here = case
            .facts("group")
            .into_iter()
            .filter(|fact| fact["directory_id"] == directory)
            .count();

        let request = groups.search_directory_groups(&case.org, &directory);
        let search = ask(json!({ "limit": 9, "expand": ["counts.users", "counts.resources"] }));
        let found: Vec<_> = request
            .multi_directory_group_search_request(search)
            .stream()
            .try_collect()
            .await
            .unwrap();
        #[expect(deprecated, reason = "the ending operation has to answer until it ends")]
        let listed: Vec<_> = groups
            .get_groups(&case.org, &directory)
            .counts(ask(json!({ "includeUsers": true, "includeResources": true })))
            .stream()
            .try_collect()
            .await
            .unwrap();
        let count = groups
            .get_groups_count(&case.org, &directory)
            .send()
            .await
            .unwrap();
        let stats = groups
            .get_groups_stats(&case.org, &directory)
            .send()
            .await
            .unwrap();
        let id = found[0].id.clone().unwrap();
        let one = groups
            .get_group(&case.org, &directory, &id)
            .send()
            .await
            .unwrap()
            .data
            .unwrap();
        // The package expects lists inside the list of roles, our notes say a plain list: only the raw answer can be
        // read.
        let raw = groups
            .get_group_role_assignments(&case.org, &directory, &id)
            .send_raw()
            .await
            .unwrap();
        let roles = raw["data"].as_array().unwrap().clone();

        assert_eq!(
            (found.len(), listed.len(), count.count),
            (here, here, Some(here as i64))
        );
        assert_eq!(stats.totals.unwrap().all, Some(here as i64));
        assert_eq!((&one.name, &one.counts), (&found[0].name, &found[0].counts));
        assert_eq!(one.counts.unwrap().resources, Some(roles.len() as i64));
        assert_eq!(listed[0].counts, found[0].counts);
    }
}

#[tokio::test]
async fn sorting_and_filters_of_the_ending_lists_are_understood() {
    let case = Case::start(Shape::Typical).await;
    let resource = case.first("workspace", "workspace_id");
    #[expect(deprecated, reason = "the ending operation has to answer until it ends")]
    let groups: Vec<_> = case
        .client
        .groups()
        .get_groups(&case.org, "-")
        .resource_ids([resource.as_str()])
        .role_ids(["atlassian/user"])
        .sort_by([ask(json!({ "field": "name", "direction": "desc" }))])
        .stream()
        .try_collect()
        .await
        .unwrap();
    #[expect(deprecated, reason = "the ending operation has to answer until it ends")]
    let users: Vec<_> = case
        .client
        .users()
        .get_directory_users(&case.org, "-")
        .status(["suspended", "deactivated"])
        .sort_by([ask(json!({ "field": "nick_name", "direction": "asc" }))])
        .stream()
        .try_collect()
        .await
        .unwrap();

    assert_eq!(groups.len(), 1);
    assert!(!users.is_empty() && users.iter().map(|user| user.nickname.clone()).is_sorted());
}

#[tokio::test]
async fn workspaces_are_queried_page_by_page() {
    let case = Case::start(Shape::Typical).await;
    let service = case.client.workspaces();

    let all: Vec<_> = service
        .query_workspaces(&case.org)
        .search_workspaces_request_v2(ask(json!({ "limit": 3 })))
        .stream()
        .try_collect()
        .await
        .unwrap();
    let mut field = FieldOperandField::default();
    field.name = Some("typeKey".to_owned());
    field.values = Some(vec!["confluence".to_owned()]);
    let query = Some(QueryVariants::FieldOperand(FieldOperand { field: Some(field) }));
    let search = SearchWorkspacesRequestV2 {
        query,
        ..SearchWorkspacesRequestV2::default()
    };
    let some = service
        .query_workspaces(&case.org)
        .search_workspaces_request_v2(search)
        .send()
        .await
        .unwrap();

    assert_eq!(all.len(), 8);
    assert!(
        all.iter()
            .all(|it| it.attributes.as_ref().unwrap().type_key.is_some())
    );
    assert_eq!(some.data.unwrap().len(), 1);
}

#[tokio::test]
async fn events_are_searched_polled_and_catalogued() {
    let case = Case::start(Shape::Typical).await;
    case.twin.mutate(30, 1);
    case.twin.advance_s(3600);
    let events = case.client.events();

    let searched: Vec<_> = events
        .get_events(&case.org)
        .limit(40)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let polled = events.poll_events(&case.org).limit(500).send().await.unwrap();
    let next = polled.meta.unwrap().next.unwrap();
    let after = events.poll_events(&case.org).cursor(next).send().await.unwrap();
    let polled = polled.data.unwrap();
    let one = events
        .get_event_by_id(&case.org, &polled[0].id)
        .send()
        .await
        .unwrap();
    let actions = events.get_event_actions(&case.org).send().await.unwrap();

    assert_eq!(searched.len(), polled.len());
    assert!(after.data.unwrap().is_empty() && after.meta.unwrap().next.is_some());
    assert_eq!(one.data.unwrap().attributes.action, polled[0].attributes.action);
    assert!(actions.data.unwrap().len() > 20);
}

#[tokio::test]
async fn role_assignments_of_a_group_that_gives_nothing_are_decoded() {
    let case = Case::start(Shape::Typical).await;
    let granting: Vec<_> = case
        .facts("group_role_grant")
        .iter()
        .map(|fact| fact["group_id"].clone())
        .collect();
    let group = case
        .facts("group")
        .into_iter()
        .find(|fact| !granting.contains(&fact["group_id"]))
        .unwrap();
    let id = group["group_id"].as_str().unwrap();

    let page = case
        .client
        .groups()
        .get_group_role_assignments(&case.org, "-", id)
        .send()
        .await
        .unwrap();

    assert!(page.data.unwrap().is_empty());
}

#[tokio::test]
async fn role_assignments_of_a_giving_group_are_decoded_when_roles_are_nested() {
    let case = Case::start_with(TwinOptions {
        group_roles: GroupRolesStyle::Nested,
        ..TwinOptions::default()
    })
    .await;
    let grant = case.facts("group_role_grant").into_iter().next().unwrap();
    let id = grant["group_id"].as_str().unwrap();

    let page = case
        .client
        .groups()
        .get_group_role_assignments(&case.org, "-", id)
        .send()
        .await
        .unwrap();

    assert!(!page.data.unwrap().is_empty());
}
