//! What becomes of each kind of line.

use quita_app::bus::BusEvent;
use quita_core::ids::MerchantId;
use quita_core::journal::Account;
use quita_core::money::Money;
use quita_psp_sandbox::{CallbackFault, FaultRates};
use quita_table::keys::Aggregate;
use serde_json::{Value, json};

use super::written::{
    Title, cnab240, counts, credit, debit, import, imported, ofx, show, uploaded,
};
use crate::callbacks::{pay_unheard, post, receipts, status_of, told};
use crate::world::{MERCHANT, World, text, txid};
use crate::{files, schema};

/// A line of a Pix, as banks print it.
fn pix_line(id: &str, amount: &str, e2eid: &str) -> super::written::Said {
    credit(id, amount, &format!("PIX RECEBIDO {e2eid}"))
}

async fn payment(world: &World, id: &str) -> Value {
    world.get(&format!("/v1/payments/{id}")).await
}

/// The books since the beginning, by account.
async fn books(world: &World) -> Vec<(Account, Money)> {
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let store = &world.machine.deps().store;
    let (from, until) = (chrono::DateTime::UNIX_EPOCH, world.now());
    let page = store.journal(&merchant, from, until, 100, None).await.unwrap();
    assert!(page.next.is_none(), "the test is small");
    let postings: Vec<_> = page.items.iter().flat_map(|row| row.postings.clone()).collect();
    assert_eq!(postings.iter().map(|it| it.amount).sum::<Money>(), Money::ZERO);
    let balance = |account: Account| {
        let of = postings.iter().filter(|it| it.account == account);
        (account, of.map(|it| it.amount).sum::<Money>())
    };
    let all = Account::ALL.map(balance);
    all.into_iter().filter(|(_, amount)| !amount.is_zero()).collect()
}

fn cents(centavos: i64) -> Money {
    Money::from_centavos(centavos)
}

#[tokio::test]
async fn paid_is_not_settled_until_a_statement_shows_it() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let e2eid = world.pay(&txid(&invoice, 1)).await;
    assert_eq!(payment(&world, &e2eid).await["settled_on"], Value::Null);
    assert!(books(&world).await.contains(&(Account::Clearing, cents(100_000))));
    world.bank.reset_calls();
    let view = imported(&world, "ofx", &ofx(&[pix_line("f1", "1000.00", &e2eid)])).await;
    assert_eq!(counts(&view), json!({ "settled": 1 }));
    assert_eq!(world.bank.total_calls(), 0, "what is known is not asked for");
    assert_eq!(payment(&world, &e2eid).await["settled_on"], "2026-12-01");
    let expected = [(Account::Bank, cents(100_000)), (Account::Revenue, cents(-100_000))];
    assert_eq!(books(&world).await, expected);
    assert_eq!(receipts(&world), 1);
}

/// The statement comes first, and the callback never or later: credited once, by the bank's word.
#[tokio::test]
async fn money_a_statement_told_of_is_not_credited_again_by_the_callback() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let pix = pay_unheard(&world, &txid(&invoice, 1)).await;
    let view = imported(&world, "ofx", &ofx(&[pix_line("f1", "1000.00", &pix.e2eid)])).await;
    assert_eq!(counts(&view), json!({ "matched": 1 }));
    assert_eq!(status_of(&world, &invoice).await, "paid");
    let before = books(&world).await;
    assert_eq!(post(&world, &[told(&pix)]).await.status, 200);
    world.settle().await;
    assert_eq!(books(&world).await, before);
    assert_eq!(receipts(&world), 1);
    assert_eq!(world.parked().await, [""; 0]);
}

/// The bank does not answer: the statement is believed, and the callback that comes later is known.
#[tokio::test]
async fn a_bank_that_is_down_does_not_hold_the_statement() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let txid = txid(&invoice, 1);
    let pix = pay_unheard(&world, &txid).await;
    world.bank.faults().set_rates(FaultRates { unavailable: 1.0, ..FaultRates::default() });
    let lines = [
        credit("f1", "1000.00", &format!("PIX {} {txid}", pix.e2eid)),
        pix_line("f2", "5.00", "E00000000202611231300abcdefghijk"),
    ];
    world.bank.reset_calls();
    let view = imported(&world, "ofx", &ofx(&lines)).await;
    assert_eq!(world.bank.total_calls(), 1, "it is asked once, not at every line");
    assert_eq!(counts(&view), json!({ "matched": 1, "unmatched": 1 }));
    assert_eq!(status_of(&world, &invoice).await, "paid");
    assert_eq!(world.parked().await, ["no_txid"]);
    let before = books(&world).await;
    world.bank.faults().clear();
    assert_eq!(post(&world, &[told(&pix)]).await.status, 200);
    world.settle().await;
    assert_eq!(books(&world).await, before);
}

