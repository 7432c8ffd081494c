use quita_core::contact::Cep;
use quita_core::customer::Address;
use quita_testkit::aws::ObjectRefusal;

use super::*;
use crate::loopback::{Loopback, loopback, merchant, nowhere, settings, stands};

fn letter() -> LetterMessage {
    LetterMessage {
        to_name: "Padaria".to_owned(),
        to_address: Address {
            street: "Rua A, 1".to_owned(),
            city: "Recife".to_owned(),
            state: "PE".to_owned(),
            postal_code: Cep::parse("50030230").unwrap(),
        },
        pdf: b"%PDF-1.7 a letter".to_vec(),
        ledger_key: "inv_a-1-due-letter-0".to_owned(),
        text: "Prezados".to_owned(),
    }
}

async fn put(loopback: &Loopback, letter: &LetterMessage) -> Result<String, SendError> {
    let bucket = LettersBucket::new(&loopback.clients, &loopback.settings);
    bucket.send(&merchant("mer_acme", "QUITA"), letter).await
}

const KEY: &str = "letters/mer_acme/inv_a-1-due-letter-0.pdf";

#[tokio::test]
async fn a_letter_lies_elsewhere_or_is_something_else() {
    let loopback = loopback();
    let told = put(&loopback, &letter()).await.unwrap();
    assert_eq!(told, format!("s3://letters-of-all/{KEY}"));
    let object = loopback.provider.objects.lock().unwrap().pop().unwrap();
    assert_eq!((object.bucket.as_str(), object.key.as_str()), ("letters-of-all", KEY));
    assert_eq!(object.body, letter().pdf);
    assert_eq!(object.content_type.as_deref(), Some("application/pdf"));
    assert!(object.only_if_absent);
}

#[tokio::test]
async fn a_letter_that_is_put_again_replaces_the_first() {
    let loopback = loopback();
    put(&loopback, &letter()).await.unwrap();
    let other = LetterMessage { pdf: b"another".to_vec(), ..letter() };
    assert_eq!(stands(&put(&loopback, &other).await), "sent");
    let objects = loopback.provider.objects.lock().unwrap();
    assert_eq!((objects.len(), &objects[0].body), (1, &letter().pdf));
}

#[tokio::test]
async fn a_refusal_is_taken_for_another_one() {
    use ObjectRefusal::{Conflict, Invalid, NoBucket, SlowDown, Unknown};
    for (refusal, expected, words) in [
        (SlowDown, "after 10 s", "SlowDown"),
        (Conflict, "after 10 s", "ConditionalRequestConflict"),
        (NoBucket, "after 3600 s", "NoSuchBucket"),
        (Invalid, "refused", "EntityTooLarge"),
        (Unknown, "unknown", ""),
    ] {
        let loopback = loopback();
        loopback.provider.object_refusals.lock().unwrap().push_back(refusal.clone());
        let outcome = put(&loopback, &letter()).await;
        assert_eq!(stands(&outcome), expected, "{refusal:?}: {outcome:?}");
        let told = outcome.unwrap_err().to_string();
        assert!(told.contains(words), "{refusal:?}: {told}");
    }
}

#[tokio::test]
async fn a_letter_that_reached_nobody_counts_as_unknown_or_is_never_put_again() {
    let settings = settings(&nowhere());
    let bucket = LettersBucket::new(&Clients::new(&settings).unwrap(), &settings);
    let outcome = bucket.send(&merchant("mer_acme", "QUITA"), &letter()).await;
    assert_eq!(stands(&outcome), "not now", "{outcome:?}");
    assert_eq!(bucket.evidence("inv_a-1-due-letter-0").await.unwrap(), Evidence::NotSent);
}

#[test]
fn a_bucket_is_looked_for_in_another_region() {
    let settings = crate::replay::settings(&[("QUITA_LETTERS_BUCKET", "b")]);
    let bucket = LettersBucket::new(&Clients::new(&settings).unwrap(), &settings);
    assert_eq!(bucket.address("k.pdf"), "https://b.s3.sa-east-1.amazonaws.com/k.pdf");
}
