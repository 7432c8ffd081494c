//! Requests that are refused before anyone looks at what they say: unreadable, too large, from
//! nobody, or to no place.

use aws_lambda_events::encodings::Body;
use serde_json::{Value, json};

use crate::bad_invoices::{assert_wrote_nothing, with};
use crate::world::{Answer, World, api_request, text, txid};

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
        ("[]".to_owned(), "object"),
        ("null".to_owned(), "object"),
        (format!("{good} {good}"), "trailing characters"),
        ("[".repeat(500), "object"),
        (format!("{{\"customer_id\":{}", "[".repeat(5_000)), "customer_id"),
        (changed(json!({ "amount": 1000.00 })), "`amount`"),
        (changed(json!({ "amount": 1000 })), "`amount`"),
        (changed(json!({ "number": null })), "number"),
        (changed(json!({ "due_dat": "2026-12-10" })), "due_dat"),
        (
            changed(json!({ "late_fee": { "type": "percent", "value": "2.00", "x": 1 } })),
            "late_fee",
        ),
        (changed(json!({ "instalments": { "cont": 3 } })), "cont"),
        (changed(json!({ "instalments": "3" })), "instalments"),
        (
            changed(json!({ "instalments": [{ "amount": 1, "due_date": "" }] })),
            "instalments[0].amount",
        ),
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
    let check = async |authorization: Option<&str>, status: i64| {
        let headers: Vec<(&str, &str)> = authorization
            .map(|value| ("authorization", value))
            .into_iter()
            .chain([("idempotency-key", "k")])
            .collect();
        let answer = world.call_with("POST", "/v1/invoices", &headers, &body).await;
        assert_eq!(answer.status, status, "{authorization:?}: {}", answer.body);
        assert_eq!(world.usage().requests(), 0, "{authorization:?}");
    };
    check(None, 401).await;
    check(Some(""), 401).await;
    for odd in ["Bearer", "Bearer ", "Basic cWtfdGVzdDo=", "Bearer qk_test_unknown", "Bearer qo_"] {
        check(Some(odd), 403).await;
    }
    check(Some(&format!("{bearer}0")), 403).await;
    check(Some(bearer.trim_end_matches(|byte: char| byte != '.')), 403).await;
    check(Some(&format!("Bearer qk_{}", "a".repeat(5_000))), 403).await;
    check(Some(&format!("Bearer qo_{}", "a".repeat(48))), 403).await;
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
        (
            "GET",
            "/v1/invoices/inv_01ARZ3NDEKTSV4RRFFQ69G5FAV/instalments/x/qr.svg",
            "404 not-found",
        ),
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
    world.pay(&txid(&paid, 1)).await;
    let gone = world.invoice(&customer, json!({ "number": "gone" })).await;
    let path = format!("/v1/invoices/{}/cancel", text(&gone, "id"));
    assert_eq!(world.post(&path, &json!({ "reason": "typed twice" })).await.status, 202);
    world.settle().await;
    for (status, expected) in [("open", &open), ("paid", &paid), ("canceled", &gone)] {
        let list = world.get(&format!("/v1/invoices?status={status}")).await;
        let ids: Vec<&str> =
            list["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect();
        assert_eq!(ids, [text(expected, "id")], "{status}");
    }
    assert_eq!(world.get("/v1/invoices?status=canceling").await["items"], json!([]));
    assert_eq!(world.get("/v1/invoices").await["items"].as_array().unwrap().len(), 3);
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
