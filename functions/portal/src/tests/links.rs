//! What a link lets do, and when it stops.

use quita_app::links::{LinkOver, PageLink, Scope};
use quita_core::invoice::{Command, Invoice};

use super::fixtures::*;

const ADDRESSES: [&str; 7] = [
    "",
    "/status",
    "/part",
    "/promise",
    "/question",
    "/instalments/1/qr.svg",
    "/instalments/1/receipt",
];

fn link(invoice: &Invoice, scope: Scope) -> PageLink {
    PageLink::to(invoice, scope, at("2026-11-23 10:00"))
}

#[tokio::test]
async fn a_link_to_see_never_shows_what_can_be_paid() {
    let invoice = issued(opened(&in_three()));
    let world = World::with(&invoice).await.through(&link(&invoice, Scope::View));
    for lang in ["pt-BR", "en"] {
        let page = world.get(&format!("?lang={lang}"), "2026-12-05 10:00").await;
        assert_eq!(page.status, 200);
        let markup = page.markup();
        assert!(markup.contains("data-state=\"view_only\""), "{markup}");
        assert!(!markup.contains(CODE) && !markup.contains("QR Code Pix"), "{markup}");
        assert!(!markup.contains("Ver e pagar") && !markup.contains("View and pay"), "{markup}");
        assert!(markup.contains("500,00") || markup.contains("500.00"), "the amounts stay");
    }
    let picture = world.get("/instalments/1/qr.svg", "2026-12-05 10:00").await;
    assert_eq!(picture.status, 404);
    let status = world.get("/status", "2026-12-05 10:00").await;
    assert_eq!(status.status, 200);
}

#[tokio::test]
async fn a_link_to_see_shows_what_was_paid_with_its_receipt() {
    let invoice = paid(issued(opened(&draft())), 1, 150_000, "2026-12-10 14:32");
    let world = World::with(&invoice).await.through(&link(&invoice, Scope::View));
    let page = world.get("", "2026-12-10 14:33").await.markup();
    assert!(page.contains("data-state=\"paid\""), "{page}");
    // The way to the receipt stays within the link that was given.
    assert!(page.contains(&format!("{}/instalments/1/receipt", world.path())), "{page}");
    assert_eq!(world.get("/instalments/1/receipt", "2026-12-10 14:33").await.status, 200);
}

/// The answers of every address of a link that is over.
async fn check_over(world: &World, now: &str, headings: [&str; 2]) {
    for rest in ADDRESSES {
        let answer = world.get(rest, now).await;
        assert_eq!(answer.status, 410, "{rest}");
        assert!(!answer.body.contains("NF-2041") && !answer.body.contains("Padaria"), "{rest}");
        assert!(!answer.body.contains("Acme") && !answer.body.contains(CODE), "{rest}");
    }
    for (lang, heading, what_to_do) in
        [("pt-BR", headings[0], "Responda ao e-mail"), ("en", headings[1], "Reply to the e-mail")]
    {
        let page = world.get(&format!("?lang={lang}"), now).await.body;
        assert!(page.contains(&format!("<h1>{heading}</h1>")), "{page}");
        assert!(page.contains(what_to_do), "{page}");
    }
}

#[tokio::test]
async fn a_link_that_expired_says_what_to_do_and_nothing_of_the_invoice() {
    let invoice = issued(opened(&draft()));
    let world = World::with(&invoice).await;
    assert_eq!(world.get("", "2027-05-31 23:59").await.status, 200, "its last minute");
    check_over(&world, "2027-06-01 00:00", ["Este link venceu", "This link has expired"]).await;
}

#[tokio::test]
async fn a_link_that_was_taken_back_stays_so_and_a_new_one_opens() {
    let before = issued(opened(&draft()));
    let revoke = Command::RevokeLinks { reason: "it was forwarded".into() };
    let invoice = run(before.clone(), revoke, "2026-12-01 10:00");
    let old = World::with(&invoice).await.through(&link(&before, Scope::Act));
    let headings = ["Este link foi substituído", "This link was replaced"];
    check_over(&old, "2026-12-01 10:01", headings).await;
    let new = old.through(&link(&invoice, Scope::Act));
    assert_eq!(new.get("", "2026-12-01 10:01").await.status, 200);
}

#[tokio::test]
async fn a_link_of_another_invoice_or_merchant_leads_nowhere() {
    let invoice = issued(opened(&draft()));
    let other = quita_core::ids::MerchantId::parse("mer_other").unwrap();
    let own = link(&invoice, Scope::Act);
    let foreign = World::with(&invoice).await.through(&PageLink { merchant: other, ..own });
    for rest in ADDRESSES {
        assert_eq!(foreign.get(rest, "2026-12-05 10:00").await.status, 404, "{rest}");
    }
}

#[test]
fn a_link_is_over_with_its_day_in_brasilia_or_its_generation() {
    let mut invoice = issued(opened(&draft()));
    let link = link(&invoice, Scope::Act);
    assert_eq!(link.check(&invoice, at("2027-05-31 23:59")), Ok(()));
    assert_eq!(link.check(&invoice, at("2027-06-01 00:00")), Err(LinkOver::Expired));
    invoice.link_generation = 1;
    assert_eq!(link.check(&invoice, at("2026-12-01 10:00")), Err(LinkOver::Revoked));
}

#[tokio::test]
async fn the_page_of_a_forgotten_party_works_without_it() {
    let invoice = paid(issued(opened(&draft())), 1, 150_000, "2026-12-10 14:32");
    let invoice = run(invoice, Command::EraseParty, "2027-01-10 10:00");
    let world = World::with(&invoice).await;
    for rest in ["", "?lang=en", "/instalments/1/receipt"] {
        let page = world.get(rest, "2027-01-10 10:01").await;
        assert_eq!(page.status, 200, "{rest}");
        assert!(page.body.contains("Dados apagados"), "{rest}");
        for left in ["Padaria", "11.444.777", "11444777000161", "erased"] {
            assert!(!page.body.contains(left), "{left} in {rest}");
        }
    }
}
