use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use quita_core::contact::Email as Address;
use quita_notify::Mailbox;
use serde_json::json;

use super::*;
use crate::replay::{Answer, Replay, refusal};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }
}

fn email() -> Email {
    let mailbox = |address: &str| Mailbox {
        name: Some("Padaria Açaí".to_owned()),
        address: Address::parse(address).unwrap(),
    };
    Email {
        from: mailbox("cobranca@padaria.example"),
        to: vec![mailbox("financeiro@cliente.example"), mailbox("contas@cliente.example")],
        reply_to: mailbox("dona@padaria.example"),
        subject: "Cobrança 42".to_owned(),
        text: "Olá".to_owned(),
        html: "<p>Olá</p>".to_owned(),
        inline: Vec::new(),
        ledger_key: "inv_a-1-due-email-0".to_owned(),
    }
}

async fn send(service: &Replay, email: &Email) -> Result<String, SendError> {
    let mailer = SesMailer::new(&service.clients(), "mail".to_owned(), Arc::new(Noon));
    mailer.send(email).await
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_out_as_the_bytes_it_was_encoded_to() {
    let service = Replay::ok(json!({ "MessageId": "ses-1" }));
    assert_eq!(send(&service, &email()).await.unwrap(), "ses-1");
    assert!(service.asked()[0].uri.ends_with("/v2/email/outbound-emails"));
    let message = mime::build(&email(), Noon.now()).unwrap();
    assert_eq!(
        service.body(),
        json!({
            "Content": { "Raw": { "Data": STANDARD.encode(message) } },
            "Destination": {
                "ToAddresses": ["financeiro@cliente.example", "contas@cliente.example"],
            },
            "EmailTags": [{ "Name": "X-Quita-Message", "Value": "inv_a-1-due-email-0" }],
            "ConfigurationSetName": "mail",
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_message_is_final_and_any_other_can_pass() {
    for (status, code, is_final) in [
        (400, "MessageRejected", true),
        (400, "BadRequestException", true),
        (400, "MailFromDomainNotVerifiedException", false),
        (400, "AccountSuspendedException", false),
        (400, "SendingPausedException", false),
        (404, "NotFoundException", false),
        (403, "AccessDeniedException", false),
    ] {
        let service = Replay::new([refusal(status, code)]);
        match (send(&service, &email()).await, is_final) {
            (Err(SendError::Refused(why)), true) => {
                assert!(why.starts_with(&format!("{code}: the reason")), "{why}");
            }
            (Err(SendError::NotNow(why)), false) => {
                assert!(why.reason.starts_with(&format!("{code}: the reason")), "{why}");
            }
            (other, _) => panic!("{code}: {other:?}"),
        }
        assert_eq!(service.asked().len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_may_have_gone_out_is_never_sent_again() {
    for answer in [
        Answer::Broken,
        Answer::Silence,
        Answer::Http(500, "{}".to_owned()),
        Answer::Http(503, "{}".to_owned()),
        Answer::Http(200, "not json".to_owned()),
    ] {
        let service = Replay::new([answer.clone()]);
        let outcome = send(&service, &email()).await;
        assert!(matches!(outcome, Err(SendError::Unknown(_))), "{answer:?}: {outcome:?}");
        assert_eq!(service.asked().len(), 1, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn too_fast_is_waited_out() {
    let slow_down = refusal(429, "TooManyRequestsException");
    let sent = Answer::Http(200, json!({ "MessageId": "ses-2" }).to_string());
    let service = Replay::new([slow_down.clone(), slow_down.clone(), sent]);
    assert_eq!(send(&service, &email()).await.unwrap(), "ses-2");
    assert_eq!(service.asked().len(), 3);

    let service = Replay::new([slow_down]);
    let outcome = send(&service, &email()).await;
    assert!(matches!(outcome, Err(SendError::NotNow(_))), "not sent for sure: {outcome:?}");
    assert_eq!(service.asked().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_breaks_while_it_is_repeated_is_not_repeated_further() {
    let slow_down = refusal(429, "TooManyRequestsException");
    let service = Replay::new([slow_down, Answer::Broken]);
    let outcome = send(&service, &email()).await;
    assert!(matches!(outcome, Err(SendError::Unknown(_))), "{outcome:?}");
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_encoded_never_reaches_ses() {
    let service = Replay::ok(json!({}));
    let outcome = send(&service, &Email { subject: "a\r\nBcc: b".to_owned(), ..email() }).await;
    assert!(matches!(outcome, Err(SendError::Refused(_))), "{outcome:?}");
    assert!(service.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn ses_cannot_tell_what_became_of_a_message() {
    let service = Replay::ok(json!({}));
    let mailer = SesMailer::new(&service.clients(), "mail".to_owned(), Arc::new(Noon));
    assert_eq!(mailer.evidence("inv_a-1-due-email-0").await.unwrap(), Evidence::None);
    assert!(service.asked().is_empty());
}
