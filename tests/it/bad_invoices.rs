//! Input that must not become an invoice: every violation is told at once, and nothing is written.

use serde_json::{Value, json};

use crate::world::{Answer, World};

/// A body with some fields set; null removes one.
pub fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        let body = body.as_object_mut().unwrap();
        if value.is_null() {
            body.remove(name)
        } else {
            body.insert(name.clone(), value.clone())
        };
    }
    body
}

/// The table was not written to since the last look.
pub fn assert_wrote_nothing(world: &World, doing: &str) {
    let usage = world.usage();
    assert_eq!((usage.puts, usage.transactions), (0, 0), "{doing}: {usage}");
}

fn sorted_properties(answer: &Answer) -> Vec<String> {
    let mut properties = answer.properties();
    properties.sort();
    properties
}

async fn nothing_exists(world: &World) {
    assert_eq!(world.get("/v1/invoices").await["items"], json!([]));
    assert!(world.bank.charges().is_empty());
    assert!(world.mailbox.messages().is_empty());
}

/// Posts the usual invoice with `fields` changed; each case is fields -> sorted properties.
async fn check_refused(cases: &[(Value, &[&str])]) {
    let world = World::new().await;
    let customer = world.customer().await;
    world.usage();
    for (fields, expected) in cases {
        let body = with(World::invoice_body(&customer), fields);
        let answer = world.post("/v1/invoices", &body).await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{fields}: {}", answer.body);
        assert_eq!(sorted_properties(&answer), *expected, "{fields}: {}", answer.body);
        assert_wrote_nothing(&world, &fields.to_string());
    }
    world.settle().await;
    nothing_exists(&world).await;
}

#[tokio::test]
async fn amounts_and_dates_that_are_none() {
    let mut cases = Vec::new();
    for amount in
        ["0.00", "-1.00", "10.5", "10.555", "1,000.00", "1.000,00", " 10.00", "1e3", "", "NaN"]
    {
        cases.push((json!({ "amount": amount }), &["amount"][..]));
    }
    for amount in ["10000000000.00", "99999999999999999999.00"] {
        cases.push((json!({ "amount": amount }), &["amount"]));
    }
    // Each part is possible; together they pass 9,999,999,999.99 on the last payable day.
    cases.push((json!({ "amount": "9999999999.99" }), &["amount"]));
    for due in
        ["2026-11-22", "2025-12-10", "2026-02-30", "22/12/2026", "2026-12-1", "", "2034-01-01"]
    {
        cases.push((json!({ "due_date": due }), &["due_date"]));
    }
    cases.push((json!({ "due_date": null }), &["due_date"]));
    for days in [-1, 1831, 65_536, i64::MAX] {
        cases.push((json!({ "payable_days_after_due": days }), &["payable_days_after_due"]));
    }
    check_refused(&cases).await;
}

fn period(from: &str, to: &str) -> Value {
    json!({ "billing_period": { "from": from, "to": to } })
}

#[tokio::test]
async fn texts_that_do_not_fit() {
    check_refused(&[
        (json!({ "number": " " }), &["number"]),
        (json!({ "number": "9".repeat(61) }), &["number"]),
        (json!({ "number": "2026\n001" }), &["number"]),
        (json!({ "description": "é".repeat(141) }), &["description"]),
        (json!({ "description": "a\u{0}b" }), &["description"]),
        (json!({ "po_number": "" }), &["po_number"]),
        (json!({ "po_number": "x".repeat(61) }), &["po_number"]),
        (json!({ "po_number": "PO-1\r\nBcc: a@b.example" }), &["po_number"]),
        (period("2026-11-30", "2026-11-01"), &["billing_period.to"]),
        (period("2025-11-01", "2026-11-30"), &["billing_period.to"]),
        (period("2026-11-31", "today"), &["billing_period.from", "billing_period.to"]),
        (json!({ "customer_id": "cus_01ARZ3NDEKTSV4RRFFQ69G5FAV" }), &["customer_id"]),
        (json!({ "customer_id": "12ABC34501DE35" }), &["customer_id"]),
    ])
    .await;
}

#[tokio::test]
async fn late_charges_and_reductions_out_of_bounds() {
    let fee = |kind: &str, value: &str| json!({ "late_fee": { "type": kind, "value": value } });
    let interest = |kind: &str, value: &str, days: &str| json!({ "interest": { "type": kind, "value": value, "days": days } });
    let rebate = |kind: &str, value: &str| json!({ "rebate": { "type": kind, "value": value } });
    let until = |kind: &str, steps: Value| json!({ "discount": { "type": kind, "until": steps } });
    let step = |date: &str, value: &str| json!({ "date": date, "value": value });
    check_refused(&[
        (fee("percent", "100.01"), &["late_fee.value"]),
        (fee("percent", "0.00"), &["late_fee.value"]),
        (fee("percent", "2"), &["late_fee.value"]),
        (fee("percent", "-2.00"), &["late_fee.value"]),
        (fee("amount", "1000.01"), &["late_fee.value"]),
        (fee("multa", "2.00"), &["late_fee.type"]),
        (interest("percent_per_month", "100.01", "calendar"), &["interest.value"]),
        (interest("amount_per_day", "0.00", "business"), &["interest.value"]),
        (interest("percent_per_week", "1.00", "weekly"), &["interest.days", "interest.type"]),
        (rebate("amount", "1000.00"), &["rebate.value"]),
        (rebate("percent", "100.00"), &["rebate.value"]),
        (until("amount_until", json!([])), &["discount.until"]),
        (until("amount_until", json!([step("2026-12-11", "1.00")])), &["discount.until[0].date"]),
        (
            until("percent_until", json!([step("2026-12-01", "5.00"), step("2026-12-01", "3.00")])),
            &["discount.until[1].date"],
        ),
        (
            until("amount_until", json!([step("2026-12-01", "1000.00"), step("soon", "x")])),
            &["discount.until[1].date", "discount.until[1].value"],
        ),
        (until("amount_until", json!(vec![step("2026-12-01", "1.00"); 4])), &["discount.until"]),
        // Trap 32: 17 days of 60.00 are more than the amount.
        (
            json!({ "discount": { "type": "amount_per_day", "value": "60.00" } }),
            &["discount.value"],
        ),
        (json!({ "discount": { "type": "amount_per_day" } }), &["discount.value"]),
    ])
    .await;
}

