//! An HTTP client that is set up when something is first sent with it.
//!
//! Setting one up reads the machine's trusted roots, file by file, and most functions never send
//! anything by themselves: their start must not wait for it.

use std::sync::OnceLock;

/// The client, or how to make it.
#[derive(Debug)]
pub struct LazyHttp {
    open: fn() -> Result<reqwest::Client, reqwest::Error>,
    client: OnceLock<reqwest::Client>,
}

impl LazyHttp {
    pub fn new(open: fn() -> Result<reqwest::Client, reqwest::Error>) -> Self {
        Self { open, client: OnceLock::new() }
    }

    /// The client. A failed attempt to set it up is made again by the next call.
    pub fn get(&self) -> Result<&reqwest::Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = (self.open)()?;
        Ok(self.client.get_or_init(|| client))
    }
}
