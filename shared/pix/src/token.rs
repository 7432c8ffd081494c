//! The OAuth access token: asked for once, shared, renewed before it expires.
//!
//! Invariant: at most one token call is under way per client; whoever else needs a token waits
//! for that one. A token the bank refused is never handed out again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::client::observe::{CallEnd, Observer, Watch};
use crate::client::transport::{self, Answer};
use crate::credentials::Credentials;
use crate::error::{PixError, UnknownCause};
use crate::problem::Problem;
use crate::profile::{BankProfile, FIXED_TOKEN, TokenStyle};
use crate::wire::Hidden;

/// A token is renewed this long before it expires, or at a fifth of a shorter life.
pub const RENEWAL_MARGIN: Duration = Duration::from_secs(60);
/// Life assumed when the bank states none.
pub const LIFETIME_DEFAULT: Duration = Duration::from_secs(300);
/// Longest life believed.
const LIFETIME_MAX: Duration = Duration::from_secs(24 * 3600);
/// What a token call is named when it is told of.
const TOKEN_OPERATION: &str = "token";
/// Longest token answer read, in bytes.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// A token and which fetch it came from, so that a refused one can be told from its successor.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub value: Arc<Hidden>,
    pub generation: u64,
}

struct Cached {
    token: Token,
    renew_at: Instant,
}

/// Holds the current token.
#[derive(Default)]
pub(crate) struct TokenCache {
    slot: Mutex<Option<Cached>>,
    fetches: AtomicU64,
}

/// What a token answer holds; `expires_in` comes as a number or as text.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Hidden,
    #[serde(default)]
    expires_in: Option<Value>,
}

impl TokenCache {
    /// How many token calls were made.
    pub(crate) fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::Relaxed)
    }

    /// A token that is fresh and not the `refused` generation.
    pub(crate) async fn get(
        &self,
        http: &reqwest::Client,
        profile: &BankProfile,
        credentials: &Credentials,
        refused: Option<u64>,
        observer: Observer,
    ) -> Result<Token, PixError> {
        let mut slot = self.slot.lock().await;
        if let Some(cached) = slot.as_ref()
            && Instant::now() < cached.renew_at
            && refused != Some(cached.token.generation)
        {
            return Ok(cached.token.clone());
        }
        *slot = None;
        let generation = self.fetches.fetch_add(1, Ordering::Relaxed) + 1;
        let watch = Watch::start(observer, TOKEN_OPERATION);
        let fetched = fetch(http, profile, credentials).await;
        watch.end(if fetched.is_ok() { CallEnd::Answered } else { CallEnd::Failed });
        let (value, lifetime) = fetched?;
        let margin = RENEWAL_MARGIN.min(lifetime / 5);
        let token = Token { value: Arc::new(value), generation };
        *slot = Some(Cached { token: token.clone(), renew_at: Instant::now() + lifetime - margin });
        Ok(token)
    }
}

async fn fetch(
    http: &reqwest::Client,
    profile: &BankProfile,
    credentials: &Credentials,
) -> Result<(Hidden, Duration), PixError> {
    if profile.traits.token_style == TokenStyle::Fixed {
        let fixed = credentials.extras.get(FIXED_TOKEN).cloned().unwrap_or_default();
        return Ok((fixed, LIFETIME_MAX));
    }
    let answer = transport::send(request(http, profile, credentials), TOKEN_BYTES_MAX)
        .await
        .map_err(PixError::unknown)?;
    match answer.status {
        200 | 201 => read(&answer),
        429 => Err(PixError::Throttled { retry_after: answer.retry_after }),
        400..=499 => {
            Err(PixError::Unauthorized(Box::new(Problem::decode(answer.status, &answer.body))))
        }
        status => {
            Err(PixError::unknown(UnknownCause::Status { status, retry_after: answer.retry_after }))
        }
    }
}

fn request(
    http: &reqwest::Client,
    profile: &BankProfile,
    credentials: &Credentials,
) -> reqwest::RequestBuilder {
    let id = credentials.client_id.as_str();
    let secret = credentials.client_secret.as_str();
    let grant = ("grant_type", "client_credentials");
    let scope = scope(profile, credentials);
    let scope = scope.as_deref().map(|text| ("scope", text));
    let post = http.post(&profile.token_url);
    let form = |fields: &[(&str, &str)], builder: reqwest::RequestBuilder| {
        let fields: Vec<_> = fields.iter().copied().chain(scope).collect();
        builder.form(&fields)
    };
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    match profile.traits.token_style {
        TokenStyle::BasicJson => post
            .header("authorization", basic)
            .json(&serde_json::json!({"grant_type": "client_credentials"})),
        TokenStyle::BasicForm => form(&[grant], post.header("authorization", basic)),
        TokenStyle::FormSecret => {
            form(&[grant, ("client_id", id), ("client_secret", secret)], post)
        }
        TokenStyle::FormIdOnly => form(&[grant, ("client_id", id)], post),
        TokenStyle::QueryGrant => {
            form(&[("client_id", id), ("client_secret", secret)], post.query(&[grant]))
        }
        TokenStyle::JsonSecret => {
            post.json(&serde_json::json!({"client_id": id, "client_secret": secret}))
        }
        TokenStyle::Fixed => post,
    }
}

/// The scopes to ask for: the credential's own, else the profile's; `None` asks for none.
fn scope(profile: &BankProfile, credentials: &Credentials) -> Option<String> {
    let joined = match &credentials.scopes {
        Some(own) => own.join(" "),
        None => profile.traits.scopes.join(" "),
    };
    (!joined.is_empty()).then_some(joined)
}

fn read(answer: &Answer) -> Result<(Hidden, Duration), PixError> {
    let parsed: TokenAnswer = serde_json::from_slice(&answer.body)
        .map_err(|error| PixError::unknown(UnknownCause::from_json(&error)))?;
    if parsed.access_token.as_str().is_empty() {
        let reason = "the token is empty".to_owned();
        return Err(PixError::unknown(UnknownCause::Unreadable { reason }));
    }
    let seconds = match &parsed.expires_in {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let lifetime = seconds.map_or(LIFETIME_DEFAULT, Duration::from_secs).min(LIFETIME_MAX);
    Ok((parsed.access_token, lifetime))
}
