//! Input that must not become an invoice: every violation is told at once, and nothing is written.

use aws_lambda_events::encodings::Body;
use chrono::TimeDelta;
use quita_app::keys;
use serde_json::{Value, json};

use crate::world::{Answer, World, api_request, text};

/// A body with some fields set; null removes one.
pub fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        let body = body.as_object_mut().unwrap();
        if value.is_null() { body.remove(name) } else { body.insert(name.clone(), value.clone()) };
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
        (json!({ "customer_id": "cus_01ARZ3NDEKTSV4RRFFQ69G5FAV" }), &["customer_id"]),
        (json!({ "customer_id": "12ABC34501DE35" }), &["customer_id"]),
    ])
    .await;
}

#[tokio::test]
async fn late_charges_and_reductions_out_of_bounds() {
    let fee = |kind: &str, value: &str| json!({ "late_fee": { "type": kind, "value": value } });
    let interest = |kind: &str, value: &str, days: &str| {
        json!({ "interest": { "type": kind, "value": value, "days": days } })
    };
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
        (
            until("amount_until", json!(vec![step("2026-12-01", "1.00"); 4])),
            &["discount.until"],
        ),
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
        // One centavo each is the least: 100 parts of 0.48 do not exist.
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
            "po_number",
            "rebate.type",
        ],
    )])
    .await;
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.usage();
    let good = World::invoice_body(&customer);
    let changed = |fields: Value| with(good.clone(), &fields).to_string();
    let cases = [
        (String::new(), "EOF"),
        ("{".to_owned(), "EOF"),
        ("[]".to_owned(), "missing field"),
        ("null".to_owned(), "struct"),
        (format!("{good} {good}"), "trailing characters"),
        ("[".repeat(500), "invalid type"),
        (format!("{{\"customer_id\":{}", "[".repeat(5_000)), "customer_id"),
        (changed(json!({ "amount": 1000.00 })), "`amount`"),
        (changed(json!({ "amount": 1000 })), "`amount`"),
        (changed(json!({ "number": null })), "number"),
        (changed(json!({ "due_dat": "2026-12-10" })), "due_dat"),
        (changed(json!({ "late_fee": { "type": "percent", "value": "2.00", "x": 1 } })), "late_fee"),
        (changed(json!({ "instalments": { "cont": 3 } })), "cont"),
        (changed(json!({ "instalments": "3" })), "instalments"),
        (changed(json!({ "instalments": [{ "amount": 1, "due_date": "" }] })), "instalments[0].amount"),
        (good.to_string().replacen('{', "{\"amount\":\"1.00\",", 1), "duplicate field"),
    ];
    for (body, hint) in cases {
        let answer = world.call("POST", "/v1/invoices", &body).await;
        let start: String = body.chars().take(80).collect();
        assert_eq!(answer.outcome(), "400 malformed-request", "{start}: {}", answer.body);
        let detail = text(&answer.json(), "detail").to_owned();
        assert!(detail.contains(hint), "{start}: {detail}");
        assert!(detail.len() < 500, "{start}: a detail of {} bytes", detail.len());
        assert_wrote_nothing(&world, &start);
    }
    for body in ["!!!", "/w=="] {
        let bearer = world.bearer();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
        let mut request = api_request("POST", "/v1/invoices", &headers, body);
        request.is_base64_encoded = true;
        let answer = Answer::of(world.machine.http(request).await);
        assert_eq!(answer.outcome(), "400 malformed-request", "{body}");
    }
    assert_wrote_nothing(&world, "base64");
}

