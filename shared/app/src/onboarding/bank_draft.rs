//! A bank connection as somebody typed it, checked whole before any bank hears of it.
//!
//! Owns the check: bank, environment, addresses, key, credentials, certificate, all faults at once.
//! Does not own whether the bank accepts them. No fault repeats what was typed: it may be a secret
//! in the wrong field.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use quita_core::merchant::Mode;
use quita_core::pix_key::PixKey;
use quita_core::violation::Violation;
use quita_pix::client::ConfigError;
use quita_pix::identity::{ClientIdentity, IdentityError, Validity};
use quita_pix::profile::Bank;
use reqwest::Url;
use serde_json::json;

use crate::bank::{AccessError, BankAccess, CUSTOM};

/// Longest certificate, as PKCS#12 in base64 or as PEM, in bytes: a chain of several authorities
/// fits, and the secret stays below the 64 KiB of Secrets Manager.
pub const CERTIFICATE_BYTES_MAX: usize = 32 * 1024;
/// Longest of any other credential, in bytes.
const VALUE_BYTES_MAX: usize = 4 * 1024;
/// Most scopes, and most values a bank asks for by name.
const LIST_MAX: usize = 30;

/// A connection as typed.
#[derive(Clone, Default)]
pub struct BankDraft {
    pub bank: String,
    pub sandbox: bool,
    pub base_url: Option<String>,
    pub token_url: Option<String>,
    pub pix_key: String,
    pub client_id: String,
    /// May be left out at banks where the certificate is the secret.
    pub client_secret: Option<String>,
    pub certificate: Option<CertificateDraft>,
    /// Instead of the profile's, for a narrower contract.
    pub scopes: Option<Vec<String>>,
    /// What the bank wants beside, by its own names.
    pub extras: BTreeMap<String, String>,
}

/// A client certificate in either of the two forms banks deliver.
#[derive(Clone)]
pub enum CertificateDraft {
    Pkcs12 { base64: String, password: String },
    Pem { certificate: String, private_key: String },
}

/// Names nothing of the content.
impl std::fmt::Debug for BankDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BankDraft(redacted)")
    }
}

/// A connection without a fault.
#[derive(Clone)]
pub struct Checked {
    pub(crate) access: BankAccess,
    pub(crate) key: PixKey,
    pub(crate) certificate: Option<Validity>,
}

