//! Fears: an event of SES that is read as another, as another message's, or takes the reader down.
//! The shapes are those of the Amazon SES developer guide, "Examples of event data".

use serde_json::json;

use super::*;

const TAG: &str = "mer_acme-inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z-1-d_3-email-2";

fn event(kind: &str, more: Value) -> Value {
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2026-12-13T12:00:00.000Z",
            "source": "cobranca@acme.example",
            "sendingAccountId": "000000000000",
            "messageId": "010101860d89bc12-000000",
            "destination": ["Ana Lima <ANA@x.example>", "bia@x.example"],
            "headersTruncated": false,
            "tags": {
                "ses:configuration-set": ["quita"],
                "X-Quita-Message": [TAG],
            },
        },
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

/// What is told beside that it was taken, as `sign address why`.
#[track_caller]
fn check(event: Value, expected: &[&str]) {
    let told = read(event).unwrap().unwrap();
    assert_eq!(told.tag.to_string(), TAG);
    let line = |noted: &Noted| {
        let to = noted.recipient.as_ref().map_or("nobody", |to| to.as_str());
        format!("{} {to} {}", noted.sign.as_str(), noted.why.as_deref().unwrap_or("-"))
    };
    let accepted = ["ana@x.example", "bia@x.example"]
        .map(|to| format!("accepted {to} 010101860d89bc12-000000"));
    let expected: Vec<String> =
        expected.iter().map(|line| (*line).to_owned()).chain(accepted).collect();
    assert_eq!(told.notes.iter().map(line).collect::<Vec<_>>(), expected);
}

#[test]
fn an_event_is_read_as_another() {
    let at = "2026-12-13T12:00:07.123Z";
    check(event("Send", json!({ "send": {} })), &[]);
    let delivery =
        json!({ "timestamp": at, "recipients": ["ana@x.example"], "smtpResponse": "250" });
    check(event("Delivery", json!({ "delivery": delivery })), &["delivered ana@x.example -"]);
    let bounce = |kind: &str| {
        json!({ "bounce": {
            "bounceType": kind,
            "bounceSubType": "General",
            "bouncedRecipients": [{
                "emailAddress": "ANA@x.example",
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 <ana@x.example>",
            }],
            "timestamp": at,
            "feedbackId": "f",
        } })
    };
    let hard = "hard_bounce ana@x.example General 5.1.1";
    check(event("Bounce", bounce("Permanent")), &[hard]);
    let soft = "soft_bounce ana@x.example General 5.1.1";
    check(event("Bounce", bounce("Transient")), &[soft]);
    check(event("Bounce", bounce("Undetermined")), &[soft]);
    let complaint = |kind: Value| {
        json!({ "complaint": {
            "complainedRecipients": [{ "emailAddress": "bia@x.example" }],
            "timestamp": at,
            "complaintFeedbackType": kind,
        } })
    };
    check(event("Complaint", complaint(json!("abuse"))), &["complained bia@x.example abuse"]);
    check(event("Complaint", complaint(Value::Null)), &["complained bia@x.example -"]);
    check(event("Complaint", complaint(json!("not-spam"))), &["read bia@x.example not-spam"]);
    let delay = json!({
        "delayType": "MailboxFull",
        "expirationTime": at,
        "delayedRecipients": [{ "emailAddress": "ana@x.example", "status": "4.2.2" }],
        "timestamp": at,
    });
    let delayed = "delayed ana@x.example MailboxFull 4.2.2";
    check(event("DeliveryDelay", json!({ "deliveryDelay": delay })), &[delayed]);
    let refused = ["refused ana@x.example Bad content", "refused bia@x.example Bad content"];
    check(event("Reject", json!({ "reject": { "reason": "Bad content" } })), &refused);
    let failure = json!({ "failure": { "errorMessage": "x", "templateName": "y" } });
    let failed =
        ["refused ana@x.example rendering failure", "refused bia@x.example rendering failure"];
    check(event("Rendering Failure", failure), &failed);
    let open = json!({ "open": { "timestamp": at, "ipAddress": "192.0.2.1", "userAgent": "x" } });
    check(event("Open", open), &["read nobody -"]);
}

#[test]
fn an_event_about_no_message_of_the_ledger_finds_one() {
    let nothing = |event: Value| assert_eq!(read(event).unwrap(), None);
    nothing(event("Click", json!({ "click": {} })));
    nothing(event("Subscription", json!({})));
    let tagged = |tags: Value| {
        let mut event = event("Send", json!({ "send": {} }));
        event["mail"]["tags"] = tags;
        event
    };
    nothing(tagged(json!({})));
    nothing(tagged(json!({ "X-Quita-Message": [] })));
    nothing(tagged(json!({ "X-Quita-Message": ["sign-in-1"] })));
    // The message of another channel is not SES's to tell of.
    nothing(tagged(json!({ "X-Quita-Message": [TAG.replace("email", "whatsapp")] })));
    // A kind without its own part says nothing.
    nothing(event("Bounce", json!({})));
}

#[test]
fn a_shape_that_is_not_of_ses_is_taken_for_one() {
    for wrong in [
        json!(null),
        json!([]),
        json!({ "eventType": "Send" }),
        json!({ "eventType": 1, "mail": { "timestamp": "2026-12-13T12:00:00Z" } }),
        event("Bounce", json!({ "bounce": { "bounceType": "Permanent" } })),
        event("Delivery", json!({ "delivery": { "timestamp": "yesterday" } })),
    ] {
        let error = read(wrong.clone()).unwrap_err();
        assert!(!crate::error::chain(&error).contains("x.example"), "{wrong}");
    }
}

#[test]
fn a_flood_of_recipients_is_read_to_its_end() {
    let many: Vec<String> = (0..10_000).map(|nth| format!("p{nth}@x.example")).collect();
    let mut event = event("Send", json!({ "send": {} }));
    event["mail"]["destination"] = json!(many);
    assert_eq!(read(event).unwrap().unwrap().notes.len(), RECIPIENTS_MAX);
}
