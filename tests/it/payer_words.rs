//! Fears about a payer's own words: that a bill cannot be filed, that a word is lost or believed
//! too long, that a part has no way in, and that whoever has a link can put everything off.

use quita_pix::brcode::parse_strict;
use serde_json::{Value, json};

use crate::bad_invoices::assert_wrote_nothing;
use crate::handling::open_tasks;
use crate::world::{Answer, World, text, txid};

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

/// The address of a page under the invoice's own.
fn page_path(invoice: &Value, name: &str) -> String {
    let url = text(invoice, "portal_url");
    url.split_once("/p/").map(|(_, token)| format!("/p/{token}{name}")).unwrap()
}

async fn page(world: &World, invoice: &Value, name: &str) -> String {
    let answer = world.call_with("GET", &page_path(invoice, name), &[], "").await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.body);
    shown(&answer)
}

/// A page with slashes as people write them.
fn shown(answer: &Answer) -> String {
    answer.body.replace("&#x2f;", "/")
}

async fn promises(world: &World, invoice: &Value, form: &str) -> Answer {
    world.call_with("POST", &page_path(invoice, "/promise"), &FORM, form).await
}

/// An invoice of R$ 1,000.00, late since Friday 11 December.
async fn late(world: &World) -> Value {
    let invoice = world.issued().await;
    world.live_until("2026-12-14 10:00").await;
    world.reload(&invoice).await
}

fn promise(invoice: &Value) -> &Value {
    &invoice["handling"]["promise"]
}

#[tokio::test]
async fn a_bill_cannot_be_filed() {
    let world = World::new().await;
    let customer = world.customer().await;
    let care = json!({ "contacts": [
        { "name": "Bia Alves", "audience": "billing", "email": "bia@aurora.example" },
        { "name": "Rita Souza", "audience": "approver", "email": "rita@aurora.example" },
    ] });
    let path = format!("/v1/customers/{customer}/care");
    let answer = world.call("PUT", &path, &care.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let period = json!({ "from": "2026-11-01", "to": "2026-11-30" });
    let fields = json!({ "po_number": "4500018832", "billing_period": period });
    let invoice = world.invoice(&customer, fields).await;
    assert_eq!(invoice["billing_period"], period);
    world.settle().await;
    let stored = world.reload(&invoice).await;
    assert_eq!((&stored["billing_period"], text(&stored, "po_number")), (&period, "4500018832"));
    let shown = page(&world, &stored, "").await;
    let sent = world.mailbox.messages().last().unwrap().content.text().to_owned();
    for wanted in ["4500018832", "01/11/2026 a 30/11/2026"] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
        assert!(sent.contains(wanted), "{wanted}: {sent}");
    }
    assert!(sent.contains("Aprovador: Rita Souza"), "{sent}");
    let asked = json!({
        "name": "charge_issued", "channel": "email", "locale": "pt-BR",
        "invoice_id": text(&invoice, "id"),
    });
    let preview = world.post("/v1/templates/preview", &asked).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    assert!(text(&preview.json(), "text").contains("Aprovador: Rita Souza"), "as it is sent");
}

