//! What is asked of a payment and must not be done: all of its faults are told at once, and nothing
//! changes; and what is asked twice is done once.

use serde_json::{Value, json};

use crate::bad_invoices::{assert_wrote_nothing, with};
use crate::payments::{ask, balance, numbered, recorded, transfer};
use crate::world::{World, text, txid};

#[tokio::test]
async fn a_list_with_many_faults_names_each_by_its_path_and_changes_nothing() {
    let world = World::new().await;
    let customer = world.customer().await;
    let one = numbered(&world, &customer, "one", "100.00", "2026-12-10").await;
    let fields = json!({ "number": "many", "amount": "90.00", "instalments": { "count": 3 } });
    let many = world.invoice(&customer, fields).await;
    let stranger = world.customer_with(json!({ "document": "11222333000181" })).await;
    let foreign = numbered(&world, &stranger, "foreign", "10.00", "2026-12-10").await;
    let paid = numbered(&world, &customer, "paid", "10.00", "2026-12-10").await;
    world.pay(&txid(&paid, 1)).await;
    let allocations = json!([
        { "invoice_id": one["id"], "amount": "100.01" },
        { "invoice_id": many["id"], "amount": "10.00" },
        { "invoice_id": many["id"], "instalment": 9, "amount": "10.00" },
        { "invoice_id": "inv_01ARZ3NDEKTSV4RRFFQ69G5FAV", "amount": "10.00" },
        { "invoice_id": foreign["id"], "amount": "10.00" },
        { "invoice_id": paid["id"], "amount": "1.00" },
        { "invoice_id": one["id"], "amount": "100.00" },
        { "invoice_id": one["id"], "amount": "1.00" },
    ]);
    let body = with(transfer(&customer, "300.00"), &json!({ "allocations": allocations }));
    world.usage();
    let answer = world.post("/v1/payments", &body).await;
    let mut properties = answer.properties();
    properties.sort();
    let expected = [
        "allocations[0].amount",
        "allocations[1].instalment",
        "allocations[2].instalment",
        "allocations[3].invoice_id",
        "allocations[4].invoice_id",
        "allocations[5].invoice_id",
        "allocations[7].invoice_id",
    ];
    assert_eq!(properties, expected, "{}", answer.body);
    assert_wrote_nothing(&world, "a list with faults");
    // More than came: the second part is what does not fit.
    let parts = json!([
        { "invoice_id": one["id"], "amount": "60.00" },
        { "invoice_id": many["id"], "instalment": 1, "amount": "30.00" },
    ]);
    let body = with(transfer(&customer, "70.00"), &json!({ "allocations": parts }));
    let answer = world.post("/v1/payments", &body).await;
    assert_eq!(answer.properties(), ["allocations[1].amount"], "{}", answer.body);
    assert_wrote_nothing(&world, "more than came");
}

