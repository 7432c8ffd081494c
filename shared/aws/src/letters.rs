//! Letters in a bucket of Amazon S3, for whoever prints and posts them.
//!
//! Owns the call and what its refusals mean. Does not own the page, nor who fetches it. Source:
//! Amazon S3 API reference, `PutObject`, and user guide, "Conditional writes".
//!
//! Invariant: what lies under a key is never written over, so a letter is the one that was put
//! first, and putting it again does no harm.

use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use quita_app::Unknown;
use quita_app::ports::{Evidence, Letters, SendError, letter_key};
use quita_core::merchant::Merchant;
use quita_notify::LetterMessage;

use crate::clients::Clients;
use crate::env::Settings;
use crate::fault::is_throttling;
use crate::http::Answer;
use crate::signed::{Service, Signed, request};

const SERVICE: Service = Service { id: "S3", host: "s3", signing: "s3", is_s3: true };
const DOING: &str = "keeping a letter";

/// Until there is room again.
const THROTTLED: Duration = Duration::from_secs(10);
/// Until a person may have changed something.
const A_PERSON: Duration = Duration::from_secs(60 * 60);

/// Refusals that are about the letter, and stand.
const ABOUT_THE_LETTER: [&str; 3] = ["EntityTooLarge", "InvalidRequest", "KeyTooLongError"];

/// One bucket.
pub struct LettersBucket {
    signed: Signed,
    bucket: String,
}

impl LettersBucket {
    pub fn new(clients: &Clients, settings: &Settings) -> Self {
        Self { signed: clients.signed.clone(), bucket: settings.letters_bucket.clone() }
    }

    fn address(&self, key: &str) -> String {
        let Self { signed, bucket } = self;
        match signed.endpoint(SERVICE) {
            Some(endpoint) => format!("{endpoint}/{bucket}/{key}"),
            None => format!("https://{bucket}.s3.{}.amazonaws.com/{key}", signed.region),
        }
    }
}

#[async_trait]
impl Letters for LettersBucket {
    async fn send(
        &self,
        merchant: &Merchant,
        message: &LetterMessage,
    ) -> Result<String, SendError> {
        let key = letter_key(&merchant.merchant, &message.ledger_key);
        let headers = [("content-type", "application/pdf"), ("if-none-match", "*")];
        let request = request(Method::PUT, &self.address(&key), &headers, message.pdf.clone())
            .map_err(|error| SendError::Refused(format!("it cannot be addressed: {error}")))?;
        outcome(&self.signed.call(SERVICE, request, DOING).await?)?;
        Ok(format!("s3://{}/{key}", self.bucket))
    }

    /// Nobody looks: putting it again finds it there.
    async fn evidence(&self, _tag: &str) -> Result<Evidence, Unknown> {
        Ok(Evidence::NotSent)
    }
}

fn outcome(answer: &Answer) -> Result<(), SendError> {
    let code = code(&answer.body);
    let (status, request) = (answer.status.as_u16(), answer.header("x-amz-request-id"));
    let text = format!("{code} (status {status}, request {request})");
    match status {
        200 => Ok(()),
        // It is there, of an attempt before.
        412 => Ok(()),
        409 | 429 => Err(SendError::later(text, THROTTLED)),
        _ if is_throttling(&code) => Err(SendError::later(text, THROTTLED)),
        400..500 if ABOUT_THE_LETTER.contains(&code.as_str()) => Err(SendError::Refused(text)),
        // Among them a request that came too slowly, a bucket that is not there, and no permission.
        400..500 => Err(SendError::later(text, A_PERSON)),
        _ => Err(SendError::Unknown(Unknown::new(DOING, text))),
    }
}

/// The code of a refusal, which is all of its XML that is looked at.
fn code(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or("no code", |(code, _)| code).to_owned()
}

#[cfg(test)]
mod tests;
