//! Whether every change says who made it and what it was, and keeps no personal data.

use quita_psp_sandbox::PayOptions;
use serde_json::{Value, json};

use super::{check_chain, field, of_kind, world};
use crate::world::{World, text, txid};

/// The newest row of an aggregate.
async fn newest(world: &World, aggregate: &str) -> Value {
    let page = world.get(&format!("/v1/audit?aggregate={aggregate}&limit=1")).await;
    page["items"][0].clone()
}

fn change<'a>(row: &'a Value, field: &str) -> (&'a Value, &'a Value) {
    let told = &row["changes"][field];
    (&told["before"], &told["after"])
}

/// The id of the key that the world calls with.
async fn key(world: &World) -> String {
    let session = world.get("/v1/session").await;
    text(&session, "principal").to_owned()
}

#[tokio::test]
async fn a_change_does_not_say_who_made_it_and_what_it_was() {
    let (world, _) = world().await;
    let key = key(&world).await;
    let customer = world.customer().await;
    let row = newest(&world, &customer).await;
    assert_eq!((text(&row, "event"), text(&row, "actor")), ("customer.created", key.as_str()));
    assert_eq!(change(&row, "locale"), (&Value::Null, &json!("pt-BR")));
    assert_eq!(change(&row, "name"), (&Value::Null, &json!("***")));

    let settings = json!({ "payment_tolerance": "1.00", "late_shortfall": "waive" });
    assert_eq!(world.call("PUT", "/v1/settings", &settings.to_string()).await.status, 200);
    let row = newest(&world, "merchant").await;
    assert_eq!((text(&row, "event"), text(&row, "actor")), ("settings.changed", key.as_str()));
    assert_eq!(change(&row, "payment_tolerance"), (&json!("0.00"), &json!("1.00")));
    assert_eq!(change(&row, "late_shortfall"), (&json!("keep"), &json!("waive")));
    // The same once more changes nothing, and says nothing.
    assert_eq!(world.call("PUT", "/v1/settings", &settings.to_string()).await.status, 200);
    assert_eq!(newest(&world, "merchant").await, row);

    let invoice = world.invoice(&customer, json!({})).await;
    let id = text(&invoice, "id");
    let part = format!("/v1/invoices/{id}/instalments/1");
    let check = |path: String, body: Value, field: &'static str, told: (Value, Value)| {
        let (world, key) = (&world, key.as_str());
        async move {
            let answer = world.post(&path, &body).await;
            assert!((200..300).contains(&answer.status), "{path}: {}", answer.body);
            let row = newest(world, id).await;
            assert_eq!(text(&row, "actor"), key, "{path}");
            assert_eq!(change(&row, field), (&told.0, &told.1), "{path}: {row}");
            world.settle().await;
        }
    };
    let (due, principal) = ("instalments.1.due_date", "instalments.1.principal");
    let later = json!({ "due_date": "2026-12-17", "reason": "agreed" });
    check(format!("{part}/due_date"), later, due, (json!("2026-12-10"), json!("2026-12-17"))).await;
    let less = json!({ "number": "NC-1", "amount": "100.00", "reason": "agreed" });
    let told = (json!("1000.00"), json!("900.00"));
    check(format!("{part}/credit_note"), less, principal, told).await;
    let why = json!({ "reason": "a new code" });
    let told = (json!("2 active"), json!("3 pending"));
    check(format!("{part}/charges"), why.clone(), "instalments.1.charge", told).await;
    let told = (json!("open"), json!("canceling"));
    check(format!("/v1/invoices/{id}/cancel"), why, "status", told).await;
    assert_eq!(check_chain(&world, "").await.0, [""; 0]);
}

