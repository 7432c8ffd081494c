//! What the callers of one function share: region, credentials, endpoints, connections.
//!
//! Lambda gives a function's credentials in its environment, for as long as the environment lives.
//! Source: AWS Lambda developer guide, "Using Lambda environment variables".

use crate::env::Settings;
use crate::http::Http;
use crate::signed::Signed;

/// What a caller of any service is made from. A caller is made where it is used, so that a function
/// links the services it calls and no other.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(crate) signed: Signed,
}

impl Clients {
    /// Sets up the HTTP client; nothing is called yet.
    pub fn new(settings: &Settings) -> Result<Self, reqwest::Error> {
        Ok(Self { signed: Signed::new(Http::new()?, settings) })
    }
}

#[cfg(test)]
mod tests;