#[tokio::test]
async fn a_line_with_our_txid_alone_finds_the_pix_or_credits_the_charge() {
    let world = World::new().await;
    let customer = world.customer().await;
    let mut txids = Vec::new();
    for number in ["heard", "unheard", "unknown"] {
        let invoice = world.invoice(&customer, json!({ "number": number })).await;
        txids.push((txid(&invoice, 1), invoice));
    }
    let heard = world.pay(&txids[0].0).await;
    let unheard = pay_unheard(&world, &txids[1].0).await;
    world.clock.set(crate::world::at("2026-11-24 10:00")).unwrap();
    let line = |nth: usize| super::written::Said {
        day: "20261123",
        ..credit(&format!("f{nth}"), "1000.00", &format!("CRED {}", txids[nth].0))
    };
    let view = imported(&world, "ofx", &ofx(&[line(0), line(1), line(2)])).await;
    assert_eq!(counts(&view), json!({ "settled": 1, "matched": 2 }));
    for (_, invoice) in &txids {
        assert_eq!(status_of(&world, invoice).await, "paid", "{invoice}");
    }
    for id in [&heard, &unheard.e2eid] {
        assert_eq!(payment(&world, id).await["settled_on"], "2026-11-23");
    }
    // The callback of the second comes late.
    assert_eq!(post(&world, &[told(&unheard)]).await.status, 200);
    assert_eq!(world.parked().await, [""; 0]);
    // Each of them again, in another export: nothing new.
    let other = |nth: usize| super::written::Said { id: format!("x{nth}"), ..line(nth) };
    let view = imported(&world, "ofx", &ofx(&[other(0), other(1)])).await;
    assert_eq!(counts(&view), json!({ "already_known": 2 }));
    let expected = [(Account::Bank, cents(300_000)), (Account::Revenue, cents(-300_000))];
    assert_eq!(books(&world).await, expected);
}

async fn name(world: &World, invoice: &Value, our_number: &str) {
    let path = format!("/v1/invoices/{}/instalments/1/boleto", text(invoice, "id"));
    let answer = world.post(&path, &json!({ "our_number": our_number })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn title(our_number: &'static str, paid: u64, fee: u64) -> Title {
    Title { our_number, paid, interest: 0, fee, txid: None }
}

#[tokio::test]
async fn a_paid_title_credits_its_instalment_and_books_the_fee() {
    let world = World::new().await;
    let customer = world.customer().await;
    let mut invoices = Vec::new();
    for number in ["111", "222", "333"] {
        let invoice = world.invoice(&customer, json!({ "number": format!("NF-{number}") })).await;
        name(&world, &invoice, number).await;
        invoices.push(invoice);
    }
    let file = cnab240(&[
        title("111", 100_000, 190),
        title("222", 40_000, 0),
        title("333", 100_050, 0),
        title("111", 100_000, 0),
        title("444", 100_000, 250),
    ]);
    let view = imported(&world, "cnab240", &file).await;
    assert_eq!(counts(&view), json!({ "matched": 3, "unmatched": 2 }));
    let mut status = Vec::new();
    for invoice in &invoices {
        status.push(status_of(&world, invoice).await);
    }
    assert_eq!(status, ["paid", "partially_paid", "paid"]);
    let mut parked = world.parked().await;
    parked.sort();
    assert_eq!(parked, ["already_paid", "unidentified"]);
    let first = world.reload(&invoices[0]).await;
    let id = text(&first["instalments"][0]["payments"][0], "payment_id").to_owned();
    let payment = payment(&world, &id).await;
    assert_eq!((text(&payment, "method"), text(&payment, "settled_on")), ("boleto", "2026-12-02"));
    let books = books(&world).await;
    let of = |account| books.iter().find(|it| it.0 == account).map(|it| it.1);
    let paid = 100_000 + 40_000 + 100_050 + 100_000 + 100_000;
    assert_eq!(of(Account::Bank), Some(cents(paid - 190 - 250)));
    assert_eq!(of(Account::Fees), Some(cents(190 + 250)));
    assert_eq!(of(Account::Unapplied), Some(cents(-50)), "what is over is the customer's");
    assert_eq!(of(Account::Unidentified), Some(cents(-200_000)));
    assert_eq!(of(Account::Clearing), None);
}

/// Money nobody can place is never given to whoever happens to owe as much.
#[tokio::test]
async fn an_amount_alone_never_pays_an_invoice() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let memo = "TED RECEBIDA - PADARIA AURORA LTDA - 12.ABC.345/01DE-35 - 2026-001";
    let view = imported(&world, "ofx", &ofx(&[credit("f1", "1000.00", memo)])).await;
    assert_eq!(counts(&view), json!({ "unmatched": 1 }));
    assert_eq!(status_of(&world, &invoice).await, "open");
    let list = world.get("/v1/payments?status=parked").await;
    let item = &list["items"][0];
    assert_eq!((text(item, "method"), text(item, "amount")), ("transfer", "1000.00"));
    assert_eq!(text(item, "memo"), memo);
    assert_eq!(text(item, "settled_on"), "2026-12-01");
    assert!(item["payer"]["document"].is_string(), "{item}");
}

#[tokio::test]
async fn another_amount_than_was_recorded_is_a_persons_matter() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let e2eid = world.pay(&txid(&invoice, 1)).await;
    let key = world.bank.config().keys[0].clone();
    world.bank.faults().next_callback(CallbackFault::Drop);
    let second = world.bank.pay_key(&key, "70.00", None).unwrap().e2eid;
    world.bank.deliver_callbacks().await;
    let lines = [pix_line("f1", "999.00", &e2eid), pix_line("f2", "71.00", &second)];
    let view = imported(&world, "ofx", &ofx(&lines)).await;
    assert_eq!(counts(&view), json!({ "amount_differs": 2 }));
    assert_eq!(world.parked().await, ["amount_differs", "amount_differs"]);
    assert_eq!(status_of(&world, &invoice).await, "paid");
    assert_eq!(payment(&world, &e2eid).await["settled_on"], Value::Null);
    assert_eq!(text(&payment(&world, &second).await, "amount"), "70.00", "the bank's word");
}