#[tokio::test]
async fn what_a_hand_mistypes_is_told_all_at_once() {
    let world = World::new().await;
    let customer = world.customer().await;
    let good = transfer(&customer, "10.00");
    let cases = [
        (json!({ "method": "pix" }), vec!["method"]),
        (json!({ "method": "Transfer", "amount": "1,50" }), vec!["amount", "method"]),
        (json!({ "amount": "0.00" }), vec!["amount"]),
        (json!({ "amount": "-5.00" }), vec!["amount"]),
        (json!({ "paid_at": "23/11/2026" }), vec!["paid_at"]),
        (json!({ "paid_at": "2026-11-24" }), vec!["paid_at"]),
        (json!({ "paid_at": "2026-11-23T18:00:00Z" }), vec!["paid_at"]),
        (json!({ "paid_at": "1999-01-01" }), vec!["paid_at"]),
        (json!({ "customer_id": "cus_01ARZ3NDEKTSV4RRFFQ69G5FAV" }), vec!["customer_id"]),
        (json!({ "customer_id": "me", "on_rest": "keep" }), vec!["customer_id", "on_rest"]),
        (json!({ "payer": { "document": "123" } }), vec!["payer.document"]),
        (json!({ "memo": "two\nlines" }), vec!["memo"]),
        (json!({ "allocations": [] }), vec!["allocations"]),
        (
            json!({ "allocations": [{ "invoice_id": "x", "amount": "0.00" }], "amount": "x" }),
            vec!["allocations[0].amount", "allocations[0].invoice_id", "amount"],
        ),
    ];
    world.usage();
    for (fields, expected) in cases {
        let answer = world.post("/v1/payments", &with(good.clone(), &fields)).await;
        let mut properties = answer.properties();
        properties.sort();
        assert_eq!(properties, expected, "{fields}: {}", answer.body);
        assert_wrote_nothing(&world, &fields.to_string());
    }
    for body in ["[]", "{}", "{\"method\": 1}", "{\"amuont\": \"1.00\"}"] {
        let answer = world.call("POST", "/v1/payments", body).await;
        assert_eq!(answer.outcome(), "400 malformed-request", "{body}");
    }
    for id in ["pay_1", "nothing", "pay_01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        for what in ["", "/timeline"] {
            let answer = world.call("GET", &format!("/v1/payments/{id}{what}"), "").await;
            assert_eq!(answer.outcome(), "404 not-found", "{id}{what}");
        }
        let answer = ask(&world, id, "account", json!({ "customer_id": customer })).await;
        assert_eq!(answer.outcome(), "404 not-found", "{id}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_with_a_payment_is_refused_with_its_reason() {
    let world = World::new().await;
    let customer = world.customer().await;
    let id = text(&recorded(&world, &transfer(&customer, "100.00")).await, "id").to_owned();
    let one = numbered(&world, &customer, "one", "500.00", "2026-12-10").await;
    let part =
        |amount: &str| json!({ "allocations": [{ "invoice_id": one["id"], "amount": amount }] });
    let cases = [
        ("allocations", part("100.01"), "422 validation-failed", "allocations[0].amount"),
        ("allocations", json!({}), "422 validation-failed", "allocations"),
        ("account", json!({ "customer_id": customer }), "409 conflict", ""),
        (
            "account",
            json!({ "customer_id": customer, "amount": "0.01" }),
            "422 validation-failed",
            "amount",
        ),
        (
            "account/withdrawals",
            json!({ "amount": "100.01", "reason": "x" }),
            "422 validation-failed",
            "amount",
        ),
        (
            "account/withdrawals",
            json!({ "amount": "1.00", "reason": " " }),
            "422 validation-failed",
            "reason",
        ),
        (
            "releases",
            json!({ "invoice_id": one["id"], "instalment": 1, "amount": "1.00", "reason": "x" }),
            "422 validation-failed",
            "amount",
        ),
    ];
    world.usage();
    for (what, body, outcome, property) in cases {
        let answer = ask(&world, &id, what, body.clone()).await;
        assert_eq!(answer.outcome(), outcome, "{what} {body}: {}", answer.body);
        if !property.is_empty() {
            assert_eq!(answer.properties(), [property], "{what} {body}");
        }
        assert_wrote_nothing(&world, what);
    }
    let answer = world.call("GET", &format!("/v1/payments/{id}/refunds"), "").await;
    assert_eq!(answer.outcome(), "405 method-not-allowed");
}

#[tokio::test]
async fn a_repeat_records_and_moves_nothing_twice() {
    let world = World::new().await;
    let customer = world.customer().await;
    let bearer = world.bearer();
    let keyed = |key: &'static str, path: String, body: Value| {
        let (world, bearer) = (&world, bearer.clone());
        async move {
            let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
            world.call_with("POST", &path, &headers, &body.to_string()).await
        }
    };
    let body = transfer(&customer, "100.00");
    let first = keyed("a", "/v1/payments".into(), body.clone()).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again = keyed("a", "/v1/payments".into(), body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = keyed("a", "/v1/payments".into(), transfer(&customer, "100.01")).await;
    assert_eq!(other.outcome(), "422 idempotency-key-reused");
    let wrong = keyed("a", "/v1/payments".into(), transfer(&customer, "1")).await;
    assert_eq!(wrong.outcome(), "422 idempotency-key-reused");
    assert_eq!(balance(&world, &customer).await, "100.00");
    let path = format!("/v1/payments/{}/account/withdrawals", text(&first.json(), "id"));
    let body = json!({ "amount": "40.00", "reason": "theirs" });
    let first = keyed("a", path.clone(), body.clone()).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let again = keyed("a", path.clone(), body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(balance(&world, &customer).await, "60.00");
    let wrong = keyed("a", path, json!({ "amount": "x", "reason": "theirs" })).await;
    assert_eq!(wrong.outcome(), "422 idempotency-key-reused");
}
