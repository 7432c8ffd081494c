//! The books: balanced at every instant, equal to what the invoices and payments hold, the same when
//! they are rebuilt from the events, and exported whole.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::journal::Account;
use quita_core::money::Money;
use quita_table::Item;
use quita_table::items::{EventRow, event_from_image};
use quita_table::keys::Aggregate;
use quita_testkit::embedded::STREAM_RECORDS_MAX;
use serde_json::{Value, json};

use crate::changes::{amount, change, settings};
use crate::files::openapi;
use crate::payments::ask;
use crate::schema::faults;
use crate::world::{World, text, txid};

/// Every event row of the table, from its stream.
fn rows(world: &World) -> Vec<EventRow> {
    let mut rows = Vec::new();
    let mut position: Option<String> = None;
    loop {
        let engine = world.machine.engine();
        let records = engine.stream_after(position.as_deref(), STREAM_RECORDS_MAX).unwrap();
        let Some(last) = records.last() else { return rows };
        position = Some(last.sequence.clone());
        for mut record in records {
            let image = record.json["dynamodb"]["NewImage"].take();
            let Ok(image) = serde_json::from_value::<Item>(image) else { continue };
            rows.extend(event_from_image(&image).unwrap().map(|(_, row)| row));
        }
    }
}

fn money(value: &Value, name: &str) -> Money {
    let raw = text(value, name);
    let (sign, digits) = raw.strip_prefix('-').map_or((1, raw), |digits| (-1, digits));
    Money::from_centavos(sign * Money::parse(digits).unwrap().centavos())
}

/// All entries of the journal, a few at a time.
async fn journal(world: &World, range: &str) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(&format!("/v1/journal?limit=7{range}{cursor}")).await;
        let document = openapi();
        let schema = &document["components"]["schemas"]["Journal"];
        assert_eq!(faults(&document, schema, &page), [""; 0]);
        entries.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return entries };
        cursor = format!("&cursor={next}");
    }
}

