//! What the payment card offers in each state, and never offers.

use quita_core::invoice::{Command, Event, Invoice, Reduction, evolve};

use super::fixtures::*;

/// Whether the page shows a code, and what its card says.
async fn check(invoice: Invoice, rest: &str, now: &str, state: &str, has_code: bool) -> String {
    let answer = World::with(&invoice).await.get(rest, now).await;
    assert_eq!(answer.status, 200);
    let page = answer.markup();
    assert!(page.contains(&format!("data-state=\"{state}\"")), "{state}: {page}");
    assert_eq!(page.contains(CODE), has_code, "code in state {state}");
    assert_eq!(page.contains("aria-label=\"QR Code Pix\""), has_code, "picture in state {state}");
    page
}

#[tokio::test]
async fn an_open_charge_is_paid_by_code_or_picture() {
    let page = check(issued(opened(&draft())), "", "2026-12-05 10:00", "payable", true).await;
    assert!(page.contains("Pague até 10/12/2026 às 23:59 (horário de Brasília)."));
    assert!(page.contains("data-live=\"yes\""));
}

#[tokio::test]
async fn what_waiting_costs_is_said_before_midnight() {
    let invoice = issued(opened(&draft()));
    let page = check(invoice, "", "2026-12-10 20:15", "payable", true).await;
    assert!(page.contains("Amanhã serão R$ 1.530,50."), "2 % and one day of 1 % a month");
    assert!(page.contains("data-day-ends=\"13500\""), "3 h 45 min are left");
}

#[tokio::test]
async fn a_discounted_amount_says_when_the_discount_ends() {
    let invoice = issued(opened(&draft()));
    let page = check(invoice.clone(), "", "2026-11-30 10:00", "payable", true).await;
    assert!(page.contains("com desconto, vale até 01/12/2026 às 23:59"));
    let page = check(invoice, "", "2026-12-01 10:00", "payable", true).await;
    assert!(page.contains("Amanhã serão R$ 1.500,00."));
}

#[tokio::test]
async fn an_amount_after_midnight_in_utc_is_still_of_today_in_brasilia() {
    let invoice = issued(opened(&draft()));
    let page = check(invoice, "", "2026-12-10 23:30", "payable", true).await;
    assert!(page.contains("<p class=\"amount\">R$ 1.500,00</p>"));
}

#[tokio::test]
async fn a_due_date_that_moved_says_why() {
    let mut weekend = draft();
    weekend.due_date = "2026-12-12".into();
    let invoice = issued(opened(&weekend));
    let page = check(invoice, "", "2026-12-13 10:00", "payable", true).await;
    assert!(page.contains("Vence amanhã, 14/12/2026"));
    assert!(page.contains("12/12/2026 é sábado"));
    assert!(page.contains(">Em aberto<"), "not overdue before the business day is over");
}

#[tokio::test]
async fn an_expired_code_has_a_way_back() {
    let invoice = issued(opened(&draft()));
    let last = check(invoice.clone(), "", "2027-01-11 22:00", "payable", true).await;
    assert!(last.contains("Último dia"));
    let page = check(invoice, "", "2027-01-12 00:10", "expired", false).await;
    assert!(page.contains("mailto:financeiro@acme.example?subject=Novo%20c%C3%B3digo%20Pix"));
}

#[tokio::test]
async fn a_refused_charge_asks_the_payer_to_write_and_keeps_the_banks_words_inside() {
    let reason = "devedor.cpf inválido".to_owned();
    let refused = Command::RecordRejection { instalment: 1, revision: 0, reason };
    let invoice = run(opened(&draft()), refused, "2026-11-23 10:01");
    let page = check(invoice, "", "2026-11-23 10:02", "rejected", false).await;
    assert!(!page.contains("devedor.cpf"));
}

#[tokio::test]
async fn a_code_that_was_paid_and_returned_is_not_offered_again() {
    let invoice = paid(issued(opened(&draft())), 1, 150_000, "2026-12-10 14:32");
    let invoice = returned(invoice, "2026-12-11 09:00");
    let page = check(invoice.clone(), "", "2026-12-11 09:01", "refunded", false).await;
    assert!(page.contains("foi devolvido, ou passado para outra fatura"));
    let receipt = World::with(&invoice).await;
    let receipt = receipt.get("/instalments/1/receipt", "2026-12-11 09:02").await;
    assert!(receipt.body.contains("Devolvido ou movido depois: R$ 1.500,00"));
}

#[tokio::test]
async fn an_invoice_being_canceled_shows_no_code() {
    let cancel = Command::Cancel { reason: "mistake".into() };
    let invoice = run(issued(opened(&draft())), cancel, "2026-12-01 10:00");
    let page = check(invoice, "", "2026-12-01 10:00", "canceling", false).await;
    assert!(page.contains("não o use"));
}

