//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use quita_core::pix_key::PixKey;
use reqwest::Url;

/// Port when none is given.
const PORT_DEFAULT: u16 = 8787;

/// Quita on this machine: the API, the pay pages, a bank, a mailbox and a clock, on one port.
#[derive(Debug, Parser)]
#[command(
    name = "quita",
    bin_name = "cargo run --",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct Options {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play the main job on example data, from invoices to settled Pix, and check the money
    Demo,
    /// Check the audit chain of a running instance, whole; ends with 1 when something is wrong
    Audit(Audit),
    /// Explain a Pix copy-and-paste code (BR Code) field by field
    Brcode {
        /// The code, in quotes
        text: String,
    },
}

/// Whose audit chain to check, and where.
#[derive(Debug, Args)]
pub struct Audit {
    /// Address of the API
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    pub url: String,
    /// Key of the API with the permission `audit`; that of the local run without it
    #[arg(long)]
    pub key: Option<String>,
    /// Folder of the local run whose key is used
    #[arg(long, default_value = ".quita", value_name = "FOLDER")]
    pub data: PathBuf,
    /// A head as an earlier check or the log gave it: nothing up to it may have changed
    #[arg(long, value_name = "BLOCK:SHA256")]
    pub anchor: Option<String>,
}

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = PORT_DEFAULT)]
    pub port: u16,
    /// Folder that everything is kept in
    #[arg(long, default_value = ".quita", value_name = "FOLDER")]
    pub data: PathBuf,
    /// Print one line of JSON with the addresses and the API key, and nothing else
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub psp: Psp,
}

/// What has to come with `--psp-url`.
const REST_OF_PSP: [&str; 4] = ["psp_token_url", "psp_client_id", "psp_client_secret", "pix_key"];

/// Another API Pix bank instead of the sandbox. All five belong together.
#[derive(Debug, Args)]
pub struct Psp {
    /// Base address of another API Pix bank, instead of the sandbox
    #[arg(long, value_name = "URL", requires_all = REST_OF_PSP)]
    pub psp_url: Option<String>,
    /// Where that bank gives out tokens
    #[arg(long, value_name = "URL", requires = "psp_url")]
    pub psp_token_url: Option<String>,
    /// OAuth client id at that bank
    #[arg(long, value_name = "ID", requires = "psp_url")]
    pub psp_client_id: Option<String>,
    /// OAuth client secret at that bank
    #[arg(long, value_name = "SECRET", requires = "psp_url")]
    pub psp_client_secret: Option<String>,
    /// Pix key that charges are created on
    #[arg(long, value_name = "KEY", requires = "psp_url")]
    pub pix_key: Option<String>,
}

/// Access to another bank, checked.
#[derive(Clone)]
pub struct OtherBank {
    pub base_url: String,
    pub token_url: String,
    pub client_id: String,
    pub client_secret: String,
    pub pix_key: PixKey,
}

/// Why the bank's options cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BankOptionError {
    #[error(
        "give --psp-url, --psp-token-url, --psp-client-id, --psp-client-secret and --pix-key \
         together"
    )]
    Incomplete,
    #[error("{flag} is not an address such as https://pix.example.com/api")]
    NotAnAddress { flag: &'static str },
    #[error("{flag} must be https; plain http is taken for this machine only, as http://127.0.0.1")]
    PlainHttp { flag: &'static str },
    #[error("--pix-key is not a Pix key: {0}")]
    PixKey(String),
}

impl Psp {
    /// The other bank, or `None` for the sandbox.
    pub fn bank(self) -> Result<Option<OtherBank>, BankOptionError> {
        let Self { psp_url, psp_token_url, psp_client_id, psp_client_secret, pix_key } = self;
        match (psp_url, psp_token_url, psp_client_id, psp_client_secret, pix_key) {
            (None, None, None, None, None) => Ok(None),
            (Some(base), Some(token), Some(client_id), Some(client_secret), Some(key)) => {
                let pix_key = PixKey::parse(&key)
                    .map_err(|error| BankOptionError::PixKey(error.to_string()))?;
                Ok(Some(OtherBank {
                    base_url: address("--psp-url", &base)?,
                    token_url: address("--psp-token-url", &token)?,
                    client_id,
                    client_secret,
                    pix_key,
                }))
            }
            _ => Err(BankOptionError::Incomplete),
        }
    }
}

fn address(flag: &'static str, text: &str) -> Result<String, BankOptionError> {
    let url = Url::parse(text).map_err(|_| BankOptionError::NotAnAddress { flag })?;
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    let on_this_machine = host == "localhost"
        || literal.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(text.to_owned()),
        "http" if on_this_machine => Ok(text.to_owned()),
        "http" => Err(BankOptionError::PlainHttp { flag }),
        _ => Err(BankOptionError::NotAnAddress { flag }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once("quita").chain(arguments.iter().copied()))
    }

    fn bank(url: &str, token: &str, key: &str) -> Result<Option<OtherBank>, BankOptionError> {
        let arguments = [
            "--psp-url",
            url,
            "--psp-token-url",
            token,
            "--psp-client-id",
            "id",
            "--psp-client-secret",
            "secret",
            "--pix-key",
            key,
        ];
        parse(&arguments).unwrap().serve.psp.bank()
    }

    const KEY: &str = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906";

    #[test]
    fn the_defaults_are_the_sandbox_on_the_usual_port() {
        let options = parse(&[]).unwrap();
        assert!(options.command.is_none());
        assert_eq!((options.serve.port, options.serve.json), (8787, false));
        assert!(options.serve.psp.bank().unwrap().is_none());
    }

    #[test]
    fn a_bank_given_in_part_is_refused() {
        for arguments in [
            vec!["--psp-url", "https://bank.example.com"],
            vec!["--pix-key", KEY],
            vec!["--psp-client-id", "x", "--psp-client-secret", "y"],
            vec!["--port", "65536"],
            vec!["--prot", "1"],
            vec!["brcode"],
            vec!["demo", "--port", "1"],
        ] {
            assert!(parse(&arguments).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn plain_http_reaches_this_machine_only() {
        #[track_caller]
        fn check(url: &str, expected: Result<(), BankOptionError>) {
            let outcome = bank(url, "https://bank.example.com/token", KEY).map(drop);
            assert_eq!(outcome, expected, "{url}");
        }
        let plain = || Err(BankOptionError::PlainHttp { flag: "--psp-url" });
        let not_one = || Err(BankOptionError::NotAnAddress { flag: "--psp-url" });
        check("https://bank.example.com/pix/v2", Ok(()));
        check("http://127.0.0.1:4010", Ok(()));
        check("http://localhost:4010", Ok(()));
        check("http://[::1]:4010", Ok(()));
        check("http://bank.example.com", plain());
        check("http://127.0.0.1.example.com", plain());
        check("http://10.0.0.1", plain());
        check("ftp://127.0.0.1", not_one());
        check("bank.example.com", not_one());
    }

    #[test]
    fn the_token_address_and_the_key_are_checked_too() {
        let token = bank("https://bank.example.com", "http://bank.example.com/token", KEY);
        assert_eq!(token.map(drop), Err(BankOptionError::PlainHttp { flag: "--psp-token-url" }));
        let key = bank("https://bank.example.com", "https://bank.example.com/token", "no key");
        assert!(matches!(key.map(drop), Err(BankOptionError::PixKey(_))));
    }
}
