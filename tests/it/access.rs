//! Fears about keys: one that does more than it was given, lives past its end, can be read where it
//! is kept, or costs something although it was never ours.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use quita_core::access::Permission;
use quita_core::ids::MerchantId;
use quita_core::merchant::Mode;
use quita_edge::routes::{Access, Route};
use quita_testkit::embedded::Embedded;
use serde_json::{Value, json};

use crate::bad_invoices::assert_wrote_nothing;
use crate::world::{Answer, MERCHANT, World, text};

/// Past the minute for which the gateway keeps a decision.
const FORGOTTEN: TimeDelta = TimeDelta::seconds(61);

/// Every route that needs a permission, with the permission.
fn guarded() -> Vec<(&'static Route, Permission)> {
    let all = [
        quita_create_invoice::ROUTES,
        quita_receivables_api::ROUTES,
        quita_admin_api::ROUTES,
        quita_settings_api::ROUTES,
    ];
    let needs = |route: &'static Route| match route.access {
        Access::Needs(permission) => Some((route, permission)),
        Access::Open | Access::Operator => None,
    };
    all.into_iter().flatten().filter_map(needs).collect()
}

/// A path a route has, with ids that lead nowhere.
fn path_of(route: &Route) -> (&str, String) {
    let (method, template) = route.key.split_once(' ').unwrap();
    let filled = template.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
    (method, filled.collect::<Vec<_>>().join("/"))
}

async fn call_as(world: &World, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    static NTH: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let nth = NTH.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let (bearer, idempotency) = (format!("Bearer {key}"), format!("access-{nth}"));
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", idempotency.as_str())];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.call_with(method, path, &headers, &body).await
}

