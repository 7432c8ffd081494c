use chrono::{DateTime, Utc};
use quita_core::contact::Email as Contact;
use quita_notify::Mailbox;
use quita_testkit::channels::{SmtpServer, Trouble};

use super::*;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }
}

fn email() -> Email {
    let mailbox = |address: &str| Mailbox {
        name: Some("Padaria Açaí".to_owned()),
        address: Contact::parse(address).unwrap(),
    };
    Email {
        from: mailbox("cobranca@padaria.example"),
        to: vec![mailbox("financeiro@cliente.example"), mailbox("contas@cliente.example")],
        reply_to: mailbox("dona@padaria.example"),
        subject: "Cobrança 42".to_owned(),
        text: ".\r\nOlá".to_owned(),
        html: "<p>Olá</p>".to_owned(),
        inline: Vec::new(),
        ledger_key: "inv_a-1-due-email-0".to_owned(),
    }
}

fn mailer(url: &str) -> SmtpMailer {
    let mailer = SmtpMailer::open(url, Arc::new(Noon)).unwrap();
    SmtpMailer { patience: Duration::from_millis(500), ..mailer }
}

#[tokio::test]
async fn a_message_arrives_with_other_bytes_than_it_was_encoded_to() {
    let server = SmtpServer::start().unwrap();
    let answer = mailer(&server.url()).send(&email()).await.unwrap();
    assert_eq!(answer, "accepted: 2.0.0 Ok: queued as 1");
    let mail = server.mails().pop().unwrap();
    assert_eq!(mail.raw, mime::build(&email(), Noon.now()).unwrap());
    assert_eq!(mail.from, "cobranca@padaria.example");
    assert_eq!(mail.to, ["financeiro@cliente.example", "contas@cliente.example"]);
}

#[tokio::test]
async fn a_message_is_sent_again_that_may_have_gone_out() {
    #[track_caller]
    fn check(trouble: Trouble, outcome: &Result<String, SendError>, taken: usize) {
        let fits = match trouble {
            Trouble::Throttle(_) | Trouble::Down => {
                matches!(outcome, Err(SendError::NotNow(why)) if why.retry_after == Some(BUSY))
            }
            Trouble::Refuse(_) => {
                matches!(outcome, Err(SendError::Refused(why)) if why.contains("No such mailbox"))
            }
            Trouble::BrokenAfter | Trouble::Silence => {
                matches!(outcome, Err(SendError::Unknown(_)))
            }
        };
        assert!(fits, "{trouble:?}: {outcome:?}");
        let expected = usize::from(matches!(trouble, Trouble::BrokenAfter | Trouble::Silence));
        assert_eq!(taken, expected, "{trouble:?}");
    }
    for trouble in [
        Trouble::Throttle(None),
        Trouble::Down,
        Trouble::Refuse(550),
        Trouble::BrokenAfter,
        Trouble::Silence,
    ] {
        let server = SmtpServer::start().unwrap();
        server.fail_next(trouble);
        let outcome = mailer(&server.url()).send(&email()).await;
        check(trouble, &outcome, server.mails().len());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_lets_nobody_in_counts_as_unknown() {
    let server = SmtpServer::start().unwrap();
    let stranger = server.url().replace("not-a-secret", "guessed%20word");
    let outcome = mailer(&stranger).send(&email()).await;
    let Err(SendError::NotNow(why)) = &outcome else { panic!("{outcome:?}") };
    assert!(why.reason.starts_with("the mail server does not let us in"), "{why}");
    assert!(!why.reason.contains("guessed"), "{why}");
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let nowhere = format!("smtp://{}", taken.local_addr().unwrap());
    drop(taken);
    let outcome = mailer(&nowhere).send(&email()).await;
    assert!(matches!(outcome, Err(SendError::NotNow(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_speaks_plainly_is_told_a_password() {
    // The same server as another machine would be: it offers no STARTTLS.
    let server = SmtpServer::start().unwrap();
    let mut mailer = mailer(&server.url());
    mailer.server.secrecy = Secrecy::StartTls;
    let outcome = mailer.send(&email()).await;
    assert!(matches!(outcome, Err(SendError::NotNow(_))), "{outcome:?}");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_message_that_cannot_be_encoded_reaches_the_server() {
    let server = SmtpServer::start().unwrap();
    let bad = Email { subject: "a\r\nBcc: b".to_owned(), ..email() };
    let outcome = mailer(&server.url()).send(&bad).await;
    assert!(matches!(outcome, Err(SendError::Refused(_))), "{outcome:?}");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_mail_server_is_asked_what_became_of_a_message() {
    let outcome = mailer("smtps://smtp.example.com").evidence("inv_a-1-due-email-0").await;
    assert_eq!(outcome.unwrap(), Evidence::None);
}

#[test]
fn an_address_leads_where_it_does_not_say() {
    let parsed =
        |url: &str| Server::parse(url).map(|server| (server.secrecy, server.host, server.port));
    let at = |secrecy, host: &str, port| Ok((secrecy, host.to_owned(), port));
    let (host, form) = ("smtp.example.com", Err(BadUrl::Form));
    assert_eq!(parsed("smtps://u:p@smtp.example.com"), at(Secrecy::Implicit, host, 465));
    assert_eq!(parsed("smtps://u:p@smtp.example.com:4650/"), at(Secrecy::Implicit, host, 4650));
    assert_eq!(parsed("smtp://u:p@smtp.example.com"), at(Secrecy::StartTls, host, 587));
    assert_eq!(parsed("smtp://127.0.0.1:25"), at(Secrecy::Plain, "127.0.0.1", 25));
    assert_eq!(
        parsed("smtp://127.0.0.1.example.com"),
        at(Secrecy::StartTls, "127.0.0.1.example.com", 587)
    );
    for url in ["smtp.example.com", "https://smtp.example.com", "smtps://h/x", "smtps://h?tls=no"] {
        assert_eq!(parsed(url), form, "{url}");
    }
    assert_eq!(parsed("smtps://user@smtp.example.com"), Err(BadUrl::Credentials));
    let server = Server::parse("smtps://me%40x.example:a%2Fb@smtp.example.com").unwrap();
    assert_eq!(server.credentials, Some(("me@x.example".to_owned(), "a/b".into())));
}

#[test]
fn a_password_stands_in_a_log() {
    let mailer = mailer("smtps://user:hunter2@smtp.example.com");
    assert_eq!(format!("{mailer:?}"), "SmtpMailer(smtp.example.com:465, Implicit)");
}
