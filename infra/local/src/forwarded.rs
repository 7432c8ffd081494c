//! E-mail that leaves this machine: sent by a mail server, and kept in the mailbox all the same.
//!
//! Owns the order of the two: what the server took is shown. Does not own the server.

use std::sync::Arc;

use async_trait::async_trait;
use quita_app::Unknown;
use quita_app::ports::{Evidence, Mailer, SendError};
use quita_notify::Email;
use quita_smtp::SmtpMailer;

use crate::mailbox::LocalMailbox;

/// A mail server in front of the mailbox.
pub struct Forwarded {
    server: SmtpMailer,
    mailbox: Arc<LocalMailbox>,
}

impl Forwarded {
    pub fn new(server: SmtpMailer, mailbox: Arc<LocalMailbox>) -> Self {
        Self { server, mailbox }
    }
}

#[async_trait]
impl Mailer for Forwarded {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let accepted = self.server.send(email).await?;
        // It has gone out: a full disk must not have it sent again.
        if let Err(error) = self.mailbox.send(email).await {
            tracing::error!(%error, "Message was sent and not kept");
        }
        Ok(accepted)
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        self.server.evidence(tag).await
    }

    fn is_silent(&self) -> bool {
        self.server.is_silent()
    }
}

#[cfg(test)]
mod tests {
    use quita_core::contact::Email as Address;
    use quita_notify::Mailbox;
    use quita_testkit::channels::{SmtpServer, Trouble};

    use super::*;
    use crate::clock::MovableClock;

    fn email() -> Email {
        let mailbox =
            Mailbox { name: None, address: Address::parse("a@acme.example.com").unwrap() };
        Email {
            from: mailbox.clone(),
            to: vec![mailbox.clone()],
            reply_to: mailbox,
            subject: "Fatura".to_owned(),
            text: "Olá".to_owned(),
            html: "<p>Olá</p>".to_owned(),
            inline: Vec::new(),
            ledger_key: "tag-1".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_message_is_shown_that_no_server_took() {
        let clock = Arc::new(MovableClock::standing_at("2026-03-02T12:00:00Z".parse().unwrap()));
        let mailbox = Arc::new(LocalMailbox::memory(clock.clone()));
        let server = SmtpServer::start().unwrap();
        let forwarded =
            Forwarded::new(SmtpMailer::open(&server.url(), clock).unwrap(), mailbox.clone());
        server.fail_next(Trouble::Refuse(550));
        assert!(matches!(forwarded.send(&email()).await, Err(SendError::Refused(_))));
        assert!(mailbox.messages().is_empty());
        forwarded.send(&email()).await.unwrap();
        assert_eq!((mailbox.messages().len(), server.mails().len()), (1, 1));
        // What the mailbox knows is not what became of the message outside.
        assert_eq!(forwarded.evidence("tag-1").await.unwrap(), Evidence::None);
    }
}