#[tokio::test]
async fn instalments_that_do_not_add_up() {
    let part = |amount: &str, due: &str| json!({ "amount": amount, "due_date": due });
    let listed = |parts: Value| json!({ "instalments": parts, "due_date": null });
    check_refused(&[
        (json!({ "instalments": { "count": 0 } }), &["instalments.count"]),
        (json!({ "instalments": { "count": 49 } }), &["instalments.count"]),
        (json!({ "instalments": { "count": -3 } }), &["instalments.count"]),
        (listed(json!([])), &["instalments"]),
        (
            listed(json!([part("500.00", "2026-12-10"), part("499.99", "2027-01-10")])),
            &["instalments"],
        ),
        (
            listed(json!([part("500.00", "2027-01-10"), part("500.00", "2026-12-10")])),
            &["instalments[1].due_date"],
        ),
        (
            listed(json!([part("500.00", "2026-12-10"), part("500", "2027-02-29")])),
            &["instalments[1].amount", "instalments[1].due_date"],
        ),
        (
            listed(json!([part("0.00", "2026-11-20"), part("1000.00", "2026-12-10")])),
            &["instalments[0].amount", "instalments[0].due_date"],
        ),
        // Two centavos in three parts leave one part with nothing.
        (
            json!({ "amount": "0.02", "late_fee": null, "interest": null,
                    "instalments": { "count": 3 } }),
            &["amount"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    check_refused(&[(
        json!({
            "customer_id": "cus_nobody",
            "number": "",
            "description": "",
            "po_number": "\u{7}",
            "amount": "12.345",
            "due_date": "yesterday",
            "late_fee": { "type": "percent", "value": "two" },
            "interest": { "type": "percent_per_month", "value": "1" , "days": "lunar" },
            "rebate": { "type": "gift", "value": "1.00" },
            "discount": { "type": "amount_until", "until": [{ "date": "", "value": "" }] },
            "payable_days_after_due": 4000,
        }),
        &[
            "amount",
            "customer_id",
            "description",
            "discount.until[0].date",
            "discount.until[0].value",
            "due_date",
            "interest.days",
            "interest.value",
            "late_fee.value",
            "number",
            "payable_days_after_due",
            "po_number",
            "rebate.type",
        ],
    )])
    .await;
}

#[tokio::test]
async fn customers_with_every_fault_at_once() {
    let world = World::new().await;
    let body = json!({
        "name": "",
        "document": "12.ABC.345/01DE-45",
        "emails": ["a@example", "ok@aurora.example", "no at sign"],
        "phone": "11987654321",
        "chat_webhook_url": "http://169.254.169.254/latest/meta-data",
        "address": { "street": "", "city": "x", "state": "São Paulo", "postal_code": "123" },
        "locale": "fr",
        "account_owner": "nobody",
    });
    let answer = world.post("/v1/customers", &body).await;
    assert_eq!(answer.outcome(), "422 validation-failed", "{}", answer.body);
    let expected = [
        "account_owner",
        "address.postal_code",
        "address.state",
        "address.street",
        "chat_webhook_url",
        "document",
        "emails[0]",
        "emails[2]",
        "locale",
        "name",
        "phone",
    ];
    assert_eq!(sorted_properties(&answer), expected, "{}", answer.body);
    assert_wrote_nothing(&world, "customer");
    // Neither a document nor an address is told back: problems end up in other people's logs.
    assert!(!answer.body.contains("12ABC") && !answer.body.contains("169.254"), "{}", answer.body);
}

#[tokio::test]
async fn documents_with_wrong_check_digits() {
    let world = World::new().await;
    for document in [
        "12ABC34501DE45",
        "11222333000182",
        "11111111111",
        "00000000000000",
        "52998224726",
        "5299822472",
        "",
    ] {
        let body = json!({ "name": "X", "document": document, "emails": ["a@b.example"] });
        let answer = world.post("/v1/customers", &body).await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{document}");
        assert_eq!(answer.properties(), ["document"], "{document}");
    }
    assert_wrote_nothing(&world, "documents");
    assert_eq!(world.get("/v1/customers").await["items"], json!([]));
    for document in ["12.abc.345/01de-35", "52998224725", "00.000.000/0001-91"] {
        world.customer_with(json!({ "document": document })).await;
    }
    // The same document again, in another spelling, is the same customer.
    world.usage();
    let body = json!({ "name": "X", "document": "12ABC34501DE35", "emails": ["a@b.example"] });
    let answer = world.post("/v1/customers", &body).await;
    assert_eq!(answer.outcome(), "409 conflict", "{}", answer.body);
    assert_eq!(world.get("/v1/customers").await["items"].as_array().unwrap().len(), 3);
}
