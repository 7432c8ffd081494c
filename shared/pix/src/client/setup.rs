//! Building a client: every reason not to talk to a bank is found here, before the first call.

use std::net::IpAddr;
use std::sync::atomic::AtomicU64;

use reqwest::{Certificate, Url, redirect};

use super::{ClientOptions, Inner};
use crate::credentials::Credentials;
use crate::identity::{IdentityError, TrustedRoots};
use crate::profile::BankProfile;
use crate::token::TokenCache;

/// Why a client cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not an absolute http(s) address without credentials, query or fragment.
    #[error("{which} is not a usable address")]
    Address {
        /// `base_url` or `token_url`.
        which: &'static str,
    },
    /// Plain HTTP to another machine would hand out the token.
    #[error("{which} must be https; plain http is for loopback addresses only")]
    PlainHttp {
        /// `base_url` or `token_url`.
        which: &'static str,
    },
    /// The bank takes no call without a client certificate.
    #[error("{bank} needs a client certificate and the credentials hold none")]
    IdentityMissing {
        /// The bank.
        bank: String,
    },
    /// The bank wants one more value.
    #[error("{bank} needs the credential extra `{name}`")]
    ExtraMissing {
        /// The bank.
        bank: String,
        /// Its name.
        name: &'static str,
    },
    /// A value that cannot travel in a header.
    #[error("the credential for `{name}` holds characters that cannot be sent")]
    ExtraUnusable {
        /// Its name.
        name: &'static str,
    },
    /// The certificate is unusable.
    #[error("the client certificate cannot be used")]
    Identity(#[from] IdentityError),
    /// The authorities are unusable.
    #[error("the trusted roots are not PEM certificates")]
    Roots,
    /// TLS could not be set up.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
}

pub(super) fn build(
    profile: BankProfile,
    credentials: Credentials,
    options: ClientOptions,
) -> Result<Inner, ConfigError> {
    let base = address("base_url", &profile.base_url)?;
    let token_url = address("token_url", &profile.token_url)?;
    let patch_base = match &profile.patch_base_url {
        Some(url) => address("base_url", url)?,
        None => base.clone(),
    };
    let loopback = is_loopback(&base) && is_loopback(&token_url);
    if profile.identity_required() && credentials.identity.is_none() && !loopback {
        return Err(ConfigError::IdentityMissing { bank: profile.name().to_owned() });
    }
    check_extras(&profile, &credentials)?;
    let https_only = base.scheme() == "https" && token_url.scheme() == "https";
    let http = http_client(&credentials, &options, loopback, https_only)?;
    Ok(Inner {
        http,
        profile,
        credentials,
        options,
        base,
        patch_base,
        tokens: TokenCache::default(),
        calls: AtomicU64::new(0),
    })
}

fn address(which: &'static str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|_| ConfigError::Address { which })?;
    let bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    match url.scheme() {
        "https" if bare => Ok(url),
        "http" if bare && is_loopback(&url) => Ok(url),
        "http" if bare => Err(ConfigError::PlainHttp { which }),
        _ => Err(ConfigError::Address { which }),
    }
}

/// Whether `url` points to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn check_extras(profile: &BankProfile, credentials: &Credentials) -> Result<(), ConfigError> {
    for name in profile.required_extras() {
        match credentials.extras.get(name) {
            None => {
                let bank = profile.name().to_owned();
                return Err(ConfigError::ExtraMissing { bank, name });
            }
            Some(value) if !sendable(value.as_str()) => {
                return Err(ConfigError::ExtraUnusable { name });
            }
            Some(_) => {}
        }
    }
    if sendable(credentials.client_id.as_str()) {
        Ok(())
    } else {
        Err(ConfigError::ExtraUnusable { name: "client_id" })
    }
}

/// Visible ASCII, as an HTTP header takes.
fn sendable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

fn http_client(
    credentials: &Credentials,
    options: &ClientOptions,
    loopback: bool,
    https_only: bool,
) -> Result<reqwest::Client, ConfigError> {
    install_crypto();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(options.connect_timeout)
        .timeout(options.request_timeout)
        .redirect(redirect::Policy::none())
        .https_only(https_only)
        .user_agent("quita");
    builder = match &options.roots {
        // A simulator on this machine needs neither a trust store nor a proxy.
        TrustedRoots::System if loopback => builder.tls_certs_only([]),
        TrustedRoots::System => builder,
        TrustedRoots::SystemAnd(pem) => builder.tls_certs_merge(certificates(pem)?),
        TrustedRoots::Only(pem) => builder.tls_certs_only(certificates(pem)?),
    };
    if loopback {
        builder = builder.no_proxy();
    }
    if let Some(identity) = &credentials.identity {
        builder = builder.identity(identity.to_reqwest()?);
    }
    builder.build().map_err(|error| ConfigError::Http(error.without_url()))
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, ConfigError> {
    let list = Certificate::from_pem_bundle(pem).map_err(|_| ConfigError::Roots)?;
    if list.is_empty() { Err(ConfigError::Roots) } else { Ok(list) }
}

/// Makes *ring* the process's TLS provider unless one is already installed, which is as good.
fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // A concurrent installer may win the race; then its provider serves.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}
