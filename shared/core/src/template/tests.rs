//! Fears: a name that becomes an address, a draft whose faults come one by one, a version that takes
//! the place of another.

use super::*;
use crate::violation::Violation;

fn name(text: &str) -> TemplateName {
    TemplateName::parse(text).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn sms(text: &str) -> TemplateDraft {
    TemplateDraft {
        channel: "sms".to_owned(),
        locale: "en".to_owned(),
        text: Some(text.to_owned()),
        ..TemplateDraft::default()
    }
}

fn whatsapp(text: &str, parameters: &[&str]) -> TemplateDraft {
    TemplateDraft {
        channel: "whatsapp".to_owned(),
        approved_name: Some("due_today_1".to_owned()),
        category: Some("utility".to_owned()),
        parameters: Some(parameters.iter().map(|&it| it.to_owned()).collect()),
        ..sms(text)
    }
}

fn properties(faults: &[Violation]) -> Vec<&str> {
    faults.iter().map(|fault| fault.property.as_str()).collect()
}

#[test]
fn a_name_is_part_of_an_address_or_of_a_key() {
    for fine in ["due_today", "a", "due_in_5_days", &"x".repeat(NAME_CHARS_MAX)] {
        assert_eq!(name(fine).as_str(), fine);
    }
    for bad in ["", "Due", "a-b", "a.b", "a#b", "a/b", "é", " a", &"x".repeat(NAME_CHARS_MAX + 1)]
    {
        assert_eq!(TemplateName::parse(bad), Err(NameError::Shape), "{bad}");
    }
    for taken in RESERVED_NAMES {
        assert_eq!(TemplateName::parse(taken), Err(NameError::Reserved));
    }
}

#[test]
fn the_faults_of_a_draft_come_one_by_one() {
    let check = |draft: TemplateDraft, expected: &[&str]| {
        let faults = draft.parse(&name("nudge")).unwrap_err();
        assert_eq!(properties(&faults), expected, "{faults:?}");
    };
    let nothing = TemplateDraft { tone: Some("loud".to_owned()), ..TemplateDraft::default() };
    check(nothing, &["channel", "locale", "tone"]);
    let mail = TemplateDraft { channel: "email".to_owned(), ..TemplateDraft::default() };
    check(mail, &["locale", "text", "subject", "html"]);
    let foreign = TemplateDraft {
        subject: Some("x".to_owned()),
        category: Some("utility".to_owned()),
        order_button: Some(true),
        ..sms("x")
    };
    check(foreign, &["subject", "category", "order_button"]);
    check(sms(&"x".repeat(SOURCE_BYTES_MAX + 1)), &["text"]);
    check(sms("a\u{0}b"), &["text"]);
    let bare = TemplateDraft { channel: "whatsapp".to_owned(), ..sms("x") };
    check(bare, &["approved_name", "category"]);
}

#[test]
fn a_placeholder_has_no_parameter_or_a_parameter_no_placeholder() {
    for (text, parameters) in
        [("no placeholder", &[][..]), ("{{1}} and {{2}}, {{1}} again", &["a", "b"])]
    {
        assert!(whatsapp(text, parameters).parse(&name("nudge")).is_ok(), "{text}");
    }
    for (text, parameters) in [
        ("{{1}}", &[][..]),
        ("none", &["a"]),
        ("{{2}}", &["a", "b"]),
        ("{{0}} {{1}}", &["a"]),
        ("{{name}}", &["a"]),
        ("{{ 1 }}", &["a"]),
        ("{{1", &["a"]),
        ("{{99999999999999999999}}", &["a"]),
        ("{{18446744073709551615}}", &["a"]),
    ] {
        let faults = whatsapp(text, parameters).parse(&name("nudge")).unwrap_err();
        assert_eq!(properties(&faults), ["text"], "{text}");
    }
}

#[test]
fn a_version_takes_the_place_of_another() {
    let now = at("2026-11-23T12:00:00Z");
    let none = Templates::none(MerchantId::parse("mer_acme").unwrap());
    let (key, checked) = sms("first").parse(&name("nudge")).unwrap();
    let (one, first) = none.published(key.clone(), checked, "usr_1", now).unwrap();
    let (_, checked) = sms("second").parse(&name("nudge")).unwrap();
    let (two, second) = one.published(key.clone(), checked, "usr_1", now).unwrap();
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!((one.version, two.version), (1, 2));
    assert_eq!(two.latest(&key).map(|latest| latest.number), Some(2));
    let english = TemplateKey { locale: Locale::PtBr, ..key };
    assert!(two.latest(&english).is_none());
    assert!(two.has("nudge", Channel::Sms) && !two.has("nudge", Channel::Email));
}

#[test]
fn a_catalogue_outgrows_its_item() {
    let now = at("2026-11-23T12:00:00Z");
    let mut all = Templates::none(MerchantId::parse("mer_acme").unwrap());
    for nth in 0..WORDINGS_MAX {
        let (key, checked) = sms("x").parse(&name(&format!("n{nth}"))).unwrap();
        (all, _) = all.published(key, checked, "usr_1", now).unwrap();
    }
    let (key, checked) = sms("x").parse(&name("one_more")).unwrap();
    assert_eq!(all.published(key, checked.clone(), "usr_1", now), Err(Full::Wordings));
    let known = all.latest[0].key.clone();
    assert!(all.published(known.clone(), checked.clone(), "usr_1", now).is_ok());
    all.latest[0].number = VERSIONS_MAX;
    assert_eq!(all.published(known, checked, "usr_1", now), Err(Full::Versions));
}