#[tokio::test]
async fn a_debt_whose_charge_is_gone_is_waited_for() {
    let gone = Event::ChargeRemoved { instalment: 1, revision: 0 };
    let invoice = evolve(issued(opened(&draft())), &gone, at("2026-12-01 10:01"));
    let page = check(invoice, "", "2026-12-01 10:02", "unavailable", false).await;
    assert!(page.contains("data-live=\"yes\""));
}

#[tokio::test]
async fn any_instalment_can_be_shown_and_an_unknown_one_is_ignored() {
    let invoice = paid(issued(opened(&in_three())), 1, 50_000, "2026-12-10 14:32");
    let now = "2026-12-11 10:00";
    let page = check(invoice.clone(), "?instalment=3", now, "payable", true).await;
    assert!(page.contains("Parcela 3 de 3"));
    let page = check(invoice.clone(), "?instalment=1&lang=en", now, "paid", false).await;
    assert!(page.contains("?instalment=2&amp;lang=en\">View instalment 2 of 3"));
    let page = check(invoice, "?instalment=77", now, "payable", true).await;
    assert!(page.contains("Parcela 2 de 3"), "the first unpaid one");
}

#[tokio::test]
async fn every_surface_says_the_same_status() {
    let invoice = paid(issued(opened(&in_three())), 1, 50_000, "2026-12-10 14:32");
    let world = World::with(&invoice).await;
    for (now, word) in [("2026-12-11 10:00", "partially_paid"), ("2027-01-14 10:00", "overdue")] {
        let page = world.get("", now).await.body;
        assert!(page.contains(&format!("<span class=\"chip {word}\">")), "{word}");
        let status = world.get("/status", now).await.body;
        assert!(status.contains(&format!("{{\"status\":\"{word}\",\"version\":")), "{status}");
    }
}

/// R$ 600,00 of R$ 1.536,00 on 22 December; the rest is asked for again.
fn in_part() -> Invoice {
    let invoice = paid(issued(opened(&draft())), 1, 60_000, "2026-12-22 18:20");
    issued_anew(invoice, 1, "2026-12-22 18:21")
}

#[tokio::test]
async fn a_part_that_was_paid_is_not_asked_for_again() {
    let page = check(in_part(), "", "2026-12-22 18:22", "payable", true).await;
    assert!(page.contains("<p class=\"amount\">R$ 936,00</p>"), "{page}");
    assert!(page.contains("Já recebido: <strong>R$ 600,00</strong>"), "{page}");
}

#[tokio::test]
async fn what_two_payments_paid_is_told_of_both() {
    let invoice = paid(in_part(), 1, 93_600, "2026-12-22 20:00");
    let page = check(invoice, "", "2026-12-23 10:00", "paid", false).await;
    assert!(page.contains("<p class=\"amount\">R$ 1.536,00</p>"), "{page}");
    assert!(page.contains("R$ 1.536,00 em 2 pagamentos, o último em 22/12/2026"), "{page}");
}

#[tokio::test]
async fn what_the_merchant_took_off_is_not_called_paid() {
    let reason = || "agreed".to_owned();
    let now = "2026-12-02 10:00";
    let amount = quita_core::money::Money::from_centavos(150_000);
    let kind = Reduction::CreditNote("NC-1".into());
    let credited = Command::Reduce { instalment: 1, kind, amount, reason: reason() };
    let invoice = run(issued(opened(&draft())), credited, now);
    let page = check(invoice, "", now, "credited", false).await;
    assert!(page.contains("Quitada por crédito") && !page.contains("Pagamento confirmado"));
    let lost = Command::WriteOff { instalment: 1, reason: reason() };
    let invoice = run(issued(opened(&draft())), lost, now);
    let page = check(invoice, "?lang=en", now, "written_off", false).await;
    assert!(page.contains("This charge was closed") && !page.contains("agreed"), "{page}");
}

#[tokio::test]
async fn a_code_the_bank_has_money_for_is_not_offered_while_a_person_decides() {
    let payment = quita_core::ids::PaymentId::parse("E1234567820261201100000000000001").unwrap();
    let doubt = Event::PaymentInDoubt {
        instalment: 1,
        revision: 0,
        payment,
        amount: quita_core::money::Money::from_centavos(150_000),
        reason: quita_core::payment::ParkReason::ForeignKey,
    };
    let invoice = evolve(issued(opened(&draft())), &doubt, at("2026-12-01 10:00"));
    check(invoice, "", "2026-12-01 10:01", "unavailable", false).await;
}

#[tokio::test]
async fn a_charge_that_was_asked_for_again_can_be_paid_past_the_first_ones_end() {
    let reissue = Command::Reissue { instalment: 1, reason: "expired".into() };
    let invoice = run(issued(opened(&draft())), reissue, "2027-01-20 10:00");
    let invoice = issued_anew(invoice, 1, "2027-01-20 10:01");
    check(invoice, "", "2027-01-20 10:02", "payable", true).await;
}
