use proptest::prelude::*;

use super::*;

fn asker(principal: &str, makers: &[&str]) -> Asker {
    let makers = makers.iter().map(|maker| (*maker).to_owned()).collect();
    Asker { principal: principal.to_owned(), makers }
}

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
}

fn pending() -> Approval {
    let merchant = MerchantId::parse("mer_acme").unwrap();
    let id = ApprovalId::from_ulid("01JD5X2B9QKZ3V7M8N4P6R0STW").unwrap();
    let (operation, amount) = (Operation::Refund, Some(Money::from_centavos(100_000)));
    let path = "/v1/payments/E1/refunds";
    Approval::asked(&merchant, id, operation, path, "{}", amount, asker("usr_a", &[]), at(0))
}

#[test]
fn whoever_asked_is_no_second_person_by_any_key() {
    fn check(one: Asker, other: Asker, same: bool) {
        assert_eq!(one.may_be(&other), same, "{one:?} {other:?}");
        assert_eq!(other.may_be(&one), same, "{other:?} {one:?}");
    }
    check(asker("usr_a", &[]), asker("usr_a", &[]), true);
    check(asker("usr_a", &[]), asker("usr_b", &[]), false);
    check(asker("usr_a", &[]), asker("key_1", &["usr_a"]), true);
    check(asker("usr_a", &[]), asker("key_2", &["key_1", "usr_a"]), true);
    check(asker("key_1", &["usr_a"]), asker("key_2", &["usr_a"]), true);
    check(asker("key_1", &["usr_a"]), asker("key_2", &["usr_b"]), false);
    check(asker("key_1", &["operator"]), asker("key_2", &["operator"]), true);
    check(asker("key_1", &["operator"]), asker("usr_b", &[]), false);
}

#[test]
fn an_approval_is_given_once_and_finished_as_often_as_it_takes() {
    let (approval, other) = (pending(), asker("usr_b", &[]));
    assert_eq!(approval.approve(&asker("usr_a", &[]), at(1)), Err(Refusal::SamePerson));
    let Ok(Decided::Now(approved)) = approval.approve(&other, at(1)) else { panic!() };
    assert_eq!((approved.status(at(1)), approved.version), ("approved", 2));
    assert_eq!(approved.approve(&other, at(2)), Ok(Decided::Again));
    assert_eq!(approved.approve(&asker("usr_a", &[]), at(2)), Err(Refusal::SamePerson));
    assert_eq!(approved.reject(&other, "no", at(2)), Err(Refusal::Approved));
    assert_eq!(approved.approve(&other, at(1) + FINISHED_WITHIN), Err(Refusal::Unfinished));
    let done = approved.carried_out(202, "ab", at(2)).unwrap();
    assert_eq!(done.status(at(2)), "carried_out");
    assert_eq!(done.approve(&other, at(9_999)), Ok(Decided::Done));
    assert_eq!(done.carried_out(500, "cd", at(3)), None);
}

#[test]
fn what_was_rejected_or_left_lying_is_not_carried_out() {
    let (approval, other) = (pending(), asker("usr_b", &[]));
    let taken_back = approval.reject(&asker("usr_a", &[]), "a mistake", at(1)).unwrap().unwrap();
    assert_eq!(taken_back.approve(&other, at(2)), Err(Refusal::Rejected));
    assert_eq!(taken_back.reject(&other, "again", at(2)), Ok(None));
    assert_eq!(approval.approve(&other, approval.expires_at), Err(Refusal::Lapsed));
    assert_eq!(approval.reject(&other, "late", approval.expires_at), Err(Refusal::Lapsed));
    assert_eq!(approval.status(approval.expires_at), "lapsed");
    assert_eq!(approval.carried_out(200, "", at(1)), None);
}

#[test]
fn an_erasure_or_an_escalation_is_never_one_persons_decision() {
    for operation in [Operation::ErasePerson, Operation::Escalate] {
        let none = ApprovalPolicy::of([(operation, Threshold { from: None })]);
        assert!(none.is_empty() && none.needs(operation, None));
    }
    for operation in Operation::ALL {
        assert_eq!(ApprovalPolicy::default().needs(operation, None), !operation.is_chosen());
        assert_eq!(Operation::parse(operation.as_str()), Some(operation));
    }
}

#[test]
fn a_request_is_finished_before_its_answer_is_forgotten() {
    assert!(FINISHED_WITHIN < TimeDelta::days(7), "answers are kept for seven days");
    assert!(KEPT > WAITS + FINISHED_WITHIN);
}

proptest! {
    #[test]
    fn a_threshold_lets_no_greater_amount_through(from in 0_i64..1_000_000, amount in 0_i64..1_000_000) {
        let money = Money::from_centavos;
        let rule = (Operation::Refund, Threshold { from: Some(money(from)) });
        let policy = ApprovalPolicy::of([rule]);
        prop_assert_eq!(policy.needs(Operation::Refund, Some(money(amount))), amount >= from);
        prop_assert!(policy.needs(Operation::Refund, None));
        prop_assert!(!policy.needs(Operation::Rebate, Some(money(amount))));
    }

    /// Whatever is asked in whatever order, nothing is carried out without a second person.
    #[test]
    fn no_order_of_decisions_carries_out_what_one_person_asked_alone(
        steps in prop::collection::vec((0_u8..3, 0_i64..400), 0..20),
    ) {
        let mut approval = pending();
        let own = asker("key_9", &["usr_a"]);
        for (step, hour) in steps {
            let next = match step {
                0 => match approval.approve(&own, at(hour)) {
                    Ok(Decided::Now(next)) => Some(*next),
                    _ => None,
                },
                1 => approval.reject(&own, "no", at(hour)).ok().flatten(),
                _ => approval.carried_out(200, "", at(hour)),
            };
            approval = next.unwrap_or(approval);
        }
        prop_assert!(["pending", "rejected"].contains(&approval.status(at(0))));
    }
}
