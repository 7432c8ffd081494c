use quita_app::ports;
use quita_core::contact::Email as Address;
use quita_core::contact::{Cep, Phone};
use quita_core::customer::Address as Place;
use quita_core::merchant::Merchant;
use quita_core::pix_key::PixKey;
use quita_notify::whatsapp::{ApprovedTemplate, TemplateCategory};
use quita_notify::{LetterMessage, Mailbox, SmsMessage, WhatsAppMessage};

use super::*;
use crate::clock::MovableClock;

fn clock() -> Arc<dyn Clock> {
    Arc::new(MovableClock::standing_at("2026-03-02T12:00:00Z".parse().unwrap()))
}

fn email(tag: &str) -> Email {
    let mailbox = |address: &str| Mailbox {
        name: Some("Padaria Três Irmãos".to_owned()),
        address: Address::parse(address).unwrap(),
    };
    Email {
        from: mailbox("cobranca@acme.example.com"),
        to: vec![mailbox("financeiro@padaria.example.com")],
        reply_to: mailbox("contato@acme.example.com"),
        subject: "Fatura 2026-001".to_owned(),
        text: "Olá".to_owned(),
        html: "<p>Olá <img src=\"cid:qr\"></p>".to_owned(),
        inline: vec![InlineImage {
            content_id: "qr".to_owned(),
            media_type: "image/png".to_owned(),
            bytes: vec![1, 2, 3],
        }],
        ledger_key: tag.to_owned(),
    }
}

#[tokio::test]
async fn evidence_follows_what_was_accepted_and_not_what_was_answered() {
    #[track_caller]
    fn check(found: Evidence, sent: bool, fault: Option<MailFault>) {
        assert_eq!(matches!(found, Evidence::Sent(_)), sent, "{fault:?}");
    }
    for (fault, sent) in [
        (None, true),
        (Some(MailFault::Refuse), false),
        (Some(MailFault::NotNow), false),
        (Some(MailFault::UnknownBefore), false),
        (Some(MailFault::UnknownAfter), true),
    ] {
        let mailbox = LocalMailbox::memory(clock());
        if let Some(fault) = fault {
            mailbox.fail_next(fault);
        }
        let answer = mailbox.send(&email("tag-1")).await;
        assert_eq!(answer.is_ok(), fault.is_none(), "{fault:?}");
        check(mailbox.evidence("tag-1").await.unwrap(), sent, fault);
        check(mailbox.evidence("tag-2").await.unwrap(), false, fault);
    }
}

#[tokio::test]
async fn a_restart_finds_every_message_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = LocalMailbox::in_folder(folder.path(), clock()).unwrap();
    first.send(&email("tag-1")).await.unwrap();
    first.post_chat("Fatura vencida".to_owned()).unwrap();
    let again = LocalMailbox::in_folder(folder.path(), clock()).unwrap();
    assert_eq!(again.messages(), first.messages());
    assert!(matches!(again.evidence("tag-1").await.unwrap(), Evidence::Sent(_)));
    again.send(&email("tag-2")).await.unwrap();
    let numbers: Vec<u64> = again.messages().iter().map(|message| message.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(folder.path().join("000001.eml").exists());
}

#[tokio::test]
async fn a_message_sent_twice_is_seen_twice() {
    let mailbox = LocalMailbox::memory(clock());
    mailbox.send(&email("tag-1")).await.unwrap();
    mailbox.send(&email("tag-1")).await.unwrap();
    assert_eq!(mailbox.messages().len(), 2);
}

#[test]
fn a_foreign_file_in_the_mailbox_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("000001.json"), "{}").unwrap();
    let opened = LocalMailbox::in_folder(folder.path(), clock());
    assert!(matches!(opened, Err(MailboxError::Malformed(name)) if name.contains("000001")));
}

fn merchant() -> Merchant {
    let key = PixKey::parse("11222333000181").unwrap();
    crate::merchant::demo(key, String::new(), clock().now())
}