impl BankDraft {
    /// Checks everything. `local` allows addresses of this machine, which on a server lead to what
    /// nobody outside may reach.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn check(
        &self,
        mode: Mode,
        local: bool,
        now: DateTime<Utc>,
    ) -> Result<Checked, Vec<Violation>> {
        let mut faults = Vec::new();
        self.check_bank(&mut faults);
        self.check_environment(mode, &mut faults);
        self.check_addresses(local, &mut faults);
        let key = PixKey::parse(&self.pix_key);
        if let Err(why) = &key {
            faults.push(Violation::new("pix_key", why.to_string()));
        }
        self.check_credentials(&mut faults);
        let opened = self.check_certificate(now, &mut faults);
        let access = self.access(opened.as_ref().map(|(identity, _)| identity));
        if faults.is_empty() {
            faults.extend(what_the_bank_lacks(&access));
        }
        match key {
            Ok(key) if faults.is_empty() => {
                Ok(Checked { access, key, certificate: opened.map(|(_, validity)| validity) })
            }
            _ => Err(faults),
        }
    }

    fn check_bank(&self, faults: &mut Vec<Violation>) {
        if self.bank != CUSTOM && Bank::parse(&self.bank).is_none() {
            let names = Bank::ALL.map(Bank::as_str).join(", ");
            faults.push(Violation::new("bank", format!("use one of: {names}, {CUSTOM}")));
        }
    }

    fn check_environment(&self, mode: Mode, faults: &mut Vec<Violation>) {
        let reason = match (mode, self.sandbox) {
            (Mode::Test, false) => "this merchant is for tests: use the bank's sandbox (true)",
            (Mode::Live, true) => "this merchant takes real money: a sandbox (true) pays nothing",
            _ => return,
        };
        faults.push(Violation::new("sandbox", reason));
    }

    fn check_addresses(&self, local: bool, faults: &mut Vec<Violation>) {
        let both = [("base_url", &self.base_url), ("token_url", &self.token_url)];
        let given = both.iter().filter(|(_, url)| url.is_some()).count();
        for (property, url) in both {
            match url {
                Some(url) => faults.extend(address_fault(property, url, local)),
                None if self.bank == CUSTOM => {
                    faults.push(Violation::new(property, "a custom bank needs its address"));
                }
                None if given == 1 => {
                    let reason = "give both addresses, or neither for the bank's usual ones";
                    faults.push(Violation::new(property, reason));
                }
                None => {}
            }
        }
    }

    fn check_credentials(&self, faults: &mut Vec<Violation>) {
        let mut check = |property: String, value: &str, may_be_empty: bool| {
            let sendable = value.bytes().all(|byte| byte.is_ascii_graphic());
            if (value.is_empty() && !may_be_empty) || value.len() > VALUE_BYTES_MAX || !sendable {
                let reason = format!(
                    "use 1 to {VALUE_BYTES_MAX} visible ASCII characters, without spaces or line \
                     breaks"
                );
                faults.push(Violation::new(property, reason));
            }
        };
        check("client_id".to_owned(), &self.client_id, false);
        check("client_secret".to_owned(), self.client_secret.as_deref().unwrap_or_default(), true);
        for (nth, scope) in self.scopes.iter().flatten().take(LIST_MAX).enumerate() {
            check(format!("scopes[{nth}]"), scope, false);
        }
        for value in self.extras.values().take(LIST_MAX) {
            check("extras".to_owned(), value, false);
        }
        let lists =
            [("scopes", self.scopes.as_ref().map_or(0, Vec::len)), ("extras", self.extras.len())];
        for (property, length) in lists {
            if length > LIST_MAX {
                faults.push(Violation::new(property, format!("give at most {LIST_MAX}")));
            }
        }
    }

    fn check_certificate(
        &self,
        now: DateTime<Utc>,
        faults: &mut Vec<Violation>,
    ) -> Option<(ClientIdentity, Validity)> {
        let outcome = self.certificate.as_ref()?.open().and_then(|identity| {
            let validity = identity.inspect().map_err(|error| identity_fault(error, false))?;
            if validity.not_after <= now {
                let day = validity.not_after.date_naive();
                let reason = format!("it ended on {day}; ask the bank for a new one");
                return Err(Violation::new("certificate", reason));
            }
            if validity.not_before > now {
                let day = validity.not_before.date_naive();
                return Err(Violation::new("certificate", format!("it is not valid before {day}")));
            }
            Ok((identity, validity))
        });
        outcome.map_err(|fault| faults.push(fault)).ok()
    }

    /// The secret, as it is stored.
    fn access(&self, identity: Option<&ClientIdentity>) -> BankAccess {
        let mut credentials = json!({
            "client_id": self.client_id,
            "client_secret": self.client_secret.clone().unwrap_or_default(),
            "extras": self.extras,
        });
        if let Some(scopes) = &self.scopes {
            credentials["scopes"] = json!(scopes);
        }
        if let Some(identity) = identity {
            credentials["certificate_pem"] = json!(identity.as_pem());
        }
        BankAccess {
            bank: self.bank.clone(),
            sandbox: self.sandbox,
            base_url: self.base_url.clone(),
            token_url: self.token_url.clone(),
            credentials,
        }
    }
}

