//! What the tests of channels share: a merchant, a client that gives up soon, and the time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use quita_core::customer::Locale;
use quita_core::document::TaxId;
use quita_core::ids::MerchantId;
use quita_core::merchant::{Merchant, Mode, NewMerchant};

use crate::lazy_http::LazyHttp;
use crate::ports::Clock;

pub(super) struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }
}

pub(super) fn merchant() -> Merchant {
    Merchant::starting(NewMerchant {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        name: "ACME".to_owned(),
        document: TaxId::parse("11222333000181").unwrap(),
        city: "SAO PAULO".to_owned(),
        mode: Mode::Live,
        locale: Locale::PtBr,
    })
}

/// Trusts nobody, follows nothing, and waits no longer than a test.
pub(super) fn http() -> LazyHttp {
    LazyHttp::new(|| {
        drop(rustls::crypto::ring::default_provider().install_default());
        reqwest::Client::builder()
            .timeout(Duration::from_millis(500))
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_only([])
            .no_proxy()
            .build()
    })
}

/// An address of loopback that nobody listens at.
pub(super) fn nowhere() -> String {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", taken.local_addr().unwrap())
}