#[tokio::test]
async fn money_moves_and_nothing_says_from_where_to_where() {
    let (world, _) = world().await;
    let invoice = world.issued().await;
    let (id, charge) = (text(&invoice, "id"), txid(&invoice, 1));
    let more = PayOptions { amount: Some("1200.00".into()), ..PayOptions::default() };
    let paid = world.pay_with(&charge, more).await;
    let row = newest(&world, &paid).await;
    assert_eq!(text(&row, "event"), "payment.put_on_account");
    assert_eq!(change(&row, "allocated"), (&Value::Null, &json!("1000.00")));
    assert_eq!(change(&row, "on_account"), (&Value::Null, &json!("200.00")));
    let account = format!("customers.{}.on_account", text(&invoice, "customer_id"));
    assert_eq!(change(&row, &account), (&Value::Null, &json!("200.00")));
    let rows = world.get(&format!("/v1/audit?aggregate={id}")).await;
    let rows = rows["items"].as_array().unwrap();
    let settled = rows.iter().find(|row| !change(row, "status").1.is_null()).unwrap();
    assert_eq!(change(settled, "status"), (&json!("open"), &json!("paid")));
    assert_eq!(check_chain(&world, "").await.0, [""; 0]);
}

#[tokio::test]
async fn a_row_keeps_a_name_an_address_or_a_document() {
    let (world, engine) = world().await;
    let fields = json!({
        "name": "Joana Prado", "document": "529.982.247-25",
        "emails": ["joana.prado@example.com"], "phone": "+5511987654321",
        "account_owner": "ana@example.com",
        "address": { "street": "Rua das Flores, 10", "city": "Campinas", "state": "SP",
            "postal_code": "13010-000" },
    });
    let customer = world.customer_with(fields).await;
    let invoice = world.invoice(&customer, json!({})).await;
    world.pay(&txid(&invoice, 1)).await;
    let rows = of_kind(&engine, "event").into_iter().chain(of_kind(&engine, "audit_block"));
    let text = format!("{:?}", rows.collect::<Vec<_>>());
    assert!(text.contains("customer.created"));
    for personal in [
        "Joana",
        "Prado",
        "52998224725",
        "529.982",
        "joana.prado",
        "11987654321",
        "ana@",
        "Flores",
        "13010",
    ] {
        assert!(!text.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn a_page_of_the_trail_leaves_rows_out_or_shows_them_twice() {
    let (world, engine) = world().await;
    let invoice = world.issued().await;
    world.pay(&txid(&invoice, 1)).await;
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(&format!("/v1/audit?limit=3{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        for item in items {
            assert_eq!(item["broken"], false);
            listed.push((text(item, "aggregate").to_owned(), item["sequence"].as_u64().unwrap()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let count = listed.len();
    listed.sort();
    listed.dedup();
    assert_eq!((listed.len(), count), (of_kind(&engine, "event").len(), count));
    // By who did it: the bank's doings and the key's are apart.
    let key = key(&world).await;
    let mine = world.get(&format!("/v1/audit?actor={key}&limit=100")).await;
    let actors = mine["items"].as_array().unwrap().iter().map(|it| text(it, "actor"));
    assert_eq!(actors.collect::<std::collections::BTreeSet<_>>(), [key.as_str()].into());
    let rows = of_kind(&engine, "event");
    let by_key = rows.iter().filter(|row| field(row, "actor") == key).count();
    assert_eq!(mine["items"].as_array().unwrap().len(), by_key);
}

#[tokio::test]
async fn a_question_that_cannot_be_meant_is_answered() {
    let (world, _) = world().await;
    for (path, property) in [
        ("/v1/audit?limit=0", "limit"),
        ("/v1/audit?cursor=x", "cursor"),
        ("/v1/audit?aggregate=inv_1", "aggregate"),
        ("/v1/audit?aggregate=merchant&cursor=1.2", "cursor"),
        ("/v1/audit/verification?cursor=x", "cursor"),
        ("/v1/audit/verification?anchor=1:x", "anchor"),
    ] {
        let answer = world.call("GET", path, "").await;
        assert_eq!(
            (answer.status, answer.properties()),
            (422, vec![property.to_owned()]),
            "{path}"
        );
    }
    // An empty chain is whole.
    let page = world.get("/v1/audit/verification").await;
    assert_eq!((page["blocks"].as_u64(), &page["head"]), (Some(0), &Value::Null));
}
