use quita_core::contact::Email as Address;
use quita_notify::{InlineImage, Mailbox};

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