#[tokio::test]
async fn a_body_over_the_limit() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.usage();
    let padded = |bytes: usize| {
        let body = World::invoice_body(&customer).to_string();
        let padding = " ".repeat(bytes - body.len());
        body + &padding
    };
    let limit = quita_edge::http::BODY_BYTES_MAX;
    for path in ["/v1/invoices", "/v1/customers", "/v1/quotes"] {
        let answer = world.call("POST", path, &padded(limit + 1)).await;
        assert_eq!(answer.outcome(), "413 body-too-large", "{path}");
        assert_eq!(world.usage().requests(), 0, "{path}");
    }
    let answer = world.call("POST", "/v1/invoices", &padded(limit)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn callers_who_are_nobody() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer).to_string();
    let bearer = world.bearer();
    world.usage();
    let check = async |authorization: Option<&str>| {
        let headers: Vec<(&str, &str)> = authorization
            .map(|value| ("authorization", value))
            .into_iter()
            .chain([("idempotency-key", "k")])
            .collect();
        let answer = world.call_with("POST", "/v1/invoices", &headers, &body).await;
        assert_eq!(answer.outcome(), "401 unauthorized", "{authorization:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(world.usage().requests(), 0, "{authorization:?}");
    };
    check(None).await;
    for odd in ["", "Bearer", "Bearer ", "Basic cWtfdGVzdDo=", "Bearer qk_test_unknown"] {
        check(Some(odd)).await;
    }
    check(Some(&format!("{bearer}0"))).await;
    check(Some(bearer.trim_end_matches(|_: char| true))).await;
    check(Some(&format!("Bearer qk_{}", "a".repeat(5_000)))).await;

    // A key that is taken out of force stops working within minutes, in a process that knew it too.
    world.secrets.set(keys::SECRET, "[]");
    world.clock.advance(TimeDelta::minutes(6)).unwrap();
    check(Some(&bearer)).await;
}

#[tokio::test]
async fn idempotency_keys_that_are_none() {
    let world = World::new().await;
    let customer = world.customer().await;
    let body = World::invoice_body(&customer).to_string();
    let bearer = world.bearer();
    world.usage();
    let long = "k".repeat(65);
    let odd = [None, Some(""), Some("two words"), Some("chave-é"), Some(long.as_str()), Some("\t")];
    for key in odd {
        let headers: Vec<(&str, &str)> = [("authorization", bearer.as_str())]
            .into_iter()
            .chain(key.map(|key| ("idempotency-key", key)))
            .collect();
        for path in ["/v1/invoices", "/v1/customers"] {
            let answer = world.call_with("POST", path, &headers, &body).await;
            assert_eq!(answer.outcome(), "400 idempotency-key-missing", "{path} {key:?}");
            assert_eq!(world.usage().requests(), 0, "{path} {key:?}");
        }
    }
}

#[tokio::test]
async fn methods_and_paths_that_are_not_there() {
    let world = World::new().await;
    let cases = [
        ("DELETE", "/v1/invoices", "405 method-not-allowed"),
        ("PUT", "/v1/customers", "405 method-not-allowed"),
        ("POST", "/v1/invoices/inv_01ARZ3NDEKTSV4RRFFQ69G5FAV", "405 method-not-allowed"),
        ("GET", "/v1/quotes", "405 method-not-allowed"),
        ("GET", "/v1", "404 not-found"),
        ("GET", "/v1/invoice", "404 not-found"),
        ("POST", "/v1/invoices/", "404 not-found"),
        ("GET", "/v1/invoices/../customers", "404 not-found"),
        ("GET", "/v1/invoices/inv_1", "404 not-found"),
        ("GET", "/v1/invoices/inv_01ARZ3NDEKTSV4RRFFQ69G5FAV", "404 not-found"),
        ("GET", "/v1/invoices/inv_01ARZ3NDEKTSV4RRFFQ69G5FAV/timeline", "404 not-found"),
        ("GET", "/v1/customers/cus_01ARZ3NDEKTSV4RRFFQ69G5FAV", "404 not-found"),
        ("GET", "/v1/invoices/inv_01ARZ3NDEKTSV4RRFFQ69G5FAV/instalments/x/qr.svg", "404 not-found"),
    ];
    for (method, path, expected) in cases {
        assert_eq!(world.call(method, path, "{}").await.outcome(), expected, "{method} {path}");
    }
    assert_wrote_nothing(&world, "unknown places");
}