async fn make_key(world: &World, permissions: &[&str]) -> Value {
    let body = json!({ "name": "ERP", "permissions": permissions });
    let answer = world.post("/v1/api_keys", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_key_does_what_it_was_not_given() {
    let world = World::new().await;
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    for needed in Permission::ALL {
        let all: BTreeSet<Permission> = Permission::ALL.into();
        let others: BTreeSet<Permission> = all.into_iter().filter(|one| *one != needed).collect();
        let (without, with) =
            (world.key_of(&merchant, others).await, world.key_of(&merchant, [needed].into()).await);
        for (route, _) in guarded().iter().filter(|(_, permission)| *permission == needed) {
            let (method, path) = path_of(route);
            // The first call of a key writes down that it was used.
            call_as(&world, &without, "GET", "/v1/nowhere", &Value::Null).await;
            let answer = call_as(&world, &without, method, &path, &Value::Null).await;
            assert_eq!(answer.outcome(), "403 forbidden", "{} without {needed}", route.key);
            assert!(answer.body.contains(needed.as_str()), "{}", answer.body);
            let answer = call_as(&world, &with, method, &path, &Value::Null).await;
            assert!(![401, 403].contains(&answer.status), "{} {}", route.key, answer.body);
        }
    }
}

#[tokio::test]
async fn a_refused_key_writes_something() {
    let world = World::new().await;
    let customer = world.customer().await;
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let reader = world.key_of(&merchant, [Permission::Read].into()).await;
    let listed = call_as(&world, &reader, "GET", "/v1/invoices", &Value::Null).await;
    assert_eq!(listed.status, 200);
    world.usage();
    let body = World::invoice_body(&customer);
    let answer = call_as(&world, &reader, "POST", "/v1/invoices", &body).await;
    assert_eq!(answer.outcome(), "403 forbidden");
    assert_wrote_nothing(&world, "an invoice by a reader");
}

#[tokio::test]
async fn a_key_lives_past_its_end() {
    let world = World::new().await;
    let works = async |key: &Value| {
        let token = text(key, "token");
        call_as(&world, token, "GET", "/v1/invoices", &Value::Null).await.outcome()
    };
    let end = (world.now() + TimeDelta::hours(1)).to_rfc3339();
    let body = json!({ "name": "für kurz", "permissions": ["read"], "expires_at": end });
    let short = world.post("/v1/api_keys", &body).await.json();
    let revoked = make_key(&world, &["read"]).await;
    let rotated = make_key(&world, &["read"]).await;
    for key in [&short, &revoked, &rotated] {
        assert_eq!(works(key).await, "200");
    }

    let path = format!("/v1/api_keys/{}/revoke", text(&revoked, "id"));
    let answer = world.post(&path, &json!({ "reason": "vazou" })).await;
    assert_eq!((answer.status, text(&answer.json(), "status")), (200, "revoked"));
    let again = world.post(&path, &json!({ "reason": "vazou" })).await;
    assert_eq!(again.outcome(), "409 conflict");

    let path = format!("/v1/api_keys/{}/rotate", text(&rotated, "id"));
    let next = world.post(&path, &json!({ "overlap_hours": 2 })).await;
    assert_eq!(next.status, 201, "{}", next.body);
    let next = next.json();
    assert_eq!(next["permissions"], rotated["permissions"]);
    let twice = world.post(&path, &json!({})).await;
    assert_eq!(twice.outcome(), "409 conflict");

    world.clock.advance(FORGOTTEN).unwrap();
    assert_eq!(works(&revoked).await, "401 credential-lapsed");
    assert_eq!((works(&rotated).await, works(&next).await), ("200".into(), "200".into()));
    world.clock.advance(TimeDelta::hours(1)).unwrap();
    assert_eq!(works(&short).await, "401 credential-lapsed");
    assert_eq!(works(&rotated).await, "200");
    world.clock.advance(TimeDelta::hours(1)).unwrap();
    assert_eq!(works(&rotated).await, "401 credential-lapsed");
    assert_eq!(works(&next).await, "200");
    let shown = world.get(&format!("/v1/api_keys/{}", text(&rotated, "id"))).await;
    assert_eq!(text(&shown, "status"), "expired");
    assert_eq!(shown["replaced_by"], next["id"]);
}

#[tokio::test]
async fn somebody_gives_away_what_they_do_not_have() {
    let world = World::new().await;
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let may = [Permission::Read, Permission::Administer].into();
    let clerk = world.key_of(&merchant, may).await;
    let body = json!({ "name": "mehr", "permissions": ["read", "move_money", "own_all"] });
    let answer = call_as(&world, &clerk, "POST", "/v1/api_keys", &body).await;
    assert_eq!(answer.properties(), ["permissions[1]", "permissions[2]"], "{}", answer.body);
    let strong = make_key(&world, &["read", "move_money"]).await;
    let path = format!("/v1/api_keys/{}/rotate", text(&strong, "id"));
    let answer = call_as(&world, &clerk, "POST", &path, &json!({})).await;
    assert_eq!(answer.outcome(), "409 conflict");
    for body in [
        json!({ "name": "", "permissions": [] }),
        json!({ "name": "a\nb", "permissions": [], "expires_at": "2020-01-01T00:00:00Z" }),
    ] {
        let answer = world.post("/v1/api_keys", &body).await;
        assert!(answer.properties().contains(&"name".to_owned()), "{}", answer.body);
        assert!(answer.properties().contains(&"permissions".to_owned()), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_token_can_be_read_where_it_is_kept() {
    let engine = Embedded::memory().unwrap();
    let world = World::on(engine.clone(), 1).await;
    let body = json!({ "name": "ERP", "permissions": ["read"] }).to_string();
    let bearer = world.bearer();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "same")];
    let first = world.call_with("POST", "/v1/api_keys", &headers, &body).await;
    let token = text(&first.json(), "token").to_owned();
    // The answer told again keeps the token to itself.
    let again = world.call_with("POST", "/v1/api_keys", &headers, &body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(
        (again.json()["id"].clone(), &again.json()["token"]),
        (first.json()["id"].clone(), &Value::Null)
    );
    world.settle().await;
    let secret = token.rsplit('.').nth(1).unwrap();
    let everything = engine.stream_after(None, 1000).unwrap();
    assert!(everything.len() > 3);
    for record in everything {
        assert!(!record.json.to_string().contains(secret), "{}", record.json);
    }
}

#[tokio::test]
async fn a_thousand_wrong_keys_cost_the_table_something() {
    let world = World::new().await;
    let key = make_key(&world, &["read"]).await;
    let (head, _) = text(&key, "token").rsplit_once('.').unwrap();
    world.usage();
    for nth in 0..1_000 {
        let wrong = format!("{head}.{nth:022}");
        let answer = call_as(&world, &wrong, "GET", "/v1/invoices", &Value::Null).await;
        assert_eq!((answer.status, answer.body.as_str()), (403, r#"{"message":"Forbidden"}"#));
    }
    assert_eq!(world.usage().requests(), 0);
}

#[tokio::test]
async fn a_genuine_token_without_its_row_opens_something() {
    let world = World::new().await;
    let deps = world.machine.deps();
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let (_, minted) = quita_app::access::api_keys::made(
        deps,
        (&merchant, Mode::Live),
        "never written",
        Permission::ALL.into(),
        None,
        "test",
    )
    .unwrap();
    let answer = call_as(&world, &minted.token, "GET", "/v1/invoices", &Value::Null).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
}

#[tokio::test]
async fn nobody_knows_when_a_key_was_used() {
    let world = World::new().await;
    let key = make_key(&world, &["read"]).await;
    let path = format!("/v1/api_keys/{}", text(&key, "id"));
    assert_eq!(world.get(&path).await["last_used_at"], Value::Null);
    let token = text(&key, "token");
    call_as(&world, token, "GET", "/v1/invoices", &Value::Null).await;
    let first = world.get(&path).await["last_used_at"].clone();
    assert!(first.is_string());
    world.clock.advance(TimeDelta::minutes(30)).unwrap();
    call_as(&world, token, "GET", "/v1/invoices", &Value::Null).await;
    assert_eq!(world.get(&path).await["last_used_at"], first, "written again too soon");
    world.clock.advance(TimeDelta::minutes(31)).unwrap();
    call_as(&world, token, "GET", "/v1/invoices", &Value::Null).await;
    assert_ne!(world.get(&path).await["last_used_at"], first);
    let listed = world.get("/v1/api_keys").await;
    let ids: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|key| text(key, "id")).collect();
    assert!(ids.contains(&text(&key, "id")), "{ids:?}");
    assert!(!listed.to_string().contains(token));
}

#[tokio::test]
async fn a_history_names_somebody_else() {
    let world = World::new().await;
    let key = make_key(&world, &["read", "issue"]).await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer);
    let answer = call_as(&world, text(&key, "token"), "POST", "/v1/invoices", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = text(&answer.json(), "id").to_owned();
    let timeline = world.get(&format!("/v1/invoices/{id}/timeline")).await;
    assert_eq!(timeline["items"][0]["actor"], key["id"]);
}