/// Balances of a trial balance, which has to be zero in all.
async fn trial(world: &World, query: &str) -> BTreeMap<String, Money> {
    let view = world.get(&format!("/v1/trial_balance{query}")).await;
    let document = openapi();
    let schema = &document["components"]["schemas"]["TrialBalance"];
    assert_eq!(faults(&document, schema, &view), [""; 0]);
    assert_eq!(money(&view, "debit"), money(&view, "credit"), "{query}");
    let accounts = view["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), Account::ALL.len());
    let balances: BTreeMap<String, Money> = accounts
        .iter()
        .map(|account| (text(account, "account").to_owned(), money(account, "balance")))
        .collect();
    assert_eq!(balances.values().copied().sum::<Money>(), Money::ZERO, "{query}");
    balances
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// What the invoices, the payments and the accounts hold: receivables, then money in each place.
async fn held(world: &World, customer: &str) -> [Money; 3] {
    let invoices = world.get("/v1/invoices?limit=100").await;
    let mut owed = Money::ZERO;
    let (mut received, mut ids) = (Money::ZERO, BTreeSet::new());
    for invoice in invoices["items"].as_array().unwrap() {
        for instalment in invoice["instalments"].as_array().unwrap() {
            if text(invoice, "status") != "canceled" {
                owed += money(&instalment["principal"], "left");
            }
            received += money(instalment, "received");
            let payments = instalment["payments"].as_array().unwrap();
            ids.extend(payments.iter().map(|it| text(it, "payment_id").to_owned()));
        }
    }
    let known = world.get(&format!("/v1/customers/{customer}")).await;
    [owed, received, money(&known, "balance")]
}

/// The journal's word for the same: receivables, money credited for good, the customers' accounts.
fn booked(balances: &BTreeMap<String, Money>) -> [Money; 3] {
    let of = |name: &str| balances[name];
    let placed = of("clearing") + of("bank") + of("unidentified") + of("unapplied") + of("refunds");
    [of("receivables"), placed, -of("unapplied")]
}

/// What somebody does; invoices go by their number.
enum Deed {
    Issue(&'static str),
    /// The amount, or what the bank asks for.
    Pay(&'static str, Option<&'static str>),
    Change(&'static str, &'static str, Value),
    Cancel(&'static str),
    /// Of the last payment of an invoice.
    Refund(&'static str, &'static str),
    Sweep,
    Until(&'static str),
}

/// A history with every kind of money in it.
fn deeds() -> Vec<Deed> {
    use Deed::*;
    let note = json!({ "amount": "70.00", "number": "NC-1", "reason": "two boxes back" });
    let rebate = json!({ "amount": "30.00", "reason": "goodwill" });
    let later = json!({ "due_date": "2027-01-11", "reason": "agreed" });
    let issued = ["early", "over", "part", "noted", "lost", "gone", "late"].map(Issue);
    let deeds = [
        Pay("early", None),
        Pay("over", Some("1200.00")),
        Pay("part", Some("400.00")),
        Change("noted", "credit_note", note),
        Change("noted", "rebate", rebate),
        // R$ 0.50 short of R$ 873.00 after the discount, within the tolerance.
        Pay("noted", Some("872.50")),
        Change("lost", "write_off", json!({ "reason": "insolvent" })),
        Pay("lost", Some("250.00")),
        Cancel("gone"),
        Pay("gone", Some("1000.00")),
        Refund("gone", "1000.00"),
        Sweep,
        Refund("over", "300.00"),
        Sweep,
        Change("part", "due_date", later),
        Until("2026-12-15 12:00"),
        Pay("late", Some("1000.00")),
        Issue("next"),
        Pay("next", None),
    ];
    issued.into_iter().chain(deeds).collect()
}

/// Where the history stands.
struct Story<'a> {
    world: &'a World,
    customer: String,
    invoices: BTreeMap<&'static str, Value>,
    payments: BTreeMap<&'static str, String>,
}

impl Story<'_> {
    async fn go(&mut self, deed: Deed) {
        match deed {
            Deed::Issue(number) => {
                let discount = json!({ "type": "percent_until", "until":
                    [{ "date": "2026-12-01", "value": "3.00" }] });
                let fields = match number {
                    "next" => json!({ "number": number, "due_date": "2027-01-11" }),
                    "late" => json!({ "number": number }),
                    _ => json!({ "number": number, "discount": discount }),
                };
                let invoice = self.world.invoice(&self.customer, fields).await;
                self.invoices.insert(number, invoice);
            }
            Deed::Pay(number, paid) => {
                let invoice = self.world.reload(&self.invoices[number]).await;
                let options = paid.map(amount).unwrap_or_default();
                let e2eid = self.world.pay_with(&txid(&invoice, 1), options).await;
                self.payments.insert(number, e2eid);
            }
            Deed::Change(number, what, body) => {
                change(self.world, &self.invoices[number], what, body).await;
            }
            Deed::Cancel(number) => {
                let id = text(&self.invoices[number], "id");
                let body = json!({ "reason": "typed twice" });
                let answer = self.world.post(&format!("/v1/invoices/{id}/cancel"), &body).await;
                assert_eq!(answer.status, 202, "{}", answer.body);
            }
            Deed::Refund(number, amount) => {
                let body = json!({ "amount": amount, "reason": "not ours" });
                let answer = ask(self.world, &self.payments[number], "refunds", body).await;
                assert_eq!(answer.status, 202, "{}", answer.body);
            }
            Deed::Sweep => self.world.sweep().await,
            Deed::Until(local) => self.world.at(local).await,
        }
        self.world.settle().await;
    }
}

/// Plays the history. After each deed the instant and what was held then are kept; an hour passes.
async fn busy(world: &World) -> Vec<(DateTime<Utc>, [Money; 3])> {
    assert_eq!(settings(world, "1.00", "carry").await.status, 200);
    let customer = world.customer().await;
    let (invoices, payments) = (BTreeMap::new(), BTreeMap::new());
    let mut story = Story { world, customer, invoices, payments };
    let mut seen = Vec::new();
    for deed in deeds() {
        Box::pin(story.go(deed)).await;
        seen.push((world.now(), held(world, &story.customer).await));
        world.clock.advance(TimeDelta::hours(1)).unwrap();
    }
    assert_eq!(text(&story.invoices["next"], "amount"), "1021.67", "late charges were carried");
    seen
}

#[tokio::test]
async fn the_books_balance_at_every_instant_and_say_what_was_held_then() {
    let world = World::new().await;
    let seen = Box::pin(busy(&world)).await;
    let instants: BTreeSet<DateTime<Utc>> = rows(&world).iter().map(|row| row.at).collect();
    assert!(instants.len() > 15, "{}", instants.len());
    for at in &instants {
        for at in [*at - TimeDelta::seconds(1), *at] {
            trial(&world, &format!("?as_of={}", instant(at))).await;
        }
    }
    // A question about the past is answered as it would have been then, whatever came later.
    for (at, [owed, received, balance]) in seen {
        let balances = trial(&world, &format!("?as_of={}", instant(at))).await;
        let [receivables, placed, unapplied] = booked(&balances);
        assert_eq!((receivables, placed, unapplied), (owed, received, balance), "{at}");
    }
}

#[tokio::test]
async fn the_journal_rebuilt_from_the_events_is_the_journal() {
    let world = World::new().await;
    Box::pin(busy(&world)).await;
    let entries = journal(&world, "").await;
    let rows: Vec<EventRow> =
        rows(&world).into_iter().filter(|row| !row.postings.is_empty()).collect();
    let of_row = |row: &EventRow| {
        let id = match &row.aggregate {
            Aggregate::Invoice(id) => id.to_string(),
            Aggregate::Payment(id) => id.to_string(),
            other => panic!("{other:?} books nothing here"),
        };
        let postings = row.postings.iter().map(|it| (it.account.as_str().to_owned(), it.amount));
        (id, row.seq, instant(row.at), row.name.clone(), postings.collect::<Vec<_>>())
    };
    let of_entry = |entry: &Value| {
        let id = entry["invoice_id"].as_str().or(entry["payment_id"].as_str()).unwrap();
        let postings =
            entry["postings"].as_array().unwrap().iter().map(|it| {
                (text(it, "account").to_owned(), money(it, "debit") - money(it, "credit"))
            });
        let seq = entry["sequence"].as_u64().unwrap();
        let (at, name) = (text(entry, "at").to_owned(), text(entry, "event").to_owned());
        (id.to_owned(), seq, at, name, postings.collect::<Vec<_>>())
    };
    let mut rebuilt: Vec<_> = rows.iter().map(of_row).collect();
    let mut told: Vec<_> = entries.iter().map(of_entry).collect();
    let times: Vec<&String> = told.iter().map(|entry| &entry.2).collect();
    assert!(times.is_sorted(), "{times:?}");
    rebuilt.sort();
    told.sort();
    assert_eq!(told, rebuilt);
    for (_, _, _, name, postings) in told {
        let sum: Money = postings.iter().map(|(_, amount)| *amount).sum();
        assert_eq!(sum, Money::ZERO, "{name}");
    }
    let used: BTreeSet<&str> =
        rows.iter().flat_map(|row| &row.postings).map(|it| it.account.as_str()).collect();
    let unused = ["bank", "fees"];
    for account in Account::ALL.map(Account::as_str) {
        assert_eq!(used.contains(account), !unused.contains(&account), "{account}");
    }
}

#[tokio::test]
async fn periods_add_up_to_the_whole() {
    let world = World::new().await;
    let seen = Box::pin(busy(&world)).await;
    let whole = trial(&world, "").await;
    let cut = seen[seen.len() / 2].0;
    let after = cut + TimeDelta::seconds(1);
    let first = trial(&world, &format!("?as_of={}", instant(cut))).await;
    let second = trial(&world, &format!("?from={}", instant(after))).await;
    for (account, balance) in whole {
        assert_eq!(first[&account] + second[&account], balance, "{account}");
    }
    let range = format!("&from={}&to={}", instant(after), instant(world.now()));
    let early = format!("&to={}", instant(cut));
    let parts = journal(&world, &early).await.len() + journal(&world, &range).await.len();
    assert_eq!(parts, journal(&world, "").await.len());
}

#[tokio::test]
async fn the_export_holds_every_posting_once() {
    let world = World::new().await;
    Box::pin(busy(&world)).await;
    let answer = world.call("GET", "/v1/journal.csv", "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!((answer.header("link"), answer.header("next-cursor")), (None, None));
    let mut lines = answer.body.split_terminator("\r\n");
    let header = "at,date,event,invoice_id,payment_id,account,debit,credit,sequence";
    assert_eq!(lines.next(), Some(header));
    let lines: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let entries = journal(&world, "").await;
    let postings: Vec<Vec<String>> = entries
        .iter()
        .flat_map(|entry| entry["postings"].as_array().unwrap().iter().map(move |it| (entry, it)))
        .map(|(entry, it)| {
            let id = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            let at = text(entry, "at");
            let day = at.parse::<DateTime<Utc>>().unwrap() - TimeDelta::hours(3);
            let day = day.date_naive().to_string();
            let cells = [text(it, "account"), text(it, "debit"), text(it, "credit")];
            let head = [at.to_owned(), day, id("event"), id("invoice_id"), id("payment_id")];
            let last = entry["sequence"].to_string();
            head.into_iter().chain(cells.map(str::to_owned)).chain([last]).collect()
        })
        .collect();
    assert_eq!(lines, postings);
    let none = world.call("GET", "/v1/journal.csv?to=2026-11-01T00:00:00Z", "").await;
    assert_eq!(none.body, format!("{header}\r\n"));
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_told_with_its_place() {
    let world = World::new().await;
    for (path, properties) in [
        ("/v1/journal?from=yesterday&to=today", vec!["from", "to"]),
        ("/v1/journal?from=2026-12-01T00:00:00Z&to=2026-11-01T00:00:00Z", vec!["to"]),
        ("/v1/journal?cursor=nonsense", vec!["cursor"]),
        ("/v1/journal?limit=101", vec!["limit"]),
        ("/v1/journal.csv?from=2026-12-01", vec!["from"]),
        ("/v1/trial_balance?as_of=now&from=x", vec!["from", "as_of"]),
    ] {
        let answer = world.call("GET", path, "").await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{path}: {}", answer.body);
        assert_eq!(answer.properties(), properties, "{path}");
    }
    for path in ["/v1/journal", "/v1/journal.csv", "/v1/trial_balance"] {
        assert_eq!(world.call("POST", path, "").await.status, 405, "{path}");
        assert_eq!(world.call_with("GET", path, &[], "").await.status, 401, "{path}");
    }
    assert_eq!(trial(&world, "").await.values().copied().sum::<Money>(), Money::ZERO);
}
