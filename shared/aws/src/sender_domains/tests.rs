use serde_json::{Value, json};

use super::*;
use crate::replay::{Answer, Replay, refusal};

fn merchant() -> MerchantId {
    MerchantId::parse("mer_acme").unwrap()
}

fn identity(owner: &str, dkim: &str, bounces: &str) -> Value {
    json!({
        "IdentityType": "DOMAIN",
        "VerifiedForSendingStatus": true,
        "DkimAttributes": { "SigningEnabled": true, "Status": dkim, "Tokens": ["t1", "t2", "t3"] },
        "MailFromAttributes": {
            "MailFromDomain": "bounce.acme.example",
            "MailFromDomainStatus": bounces,
            "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
        },
        "Tags": [{ "Key": OWNER, "Value": owner }],
    })
}

fn ok(body: Value) -> Answer {
    Answer::Http(200, body.to_string())
}

fn absent() -> Answer {
    refusal(404, NOT_FOUND)
}

async fn claim(service: &Replay) -> Result<Claim, Unknown> {
    SesSenderDomains::new(&service.clients()).claim(&merchant(), "acme.example").await
}

#[tokio::test(start_paused = true)]
async fn a_merchant_writes_in_the_name_of_another_one() {
    for owner in ["mer_other", ""] {
        let service = Replay::ok(identity(owner, "SUCCESS", "SUCCESS"));
        assert_eq!(claim(&service).await.unwrap(), Claim::Taken, "{owner}");
        assert_eq!(service.asked().len(), 2, "nothing is changed of a foreign one");
    }
    // Somebody else was faster between the look and the creation.
    let service = Replay::new([
        absent(),
        refusal(400, EXISTS),
        ok(identity("mer_other", "PENDING", "PENDING")),
    ]);
    assert_eq!(claim(&service).await.unwrap(), Claim::Taken);
}

#[tokio::test(start_paused = true)]
async fn a_new_domain_is_claimed_without_its_records() {
    let mut fresh = identity("mer_acme", "PENDING", "PENDING");
    fresh["MailFromAttributes"] = Value::Null;
    fresh["VerifiedForSendingStatus"] = json!(false);
    let set = identity("mer_acme", "PENDING", "PENDING");
    let service = Replay::new([absent(), ok(json!({})), ok(fresh), ok(json!({})), ok(set)]);
    let Claim::Own(state) = claim(&service).await.unwrap() else { panic!("it is ours") };
    assert!(!state.can_send);
    let shown: Vec<(&str, &str, RecordState)> = state
        .records
        .iter()
        .map(|record| (record.purpose.as_str(), record.kind, record.state))
        .collect();
    let pending = RecordState::Pending;
    assert_eq!(
        shown,
        [
            ("dkim", "CNAME", pending),
            ("dkim", "CNAME", pending),
            ("dkim", "CNAME", pending),
            ("mail_from", "MX", pending),
            ("spf", "TXT", RecordState::NotChecked),
        ]
    );
    assert_eq!(state.records[0].name, "t1._domainkey.acme.example");
    assert_eq!(state.records[0].value, "t1.dkim.amazonses.com");
    let asked = service.asked();
    assert_eq!(asked[1].body["Tags"], json!([{ "Key": OWNER, "Value": "mer_acme" }]));
    assert_eq!(asked[3].body["MailFromDomain"], "bounce.acme.example");
}

#[tokio::test(start_paused = true)]
async fn a_domain_counts_as_verified_because_one_above_it_is() {
    for (dkim, can_send) in [("SUCCESS", true), ("PENDING", false), ("FAILED", false)] {
        let service = Replay::ok(identity("mer_acme", dkim, "FAILED"));
        let domains = SesSenderDomains::new(&service.clients());
        let state = domains.look("acme.example").await.unwrap().unwrap();
        assert_eq!(state.can_send, can_send, "{dkim}");
        assert_eq!(state.records[3].state, RecordState::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_taken_for_a_domain_that_is_not_there() {
    let domains = |service: &Replay| SesSenderDomains::new(&service.clients());
    let service = Replay::new([absent()]);
    assert_eq!(domains(&service).look("acme.example").await.unwrap(), None);
    for answer in [refusal(403, "AccessDeniedException"), Answer::Broken] {
        let service = Replay::new([answer]);
        domains(&service).look("acme.example").await.unwrap_err();
        claim(&service).await.unwrap_err();
    }
}
