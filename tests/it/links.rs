//! Fears about links to the payer's page: one that opens for ever, for everybody, and to pay.

use serde_json::{Value, json};

use crate::tenants::Other;
use crate::world::{Answer, World, text};

/// What a link shows, without the origin.
async fn page(world: &World, url: &str, rest: &str) -> Answer {
    let path = url.split_once("/p/").unwrap().1;
    world.call_with("GET", &format!("/p/{path}{rest}"), &[], "").await
}

/// The markup with slashes as a code has them.
fn unescaped(answer: &Answer) -> String {
    answer.body.replace("&#x2f;", "/")
}

fn base(invoice: &Value) -> String {
    format!("/v1/invoices/{}/links", text(invoice, "id"))
}

async fn link(world: &World, invoice: &Value, body: Value) -> Value {
    let answer = world.post(&base(invoice), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_link_to_see_lets_nobody_pay() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let code = text(&invoice["instalments"][0]["charge"], "pix_copia_e_cola").to_owned();
    world.usage();
    let view = link(&world, &invoice, json!({ "scope": "view" })).await;
    let usage = world.usage();
    assert_eq!((usage.reads, usage.puts + usage.transactions), (1, 0), "it writes nothing");
    let shown = page(&world, text(&view, "url"), "").await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("1.000,00") && !unescaped(&shown).contains(&code));
    assert_eq!(page(&world, text(&view, "url"), "/instalments/1/qr.svg").await.status, 404);
    let act = link(&world, &invoice, json!({ "scope": "act" })).await;
    assert_eq!(text(&act, "url"), text(&invoice, "portal_url"), "one link a month");
    assert!(unescaped(&page(&world, text(&act, "url"), "").await).contains(&code));
}

#[tokio::test]
async fn a_link_that_was_taken_back_opens_nothing_any_more() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let view = link(&world, &invoice, json!({ "scope": "view" })).await;
    let revoke = format!("{}/revoke", base(&invoice));
    let answer = world.post(&revoke, &json!({ "reason": "it was forwarded" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let after = answer.json();
    for old in [text(&invoice, "portal_url"), text(&view, "url")] {
        for rest in ["", "/status", "/instalments/1/qr.svg", "/instalments/1/receipt"] {
            assert_eq!(page(&world, old, rest).await.status, 410, "{rest}");
        }
        assert_eq!(page(&world, old, "/status").await.outcome(), "410 link-over");
    }
    assert_ne!(text(&after, "portal_url"), text(&invoice, "portal_url"));
    assert_eq!(page(&world, text(&after, "portal_url"), "").await.status, 200);
    assert!(world.timeline(&invoice).await.contains(&"invoice.links_revoked".to_owned()));
}

#[tokio::test]
async fn a_link_ends_on_its_last_day_and_not_later_than_asked() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let short = link(&world, &invoice, json!({ "scope": "act", "expires_on": "2026-11-24" })).await;
    assert_eq!(text(&short, "expires_on"), "2026-11-24");
    assert_eq!(page(&world, text(&short, "url"), "").await.status, 200);
    world.at("2026-11-24 23:59").await;
    assert_eq!(page(&world, text(&short, "url"), "").await.status, 200);
    world.at("2026-11-25 00:00").await;
    assert_eq!(page(&world, text(&short, "url"), "").await.status, 410);
    assert_eq!(page(&world, text(&invoice, "portal_url"), "").await.status, 200);
    world.clock.set(crate::world::at("2027-06-01 00:00")).unwrap();
    assert_eq!(page(&world, text(&invoice, "portal_url"), "").await.status, 410);
    let now = world.reload(&invoice).await;
    assert_eq!(page(&world, text(&now, "portal_url"), "").await.status, 200);
}

#[tokio::test]
async fn a_link_that_cannot_be_is_refused_with_every_reason() {
    let world = World::new().await;
    let invoice = world.issued().await;
    for (body, properties) in [
        (json!({ "scope": "pay" }), vec!["scope"]),
        (json!({ "scope": "all", "expires_on": "2026-11-22" }), vec!["scope", "expires_on"]),
        (json!({ "scope": "view", "expires_on": "2028-12-01" }), vec!["expires_on"]),
        (json!({ "scope": "view", "expires_on": "tomorrow" }), vec!["expires_on"]),
    ] {
        let answer = world.post(&base(&invoice), &body).await;
        assert_eq!(
            (answer.status, answer.properties()),
            (422, properties.iter().map(|it| (*it).to_owned()).collect()),
            "{body}"
        );
    }
    let latest = json!({ "scope": "view", "expires_on": "2028-11-30" });
    assert_eq!(text(&link(&world, &invoice, latest).await, "expires_on"), "2028-11-30");
}

#[tokio::test]
async fn nobody_gives_out_or_takes_back_links_of_another() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let other = Other::of(&world).await;
    let base = base(&invoice);
    for (path, body) in [
        (base.clone(), json!({ "scope": "view" })),
        (format!("{base}/revoke"), json!({ "reason": "not mine" })),
    ] {
        let answer = other.call("POST", &path, &body).await;
        assert_eq!(answer.outcome(), "404 not-found", "{path}");
    }
    assert_eq!(page(&world, text(&invoice, "portal_url"), "").await.status, 200);
}