#[tokio::test]
async fn lists_asked_for_badly() {
    let world = World::new().await;
    let customer = world.customer().await;
    world.customer_with(json!({ "document": "11.222.333/0001-81" })).await;
    let page = world.get("/v1/customers?limit=1").await;
    let foreign = text(&page, "next_cursor").to_owned();
    world.usage();
    let cases = [
        ("/v1/invoices?limit=0".to_owned(), "limit"),
        ("/v1/invoices?limit=101".to_owned(), "limit"),
        ("/v1/invoices?limit=-1".to_owned(), "limit"),
        ("/v1/customers?limit=ten".to_owned(), "limit"),
        ("/v1/invoices?cursor=abc".to_owned(), "cursor"),
        (format!("/v1/invoices?cursor={foreign}"), "cursor"),
        (format!("/v1/payments?cursor={foreign}"), "cursor"),
        (format!("/v1/customers?cursor={foreign}{}", "A".repeat(600)), "cursor"),
        ("/v1/invoices?status=overdue".to_owned(), "status"),
        ("/v1/invoices?status=".to_owned(), "status"),
        (format!("/v1/invoices?status=open&customer_id={customer}"), "status"),
        ("/v1/invoices?customer_id=acme".to_owned(), "customer_id"),
        ("/v1/payments?status=matched".to_owned(), "status"),
    ];
    for (path, property) in cases {
        let answer = world.call("GET", &path, "").await;
        assert_eq!(answer.outcome(), "422 validation-failed", "{path}: {}", answer.body);
        assert_eq!(answer.properties(), [property], "{path}");
    }
    assert_wrote_nothing(&world, "lists");
}

#[tokio::test]
async fn a_status_filter_that_shows_too_much() {
    let world = World::new().await;
    let customer = world.customer().await;
    let open = world.invoice(&customer, json!({ "number": "open" })).await;
    let paid = world.invoice(&customer, json!({ "number": "paid" })).await;
    world.pay(&crate::world::txid(&paid, 1)).await;
    let gone = world.invoice(&customer, json!({ "number": "gone" })).await;
    let path = format!("/v1/invoices/{}/cancel", text(&gone, "id"));
    assert_eq!(world.post(&path, &json!({ "reason": "typed twice" })).await.status, 202);
    world.settle().await;
    for (status, expected) in
        [("open", &open), ("paid", &paid), ("canceled", &gone)]
    {
        let list = world.get(&format!("/v1/invoices?status={status}")).await;
        let ids: Vec<&str> =
            list["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect();
        assert_eq!(ids, [text(expected, "id")], "{status}");
    }
    assert_eq!(world.get("/v1/invoices?status=canceling").await["items"], json!([]));
    assert_eq!(world.get("/v1/invoices").await["items"].as_array().unwrap().len(), 3);
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

#[tokio::test]
async fn a_quote_of_nonsense() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let id = text(&invoice, "id");
    world.usage();
    let cases = [
        (json!({ "invoice_id": id, "on": "tomorrow" }), "422 validation-failed"),
        (json!({ "invoice_id": id, "instalment": 2, "on": "2026-12-10" }), "404 not-found"),
        (json!({ "invoice_id": "x", "on": "2026-12-10" }), "404 not-found"),
        (json!({ "on": "2026-12-10" }), "422 validation-failed"),
        (
            json!({ "terms": { "amount": "0.00", "due_date": "2026-12-10" }, "on": "2026-12-10" }),
            "422 validation-failed",
        ),
        (json!({ "invoice_id": id }), "400 malformed-request"),
    ];
    for (body, expected) in cases {
        assert_eq!(world.post("/v1/quotes", &body).await.outcome(), expected, "{body}");
    }
    assert_wrote_nothing(&world, "quotes");
}

#[tokio::test]
async fn a_picture_of_a_charge_that_cannot_be_paid() {
    let world = World::new().await;
    let invoice = world.issued().await;
    let base = format!("/v1/invoices/{}/instalments", text(&invoice, "id"));
    let answer = world.call("GET", &format!("{base}/1/qr.png"), "").await;
    assert_eq!(answer.status, 200);
    assert!(matches!(answer.response.body, Some(Body::Binary(_))));
    assert_eq!(world.call("GET", &format!("{base}/0/qr.png"), "").await.status, 404);
    assert_eq!(world.call("GET", &format!("{base}/2/qr.svg"), "").await.status, 404);
    let path = format!("/v1/invoices/{}/cancel", text(&invoice, "id"));
    world.post(&path, &json!({ "reason": "typed twice" })).await;
    world.settle().await;
    for picture in ["qr.svg", "qr.png"] {
        let answer = world.call("GET", &format!("{base}/1/{picture}"), "").await;
        assert_eq!(answer.outcome(), "409 conflict", "{picture}");
    }
}
