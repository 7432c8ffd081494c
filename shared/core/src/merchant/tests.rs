use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::sample;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn draft() -> MerchantDraft {
    MerchantDraft {
        id: "mer_aurora".into(),
        name: "Aurora Serviços Ltda".into(),
        document: "11.222.333/0001-81".into(),
        city: "Curitiba".into(),
        mode: "test".into(),
        locale: None,
    }
}

fn connection(expires: Option<&str>) -> BankConnection {
    BankConnection {
        bank: "efi".into(),
        sandbox: true,
        connected_at: at("2026-11-01T12:00:00Z"),
        certificate_expires_at: expires.map(at),
    }
}

#[test]
fn a_merchant_that_is_only_created_issues_invoices() {
    let mut merchant = Merchant::starting(draft().parse().unwrap());
    assert_eq!(merchant.lacks(), [Lack::Bank, Lack::Sender]);
    merchant.pix_key = Some(PixKey::parse("11222333000181").unwrap());
    merchant.from = Some(Email::parse("cobranca@aurora.example").unwrap());
    assert_eq!(merchant.lacks(), [Lack::Sender], "an answer needs an address too");
    merchant.reply_to = merchant.from.clone();
    assert_eq!(merchant.lacks(), []);
    let sender = SenderDomain { domain: "aurora.example".into(), verified_at: None };
    merchant.setup.sender = Some(sender);
    assert_eq!(merchant.lacks(), [Lack::SenderUnverified]);
    merchant.setup.sender.as_mut().unwrap().verified_at = Some(at("2026-11-01T12:00:00Z"));
    assert_eq!(merchant.lacks(), []);
}

#[test]
fn a_bad_merchant_is_reported_one_fault_at_a_time() {
    let bad = MerchantDraft {
        id: "aurora".into(),
        name: " ".into(),
        document: "11222333000182".into(),
        city: "São\nPaulo".into(),
        mode: "sandbox".into(),
        locale: Some("fr".into()),
    };
    let faults = bad.parse().unwrap_err();
    let properties: Vec<&str> = faults.iter().map(|fault| fault.property.as_str()).collect();
    assert_eq!(properties, ["id", "name", "document", "city", "mode", "locale"]);
}

#[test]
fn a_change_takes_away_what_it_does_not_name() {
    let before = Merchant {
        brand_colour: Some("#0B6E4F".into()),
        chat_webhook: Some("https://hooks.slack.com/services/a".into()),
        ..sample::merchant()
    };
    let draft = ProfileDraft { city: Some("Recife".into()), ..ProfileDraft::default() };
    let after = draft.apply(&before).unwrap();
    assert_eq!(after, Merchant { city: "Recife".into(), ..before.clone() });
    let draft = ProfileDraft {
        brand_colour: Some(None),
        chat_webhook_url: Some(None),
        daily_digest: Some(false),
        extra_holidays: Some(vec!["2026-12-08".into(), "2026-12-08".into()]),
        ..ProfileDraft::default()
    };
    let after = draft.apply(&before).unwrap();
    assert_eq!((&after.brand_colour, &after.chat_webhook), (&None, &None));
    assert!(before.daily_digest && !after.daily_digest);
    assert!(!ProfileDraft::default().apply(&after).unwrap().daily_digest, "it is on again");
    assert_eq!(after.issuing.extra_holidays, ["2026-12-08".parse().unwrap()].into());
}

#[test]
fn a_profile_with_several_faults_hides_some() {
    let draft = ProfileDraft {
        name: Some(String::new()),
        city: Some("x".repeat(CITY_LIMIT + 1)),
        locale: Some("en-GB".into()),
        brand_colour: Some(Some("#12345G".into())),
        brand: BrandDraft {
            logo_url: Some(Some("http://cdn.example.com/logo.png".into())),
            ..BrandDraft::default()
        },
        chat_webhook_url: Some(Some("https://169.254.169.254/latest".into())),
        daily_digest: None,
        extra_holidays: Some(vec!["2026-12-08".into(), "2026-02-30".into()]),
    };
    let faults = draft.apply(&sample::merchant()).unwrap_err();
    let properties: Vec<&str> = faults.iter().map(|fault| fault.property.as_str()).collect();
    let expected = [
        "name",
        "city",
        "locale",
        "brand_colour",
        "logo_url",
        "chat_webhook_url",
        "extra_holidays[1]",
    ];
    assert_eq!(properties, expected);
    for colour in ["", "#", "0F766E", "#0F766", "#0F766E0", "#é0f76"] {
        let draft =
            ProfileDraft { brand_colour: Some(Some(colour.into())), ..ProfileDraft::default() };
        assert!(draft.apply(&sample::merchant()).is_err(), "{colour}");
    }
    let many = vec!["2026-12-08".to_owned(); EXTRA_HOLIDAYS_MAX + 1];
    let draft = ProfileDraft { extra_holidays: Some(many), ..ProfileDraft::default() };
    assert!(draft.apply(&sample::merchant()).is_err());
}

/// Longest city.
const CITY_LIMIT: usize = 200;

#[test]
fn another_account_is_taken_for_the_one_that_was_tried_out() {
    let tried = || Setup {
        bank: Some(connection(None)),
        callback_at: Some(at("2026-11-01T12:00:00Z")),
        test_charge: Some(TestCharge {
            txid: crate::ids::Txid::parse(&"A".repeat(35)).unwrap(),
            at: at("2026-11-01T12:00:00Z"),
            removed_at: None,
        }),
        sender: None,
    };
    let renewed = tried().connected(connection(Some("2027-11-01T12:00:00Z")), true);
    assert!(renewed.callback_at.is_some() && renewed.test_charge.is_some());
    let moved = tried().connected(connection(None), false);
    assert!(moved.callback_at.is_none() && moved.test_charge.is_none());
}

#[test]
fn a_certificate_ends_without_a_warning() {
    let end = "2026-12-01T00:00:00Z";
    let known = connection(Some(end));
    let check = |before: TimeDelta, days: i64, soon: bool| {
        let now = at(end) - before;
        let shown = (known.certificate_days_left(now), known.certificate_ends_soon(now));
        assert_eq!(shown, (Some(days), soon), "{before}");
    };
    check(CERTIFICATE_WARNING, 30, false);
    check(CERTIFICATE_WARNING - TimeDelta::seconds(1), 29, true);
    check(TimeDelta::hours(1), 0, true);
    check(TimeDelta::zero(), 0, true);
    check(-TimeDelta::seconds(1), -1, true);
    assert_eq!(connection(None).certificate_days_left(at(end)), None);
}

#[test]
fn a_merchant_stored_before_there_was_a_setup_no_longer_reads() {
    let stored = serde_json::to_value(sample::merchant()).unwrap();
    assert!(stored.get("setup").is_none() && stored.get("mode").is_none());
    let read: Merchant = serde_json::from_value(stored).unwrap();
    assert_eq!(read, sample::merchant());
    assert_eq!(read.lacks(), []);
}
