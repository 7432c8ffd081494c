//! Messages that would be untrue or unpayable are not rendered.

use quita_core::debt::{LateShortfall, Settling};
use quita_core::money::Money;

use super::fixtures::*;
use crate::*;

#[test]
fn nobody_is_told_to_be_late_who_is_not() {
    // Due on Saturday 12 December: on Monday 14 it is still on time.
    let facts = instalment("2026-12-14");
    for kind in payable_kinds().filter(|kind| kind.assumes() == crate::kind::Assumes::Late) {
        let refused = render_email(kind, Locale::PtBr, &facts);
        assert!(matches!(refused, Err(RenderError::NotLate(k)) if k == kind), "{kind}");
    }
}

#[test]
fn a_reminder_before_the_due_date_is_not_sent_after_it() {
    let facts = payable(bare_terms(), "2026-12-11");
    for kind in [MessageKind::DueInFiveDays, MessageKind::DueToday] {
        let refused = render_email(kind, Locale::PtBr, &facts);
        assert!(matches!(refused, Err(RenderError::AlreadyLate(_))), "{kind}");
    }
    assert!(render_email(MessageKind::ChargeIssued, Locale::PtBr, &facts).is_ok());
}

#[test]
fn nobody_is_asked_for_nothing_or_for_what_the_bank_will_not_take() {
    let nothing = quita_core::terms::Terms { original: Money::ZERO, ..bare_terms() };
    let check = |terms, on, expect| assert_eq!(payment(terms, on).unwrap_err(), expect);
    check(&nothing, "2026-12-01", PaymentBlockError::NothingDue);
    check(&bare_terms(), "2027-03-01", PaymentBlockError::NotPayable);
}

#[test]
fn a_breakdown_that_does_not_add_up_is_not_shown() {
    let good = payable(bare_terms(), "2026-12-10").payment;
    let mut amount = good.amount().clone();
    amount.fine = Money::from_centavos(1);
    let refused = PaymentBlock::new(
        amount,
        good.last_payable_day(),
        good.code().clone(),
        good.qr().clone(),
        good.page().clone(),
    );
    assert_eq!(refused.unwrap_err(), PaymentBlockError::DoesNotAddUp);
}

#[test]
fn facts_of_the_other_kind_are_refused() {
    let wrong = render_email(MessageKind::DueToday, Locale::En, &receipt());
    assert!(matches!(wrong, Err(RenderError::WrongFacts(MessageKind::DueToday))));
    let facts = payable(bare_terms(), "2026-12-10");
    let wrong = render_chat(MessageKind::Receipt, Locale::En, &facts);
    assert!(matches!(wrong, Err(RenderError::WrongFacts(MessageKind::Receipt))));
}

#[test]
fn a_name_of_invisible_characters_is_blank() {
    let mut facts = payable(bare_terms(), "2026-12-10");
    facts.customer_name = "\u{200B}\u{202E} \n".to_owned();
    let refused = render_email(MessageKind::DueToday, Locale::PtBr, &facts);
    assert!(matches!(refused, Err(RenderError::Blank("customer name"))));
}

#[test]
fn a_message_without_ledger_key_or_recipient_is_refused() {
    for key in ["", "inv 1", "inv#1", "inv\r\nBcc: x@y.z", &"k".repeat(201)] {
        let mut facts = payable(bare_terms(), "2026-12-10");
        facts.delivery.ledger_key = key.to_owned();
        let refused = render_email(MessageKind::DueToday, Locale::PtBr, &facts);
        assert!(matches!(refused, Err(RenderError::LedgerKey)), "{key:?}");
    }
    for count in [0, Delivery::RECIPIENTS_MAX + 1] {
        let mut facts = payable(bare_terms(), "2026-12-10");
        facts.delivery.to = vec![facts.delivery.from.clone(); count];
        let refused = render_email(MessageKind::DueToday, Locale::PtBr, &facts);
        assert!(matches!(refused, Err(RenderError::Recipients)), "{count}");
    }
}

#[test]
fn a_receipt_bears_the_brasilia_day_of_the_payment() {
    let email = render_email(MessageKind::Receipt, Locale::PtBr, &receipt()).unwrap();
    assert!(email.text.contains("Pago em: 14/12/2026 às 22:30:07 (horário de Brasília)"));
    assert!(email.inline.is_empty() && !email.html.contains("cid:"));
}

/// The rows a reader adds up: `R$ 1.234,56`, reductions with `- ` before it.
fn sum(rows: &[wording::Row]) -> i64 {
    let centavos = |value: &str| {
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let sign = if value.contains('-') { -1 } else { 1 };
        sign * digits.parse::<i64>().unwrap()
    };
    rows.iter().map(|row| centavos(&row.value)).sum()
}

#[test]
fn the_rows_of_a_receipt_never_miss_what_was_paid() {
    let due = receipt().counted.due;
    let total = due.total.centavos();
    let shortfalls = [LateShortfall::Keep, LateShortfall::Waive, LateShortfall::Carry];
    for late_shortfall in shortfalls {
        let settling = Settling { tolerance: Money::from_centavos(500), late_shortfall };
        for paid in [1, 100, 24_960, 26_624, 1_248_000, total - 501, total - 500, total - 1, total]
        {
            let payment = counted(Money::from_centavos(paid), due.clone(), &settling);
            for locale in LOCALES {
                let rows = wording::counted(&payment, locale);
                assert_eq!(sum(&rows), paid, "{late_shortfall:?}: {rows:?}");
            }
        }
    }
}
