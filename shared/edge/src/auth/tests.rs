//! Fears: a context that lets in whom it does not name, a permission read into another.

use std::collections::BTreeSet;

use super::*;

fn caller() -> Caller {
    Caller {
        merchant: Some(MerchantId::parse("mer_acme").unwrap()),
        principal: "key_01JE6X7Q5M8Y2N4C9R0T3V6W8Z".to_owned(),
        kind: CallerKind::ApiKey,
        permissions: [Permission::Read, Permission::MoveMoney].into(),
        session: None,
    }
}

fn read(context: Value) -> Option<Verdict> {
    Verdict::of_context(&serde_json::from_value(context).unwrap())
}

#[test]
fn what_the_authorizer_says_arrives_as_something_else() {
    let operator = Caller {
        merchant: None,
        principal: "operator".to_owned(),
        kind: CallerKind::Operator,
        permissions: BTreeSet::new(),
        session: None,
    };
    let session = SessionId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W90").ok();
    let person = Caller { kind: CallerKind::Person, session, ..caller() };
    for verdict in [
        Verdict::Let(caller()),
        Verdict::Let(operator),
        Verdict::Let(person),
        Verdict::Refused(Lapsed::Expired),
        Verdict::Refused(Lapsed::PersonGone),
    ] {
        assert_eq!(read(verdict.context()), Some(verdict));
    }
}

#[test]
fn a_context_that_is_not_ours_lets_somebody_in() {
    let good = Verdict::Let(caller()).context();
    let with = |name: &str, value: &str| {
        let mut context = good.clone();
        context[name] = json!(value);
        context
    };
    for context in [
        json!({}),
        with("merchant", ""),
        with("merchant", "acme"),
        with("kind", "operator"),
        with("kind", "root"),
        with("refused", "yes"),
        json!({ "merchant": 1, "principal": "x", "kind": "api_key", "permissions": "read" }),
    ] {
        assert_eq!(read(context.clone()), None, "{context}");
    }
    let Some(Verdict::Let(odd)) = read(with("permissions", "read,own_everything")) else {
        panic!("not read")
    };
    assert_eq!(odd.permissions, [Permission::Read].into());
}
