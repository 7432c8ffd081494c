//! E-mail over SMTP, for an installation without Amazon SES.
//!
//! Owns the connection and what a server's replies mean. Does not own a word of a message, nor its
//! encoding. It is a crate of its own so that a function that does not use it does not carry it.
//!
//! Invariants: a password goes over TLS, except to this very machine; a server's reply before the
//! message was handed over means that nothing was sent; afterwards a lost answer is unknown, since
//! SMTP has no way to ask.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::address::{Address, Envelope};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use quita_app::ports::{Clock, Evidence, Mailer, SendError};
use quita_app::{Unknown, chain};
use quita_core::hidden::{Hidden, masked};
use quita_notify::{Email, mime};
use reqwest::Url;

const DOING: &str = "sending a message";
/// For a message and all its replies; a claim on a message lasts two minutes.
const TIMEOUT: Duration = Duration::from_secs(40);
/// To open a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Source: RFC 8314, section 3.3, and RFC 6409, section 3.1.
const IMPLICIT_TLS_PORT: u16 = 465;
const SUBMISSION_PORT: u16 = 587;
/// Until a server that is busy, or keeps unknown senders waiting, is asked again.
const BUSY: Duration = Duration::from_secs(5 * 60);

/// How a connection is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    /// TLS from the first byte.
    Implicit,
    /// `STARTTLS`, without which nothing is sent.
    StartTls,
    /// To this machine alone.
    Plain,
}

/// Why an address of a server cannot be used. No variant repeats it: it holds a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    #[error("use an address such as smtps://user:password@smtp.example.com:465")]
    Form,
    #[error("user and password have to be given together, percent-encoded as UTF-8")]
    Credentials,
}

/// A mail server that messages are submitted to.
pub struct SmtpMailer {
    server: Server,
    patience: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Clone, PartialEq, Eq)]
struct Server {
    secrecy: Secrecy,
    host: String,
    port: u16,
    /// User and password.
    credentials: Option<(String, Hidden)>,
}

/// Without the password.
impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SmtpMailer({}:{}, {:?})",
            self.server.host, self.server.port, self.server.secrecy
        )
    }
}

impl SmtpMailer {
    /// The server of a URL: `smtps://user:password@host:465`, or `smtp://user:password@host:587`
    /// for one that turns to TLS by `STARTTLS`. Nothing is connected yet.
    pub fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, BadUrl> {
        Ok(Self { server: Server::parse(url)?, patience: TIMEOUT, clock })
    }

    /// A connection that is let in. Whatever fails until then, no message was handed over.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let Server { secrecy, host, port, credentials } = &self.server;
        let hello = ClientId::default();
        let tls = match secrecy {
            Secrecy::Plain => None,
            Secrecy::Implicit | Secrecy::StartTls => Some(TlsParameters::new(host.clone())?),
        };
        let (at_once, later) = match secrecy {
            Secrecy::StartTls => (None, tls),
            Secrecy::Implicit | Secrecy::Plain => (tls, None),
        };
        let server = (host.trim_matches(['[', ']']), *port);
        let timeout = Some(CONNECT_TIMEOUT);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, timeout, &hello, at_once, None).await?;
        if let Some(tls) = later {
            connection.starttls(tls, &hello).await?;
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.as_str().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }
}

impl Server {
    fn parse(url: &str) -> Result<Self, BadUrl> {
        let url = Url::parse(url).map_err(|_| BadUrl::Form)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BadUrl::Form)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none();
        let (secrecy, port) = match url.scheme() {
            _ if !bare => return Err(BadUrl::Form),
            "smtps" => (Secrecy::Implicit, IMPLICIT_TLS_PORT),
            "smtp" if is_loopback(host) => (Secrecy::Plain, SUBMISSION_PORT),
            "smtp" => (Secrecy::StartTls, SUBMISSION_PORT),
            _ => return Err(BadUrl::Form),
        };
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(|text| text.into_owned()).map_err(|_| BadUrl::Credentials)
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(BadUrl::Credentials),
            (user, Some(password)) => Some((decoded(user)?, Hidden::from(decoded(password)?))),
        };
        Ok(Self { secrecy, host: host.to_owned(), port: url.port().unwrap_or(port), credentials })
    }
}

fn is_loopback(host: &str) -> bool {
    let literal = host.trim_matches(['[', ']']);
    host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let message = mime::build(email, self.clock.now())
            .map_err(|error| SendError::Refused(format!("it cannot be encoded: {error}")))?;
        // The client ends the last line itself.
        let message = message.strip_suffix(b"\r\n").unwrap_or(&message);
        let envelope = envelope(email)?;
        let silent = |_| SendError::not_now("the mail server does not answer");
        let connected =
            tokio::time::timeout(self.patience, self.connect()).await.map_err(silent)?;
        let mut connection = connected.map_err(|error| not_let_in(&error))?;
        let sending = tokio::time::timeout(self.patience, connection.send(&envelope, message));
        let unknown = |_| SendError::Unknown(Unknown::new(DOING, "the mail server fell silent"));
        let reply = sending.await.map_err(unknown)?.map_err(refused)?;
        // It has the message; how it says farewell changes nothing.
        drop(tokio::time::timeout(CONNECT_TIMEOUT, connection.quit()).await);
        let words = reply.message().next().unwrap_or_default();
        Ok(format!("accepted: {}", masked(words)))
    }

    /// A mail server cannot be asked what became of a message.
    async fn evidence(&self, _tag: &str) -> Result<Evidence, Unknown> {
        Ok(Evidence::None)
    }

    fn is_silent(&self) -> bool {
        true
    }
}

fn envelope(email: &Email) -> Result<Envelope, SendError> {
    let unfit = || SendError::Refused("it cannot be addressed".to_owned());
    let address = |text: &str| text.parse::<Address>().map_err(|_| unfit());
    let to: Result<Vec<Address>, SendError> =
        email.to.iter().map(|mailbox| address(mailbox.address.as_str())).collect();
    Envelope::new(Some(address(email.from.address.as_str())?), to?).map_err(|_| unfit())
}

/// Nothing was handed over: what a person can do about it is in the words.
fn not_let_in(error: &Error) -> SendError {
    let why = masked(&chain(error));
    if error.is_permanent() {
        return SendError::not_now(format!("the mail server does not let us in: {why}"));
    }
    SendError::later(format!("the mail server cannot be used now: {why}"), BUSY)
}

/// What the server says of a message. Source: RFC 5321, section 4.2.1: a reply of 4yz or 5yz means
/// that the command did not take effect.
fn refused(error: Error) -> SendError {
    if error.is_permanent() {
        SendError::Refused(masked(&chain(&error)))
    } else if error.is_transient() {
        SendError::later(masked(&chain(&error)), BUSY)
    } else {
        SendError::Unknown(Unknown::new(DOING, masked(&chain(&error))))
    }
}

#[cfg(test)]
mod tests;
