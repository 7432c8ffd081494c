//! What a function is told by its environment, read whole before the first request.
//!
//! Owns the names and forms of the variables. Does not own secrets: those are fetched.
//!
//! | variable | means |
//! |---|---|
//! | `QUITA_TABLE` | name of the table |
//! | `QUITA_BUS` | name of the event bus |
//! | `QUITA_SECRET_PREFIX` | what names of secrets begin with, such as `quita/` |
//! | `QUITA_PUBLIC_URL` | origin of pay pages and bank callbacks |
//! | `QUITA_MAIL_CONFIGURATION_SET` | SES configuration set; only where messages are sent |
//! | `QUITA_DYNAMODB_ENDPOINT` | optional: another DynamoDB; plain http on loopback only |
//! | `AWS_REGION` | set by Lambda |

use std::net::IpAddr;

use reqwest::Url;

/// Whether a function sends messages; one that does needs `QUITA_MAIL_CONFIGURATION_SET`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Messages {
    Sent,
    NotSent,
}

/// The environment, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub region: String,
    pub table: String,
    pub bus: String,
    pub secret_prefix: String,
    /// Without a trailing slash.
    pub public_url: String,
    /// `None` for a function that sends no messages.
    pub mail_configuration_set: Option<String>,
    pub dynamodb_endpoint: Option<Endpoint>,
}

/// Everything that is wrong with the environment, variable by variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment is not complete: {}", .0.join("; "))]
pub struct EnvironmentError(pub Vec<String>);

/// An address to call: https, or plain http to this very machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Settings {
    /// Reads the process's environment.
    pub fn from_env(messages: Messages) -> Result<Self, EnvironmentError> {
        Self::read(messages, |name| std::env::var(name).ok())
    }

    /// Reads variables from anywhere; an empty one counts as missing.
    pub fn read(
        messages: Messages,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, EnvironmentError> {
        let mut reader = Reader { variable, faults: Vec::new() };
        let region = reader.required("AWS_REGION");
        let table = reader.required("QUITA_TABLE");
        let bus = reader.required("QUITA_BUS");
        let secret_prefix = reader.required("QUITA_SECRET_PREFIX");
        let public_url = reader.required("QUITA_PUBLIC_URL");
        let public_url = reader.parsed("QUITA_PUBLIC_URL", public_url, origin);
        let mail_configuration_set = match messages {
            Messages::Sent => reader.required("QUITA_MAIL_CONFIGURATION_SET"),
            Messages::NotSent => None,
        };
        let endpoint = reader.optional("QUITA_DYNAMODB_ENDPOINT");
        let dynamodb_endpoint =
            reader.parsed("QUITA_DYNAMODB_ENDPOINT", endpoint, |text| Endpoint::parse(&text));
        match (region, table, bus, secret_prefix, public_url) {
            (Some(region), Some(table), Some(bus), Some(secret_prefix), Some(public_url))
                if reader.faults.is_empty() =>
            {
                Ok(Self {
                    region,
                    table,
                    bus,
                    secret_prefix,
                    public_url,
                    mail_configuration_set,
                    dynamodb_endpoint,
                })
            }
            _ => Err(EnvironmentError(reader.faults)),
        }
    }
}

/// Reads on after a fault, so that one failed start tells all of them.
struct Reader<V> {
    variable: V,
    faults: Vec<String>,
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn required(&mut self, name: &str) -> Option<String> {
        let value = self.optional(name);
        if value.is_none() {
            self.faults.push(format!("{name} is missing"));
        }
        value
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        value: Option<String>,
        parse: impl FnOnce(String) -> Result<T, &'static str>,
    ) -> Option<T> {
        match parse(value?) {
            Ok(value) => Some(value),
            Err(why) => {
                self.faults.push(format!("{name} {why}"));
                None
            }
        }
    }
}

impl Endpoint {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "is not a URL")?;
        match url.scheme() {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_loopback(&url) => Ok(Self(text.to_owned())),
            _ => Err("must be https; plain http is for loopback addresses only"),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An origin alone: links are made by appending a path to it.
fn origin(text: String) -> Result<String, &'static str> {
    let text = text.trim_end_matches('/').to_owned();
    Endpoint::parse(&text)?;
    let url = Url::parse(&text).map_err(|_| "is not a URL")?;
    let bare = url.origin().ascii_serialization() == text;
    if bare { Ok(text) } else { Err("must be an origin, such as https://pay.example.com") }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests;
