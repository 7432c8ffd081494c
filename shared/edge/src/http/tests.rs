use serde::Deserialize;

use super::*;

fn request(body: &str, is_base64: bool) -> ApiRequest {
    let mut request = ApiRequest::default();
    request.body = Some(body.to_owned());
    request.is_base64_encoded = is_base64;
    request.raw_path = Some("/v1/invoices".into());
    request
}

fn call(body: &str) -> Call {
    Call::read(request(body, false), BODY_BYTES_MAX).unwrap_or_else(|_| panic!("refused"))
}

fn refusal(request: ApiRequest, bytes_max: usize) -> Problem {
    match Call::read(request, bytes_max) {
        Err((problem, _)) => problem,
        Ok(_) => panic!("taken"),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    amount: String,
}

#[test]
fn a_body_over_the_limit_is_refused_however_it_is_wrapped() {
    let too_large = Problem::BodyTooLarge { bytes_max: 8 };
    assert_eq!(refusal(request("123456789", false), 8), too_large);
    assert_eq!(refusal(request(&STANDARD.encode("123456789"), true), 8), too_large);
    assert_eq!(refusal(request(&"A".repeat(1_000), true), 8), too_large);
    assert!(Call::read(request(&STANDARD.encode("12345678"), true), 8).is_ok());
}

#[test]
fn a_body_that_is_not_base64_as_announced_is_malformed() {
    assert!(matches!(refusal(request("%%%", true), 8), Problem::Malformed { .. }));
}

#[test]
fn malformed_json_is_told_with_its_place() {
    let detail = |body: &str| match call(body).json::<Order>() {
        Err(Problem::Malformed { detail }) => detail,
        other => panic!("{other:?}"),
    };
    assert!(detail("{").contains("EOF"));
    let typed = detail(r#"{"items":[{"amount":"1.00"},{"amount":15}]}"#);
    assert!(typed.starts_with("at `items[1].amount`"), "{typed}");
    let misspelt = detail(r#"{"items":[{"amout":"1.00"}]}"#);
    assert!(misspelt.contains("unknown field `amout`"), "{misspelt}");
    assert!(detail(r#"{"items":[]} {}"#).contains("trailing"));
    let deep = detail(&format!("{}1", r#"{"items":"#.to_owned() + &"[".repeat(500)));
    assert!(!deep.is_empty());
    let order: Order = call(r#"{"items":[{"amount":"1.00"}]}"#).json().unwrap();
    assert_eq!(order.items[0].amount, "1.00");
}

#[test]
fn an_idempotency_key_is_short_and_printable() {
    let with = |key: &str| {
        let mut request = request("{}", false);
        request.headers.insert("idempotency-key", HeaderValue::from_str(key).unwrap());
        let call = Call::read(request, BODY_BYTES_MAX).unwrap_or_else(|_| panic!("refused"));
        call.idempotency("test").map(|request| request.key)
    };
    assert_eq!(with("order-7"), Ok("order-7".to_owned()));
    for bad in ["", "a b", &"x".repeat(65), "ação"] {
        assert_eq!(with(bad), Err(Problem::IdempotencyKeyMissing), "{bad}");
    }
    let none = call("{}").idempotency("test").map(|request| request.key);
    assert_eq!(none, Err(Problem::IdempotencyKeyMissing));
}

#[test]
fn a_page_has_bounds() {
    let with = |name: &str, value: &str| {
        let mut request = request("", false);
        let query = [(name.to_owned(), vec![value.to_owned()])];
        request.query_string_parameters = std::collections::HashMap::from(query).into();
        let call = Call::read(request, BODY_BYTES_MAX).unwrap_or_else(|_| panic!("refused"));
        call.page().map(|(limit, _)| limit)
    };
    assert_eq!(with("limit", "100"), Ok(100));
    for bad in ["0", "101", "-1", "ten", ""] {
        assert!(matches!(with("limit", bad), Err(Problem::Invalid(_))), "{bad}");
    }
    for bad in ["not a cursor", &"A".repeat(501)] {
        assert!(matches!(with("cursor", bad), Err(Problem::Invalid(_))), "{bad}");
    }
}
