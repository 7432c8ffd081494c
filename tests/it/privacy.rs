//! Fears about a person's data: that a copy of it is left somewhere after it was erased, that it is
//! erased while something is owed, and that nobody can say what is held.

use quita_psp_sandbox::PayOptions;
use quita_testkit::embedded::Embedded;
use serde_json::{Value, json};

use crate::approvals::Caller;
use crate::tenants::Other;
use crate::world::{World, text, txid};

/// What nobody but the sealed identity may hold after an erasure.
const PERSONAL: [&str; 9] = [
    "Aurora Boreal",
    "52998224725",
    "982.247",
    "aurora@pessoa.example",
    "+5511987654321",
    "Rua das Acácias",
    "T000/B000",
    "ana@acme.example",
    "Zenaide Pagadora",
];

fn person() -> Value {
    json!({
        "name": "Aurora Boreal",
        "document": "529.982.247-25",
        "emails": ["aurora@pessoa.example"],
        "phone": "+5511987654321",
        "chat_webhook_url": "https://hooks.slack.com/services/T000/B000",
        "address": {
            "street": "Rua das Acácias, 7", "city": "Santos", "state": "SP",
            "postal_code": "11010-000",
        },
        "account_owner": "ana@acme.example",
    })
}

/// Asks for the erasure and has a second person approve it; answers with the approval.
pub async fn erase(world: &World, customer: &str) -> Value {
    let path = format!("/v1/customers/{customer}/erasure");
    let kept = world.post(&path, &json!({ "reason": "asked by mail" })).await;
    assert_eq!(kept.status, 202, "{}", kept.body);
    let approval = kept.json();
    assert_eq!(text(&approval, "operation"), "erase_person");
    let answer = Caller::second(world).await.decide(&approval, "approve").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Where a text is left in the table, by the kind of the item.
fn left(engine: &Embedded, text: &str) -> Vec<String> {
    let holds = |item: &&Value| item.to_string().contains(text);
    let kind = |item: &Value| item["kind"]["S"].as_str().unwrap_or("?").to_owned();
    engine.items().unwrap().iter().filter(holds).map(kind).collect()
}

/// A person with one paid invoice, one that was cancelled, and one that somebody else paid.
async fn history(world: &World) -> (String, Vec<Value>) {
    let customer = world.customer_with(person()).await;
    let first = world.invoice(&customer, json!({})).await;
    world.pay(&txid(&first, 1)).await;
    let second = world.invoice(&customer, json!({ "number": "2026-002" })).await;
    let payer = json!({ "name": "Zenaide Pagadora", "document": "52998224725" });
    let recorded = world
        .post(
            "/v1/payments",
            &json!({
                "method": "transfer", "amount": "1000.00", "paid_at": "2026-11-23",
                "customer_id": customer, "payer": payer, "memo": "TED Zenaide Pagadora",
                "allocations": [{ "invoice_id": second["id"], "amount": "1000.00" }],
            }),
        )
        .await;
    assert_eq!(recorded.status, 201, "{}", recorded.body);
    world.settle().await;
    world.sweep().await;
    world.clock.advance(chrono::TimeDelta::minutes(10)).unwrap();
    world.sweep().await;
    (customer, vec![first, second])
}

#[tokio::test]
async fn nothing_personal_is_left_but_what_is_sealed() {
    let engine = Embedded::memory().unwrap();
    let world = World::on(engine.clone(), 1).await;
    let (customer, invoices) = history(&world).await;
    for personal in PERSONAL {
        assert!(
            personal == "982.247" || !left(&engine, personal).is_empty(),
            "{personal} is there"
        );
    }
    let before = world.get(&format!("/v1/invoices/{}", text(&invoices[0], "id"))).await;
    let done = erase(&world, &customer).await;
    assert_eq!(done["outcome"], json!(200), "{done}");
    // What was answered to requests is kept for seven days, and then goes by itself.
    world.at("2026-12-01 10:00").await;
    engine.sweep_ttl(world.now()).unwrap();
    for personal in PERSONAL {
        let kinds = left(&engine, personal);
        assert!(kinds.iter().all(|kind| kind == "sealed_identity"), "{personal} in {kinds:?}");
    }
    assert_eq!(left(&engine, "Aurora Boreal"), ["sealed_identity"]);

    let after = world.get(&format!("/v1/invoices/{}", text(&invoices[0], "id"))).await;
    for kept in ["amount", "outstanding", "status", "number"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let shown = world.get(&format!("/v1/customers/{customer}")).await;
    assert_eq!((text(&shown, "document"), &shown["emails"]), ("erased", &json!([])));
    let held = world.get(&format!("/v1/customers/{customer}/personal_data")).await;
    assert_eq!(text(&held["customer"]["party"], "name"), "Dados apagados");
    let page = text(&after, "portal_url").split_once("/p/").unwrap().1;
    let page = world.call_with("GET", &format!("/p/{page}"), &[], "").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Dados apagados") && page.body.contains("1.000,00"));
}

#[tokio::test]
async fn who_was_forgotten_may_come_back_as_somebody_new() {
    let world = World::new().await;
    let (customer, _) = history(&world).await;
    assert_eq!(world.post("/v1/customers", &person()).await.outcome(), "409 conflict");
    erase(&world, &customer).await;
    let refused = world.post("/v1/invoices", &World::invoice_body(&customer)).await;
    assert_eq!((refused.status, refused.properties()), (422, vec!["customer_id".to_owned()]));
    let again = world.customer_with(person()).await;
    assert_ne!(again, customer);
    world.invoice(&again, json!({})).await;
    let twice = erase(&world, &customer).await;
    assert_eq!(twice["outcome"], json!(200), "once more is the same");
    let shown = world.get(&format!("/v1/customers/{again}")).await;
    assert_eq!(text(&shown, "document"), "52998224725");
}

#[tokio::test]
async fn nobody_is_forgotten_while_something_is_open_and_what_is_in_the_way_is_said() {
    let world = World::new().await;
    let customer = world.customer_with(person()).await;
    let invoice = world.invoice(&customer, json!({})).await;
    let check = async |expected: &str| {
        let done = erase(&world, &customer).await;
        assert_eq!(done["outcome"], json!(409), "{done}");
        let detail = text(&done["result"], "detail");
        assert!(detail.contains(expected), "{detail}");
        let shown = world.get(&format!("/v1/customers/{customer}")).await;
        assert_eq!(text(&shown, "name"), "Aurora Boreal", "nothing is erased");
    };
    check(&format!("invoice {} is open", text(&invoice, "id"))).await;
    let over = PayOptions { amount: Some("1100.00".to_owned()), ..PayOptions::default() };
    world.pay_with(&txid(&invoice, 1), over).await;
    check("money lies on the customer's account").await;
}

#[tokio::test]
async fn one_person_alone_forgets_nobody() {
    let world = World::new().await;
    let (customer, _) = history(&world).await;
    let path = format!("/v1/customers/{customer}/erasure");
    let kept = world.post(&path, &json!({ "reason": "asked by mail" })).await.json();
    let own = world.post(&format!("/v1/approvals/{}/approve", text(&kept, "id")), &json!({})).await;
    assert_eq!(own.outcome(), "409 conflict");
    let shown = world.get(&format!("/v1/customers/{customer}")).await;
    assert_eq!(text(&shown, "name"), "Aurora Boreal");
    let nobody = "/v1/customers/cus_01ARZ3NDEKTSV4RRFFQ69G5FAV/erasure";
    let answer = world.post(nobody, &json!({ "reason": "x" })).await;
    assert_eq!(answer.outcome(), "404 not-found");
}

#[tokio::test]
async fn an_erasure_that_dies_anywhere_is_finished_by_approving_again() {
    for calls in (2..30).step_by(3) {
        let engine = Embedded::memory().unwrap();
        let mut world = World::on(engine.clone(), calls).await;
        let (customer, _) = history(&world).await;
        let path = format!("/v1/customers/{customer}/erasure");
        let kept = world.post(&path, &json!({ "reason": "asked by mail" })).await.json();
        world.faults.crash_after(calls);
        Caller::second(&world).await.decide(&kept, "approve").await;
        world.restart();
        let answer = Caller::second(&world).await.decide(&kept, "approve").await;
        assert_eq!(answer.status, 200, "after {calls}: {}", answer.body);
        assert_eq!(answer.json()["outcome"], json!(200), "after {calls}: {}", answer.body);
        world.at("2026-12-01 10:00").await;
        engine.sweep_ttl(world.now()).unwrap();
        for personal in PERSONAL {
            let kinds = left(&engine, personal);
            let sealed = kinds.iter().all(|kind| kind == "sealed_identity");
            assert!(sealed, "after {calls}: {personal} in {kinds:?}");
        }
    }
}

#[tokio::test]
async fn everything_that_is_held_can_be_read_with_how_long_the_law_wants_it() {
    let world = World::new().await;
    let (customer, invoices) = history(&world).await;
    let path = format!("/v1/customers/{customer}/personal_data");
    let held = world.get(&path).await;
    let party = &held["customer"]["party"];
    assert_eq!(text(party, "document"), "52998224725", "in full");
    assert_eq!(text(&party["address"], "city"), "Santos");
    assert_eq!(held["invoices"].as_array().unwrap().len(), invoices.len());
    let first = &held["invoices"][0];
    assert_eq!(first["bill_to"]["emails"], json!(["aurora@pessoa.example"]));
    let sent = first["messages"].as_array().unwrap().iter();
    let mails: Vec<&Value> = sent.filter(|message| message["channel"] == "email").collect();
    assert!(!mails.is_empty(), "{first}");
    assert_eq!(mails[0]["recipients"], json!(["aurora@pessoa.example"]));
    assert_eq!(text(&first["retention"][0], "retained_until"), "2032-01-01");
    let payers = held["payments"].as_array().unwrap();
    let transfer = payers.iter().find(|it| it["payer_name"] == "Zenaide Pagadora").unwrap();
    assert_eq!(text(transfer, "memo"), "TED Zenaide Pagadora");
    assert_eq!(held["expires_by_itself"][0]["after_days"], 7);
    let page = world.get(&format!("{path}?limit=1")).await;
    let next = text(&page, "next_cursor");
    let rest = world.get(&format!("{path}?limit=1&cursor={next}")).await;
    assert_ne!(page["invoices"][0]["id"], rest["invoices"][0]["id"]);
}

#[tokio::test]
async fn nobody_reads_or_forgets_who_is_another_merchants() {
    let world = World::new().await;
    let (customer, _) = history(&world).await;
    let other = Other::of(&world).await;
    for (method, what, body) in [
        ("GET", "personal_data", Value::Null),
        ("POST", "erasure", json!({ "reason": "not mine" })),
    ] {
        let answer = other.call(method, &format!("/v1/customers/{customer}/{what}"), &body).await;
        assert_eq!(answer.outcome(), "404 not-found", "{what}");
    }
    let csm = [quita_core::access::Permission::Read, quita_core::access::Permission::Care];
    let csm = Caller::made_by(&world, "usr_x", csm).await;
    let path = format!("/v1/customers/{customer}/personal_data");
    let answer = csm.call("GET", &path, &Value::Null).await;
    assert_eq!(answer.outcome(), "403 forbidden");
}