impl CertificateDraft {
    fn open(&self) -> Result<ClientIdentity, Violation> {
        let too_long = |property: &str| {
            Violation::new(property, format!("use at most {CERTIFICATE_BYTES_MAX} bytes"))
        };
        match self {
            Self::Pkcs12 { base64, .. } if base64.len() > CERTIFICATE_BYTES_MAX => {
                Err(too_long("certificate.pkcs12_base64"))
            }
            Self::Pkcs12 { base64, password } => {
                let der = STANDARD.decode(base64.trim()).map_err(|_| {
                    let reason = "use the file's bytes in base64, in one line";
                    Violation::new("certificate.pkcs12_base64", reason)
                })?;
                ClientIdentity::from_pkcs12(&der, password)
                    .map_err(|error| identity_fault(error, true))
            }
            Self::Pem { certificate, private_key } => {
                if certificate.len() + private_key.len() > CERTIFICATE_BYTES_MAX {
                    return Err(too_long("certificate"));
                }
                let pem = format!("{}\n{}\n", certificate.trim(), private_key.trim());
                ClientIdentity::from_pem(&pem).map_err(|error| identity_fault(error, false))
            }
        }
    }
}

fn identity_fault(error: IdentityError, pkcs12: bool) -> Violation {
    let (property, reason) = match error {
        IdentityError::Pem => (
            "certificate",
            "give a PEM certificate and its private key without a password, each with its \
             -----BEGIN …----- lines",
        ),
        IdentityError::Pkcs12 => {
            ("certificate.pkcs12_password", "the file does not open with this password; check both")
        }
        IdentityError::NoKey => {
            ("certificate.pkcs12_base64", "the file holds no private key with its certificate")
        }
        IdentityError::KeyMismatch if pkcs12 => {
            ("certificate.pkcs12_base64", "the private key is not the one of the certificate")
        }
        IdentityError::KeyMismatch => {
            ("certificate", "the private key is not the one of the certificate")
        }
        IdentityError::Unreadable => (
            "certificate",
            "it cannot be read; give the bank's own certificate first, then its authorities",
        ),
    };
    Violation::new(property, reason)
}

/// What is wrong with an address that is called with credentials.
fn address_fault(property: &str, text: &str, local: bool) -> Option<Violation> {
    let fault = |reason: &str| Some(Violation::new(property, reason));
    let Ok(url) = Url::parse(text) else {
        return fault("use an address such as https://pix.example.com/v2");
    };
    let bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    let ip = literal.parse::<std::net::IpAddr>().ok();
    let loopback = host == "localhost" || ip.is_some_and(|ip| ip.is_loopback());
    match url.scheme() {
        _ if !bare || text.len() > VALUE_BYTES_MAX => {
            fault("use an address without user, query or fragment")
        }
        "https" | "http" if loopback && local => None,
        "https" | "http" if loopback => fault("this machine is not a bank; use the bank's address"),
        "https" if ip.is_some() || !host.contains('.') => {
            fault("use the bank's host name, not a number or a name of the local network")
        }
        "https" => None,
        "http" => fault("use https: credentials travel to it"),
        _ => fault("use an https address"),
    }
}

/// What only the bank's profile can tell: a certificate or a value that is missing.
fn what_the_bank_lacks(access: &BankAccess) -> Vec<Violation> {
    let (profile, credentials) = match (access.profile(), access.credentials()) {
        (Ok(profile), Ok(credentials)) => (profile, credentials),
        (profile, credentials) => {
            let errors = [profile.err(), credentials.err()].into_iter().flatten();
            return errors.map(|error| of_access(&error)).collect();
        }
    };
    let client = quita_pix::client::PspClient::new(profile, credentials, Default::default());
    client.err().map(|error| of_access(&AccessError::Config(error))).into_iter().collect()
}

fn of_access(error: &AccessError) -> Violation {
    let property = match error {
        AccessError::UnknownBank(_) => "bank",
        AccessError::Credentials(_) => "certificate",
        AccessError::Config(ConfigError::Address { which } | ConfigError::PlainHttp { which }) => {
            which
        }
        AccessError::Config(ConfigError::IdentityMissing { .. } | ConfigError::Identity(_)) => {
            "certificate"
        }
        AccessError::Config(ConfigError::ExtraMissing { .. }) => "extras",
        AccessError::Config(ConfigError::ExtraUnusable { name }) => {
            if *name == "client_id" {
                "client_id"
            } else {
                "extras"
            }
        }
        AccessError::Config(ConfigError::Roots | ConfigError::Http(_)) => "certificate",
    };
    Violation::new(property, error.to_string())
}

#[cfg(test)]
mod tests;
