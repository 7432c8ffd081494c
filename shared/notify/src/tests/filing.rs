//! What a payer's accounts payable looks for: purchase order, billing period, who approves.

use quita_core::invoice::BillingPeriod;

use super::fixtures::*;
use crate::*;

fn billed(kind: MessageKind) -> PayableFacts {
    let mut facts = typical(kind);
    facts.invoice.billing_period = BillingPeriod::new(day("2026-11-01"), day("2026-11-30")).ok();
    facts.approver = Some("Rita Souza".to_owned());
    facts
}

/// The label of each, and what stands beside it.
fn wanted(locale: Locale) -> [(&'static str, &'static str); 3] {
    match locale {
        Locale::PtBr => [
            ("Pedido de compra", "4500018832"),
            ("Período faturado", "01/11/2026 a 30/11/2026"),
            ("Aprovador", "Rita Souza"),
        ],
        Locale::En => [
            ("Purchase order", "4500018832"),
            ("Billing period", "1 Nov 2026 to 30 Nov 2026"),
            ("Approver", "Rita Souza"),
        ],
    }
}

#[test]
fn accounts_payable_finds_no_order_no_period_or_no_approver() {
    for locale in LOCALES {
        for kind in payable_kinds() {
            let facts = billed(kind);
            let email = render_email(kind, locale, &facts).unwrap();
            let chat = render_chat(kind, locale, &facts).unwrap();
            let letter = render_letter(kind, locale, &facts, &postal_address()).unwrap();
            for (label, value) in wanted(locale) {
                let row = format!("{label}: {value}");
                for (what, text) in
                    [("text", &email.text), ("chat", &chat.text), ("letter", &letter.text)]
                {
                    assert!(text.contains(&row), "{kind} {what} lacks {row}: {text}");
                }
                let html = email.html.replace("&#x2f;", "/");
                let (_, after) = html.split_once(&format!(">{label}<")).unwrap();
                let cell = after.split("</tr>").next().unwrap();
                assert!(cell.contains(&format!(">{value}<")), "{kind}: {cell}");
            }
        }
    }
}

#[test]
fn a_message_about_several_invoices_leaves_out_what_each_is_filed_under() {
    for locale in LOCALES {
        let mut group = group();
        for facts in std::iter::once(&mut group.lead).chain(&mut group.others) {
            let InvoiceFacts { billing_period, po_number, .. } =
                billed(MessageKind::ThreeDaysLate).invoice;
            facts.invoice = InvoiceFacts { billing_period, po_number, ..facts.invoice.clone() };
            facts.approver = Some("Rita Souza".to_owned());
        }
        let email = render_group_email(MessageKind::ThreeDaysLate, locale, &group).unwrap();
        let html = email.html.replace("&#x2f;", "/");
        for ((label, value), times) in wanted(locale).into_iter().zip([3, 3, 1]) {
            let row = format!("{label}: {value}");
            assert_eq!(email.text.matches(&row).count(), times, "{row}: {}", email.text);
            assert_eq!(html.matches(&row).count(), times, "{row}: {html}");
        }
    }
}

#[test]
fn a_receipt_lacks_the_period_or_names_who_approves() {
    let mut facts = receipt();
    facts.invoice.billing_period = BillingPeriod::new(day("2026-11-01"), day("2026-11-30")).ok();
    let email = render_email(MessageKind::Receipt, Locale::PtBr, &facts).unwrap();
    assert!(email.text.contains("Período faturado: 01/11/2026 a 30/11/2026"), "{}", email.text);
    assert!(email.html.contains("Período faturado") && !email.html.contains("Aprovador"));
}

#[test]
fn what_is_not_known_leaves_an_empty_label() {
    for locale in LOCALES {
        let facts = sparse(MessageKind::DueToday);
        let email = render_email(MessageKind::DueToday, locale, &facts).unwrap();
        for (label, _) in wanted(locale) {
            assert!(!email.text.contains(label) && !email.html.contains(label), "{label}");
        }
    }
}
