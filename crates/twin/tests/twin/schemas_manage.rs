//! The answers of user management, judged by their schemas.

use reqwest::Method;
use serde_json::json;

use crate::client::Case;
use crate::schemas::Judge;

pub async fn judge(judge: &mut Judge, case: &Case) {
    let managed = case.managed();
    for id in managed.iter().take(40) {
        let base = format!("/users/{id}/manage");
        judge.check("getManagementPermissions", &case.get(&base).await.json);
        judge.check("getProfile", &case.get(&format!("{base}/profile")).await.json);
        judge.check(
            "getApiTokens",
            &case.get(&format!("{base}/api-tokens")).await.json,
        );
        for body in [
            json!({ "name": "Judged" }),
            json!({ "name": 1 }),
            json!({ "picture": "x" }),
        ] {
            let got = case
                .got(Method::PATCH, &format!("{base}/profile"), Some(body))
                .await;
            let schema = if got.status == 200 {
                "updateProfile"
            } else {
                "problemKeyed"
            };
            judge.check(schema, &got.json);
        }
        let email = json!({ "email": "somebody@unclaimed.example" });
        let got = case.got(Method::PUT, &format!("{base}/email"), Some(email)).await;
        judge.check("problemKeyed", &got.json);
        for (step, schema) in [
            ("delete", "deleteUser"),
            ("delete", ""),
            ("cancel-delete", "cancelDeleteUser"),
            ("enable", ""),
        ] {
            let got = case.post(&format!("{base}/lifecycle/{step}"), json!({})).await;
            match got.status {
                200 => judge.check(schema, &got.json),
                204 => {}
                _ => judge.check("problemKeyed", &got.json),
            }
        }
    }
    judge.check("problemKeyed", &case.get("/users/nobody/manage").await.json);
}
