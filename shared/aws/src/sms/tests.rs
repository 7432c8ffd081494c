use quita_core::contact::Phone;
use quita_testkit::aws::TextRefusal;

use super::*;
use crate::loopback::{Loopback, loopback, merchant, nowhere, settings, stands};

fn message() -> SmsMessage {
    SmsMessage {
        to: Phone::parse("+5511987654321").unwrap(),
        text: "ACME: fatura 1 vence hoje. https://pay.example.com/p/abc".to_owned(),
        parts: 1,
        ledger_key: "inv_a-1-due-sms-0".to_owned(),
    }
}

async fn send(loopback: &Loopback, id: &str, origination: &str) -> Result<String, SendError> {
    let sms = EndUserMessaging::new(&loopback.clients, &loopback.settings);
    sms.send(&merchant(id, origination), &message()).await
}

#[tokio::test]
async fn a_text_arrives_without_its_tag_or_from_elsewhere() {
    let loopback = loopback();
    assert_eq!(send(&loopback, "mer_acme", "QUITA").await.unwrap(), "text-1");
    let text = loopback.provider.texts.lock().unwrap().pop().unwrap();
    assert_eq!((text.to.as_str(), text.origination.as_str()), ("+5511987654321", "QUITA"));
    assert_eq!(text.body, message().text);
    assert_eq!(text.message_type, "TRANSACTIONAL");
    assert_eq!(text.configuration_set.as_deref(), Some("texts"));
    assert_eq!(text.context["merchant"], "mer_acme");
    assert_eq!(text.context["tag"], "inv_a-1-due-sms-0");
}

#[tokio::test]
async fn a_merchant_writes_in_anothers_name() {
    let loopback = loopback();
    for (id, origination, expected) in [
        ("mer_acme", "QUITA", "sent"),
        ("mer_acme", "pool-all", "sent"),
        ("mer_other", "pool-all", "sent"),
        ("mer_other", "QUITA", "after 3600 s"),
        ("mer_acme", "+5511900000000", "after 3600 s"),
    ] {
        let outcome = send(&loopback, id, origination).await;
        assert_eq!(stands(&outcome), expected, "{id} {origination}: {outcome:?}");
    }
    assert_eq!(loopback.provider.texts.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_taken_for_another_one() {
    use TextRefusal::{Conflict, OverQuota, TooMany};
    for (refusal, expected, words) in [
        (TooMany, "after 10 s", "ThrottlingException"),
        (OverQuota, "after 3600 s", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
        (Conflict("DESTINATION_PHONE_NUMBER_OPTED_OUT"), "refused", "wants no text messages"),
        (Conflict("PHONE_NUMBER_CANNOT_BE_OPTED_IN"), "after 3600 s", "CANNOT_BE_OPTED_IN"),
        (TextRefusal::Unknown, "unknown", ""),
    ] {
        let loopback = loopback();
        loopback.provider.text_refusals.lock().unwrap().push_back(refusal.clone());
        let outcome = send(&loopback, "mer_acme", "QUITA").await;
        assert_eq!(stands(&outcome), expected, "{refusal:?}: {outcome:?}");
        let told = outcome.unwrap_err().to_string();
        assert!(told.contains(words), "{refusal:?}: {told}");
    }
}

#[tokio::test]
async fn a_text_that_aws_does_not_take_is_tried_for_ever() {
    let loopback = loopback();
    let sms = EndUserMessaging::new(&loopback.clients, &loopback.settings);
    let empty = SmsMessage { text: String::new(), ..message() };
    let outcome = sms.send(&merchant("mer_acme", "QUITA"), &empty).await;
    assert_eq!(stands(&outcome), "refused", "{outcome:?}");
}

#[tokio::test]
async fn a_text_that_reached_nobody_counts_as_unknown() {
    let settings = settings(&nowhere());
    let clients = Clients::new(&settings).unwrap();
    let sms = EndUserMessaging::new(&clients, &settings);
    let outcome = sms.send(&merchant("mer_acme", "QUITA"), &message()).await;
    assert_eq!(stands(&outcome), "not now", "{outcome:?}");
    let silent = Merchant { channels: Default::default(), ..merchant("mer_acme", "QUITA") };
    assert_eq!(stands(&sms.send(&silent, &message()).await), "refused", "it is not set up");
    assert_eq!(sms.evidence("inv_a-1-due-sms-0").await.unwrap(), Evidence::None);
}
