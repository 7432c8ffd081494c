//! Connects the merchant's bank: checked, tried out at the bank, and only then kept.
//!
//! ```text
//!   check all ──> token and two reads with the candidate ──> secret ──> merchant's row
//! ```
//!
//! The secret is written before the row. If the row then fails, the bank still answers, since the
//! secret was tried out, and a repeat writes the same secret again and the row. A renewed certificate
//! is connected by the same call; while both certificates are good nothing stops in between.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quita_core::ids::MerchantId;
use quita_core::merchant::{BankConnection, Merchant};
use quita_core::pix_key::PixKey;
use quita_pix::client::{ChargeFilter, PspClient, Window};
use quita_pix::error::PixError;
use serde::Serialize;
use serde_json::json;

use super::bank_draft::{BankDraft, Checked};
use super::{BANK_CONNECTED, Refused, Step, load, refused_by_bank, told_before, write};
use crate::bank::secret_name;
use crate::bus::instant;
use crate::deps::Deps;
use crate::error::{Unknown, chain};
use crate::idempotency::{Answer, Request};

/// For each of the two test calls with all it needs; together they fit in one HTTP call of ours.
const CALL_PATIENCE: Duration = Duration::from_secs(8);
/// How far back the test looks for charges: enough to ask, too little to list many.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(1);

const OK: u16 = 200;

/// The connection, outside: nothing that opens the bank.
#[derive(Debug, Serialize)]
pub struct BankView {
    connected: bool,
    bank: Option<String>,
    sandbox: Option<bool>,
    /// The kind of key alone when it names a person.
    pix_key: Option<String>,
    connected_at: Option<String>,
    certificate_expires_at: Option<String>,
    certificate_days_left: Option<i64>,
    callback_registered_at: Option<String>,
    test_charge: Option<TestChargeSeen>,
    what_to_do: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct TestChargeSeen {
    txid: String,
    made_at: String,
    removed_at: Option<String>,
}

impl BankView {
    fn of(merchant: &Merchant, now: DateTime<Utc>) -> Self {
        let setup = &merchant.setup;
        let bank = setup.bank.as_ref();
        let seen = |charge: &quita_core::merchant::TestCharge| TestChargeSeen {
            txid: charge.txid.to_string(),
            made_at: instant(charge.at),
            removed_at: charge.removed_at.map(instant),
        };
        Self {
            connected: merchant.pix_key.is_some(),
            bank: bank.map(|bank| bank.bank.clone()),
            sandbox: bank.map(|bank| bank.sandbox),
            pix_key: merchant.pix_key.as_ref().map(shown_key),
            connected_at: bank.map(|bank| instant(bank.connected_at)),
            certificate_expires_at: bank.and_then(|it| it.certificate_expires_at).map(instant),
            certificate_days_left: bank.and_then(|bank| bank.certificate_days_left(now)),
            callback_registered_at: setup.callback_at.map(instant),
            test_charge: setup.test_charge.as_ref().map(seen),
            what_to_do: next(merchant, now),
        }
    }
}

fn next(merchant: &Merchant, now: DateTime<Utc>) -> Option<&'static str> {
    let setup = &merchant.setup;
    if merchant.pix_key.is_none() {
        Some("connect the bank with PUT /v1/bank_connection")
    } else if setup.bank.as_ref().is_some_and(|bank| bank.certificate_ends_soon(now)) {
        Some("ask the bank for a new certificate and send it with PUT /v1/bank_connection")
    } else if setup.callback_at.is_none() {
        Some("register the callback with POST /v1/bank_connection/callback")
    } else if setup.test_charge.is_none() {
        Some("try a charge out with POST /v1/bank_connection/test_charge")
    } else {
        None
    }
}

/// A key is what a merchant has to recognise; one that is a person's is shown by its ends.
fn shown_key(key: &PixKey) -> String {
    match key {
        PixKey::Cnpj(_) | PixKey::Random(_) => key.as_str().to_owned(),
        PixKey::Email(email) => {
            let host = email.as_str().rsplit_once('@').map_or("", |(_, host)| host);
            format!("***@{host}")
        }
        PixKey::Cpf(_) | PixKey::Phone(_) => {
            let text = key.as_str();
            let end: String = text.chars().skip(text.chars().count().saturating_sub(2)).collect();
            format!("***{end}")
        }
    }
}

/// What is connected.
pub async fn show_bank(deps: &Deps, merchant: &MerchantId) -> Result<BankView, Unknown> {
    Ok(BankView::of(&load(deps, merchant).await?, deps.clock.now()))
}

