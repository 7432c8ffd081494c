//! Fears about people: a link that a mail scanner uses up or that works twice, a session that
//! outlives its person, a stranger who learns who has access, a merchant nobody can administer.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::world::{Answer, MERCHANT, World, text};

const FORGOTTEN: TimeDelta = TimeDelta::seconds(61);

pub async fn add(world: &World, email: &str, role: &str) -> Value {
    let body = json!({ "name": "Ana Lima", "email": email, "role": role });
    let answer = world.post("/v1/people", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

async fn ask(world: &World, merchant: &str, email: &str) -> Answer {
    let body = json!({ "merchant_id": merchant, "email": email }).to_string();
    world.call_with("POST", "/sign_in/links", &[], &body).await
}

/// The links in the mailbox, as paths.
fn links(world: &World) -> Vec<String> {
    let messages = world.mailbox.messages();
    let texts = messages.iter().map(|message| message.content.text());
    texts
        .filter_map(|text| {
            let at = text.find("/sign_in/")?;
            Some(text[at..].split_whitespace().next()?.to_owned())
        })
        .collect()
}

async fn visit(world: &World, method: &str, path: &str, accept: &str) -> Answer {
    world.call_with(method, path, &[("accept", accept)], "").await
}

pub async fn session(world: &World, email: &str) -> String {
    let before = links(world).len();
    assert_eq!(ask(world, MERCHANT, email).await.status, 202);
    let link = links(world)[before].clone();
    let begun = visit(world, "POST", &link, "application/json").await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    text(&begun.json(), "token").to_owned()
}

async fn as_person(world: &World, token: &str, method: &str, path: &str, body: &str) -> String {
    static NTH: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let nth = NTH.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let (bearer, key) = (format!("Bearer {token}"), format!("person-{nth}"));
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
    world.call_with(method, path, &headers, body).await.outcome()
}

#[tokio::test]
async fn a_mail_scanner_uses_a_link_up() {
    let world = World::new().await;
    add(&world, "ana@acme.example", "finance").await;
    assert_eq!(ask(&world, MERCHANT, "Ana@Acme.example").await.status, 202);
    let link = links(&world).pop().unwrap();
    for _ in 0..3 {
        let page = visit(&world, "GET", &link, "text/html").await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("Ana Lima") && page.body.contains("<form method=\"post\">"));
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    let begun = visit(&world, "POST", &link, "text/html").await;
    assert_eq!(begun.status, 201);
    assert!(begun.body.contains("qs_mer_acme."), "{}", begun.body);
    // Once is once, for the page and for a program.
    assert_eq!(visit(&world, "POST", &link, "text/html").await.status, 410);
    assert_eq!(visit(&world, "POST", &link, "*/*").await.outcome(), "409 conflict");
    assert_eq!(visit(&world, "GET", &link, "text/html").await.status, 410);
}

#[tokio::test]
async fn a_link_works_late_changed_or_made_up() {
    let world = World::new().await;
    add(&world, "ana@acme.example", "viewer").await;
    ask(&world, MERCHANT, "ana@acme.example").await;
    let link = links(&world).pop().unwrap();
    let last = link.chars().last().unwrap();
    let changed = format!("{}{}", &link[..link.len() - 2], if last == 'A' { "BB" } else { "AA" });
    for wrong in [changed.as_str(), "/sign_in/x", "/sign_in/a.b.c.d.e"] {
        assert_eq!(visit(&world, "GET", wrong, "text/html").await.status, 404, "{wrong}");
        assert_eq!(visit(&world, "POST", wrong, "text/html").await.status, 404, "{wrong}");
        assert_eq!(visit(&world, "POST", wrong, "").await.outcome(), "404 not-found", "{wrong}");
    }
    world.clock.advance(TimeDelta::minutes(15)).unwrap();
    assert_eq!(visit(&world, "GET", &link, "text/html").await.status, 410);
    assert_eq!(visit(&world, "POST", &link, "").await.outcome(), "409 conflict");
}

#[tokio::test]
async fn a_stranger_learns_who_has_access_or_floods_them() {
    let world = World::new().await;
    add(&world, "ana@acme.example", "viewer").await;
    let known = ask(&world, MERCHANT, "ana@acme.example").await;
    let cases = [
        (MERCHANT, "bia@acme.example"),
        ("mer_other", "ana@acme.example"),
        ("nobody", "no address"),
    ];
    for (merchant, email) in cases {
        let answer = ask(&world, merchant, email).await;
        assert_eq!((answer.status, &answer.body), (known.status, &known.body), "{email}");
    }
    for _ in 0..5 {
        ask(&world, MERCHANT, "ana@acme.example").await;
    }
    assert_eq!(links(&world).len(), 1);
    world.clock.advance(FORGOTTEN).unwrap();
    ask(&world, MERCHANT, "ana@acme.example").await;
    assert_eq!(links(&world).len(), 2);
}

#[tokio::test]
async fn a_session_may_more_than_its_person() {
    let world = World::new().await;
    let ana = add(&world, "ana@acme.example", "viewer").await;
    let token = session(&world, "ana@acme.example").await;
    let reason = json!({ "reason": "x" }).to_string();
    let clear = "/v1/customers/cus_01ARZ3NDEKTSV4RRFFQ69G5FAV/flag/clear";
    assert_eq!(as_person(&world, &token, "GET", "/v1/invoices", "").await, "200");
    assert_eq!(as_person(&world, &token, "POST", clear, &reason).await, "403 forbidden");

    let path = format!("/v1/people/{}", text(&ana, "id"));
    let body = json!({ "name": "Ana Lima", "role": "csm" });
    assert_eq!(world.call("PUT", &path, &body.to_string()).await.status, 200);
    world.clock.advance(FORGOTTEN).unwrap();
    assert_eq!(as_person(&world, &token, "POST", clear, &reason).await, "404 not-found");

    let shown = world.get(&path).await;
    assert!(shown["last_seen_at"].is_string());
    let removed = world.post(&format!("{path}/remove"), &json!({ "reason": "saiu" })).await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    world.clock.advance(FORGOTTEN).unwrap();
    let over = as_person(&world, &token, "GET", "/v1/invoices", "").await;
    assert_eq!(over, "401 credential-lapsed");
    // Nobody signs in who has no access, and the address is free again.
    let before = links(&world).len();
    ask(&world, MERCHANT, "ana@acme.example").await;
    assert_eq!(links(&world).len(), before);
    add(&world, "ana@acme.example", "viewer").await;
}

#[tokio::test]
async fn a_session_goes_on_after_signing_out_or_for_ever() {
    let world = World::new().await;
    add(&world, "ana@acme.example", "finance").await;
    let token = session(&world, "ana@acme.example").await;
    world.clock.advance(FORGOTTEN).unwrap();
    let other = session(&world, "ana@acme.example").await;
    assert_eq!(as_person(&world, &token, "POST", "/v1/session/end", "").await, "200");
    world.clock.advance(FORGOTTEN).unwrap();
    let over = as_person(&world, &token, "GET", "/v1/session", "").await;
    assert_eq!(over, "401 credential-lapsed");
    assert_eq!(as_person(&world, &other, "GET", "/v1/session", "").await, "200");
    world.clock.advance(TimeDelta::hours(12)).unwrap();
    let over = as_person(&world, &other, "GET", "/v1/session", "").await;
    assert_eq!(over, "401 credential-lapsed");
    let key = world.post("/v1/session/end", &json!({})).await;
    assert_eq!(key.outcome(), "409 conflict");
}

#[tokio::test]
async fn a_merchant_is_left_without_an_administrator() {
    let world = World::new().await;
    let first = add(&world, "ana@acme.example", "admin").await;
    let path = format!("/v1/people/{}", text(&first, "id"));
    let demote = json!({ "name": "Ana", "role": "viewer" }).to_string();
    assert_eq!(world.call("PUT", &path, &demote).await.outcome(), "409 conflict");
    let reason = json!({ "reason": "saiu" });
    assert_eq!(world.post(&format!("{path}/remove"), &reason).await.outcome(), "409 conflict");
    add(&world, "bia@acme.example", "admin").await;
    assert_eq!(world.call("PUT", &path, &demote).await.status, 200);
    let twice = json!({ "name": "B", "email": "BIA@acme.example", "role": "viewer" });
    assert_eq!(world.post("/v1/people", &twice).await.properties(), ["email"]);
    let wrong = json!({ "name": " ", "email": "bia", "role": "owner" });
    assert_eq!(world.post("/v1/people", &wrong).await.properties(), ["name", "email", "role"]);
}
