use quita_core::contact::Email;
use quita_core::ids::PersonId;
use quita_core::merchant::{BankConnection, MerchantDraft, SenderDomain, TestCharge};
use quita_core::pix_key::PixKey;
use quita_core::reconciliation::{Callback, Failing, Report, Tally};

use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-23T13:00:00Z".parse().unwrap()
}

fn person(nth: u128, role: Role) -> Person {
    Person {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        id: PersonId::from_ulid(&crate::ports::ulid_of(now(), nth)).unwrap(),
        version: 1,
        name: "Ana".into(),
        email: Email::parse("ana@acme.example").unwrap(),
        role,
        created_at: now(),
        removed_at: None,
    }
}

fn created() -> Facts {
    let draft = MerchantDraft {
        id: "mer_acme".into(),
        name: "ACME".into(),
        document: "11222333000181".into(),
        city: "Recife".into(),
        mode: "test".into(),
        locale: None,
    };
    Facts {
        merchant: Merchant::starting(draft.parse().unwrap()),
        reconciliation: None,
        rule: Some(Arc::new(Rule::shipped())),
        people: vec![person(1, Role::Admin)],
        now: now(),
    }
}

fn ready() -> Facts {
    let mut facts = created();
    let address = || Some(Email::parse("cobranca@acme.example").unwrap());
    let merchant = &mut facts.merchant;
    merchant.pix_key = Some(PixKey::parse("11222333000181").unwrap());
    (merchant.from, merchant.reply_to) = (address(), address());
    merchant.setup.bank = Some(BankConnection {
        bank: "efi".into(),
        sandbox: true,
        connected_at: now(),
        certificate_expires_at: Some(now() + TimeDelta::days(365)),
    });
    merchant.setup.callback_at = Some(now());
    let txid = quita_core::ids::Txid::parse(&"A".repeat(35)).unwrap();
    merchant.setup.test_charge = Some(TestCharge { txid, at: now(), removed_at: Some(now()) });
    let domain = "acme.example".to_owned();
    merchant.setup.sender = Some(SenderDomain { domain, verified_at: Some(now()) });
    facts.people.push(person(2, Role::Finance));
    let mut known = Reconciliation::starting(merchant.merchant.clone(), now());
    known.last = Some(Report {
        started_at: now(),
        finished_at: now(),
        daily: true,
        tally: Tally::default(),
    });
    facts.reconciliation = Some(known);
    facts
}

#[track_caller]
fn check(change: impl Fn(&mut Facts), failing: &[&str]) {
    let mut facts = ready();
    change(&mut facts);
    let answers = questions(&facts);
    let failed: Vec<&str> = answers.iter().filter(|it| !it.passes()).map(|it| it.id).collect();
    assert_eq!(failed, failing, "{answers:?}");
    for answer in answers.iter().filter(|it| !it.passes()) {
        let told = answer.what_to_do.as_deref().unwrap_or_default();
        assert!(!told.is_empty() && !answer.detail.is_empty(), "{answer:?}");
    }
}

#[test]
fn a_merchant_that_was_only_created_is_ready() {
    let answers = questions(&created());
    let passed: Vec<&str> = answers.iter().filter(|it| it.passes()).map(|it| it.id).collect();
    assert_eq!((answers.len(), passed), (7, vec!["rule_on"]));
    check(|_| {}, &[]);
}

#[test]
fn a_missing_step_is_not_noticed() {
    check(|it| it.merchant.pix_key = None, &["can_charge"]);
    check(|it| it.merchant.setup.bank = None, &["can_charge"]);
    check(|it| it.merchant.setup.callback_at = None, &["bank_reaches_us"]);
    check(|it| it.merchant.setup.test_charge = None, &["charge_tried"]);
    check(|it| it.merchant.from = None, &["can_write"]);
    check(|it| it.merchant.setup.sender.as_mut().unwrap().verified_at = None, &["can_write"]);
    check(|it| it.rule = None, &["rule_on"]);
    check(|it| it.people.clear(), &["people_in"]);
    check(|it| it.people.truncate(1), &["people_in"]);
    check(|it| it.people[1].role = Role::Csm, &["people_in"]);
    check(|it| it.people.remove(0).role = Role::Viewer, &["people_in"]);
    check(|it| it.reconciliation = None, &["books_close"]);
}

#[test]
fn a_certificate_ends_while_everything_looks_ready() {
    let end = |days: i64| {
        move |it: &mut Facts| {
            let end = Some(now() + TimeDelta::days(days));
            it.merchant.setup.bank.as_mut().unwrap().certificate_expires_at = end;
        }
    };
    check(end(30), &[]);
    check(end(29), &["books_close"]);
    check(end(0), &["can_charge", "books_close"]);
}

#[test]
fn a_bank_that_stopped_answering_looks_ready() {
    let failing = |it: &mut Facts| {
        let reason = "no answer in time".to_owned();
        it.reconciliation.as_mut().unwrap().failing =
            Some(Failing { attempts: 3, since: now(), reason });
    };
    check(failing, &["books_close"]);
    let stale = |it: &mut Facts| it.now += TimeDelta::hours(25);
    check(stale, &["books_close"]);
    let unclear = |at: DateTime<Utc>| {
        move |it: &mut Facts| {
            let state = CallbackState::Unclear { reason: "refused".into() };
            it.reconciliation.as_mut().unwrap().callback = Some(Callback { at, state });
        }
    };
    check(unclear(now()), &["bank_reaches_us"]);
    // It was registered again since.
    check(unclear(now() - TimeDelta::hours(1)), &[]);
}
