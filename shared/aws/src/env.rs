//! What a function is told by its environment, read whole before the first request.
//!
//! Owns the names and forms of the variables. Does not own secrets: those are fetched.
//!
//! | variable | means |
//! |---|---|
//! | `QUITA_TABLE` | name of the table |
//! | `QUITA_BUS` | name of the event bus; only where events are published |
//! | `QUITA_SECRET_PREFIX` | what names of secrets begin with, such as `quita/` |
//! | `QUITA_PUBLIC_URL` | origin of pay pages |
//! | `QUITA_CALLBACK_URL` | origin of bank callbacks |
//! | `QUITA_MAIL_CONFIGURATION_SET` | SES configuration set; only where messages are sent |
//! | `QUITA_LETTERS_BUCKET` | bucket that letters are put into; only where every channel is used |
//! | `QUITA_SMS_ORIGINATIONS` | optional: which numbers or names each merchant may send SMS from |
//! | `QUITA_SMS_CONFIGURATION_SET` | optional: configuration set of SMS |
//! | `QUITA_WHATSAPP_URL` | optional: another address of WhatsApp's Cloud API, with its version |
//! | `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | set by Lambda |
//! | `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL` | optional, for running a binary beside fakes of the services: another address of one, or of all; plain http on loopback only |

use std::collections::BTreeMap;
use std::net::IpAddr;

use aws_credential_types::Credentials;
use quita_app::channels::whatsapp;
use reqwest::Url;

use crate::sms::Originations;

/// Begins the names of the variables with another address of a service.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";
/// The services that may have one, as their variables spell them. Source: AWS SDKs and tools
/// reference guide, "Service-specific endpoints".
const SERVICES: [&str; 6] =
    ["DYNAMODB", "EVENTBRIDGE", "PINPOINT_SMS_VOICE_V2", "S3", "SECRETS_MANAGER", "SESV2"];

/// How it is told where the credentials came from.
const PROVIDER: &str = "the function's environment";

/// What a function reaches beside the table and the secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// It sends messages, for which it needs `QUITA_MAIL_CONFIGURATION_SET`.
    pub mail: bool,
    /// It publishes events, for which it needs `QUITA_BUS`.
    pub bus: bool,
    /// It sends by every channel, for which it needs `QUITA_LETTERS_BUCKET`.
    pub channels: bool,
}

/// The environment, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub region: String,
    pub credentials: Credentials,
    pub table: String,
    /// Empty for a function that publishes nothing.
    pub bus: String,
    pub secret_prefix: String,
    /// Without a trailing slash.
    pub public_url: String,
    /// Without a trailing slash.
    pub callback_url: String,
    /// Empty for a function that sends no messages.
    pub mail_configuration_set: String,
    /// Empty for a function that keeps no letters.
    pub letters_bucket: String,
    /// Nobody may send an SMS where it is empty.
    pub sms_originations: Originations,
    /// Empty where there is none.
    pub sms_configuration_set: String,
    /// Without a trailing slash.
    pub whatsapp_url: String,
    pub endpoints: Endpoints,
}

/// Everything that is wrong with the environment, variable by variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment is not complete: {}", .0.join("; "))]
pub struct EnvironmentError(pub Vec<String>);

/// Other addresses of services, by the service's name in its variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints(BTreeMap<&'static str, String>);

impl Settings {
    /// Reads the process's environment.
    pub fn from_env(needs: Needs) -> Result<Self, EnvironmentError> {
        Self::read(needs, |name| std::env::var(name).ok())
    }

    /// Reads variables from anywhere; an empty one counts as missing.
    pub fn read(
        needs: Needs,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, EnvironmentError> {
        let mut reader = Reader { variable, faults: Vec::new() };
        let settings = Self {
            region: reader.required("AWS_REGION"),
            credentials: reader.credentials(),
            table: reader.required("QUITA_TABLE"),
            bus: reader.required_if(needs.bus, "QUITA_BUS"),
            secret_prefix: reader.required("QUITA_SECRET_PREFIX"),
            public_url: reader.origin("QUITA_PUBLIC_URL"),
            callback_url: reader.origin("QUITA_CALLBACK_URL"),
            mail_configuration_set: reader.required_if(needs.mail, "QUITA_MAIL_CONFIGURATION_SET"),
            letters_bucket: reader.required_if(needs.channels, "QUITA_LETTERS_BUCKET"),
            sms_originations: reader.originations(),
            sms_configuration_set: reader
                .optional("QUITA_SMS_CONFIGURATION_SET")
                .unwrap_or_default(),
            whatsapp_url: reader.whatsapp(),
            endpoints: reader.endpoints(),
        };
        if reader.faults.is_empty() { Ok(settings) } else { Err(EnvironmentError(reader.faults)) }
    }
}

impl Endpoints {
    pub(crate) fn of(&self, service: &str) -> Option<&String> {
        self.0.get(service.to_uppercase().replace(' ', "_").as_str())
    }
}

/// Reads on after a fault, so that one failed start tells all of them. What it answers beside a
/// fault is never used.
struct Reader<V> {
    variable: V,
    faults: Vec<String>,
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.faults.push(format!("{name} is missing"));
            String::new()
        })
    }

    fn required_if(&mut self, needed: bool, name: &str) -> String {
        if needed { self.required(name) } else { String::new() }
    }

    fn credentials(&mut self) -> Credentials {
        let key = self.required("AWS_ACCESS_KEY_ID");
        let secret = self.required("AWS_SECRET_ACCESS_KEY");
        let token = self.optional("AWS_SESSION_TOKEN");
        Credentials::new(key, secret, token, None, PROVIDER)
    }

    fn origin(&mut self, name: &str) -> String {
        let text = self.required(name);
        let text = text.trim_end_matches('/');
        if !text.is_empty()
            && let Err(why) = check_origin(text)
        {
            self.faults.push(format!("{name} {why}"));
        }
        text.to_owned()
    }

    fn originations(&mut self) -> Originations {
        let name = "QUITA_SMS_ORIGINATIONS";
        let text = self.optional(name).unwrap_or_default();
        Originations::parse(&text).unwrap_or_else(|pair| {
            self.faults.push(format!("{name} has `{pair}`, which is not merchant=origination"));
            Originations::default()
        })
    }

    fn whatsapp(&mut self) -> String {
        let address = self.endpoint("QUITA_WHATSAPP_URL");
        let address = address.unwrap_or_else(|| whatsapp::BASE_URL.to_owned());
        address.trim_end_matches('/').to_owned()
    }

    fn endpoints(&mut self) -> Endpoints {
        let all = self.endpoint(ENDPOINT);
        let mut endpoints = BTreeMap::new();
        for service in SERVICES {
            let own = self.endpoint(&format!("{ENDPOINT}_{service}"));
            if let Some(address) = own.or_else(|| all.clone()) {
                endpoints.insert(service, address);
            }
        }
        Endpoints(endpoints)
    }

    fn endpoint(&mut self, name: &str) -> Option<String> {
        let text = self.optional(name)?;
        if let Err(why) = check_address(&text) {
            self.faults.push(format!("{name} {why}"));
        }
        Some(text)
    }
}

/// An address to call: https, or plain http to this very machine.
fn check_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("must be https; plain http is for loopback addresses only"),
    }
}

/// An origin alone: links are made by appending a path to it.
fn check_origin(text: &str) -> Result<(), &'static str> {
    let bare = check_address(text)?.origin().ascii_serialization() == text;
    if bare { Ok(()) } else { Err("must be an origin, such as https://pay.example.com") }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests;
