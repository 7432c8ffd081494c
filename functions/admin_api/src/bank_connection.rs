//! The bank connection: credentials in, and nothing of them out.

use std::collections::BTreeMap;

use quita_app::onboarding::bank_draft::{BankDraft, CertificateDraft};
use quita_app::onboarding::connect_bank::{connect_bank, show_bank};
use quita_app::onboarding::register_callback::register_callback;
use quita_app::onboarding::test_charge::{make_test_charge, remove_test_charge};
use quita_edge::http::{answered, json};
use quita_edge::{ApiResponse, Problem};
use serde::Deserialize;

use crate::At;
use crate::merchants::refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BankBody {
    bank: String,
    sandbox: bool,
    base_url: Option<String>,
    token_url: Option<String>,
    pix_key: String,
    client_id: String,
    client_secret: Option<String>,
    certificate: Option<CertificateBody>,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    extras: BTreeMap<String, String>,
}

/// One of the two pairs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateBody {
    pkcs12_base64: Option<String>,
    pkcs12_password: Option<String>,
    certificate_pem: Option<String>,
    private_key_pem: Option<String>,
}

impl BankBody {
    fn draft(self) -> Result<BankDraft, Problem> {
        Ok(BankDraft {
            bank: self.bank,
            sandbox: self.sandbox,
            base_url: self.base_url,
            token_url: self.token_url,
            pix_key: self.pix_key,
            client_id: self.client_id,
            client_secret: self.client_secret,
            certificate: self.certificate.map(CertificateBody::draft).transpose()?,
            scopes: self.scopes,
            extras: self.extras,
        })
    }
}

impl CertificateBody {
    fn draft(self) -> Result<CertificateDraft, Problem> {
        match self {
            Self {
                pkcs12_base64: Some(base64),
                pkcs12_password,
                certificate_pem: None,
                private_key_pem: None,
            } => {
                // A file without a password is opened with the empty one.
                let password = pkcs12_password.unwrap_or_default();
                Ok(CertificateDraft::Pkcs12 { base64, password })
            }
            Self {
                pkcs12_base64: None,
                pkcs12_password: None,
                certificate_pem: Some(certificate),
                private_key_pem: Some(private_key),
            } => Ok(CertificateDraft::Pem { certificate, private_key }),
            _ => Err(Problem::invalid(
                "certificate",
                "give pkcs12_base64 with its pkcs12_password, or certificate_pem with \
                 private_key_pem",
            )),
        }
    }
}

pub(crate) async fn show(at: &At<'_>) -> Result<ApiResponse, Problem> {
    Ok(json(200, &show_bank(at.deps, at.merchant).await?))
}

pub(crate) async fn connect(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("connect_bank")?;
    let body: BankBody = at.call.json().map_err(without_content)?;
    let outcome = connect_bank(at.deps, at.merchant, &body.draft()?, &request).await?;
    outcome.map(answered).map_err(refused)
}

/// The parser quotes a value of the wrong type, and here that may be a secret.
fn without_content(problem: Problem) -> Problem {
    match problem {
        Problem::Malformed { .. } => Problem::Malformed {
            detail: "use a JSON object with the fields and types of the API's description; what \
                     was sent is not repeated, since it may be secret"
                .to_owned(),
        },
        other => other,
    }
}

pub(crate) async fn callback(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("register_callback")?;
    let outcome = register_callback(at.deps, at.merchant, &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) async fn test_charge(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("make_test_charge")?;
    let outcome = make_test_charge(at.deps, at.merchant, &request).await?;
    outcome.map(answered).map_err(refused)
}

pub(crate) async fn remove(at: &At<'_>) -> Result<ApiResponse, Problem> {
    let request = at.call.idempotency("remove_test_charge")?;
    let outcome = remove_test_charge(at.deps, at.merchant, &request).await?;
    outcome.map(answered).map_err(refused)
}
