//! Whole pages under snapshots, in the states a payer meets.

use quita_core::customer::Locale;
use quita_core::invoice::Command;

use super::fixtures::*;

async fn page(invoice: quita_core::invoice::Invoice, rest: &str, now: &str) -> String {
    let answer = World::with(&invoice).await.get(rest, now).await;
    assert_eq!(answer.status, 200);
    answer.markup()
}

#[tokio::test]
async fn open_early_with_a_discount() {
    let page = page(issued(opened(&draft())), "", "2026-11-30 09:30").await;
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn overdue_with_its_breakdown() {
    let page = page(issued(opened(&draft())), "", "2026-12-22 18:20").await;
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn waiting_for_the_bank() {
    insta::assert_snapshot!(page(opened(&draft()), "", "2026-11-23 10:00").await);
}

#[tokio::test]
async fn paid_with_the_way_to_the_receipt() {
    let invoice = paid(issued(opened(&draft())), 1, 150_000, "2026-12-10 14:32");
    insta::assert_snapshot!(page(invoice, "", "2026-12-10 14:33").await);
}

#[tokio::test]
async fn canceled() {
    let cancel = Command::Cancel { reason: "sold twice".into() };
    let invoice = run(issued(opened(&draft())), cancel, "2026-12-01 10:00");
    let gone = Command::RecordRemoval { instalment: 1, revision: 0 };
    let invoice = run(invoice, gone, "2026-12-01 10:01");
    let page = page(invoice, "", "2026-12-02 10:00").await;
    assert!(!page.contains("sold twice"), "the reason is the merchant's own");
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn instalments_one_paid_one_overdue() {
    let invoice = paid(issued(opened(&in_three())), 1, 50_000, "2026-12-10 14:32");
    insta::assert_snapshot!(page(invoice, "", "2027-01-14 10:00").await);
}

#[tokio::test]
async fn in_english_for_who_asks() {
    let page = page(issued(opened(&draft())), "?lang=en", "2026-12-10 20:15").await;
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn receipt() {
    let invoice = paid(issued(opened(&draft())), 1, 153_600, "2026-12-22 18:20");
    let page = page(invoice, "/instalments/1/receipt", "2027-01-05 08:00").await;
    insta::assert_snapshot!(page);
}

#[tokio::test]
async fn receipt_of_an_instalment_in_english() {
    let invoice = paid(issued(opened(&in_three())), 1, 50_000, "2026-12-10 14:32");
    let page = page(invoice, "/instalments/1/receipt?lang=en", "2026-12-10 14:40").await;
    insta::assert_snapshot!(page);
}

/// R$ 600,00 of R$ 1.536,00, and a rebate of R$ 36,00 on the rest.
fn part_and_rebate() -> quita_core::invoice::Invoice {
    let invoice = paid(issued(opened(&draft())), 1, 60_000, "2026-12-22 18:20");
    let rebate = Command::Reduce {
        instalment: 1,
        kind: quita_core::invoice::Reduction::Rebate,
        amount: quita_core::money::Money::from_centavos(3_600),
        reason: "goodwill".into(),
    };
    issued_anew(run(invoice, rebate, "2026-12-22 19:00"), 1, "2026-12-22 19:01")
}

#[tokio::test]
async fn partly_paid_with_how_the_rest_came_about() {
    insta::assert_snapshot!(page(part_and_rebate(), "", "2026-12-28 10:00").await);
}

#[tokio::test]
async fn receipt_of_a_part() {
    for lang in ["pt-BR", "en"] {
        let rest = format!("/instalments/1/receipt?lang={lang}");
        let page = page(part_and_rebate(), &rest, "2026-12-22 19:02").await;
        insta::assert_snapshot!(format!("receipt_of_a_part.{lang}"), page);
    }
}

#[tokio::test]
async fn the_customers_language_comes_first() {
    let mut customer = customer();
    customer.bill_to.locale = Locale::En;
    let invoice = issued(opened_for(&draft(), &customer));
    let world = World::with(&invoice).await;
    let english = world.get("", "2026-12-01 10:00").await.body;
    assert!(english.contains("<html lang=\"en\">"));
    let asked = world.get("?lang=pt-BR", "2026-12-01 10:00").await.body;
    assert!(asked.contains("<html lang=\"pt-BR\">"));
    let nonsense = world.get("?lang=%3Cscript%3E", "2026-12-01 10:00").await.body;
    assert!(nonsense.contains("<html lang=\"en\">"));
}