/// Connects, or changes the connection.
pub async fn connect_bank(
    deps: &Deps,
    merchant: &MerchantId,
    draft: &BankDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    if let Some(told) = told_before(deps, merchant, request).await? {
        return Ok(told);
    }
    let settings = load(deps, merchant).await?;
    let now = deps.clock.now();
    let checked = match draft.check(settings.mode, is_local(deps), now) {
        Ok(checked) => checked,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    if let Err(refused) = try_out(deps, &checked, draft, now).await {
        return Ok(Err(refused));
    }
    let secret = checked.access.to_secret()?;
    if let Err(error) = deps.secrets.put(&secret_name(merchant), &secret).await {
        tracing::error!(
            merchant.id = %merchant, error = chain(&error),
            "The bank's credentials of merchant `{merchant}` were not kept"
        );
        return Ok(Err(Refused::NotNow(
            "the bank accepts the credentials, but they could not be kept; repeat the request with \
             the same key"
                .to_owned(),
        )));
    }
    deps.banks.forget(merchant);
    write(deps, merchant, request, OK, |before, now| Ok(Ok(connected(before, &checked, now)?)))
        .await
}

fn connected(before: &Merchant, checked: &Checked, now: DateTime<Utc>) -> Result<Step, Unknown> {
    let bank = BankConnection {
        bank: checked.access.bank.clone(),
        sandbox: checked.access.sandbox,
        connected_at: now,
        certificate_expires_at: checked.certificate.map(|validity| validity.not_after),
    };
    let same_key = before.pix_key.as_ref() == Some(&checked.key);
    let same_bank =
        |known: &BankConnection| (&known.bank, known.sandbox) == (&bank.bank, bank.sandbox);
    let same_account = same_key && before.setup.bank.as_ref().is_some_and(same_bank);
    let data = json!({
        "bank": bank.bank,
        "sandbox": bank.sandbox,
        "certificate_expires_at": bank.certificate_expires_at.map(instant),
        "pix_key_changed": !same_key,
    });
    let setup = before.setup.clone().connected(bank, same_account);
    let after = Merchant { pix_key: Some(checked.key.clone()), setup, ..before.clone() };
    let view = BankView::of(&after, now);
    Step::new(after, BANK_CONNECTED, data, &view)
}

/// Asks the bank two things that change nothing: one of the key, one of the charges.
async fn try_out(
    deps: &Deps,
    checked: &Checked,
    draft: &BankDraft,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let client = deps.banks.candidate(&checked.access, CALL_PATIENCE).map_err(|error| {
        Refused::of("certificate", format!("it cannot be used for a connection: {error}"))
    })?;
    match ask(&client, &checked.key, now).await {
        Ok(()) => Ok(()),
        Err((doing, PixError::Unauthorized(problem))) => Err(Refused::of(
            "client_secret",
            without(
                draft,
                format!(
                    "{doing}: the bank does not accept the client id, the client secret, the \
                     certificate or the scopes: {problem}"
                ),
            ),
        )),
        Err((doing, PixError::Refused(problem))) => Err(Refused::of(
            "pix_key",
            without(draft, format!("{doing}: the bank refused: {problem}")),
        )),
        Err((doing, error)) => Err(match refused_by_bank(doing, &error) {
            Refused::Conflict(why) => Refused::Conflict(without(draft, why)),
            Refused::NotNow(why) => Refused::NotNow(without(draft, why)),
            other => other,
        }),
    }
}

async fn ask(
    client: &PspClient,
    key: &PixKey,
    now: DateTime<Utc>,
) -> Result<(), (&'static str, PixError)> {
    match client.get_webhook(key).await {
        // Nothing is registered yet.
        Ok(_) | Err(PixError::NotFound) => {}
        Err(error) => return Err(("asking for the callback of the key", error)),
    }
    let window = Window { from: now - LOOK_BACK, until: now };
    let charges = client.list_cobv(&ChargeFilter { window, status: None }).await;
    charges.map(drop).map_err(|error| ("listing charges", error))
}

/// A bank's words without the credentials, should it repeat them.
fn without(draft: &BankDraft, text: String) -> String {
    let secrets = std::iter::once(draft.client_id.as_str())
        .chain(draft.client_secret.as_deref())
        .chain(draft.extras.values().map(String::as_str));
    secrets
        .filter(|secret| !secret.is_empty())
        .fold(text, |text, secret| text.replace(secret, "***"))
}

/// Whether this is one machine that nobody else reaches, where a bank may live as well.
fn is_local(deps: &Deps) -> bool {
    let url = reqwest::Url::parse(&deps.config.public_url).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