#[tokio::test]
async fn every_line_is_counted_under_what_became_of_it() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let e2eid = world.pay(&txid(&invoice, 1)).await;
    let returned = "D00000000202612011300abcdefghijk";
    let mut lines = vec![
        pix_line("f1", "1000.00", &e2eid),
        debit("FEE", "f2", "12.90", "TARIFA"),
        debit("SRVCHG", "f3", "7.10", "TARIFA PIX"),
        debit("DEBIT", "f4", "300.00", "PAGTO FORNECEDOR"),
        debit("DEBIT", "f5", "50.00", &format!("PIX DEVOLVIDO {returned} {e2eid}")),
        credit("f6", "10.00", "TED"),
        // A bank that repeats its ids: two movements, not one.
        credit("f6", "10.00", "TED"),
        // The same Pix once more in one file.
        pix_line("f7", "1000.00", &e2eid),
    ];
    lines.extend((0..20).map(|nth| credit(&format!("g{nth}"), "1.00", "DEP")));
    let view = imported(&world, "ofx", &ofx(&lines)).await;
    let expected =
        json!({ "settled": 1, "fees": 2, "debits": 2, "unmatched": 22, "already_known": 1 });
    assert_eq!(counts(&view), expected);
    assert_eq!(view["progress"], json!({ "done": 28, "entries": 28 }));
    assert_eq!(view["summary"]["from"], "2026-12-01");
    let books = books(&world).await;
    let of = |account| books.iter().find(|it| it.0 == account).map(|it| it.1);
    // What went is recorded and books nothing; what the bank charged is booked.
    assert_eq!(of(Account::Bank), Some(cents(100_000 + 1_000 + 1_000 + 2_000 - 2_000)));
    assert_eq!(of(Account::Fees), Some(cents(2_000)));
}

#[tokio::test]
async fn a_file_without_movements_is_imported_too() {
    let world = World::new().await;
    let view = imported(&world, "ofx", &ofx(&[])).await;
    assert_eq!((counts(&view), &view["progress"]["entries"]), (json!({}), &json!(0)));
}

#[tokio::test]
async fn every_event_of_a_file_is_what_its_schema_says() {
    let world = World::new().await;
    let merchant = MerchantId::parse(MERCHANT).unwrap();
    let good = uploaded(&world, "ofx", &ofx(&[debit("FEE", "f2", "12.90", "TARIFA")])).await;
    assert_eq!(import(&world, &good).await.status, 202);
    world.settle().await;
    let bad = uploaded(&world, "ofx", b"%PDF-1.7 and more").await;
    assert_eq!(import(&world, &bad).await.status, 422);
    assert_eq!(text(&show(&world, &bad).await, "status"), "refused");
    let store = &world.machine.deps().store;
    let mut names = Vec::new();
    let mut rows = Vec::new();
    for id in [&good, &bad] {
        let aggregate = Aggregate::Import(id.parse().unwrap());
        rows.extend(store.timeline(&merchant, &aggregate, 100, None).await.unwrap().items);
    }
    let (from, until) = (chrono::DateTime::UNIX_EPOCH, world.now());
    rows.extend(store.journal(&merchant, from, until, 100, None).await.unwrap().items);
    for row in rows {
        let published = BusEvent::of_row(&merchant, &row);
        let promised = files::event_schema(&published.detail_type);
        let faults = schema::faults(&promised, &promised, &published.detail);
        assert_eq!(faults, [""; 0], "{}", published.detail_type);
        let known = files::object(&promised["properties"]["data"]["properties"]);
        for name in row.data.as_object().unwrap().keys() {
            assert!(known.contains_key(name), "{}: `{name}` is unsaid", row.name);
        }
        names.push(row.name);
    }
    assert_eq!(names, ["import.accepted", "import.finished", "import.refused", "bank_line.fee"]);
}