#[tokio::test]
async fn a_payers_word_is_lost_and_the_chase_goes_on() {
    let world = World::new().await;
    let invoice = late(&world).await;
    let form = page(&world, &invoice, "/promise").await;
    assert!(form.contains("R$ 1.021,33"), "2 % and 4 days of 1 % a month: {form}");
    let answer = promises(&world, &invoice, "day=2026-12-18&by=Maria+do+financeiro").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(shown(&answer).contains("Pagamento prometido para 18/12/2026"), "{}", answer.body);
    let told = world.reload(&invoice).await;
    let expected = json!(["1021.33", "2026-12-18", "Maria do financeiro", "open"]);
    let known = promise(&told);
    assert_eq!(json!([known["amount"], known["day"], known["by"], known["status"]]), expected);
    assert_eq!(told["next_action"]["why"], "promised", "{told}");
    let rows = format!("/v1/invoices/{}/timeline?limit=100", text(&invoice, "id"));
    let rows = world.get(&rows).await;
    let row = rows["items"].as_array().unwrap().iter().find(|row| row["event"] == "promise.made");
    assert_eq!(text(row.unwrap(), "actor"), "payer");
    assert!(!rows.to_string().contains("Maria"), "rows are kept for good");
    let messages = world.steps().len();
    world.live_until("2026-12-18 18:00").await;
    assert_eq!(world.steps().len(), messages, "reminders wait");
    assert!(page(&world, &invoice, "").await.contains("Pagamento prometido para 18/12/2026"));
    world.pay(&txid(&world.reload(&invoice).await, 1)).await;
    world.settle().await;
    world.sweep().await;
    assert_eq!(promise(&world.reload(&invoice).await)["status"], "kept");
    assert_eq!(open_tasks(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_payer_who_broke_its_word_is_believed_again() {
    let world = World::new().await;
    let invoice = late(&world).await;
    assert_eq!(promises(&world, &invoice, "day=2026-12-15&by=").await.status, 200);
    let promised = world.reload(&invoice).await;
    assert_eq!(promise(&promised)["by"], "Padaria Aurora Ltda", "nobody else was named");
    world.usage();
    assert_eq!(promises(&world, &invoice, "day=2026-12-15").await.status, 200);
    assert_wrote_nothing(&world, "the same day again");
    let answer = promises(&world, &invoice, "day=2026-12-21").await;
    assert!(answer.body.contains("Proposta enviada"), "{}", answer.body);
    assert_eq!(promise(&world.reload(&invoice).await)["day"], "2026-12-15");
    world.live_until("2026-12-18 09:00").await;
    assert_eq!(promise(&world.reload(&invoice).await)["status"], "broken");
    let answer = promises(&world, &invoice, "day=2026-12-21&by=Maria").await;
    assert!(answer.body.contains("Proposta enviada"), "{}", answer.body);
    assert_eq!(promise(&world.reload(&invoice).await)["status"], "broken");
    let tasks = world.get("/v1/tasks?kind=question").await;
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1, "one, that grows");
    let about = text(&tasks["items"][0], "about");
    for part in [
        "Padaria Aurora Ltda proposes to pay on 2026-12-21. It is no promise yet: another day was \
         promised before.",
        "Maria proposes to pay on 2026-12-21. It is no promise yet: the promise before was broken.",
    ] {
        assert!(about.contains(part), "{about}");
    }
}

#[tokio::test]
async fn a_person_is_not_asked_where_a_payer_cannot_decide_alone() {
    let world = World::new().await;
    let far = world.issued().await;
    assert_eq!(promises(&world, &far, "day=2027-03-01").await.status, 200);
    assert_eq!(promise(&world.reload(&far).await), &Value::Null);
    let about = world.get("/v1/tasks").await["items"][0]["about"].clone();
    assert!(about.as_str().unwrap().contains("more than 30 days ahead"), "{about}");
    let path = format!("/v1/invoices/{}/dispute", text(&far, "id"));
    assert_eq!(world.post(&path, &json!({ "reason": "outra quantidade" })).await.status, 200);
    assert_eq!(promises(&world, &far, "day=2026-12-01").await.status, 200);
    assert_eq!(promise(&world.reload(&far).await), &Value::Null);
    let about = world.get("/v1/tasks?kind=question").await["items"][0]["about"].clone();
    assert!(about.as_str().unwrap().contains("the invoice is disputed"), "{about}");
}

#[tokio::test]
async fn what_cannot_be_meant_is_promised_or_told_as_a_failure() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.usage();
    let long = format!("day=2026-12-01&by={}", "x".repeat(81));
    for form in [
        "",
        "day=",
        "day=01/12/2026",
        "day=2020-01-01",
        "day=2030-01-01",
        "day=2026-12-01&by=a%0Ab",
        &long,
    ] {
        let answer = promises(&world, &invoice, form).await;
        assert_eq!(answer.status, 422, "{form}: {}", answer.body);
        assert!(answer.body.contains("role=\"alert\""), "{form}");
        assert_wrote_nothing(&world, form);
    }
    world.pay(&txid(&invoice, 1)).await;
    world.settle().await;
    world.usage();
    assert_eq!(promises(&world, &invoice, "day=2026-12-01").await.status, 409);
    assert_wrote_nothing(&world, "a promise of nothing");
}

#[tokio::test]
async fn a_link_fills_the_list_or_promises_by_being_looked_at() {
    let world = World::new().await;
    let invoice = world.issued().await;
    world.usage();
    for name in ["/promise", "/promise?day=2026-12-01", "/part"] {
        page(&world, &invoice, name).await;
        assert_wrote_nothing(&world, name);
    }
    let mut full = None;
    for nth in 1..=20 {
        let form = format!("day=2027-03-{nth:02}&by={}", "x".repeat(80));
        let answer = promises(&world, &invoice, &form).await;
        if answer.status == 429 {
            full = Some(nth);
            break;
        }
    }
    assert!(full.is_some(), "a task has an end");
    assert_eq!(open_tasks(&world).await, ["question"]);
    let links = format!("/v1/invoices/{}/links", text(&invoice, "id"));
    let answer = world.post(&links, &json!({ "scope": "view" })).await;
    let shown = json!({ "portal_url": answer.json()["url"] });
    assert_eq!(promises(&world, &shown, "day=2026-12-01").await.status, 404);
    assert_eq!(promise(&world.reload(&invoice).await), &Value::Null);
}

#[tokio::test]
async fn a_part_has_no_way_in() {
    let world = World::new().await;
    let invoice = late(&world).await;
    let shown = page(&world, &invoice, "/part").await;
    let (_, code) = shown.split_once("id=\"code\"").unwrap();
    let code = code.split_once('>').unwrap().1.split_once('<').unwrap().0;
    let own = format!("/v1/customers/{}/pix_code", text(&invoice, "customer_id"));
    assert_eq!(world.get(&own).await["pix_copia_e_cola"], code);
    let explained = parse_strict(code).unwrap();
    let key = world.bank.config().keys[0].clone();
    world.bank.pay_key(&key, "400.00", explained.txid).unwrap();
    world.settle().await;
    let rest = world.reload(&invoice).await;
    assert_eq!(rest["outstanding"], "621.33");
    world.settle().await;
    let rest = world.reload(&invoice).await;
    assert_eq!(rest["instalments"][0]["charge"]["status"], "active", "{rest}");
    let after = page(&world, &rest, "").await;
    assert!(after.contains("R$ 621,33") && after.contains("R$ 400,00"), "{after}");
    world.pay(&txid(&rest, 1)).await;
    world.settle().await;
    assert_eq!(world.reload(&invoice).await["status"], "paid");
    assert_eq!(world.parked().await, Vec::<String>::new());
}
