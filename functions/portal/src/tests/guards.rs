//! What must hold of every answer: nothing leaks, nothing is injected, nothing is written.

use http::Method;
use quita_app::links::{PageLink, Scope};
use quita_core::ids::{InvoiceId, MerchantId};

use super::fixtures::*;

/// A page has to arrive in one piece over a slow mobile network.
const PAGE_BYTES_MAX: usize = 40 * 1024;
const NOW: &str = "2026-12-22 18:20";

#[tokio::test]
async fn a_page_takes_one_read_and_no_write() {
    let world = World::with(&issued(opened(&in_three()))).await;
    for rest in
        ["", "/status", "/part", "/promise", "/instalments/1/qr.svg", "/instalments/1/receipt"]
    {
        world.get(rest, NOW).await;
        let usage = world.table.take();
        assert_eq!((usage.reads, usage.requests()), (1, 1), "{rest}");
    }
}

#[tokio::test]
async fn a_token_that_opens_nothing_gets_the_same_answer_as_any_other_address() {
    let invoice = issued(opened(&draft()));
    let world = World::with(&invoice).await;
    let foreign = MerchantId::parse("mer_other").unwrap();
    let absent = InvoiceId::from_ulid("01JD5X2B9QKZ3V7M8N4P6R0ST0").unwrap();
    let link = PageLink::to(&invoice, Scope::Act, at(NOW));
    let (good, tampered) = (world.path().to_owned(), world.path().replace("mer_acme", "mer_bcme"));
    let mut shorter = good.clone();
    shorter.pop();
    let nowhere = world.call(Method::GET, "/p/nonsense", NOW).await;
    assert_eq!(nowhere.status, 404);
    assert!(nowhere.body.contains("Esta página não existe"));
    let targets = [
        tampered,
        shorter,
        key().page_path(&PageLink { merchant: foreign, ..link.clone() }),
        key().page_path(&PageLink { invoice: absent, ..link }),
        key().hook_path(&invoice.merchant).replace("/pix/", "/p/"),
        format!("/p/{}", "x".repeat(5000)),
        "/p/".to_owned(),
        "/".to_owned(),
        format!("{good}/instalments/2/receipt"),
        format!("{good}/instalments/1/receipt"),
        format!("{good}/instalments/0/receipt"),
        format!("{good}/instalments/x/receipt"),
        format!("{good}/elsewhere"),
    ];
    for target in targets {
        let answer = world.call(Method::GET, &target, NOW).await;
        assert_eq!((answer.status, answer.body), (404, nowhere.body.clone()), "{target}");
    }
    for target in ["/status", "/instalments/1/qr.svg"] {
        let answer = world.call(Method::GET, &format!("/p/nonsense{target}"), NOW).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn markup_in_names_stays_text() {
    const EVIL: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let (mut merchant, mut customer, mut draft) = (merchant(), customer(), draft());
    merchant.name = EVIL.into();
    merchant.brand_colour = Some("red;}</style><script>alert(3)</script>".into());
    customer.bill_to.name = EVIL.into();
    draft.description = EVIL.into();
    draft.number = "</title><script>4".into();
    draft.po_number = Some("{{ 7 * 6 }}".into());
    let invoice = paid(issued(opened_for(&draft, &customer)), 1, 150_000, "2026-12-10 14:32");
    let world = World::of(&merchant, &invoice).await;
    for rest in ["", "?lang=en", "/instalments/1/receipt"] {
        let answer = world.get(rest, NOW).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body.matches("<script").count(), 1, "our own, of {rest:?}");
        assert!(!answer.body.contains("<img"));
        assert!(answer.body.contains("&lt;script&gt;alert(1)"));
        assert!(answer.body.contains("{{ 7 * 6 }}"));
    }
    let world = World::of(&merchant, &issued(opened_for(&draft, &customer))).await;
    for rest in ["/part", "/promise", "/question"] {
        let answer = world.get(rest, NOW).await;
        assert_eq!(answer.status, 200, "{rest}");
        assert_eq!(answer.body.matches("<script").count(), 1, "our own, of {rest}");
        assert!(!answer.body.contains("<img"), "{rest}");
        assert!(answer.body.contains("&lt;script&gt;alert(1)"), "{rest}");
    }
}

#[tokio::test]
async fn a_subject_cannot_add_headers_to_a_question() {
    let mut draft = draft();
    draft.number = "1&bcc=a@b.c?x".into();
    let answer = World::with(&issued(opened(&draft))).await.get("", NOW).await;
    assert!(answer.body.contains("fatura%201%26bcc%3Da@b.c%3Fx"));
}

#[tokio::test]
async fn every_answer_is_private_and_pages_run_only_our_own_code() {
    let invoice = paid(issued(opened(&draft())), 1, 150_000, "2026-12-10 14:32");
    let world = World::with(&invoice).await;
    let pages = ["", "/promise", "/part", "/instalments/1/receipt", "/nowhere"];
    for rest in pages.into_iter().chain(["/status", "/instalments/1/qr.svg"]) {
        let answer = world.get(rest, NOW).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{rest}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{rest}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{rest}");
        assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow", "{rest}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{rest}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{rest}: {policy}");
        assert!(!policy.contains("unsafe"), "{rest}: {policy}");
        if answer.header("content-type").starts_with("text/html") {
            for (tag, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
                let inline = answer.body.split_once(tag).unwrap().1.split_once(end).unwrap().0;
                assert!(policy.contains(&crate::html::hash(inline)), "{tag} of {rest}");
            }
            let outside = answer.body.contains("src=") || answer.body.contains(" style=");
            assert!(!outside, "{rest} needs what its policy refuses");
        }
    }
}

#[tokio::test]
async fn a_page_stays_small() {
    let mut draft = in_three();
    draft.instalments = quita_core::invoice::InstalmentDraft::Monthly(12);
    let answer = World::with(&issued(opened(&draft))).await.get("", NOW).await;
    assert!(answer.body.len() < PAGE_BYTES_MAX, "{} bytes", answer.body.len());
}

#[tokio::test]
async fn only_reading_is_offered() {
    let world = World::with(&issued(opened(&draft()))).await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = world.call(method, world.path(), NOW).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.header("allow"), "GET, HEAD");
    }
    assert_eq!(world.table.take().requests(), 0);
    let head = world.call(Method::HEAD, world.path(), NOW).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn the_picture_is_of_the_code_and_goes_with_it() {
    let invoice = issued(opened(&draft()));
    let world = World::with(&invoice).await;
    let picture = world.get("/instalments/1/qr.svg", NOW).await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    assert_eq!(picture.body, quita_pix::qr::svg(CODE).unwrap());
    let expired = world.get("/instalments/1/qr.svg", "2027-02-01 10:00").await;
    assert_eq!(expired.status, 404);
}