fn phone() -> Phone {
    Phone::parse("+5511987654321").unwrap()
}

/// Sends one message by each channel that the mailbox stands in for, e-mail apart.
async fn send_all(mailbox: &LocalMailbox) -> Vec<Result<String, SendError>> {
    let whatsapp = WhatsAppMessage {
        to: phone(),
        template: ApprovedTemplate {
            name: "quita_due_today_v1".to_owned(),
            language: "pt_BR".to_owned(),
            category: TemplateCategory::Utility,
        },
        header_image: None,
        parameters: Vec::new(),
        order: None,
        ledger_key: "tag-whatsapp".to_owned(),
        text: "\nA fatura vence hoje.".to_owned(),
    };
    let sms = SmsMessage {
        to: phone(),
        text: "Fatura vence hoje".to_owned(),
        parts: 1,
        ledger_key: "tag-sms".to_owned(),
    };
    let letter = LetterMessage {
        to_name: "Padaria".to_owned(),
        to_address: Place {
            street: "Rua A, 1".to_owned(),
            city: "Recife".to_owned(),
            state: "PE".to_owned(),
            postal_code: Cep::parse("50030230").unwrap(),
        },
        pdf: b"%PDF-1.7".to_vec(),
        ledger_key: "tag-letter".to_owned(),
        text: "Prezados".to_owned(),
    };
    vec![
        ports::WhatsApp::send(mailbox, &merchant(), &whatsapp).await,
        ports::Sms::send(mailbox, &merchant(), &sms).await,
        ports::Letters::send(mailbox, &merchant(), &letter).await,
    ]
}

const OTHERS: [Channel; 3] = [Channel::WhatsApp, Channel::Sms, Channel::Letter];

#[tokio::test]
async fn a_message_of_another_channel_is_shown_as_something_else() {
    let mailbox = LocalMailbox::memory(clock());
    assert!(send_all(&mailbox).await.iter().all(Result::is_ok));
    let kept = mailbox.messages();
    let channels: Vec<Channel> = kept.iter().map(|message| message.content.channel()).collect();
    assert_eq!(channels, OTHERS);
    let titles: Vec<&str> = kept.iter().map(|message| message.content.title()).collect();
    assert_eq!(titles, ["A fatura vence hoje.", "Fatura vence hoje", "Prezados"]);
    let to: Vec<String> = kept.iter().map(|message| message.content.recipient()).collect();
    assert_eq!(to, ["+5511987654321", "+5511987654321", "Padaria"]);
    for tag in ["tag-whatsapp", "tag-sms", "tag-letter"] {
        assert!(matches!(mailbox.known(tag), Evidence::Sent(_)), "{tag}");
    }
}

#[tokio::test]
async fn a_fault_of_one_channel_is_met_by_another() {
    for channel in OTHERS {
        let mailbox = LocalMailbox::memory(clock());
        mailbox.fail_next_on(channel, MailFault::NotNow);
        let outcomes = send_all(&mailbox).await;
        for (met, outcome) in OTHERS.into_iter().zip(outcomes) {
            let waits = matches!(outcome, Err(SendError::NotNow(_)));
            assert_eq!(waits, met == channel, "{channel:?} and {met:?}: {outcome:?}");
        }
        assert!(mailbox.send(&email("tag-1")).await.is_ok());
    }
}

#[tokio::test]
async fn a_letter_that_is_put_again_is_posted_twice() {
    let mailbox = LocalMailbox::memory(clock());
    let (first, again) = (send_all(&mailbox).await, send_all(&mailbox).await);
    assert_eq!(first[2].as_ref().unwrap(), again[2].as_ref().unwrap());
    let letters = mailbox.messages();
    let letters = letters.iter().filter(|it| it.content.channel() == Channel::Letter);
    assert_eq!(letters.count(), 1);
}
