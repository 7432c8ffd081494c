//! A mail server: as much of SMTP as a sender speaks, without TLS.
//!
//! Source: RFC 5321, and RFC 4954 for `AUTH PLAIN`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::{Kept, Trouble};
use crate::background::{Task, handle};

/// The only user, and its password.
const USER: &str = "quita";
const PASSWORD: &str = "not-a-secret";
/// Longest message that is taken, in bytes.
const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpMail {
    pub from: String,
    pub to: Vec<String>,
    /// The message as it was meant, without the dots of the wire.
    pub raw: Vec<u8>,
}

/// The server, until this is dropped.
#[derive(Debug)]
pub struct SmtpServer {
    address: SocketAddr,
    kept: Arc<Kept<SmtpMail>>,
    _task: Task,
}

impl SmtpServer {
    /// Serves on a free port of loopback.
    pub fn start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        // Registers the socket with the runtime that will serve it.
        let guard = handle().enter();
        let listener = TcpListener::from_std(listener)?;
        drop(guard);
        let kept: Arc<Kept<SmtpMail>> = Arc::default();
        let shared = Arc::clone(&kept);
        let task = Task::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let kept = Arc::clone(&shared);
                // A connection that breaks is the sender's to notice.
                handle().spawn(async move { drop(Session::new(socket, kept).run().await) });
            }
        });
        Ok(Self { address, kept, _task: task })
    }

    /// Where it is, with its user.
    pub fn url(&self) -> String {
        format!("smtp://{USER}:{PASSWORD}@{}", self.address)
    }

    /// The next message that has no trouble planned yet meets this one. A refusal's number is its
    /// reply code.
    pub fn fail_next(&self, trouble: Trouble) {
        self.kept.fail_next(trouble);
    }

    /// Every message that was taken, oldest first.
    pub fn mails(&self) -> Vec<SmtpMail> {
        self.kept.all()
    }
}

struct Session {
    lines: BufReader<OwnedReadHalf>,
    out: OwnedWriteHalf,
    kept: Arc<Kept<SmtpMail>>,
    is_let_in: bool,
    from: String,
    to: Vec<String>,
    trouble: Option<Trouble>,
}

impl Session {
    fn new(socket: TcpStream, kept: Arc<Kept<SmtpMail>>) -> Self {
        let (read, out) = socket.into_split();
        Self {
            lines: BufReader::new(read),
            out,
            kept,
            is_let_in: false,
            from: String::new(),
            to: Vec::new(),
            trouble: None,
        }
    }

    async fn run(mut self) -> io::Result<()> {
        self.say("220 loopback ESMTP").await?;
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let command = line.trim_end().to_owned();
            let verb = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" | "HELO" => {
                    self.say("250-loopback").await?;
                    self.say("250-8BITMIME").await?;
                    self.say("250 AUTH PLAIN").await?;
                }
                "AUTH" => self.let_in(&command).await?,
                "MAIL" | "RCPT" if !self.is_let_in => {
                    self.say("530 5.7.0 Authentication required").await?;
                }
                "MAIL" => self.mail(&command).await?,
                "RCPT" => self.recipient(&command).await?,
                "DATA" if self.to.is_empty() => self.say("503 5.5.1 Nobody to send to").await?,
                "DATA" => {
                    if !self.data().await? {
                        return Ok(());
                    }
                }
                "RSET" | "NOOP" => self.say("250 2.0.0 Ok").await?,
                "QUIT" => return self.say("221 2.0.0 Bye").await,
                _ => self.say("502 5.5.2 No such command").await?,
            }
        }
    }

    async fn let_in(&mut self, command: &str) -> io::Result<()> {
        let given = command.rsplit(' ').next().and_then(|text| STANDARD.decode(text).ok());
        let expected = format!("\0{USER}\0{PASSWORD}");
        self.is_let_in = given.as_deref() == Some(expected.as_bytes());
        let answer = if self.is_let_in {
            "235 2.7.0 Authentication successful"
        } else {
            "535 5.7.8 Authentication credentials invalid"
        };
        self.say(answer).await
    }

    async fn mail(&mut self, command: &str) -> io::Result<()> {
        self.trouble = self.kept.next_trouble();
        match self.trouble {
            Some(Trouble::Throttle(_)) => self.say("451 4.7.1 Too many messages, slow down").await,
            Some(Trouble::Down) => self.say("421 4.3.0 Service not available").await,
            _ => {
                (self.from, self.to) = (address(command), Vec::new());
                self.say("250 2.1.0 Ok").await
            }
        }
    }

    async fn recipient(&mut self, command: &str) -> io::Result<()> {
        if let Some(Trouble::Refuse(code)) = self.trouble {
            return self.say(&format!("{code} 5.1.1 No such mailbox")).await;
        }
        self.to.push(address(command));
        self.say("250 2.1.5 Ok").await
    }

    /// Reads a message up to its dot; `false` when the connection is to end.
    async fn data(&mut self) -> io::Result<bool> {
        self.say("354 Go ahead").await?;
        let mut raw = Vec::new();
        loop {
            let mut line = Vec::new();
            let read = self.lines.read_until(b'\n', &mut line).await?;
            if read == 0 || raw.len() > MESSAGE_BYTES_MAX {
                return Ok(false);
            }
            if line == b".\r\n" {
                break;
            }
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        let to = std::mem::take(&mut self.to);
        let number = self.kept.keep(SmtpMail { from: self.from.clone(), to, raw });
        match self.trouble {
            Some(Trouble::BrokenAfter) => Ok(false),
            Some(Trouble::Silence) => std::future::pending().await,
            _ => self.say(&format!("250 2.0.0 Ok: queued as {number}")).await.map(|()| true),
        }
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.out.write_all(format!("{line}\r\n").as_bytes()).await
    }
}

/// What stands between `<` and `>`.
fn address(command: &str) -> String {
    let rest = command.split_once('<').map_or("", |(_, rest)| rest);
    rest.split('>').next().unwrap_or_default().to_owned()
}
