//! How each bank differs from API Pix, as data.
//!
//! Owns: addresses, how the token is asked for, extra headers and query parameters, accepted
//! success codes, and quirks. Does not own: any behaviour; the client reads these fields and
//! branches on nothing else, so a new bank is a new row in `banks.rs`.

mod banks;

use std::fmt;

/// Scopes a receiver of invoices needs. Source: API Pix 2.9.0, `securitySchemes`.
pub const COLLECTION_SCOPES: &[&str] = &[
    "cob.read",
    "cob.write",
    "cobv.read",
    "cobv.write",
    "payloadlocation.read",
    "payloadlocation.write",
    "pix.read",
    "pix.write",
    "webhook.read",
    "webhook.write",
];

/// What API Pix says a bank appends to the registered address. Source: API Pix 2.9.0, callbacks.
pub const CALLBACK_SUFFIX: &str = "/pix";

/// Banks with a row of their own; any other that follows API Pix works as
/// [`BankProfile::custom`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bank {
    /// Efí, formerly Gerencianet.
    Efi,
    /// Itaú Unibanco.
    Itau,
    /// Banco do Brasil.
    BancoDoBrasil,
    /// Bradesco.
    Bradesco,
    /// Santander.
    Santander,
    /// Sicoob.
    Sicoob,
    /// Sicredi.
    Sicredi,
    /// Banco Inter.
    Inter,
}

impl Bank {
    /// Every bank of the table.
    pub const ALL: [Self; 8] = [
        Self::Efi,
        Self::Itau,
        Self::BancoDoBrasil,
        Self::Bradesco,
        Self::Santander,
        Self::Sicoob,
        Self::Sicredi,
        Self::Inter,
    ];

    /// The name used in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Efi => "efi",
            Self::Itau => "itau",
            Self::BancoDoBrasil => "banco_do_brasil",
            Self::Bradesco => "bradesco",
            Self::Santander => "santander",
            Self::Sicoob => "sicoob",
            Self::Sicredi => "sicredi",
            Self::Inter => "inter",
        }
    }

    /// Reads the name used in settings.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bank| bank.as_str() == name)
    }
}

/// Real money or the bank's test system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Real money.
    Production,
    /// The bank's sandbox or homologation system.
    Test,
}

/// How the access token is asked for. All are OAuth client credentials (RFC 6749, section 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStyle {
    /// Basic authentication and a JSON body.
    BasicJson,
    /// Basic authentication and a form body.
    BasicForm,
    /// Client id and secret inside the form.
    FormSecret,
    /// Only the client id inside the form; the certificate is the secret.
    FormIdOnly,
    /// `grant_type` in the query, client id and secret inside the form.
    QueryGrant,
    /// Client id and secret in a JSON body.
    JsonSecret,
    /// No token call: the bank hands out a fixed token, given as the extra `access_token`.
    Fixed,
}

/// Where an extra part of each request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A header.
    Header,
    /// A query parameter.
    Query,
}

/// What an extra part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartValue {
    /// A new random identifier for each request.
    FreshId,
    /// The OAuth client id.
    ClientId,
    /// The access token, once more.
    AccessToken,
    /// The credential extra of the same name.
    Extra,
}

/// Something a bank wants on every request beside API Pix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtraPart {
    /// Where it goes.
    pub place: Place,
    /// Its name on the wire.
    pub name: &'static str,
    /// Its content.
    pub value: PartValue,
}

/// A departure that weakens security and is refused unless the operator opts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quirk {
    /// Efí `x-skip-mtls-checking`: callbacks arrive without a client certificate, so anybody who
    /// learns the address can post to it.
    WebhookWithoutMtls,
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WebhookWithoutMtls => f.write_str("a webhook without mutual TLS"),
        }
    }
}

/// The fields of a bank's row; see [`BankProfile`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub base_url: &'static str,
    pub patch_base_url: Option<&'static str>,
    pub token_url: &'static str,
    pub traits: Traits,
}

/// What differs between banks beside addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    pub token_style: TokenStyle,
    pub scopes: &'static [&'static str],
    pub parts: &'static [ExtraPart],
    /// Status codes that mean "done" for PUT and POST.
    pub created: &'static [u16],
    /// Status codes that mean "done" for PATCH.
    pub revised: &'static [u16],
    pub identity_required: bool,
    pub callback_suffix: &'static str,
    pub quirks: &'static [Quirk],
    /// Whether a GET of one charge may answer a list of one.
    pub get_may_be_list: bool,
}

/// One bank in one environment.
#[derive(Clone, Debug)]
pub struct BankProfile {
    pub(crate) name: &'static str,
    pub(crate) base_url: String,
    pub(crate) patch_base_url: Option<String>,
    pub(crate) token_url: String,
    pub(crate) traits: Traits,
}

impl BankProfile {
    /// The row of a known bank.
    #[must_use]
    pub fn of(bank: Bank, environment: Environment) -> Self {
        let row = banks::row(bank, environment);
        Self {
            name: bank.as_str(),
            base_url: row.base_url.to_owned(),
            patch_base_url: row.patch_base_url.map(str::to_owned),
            token_url: row.token_url.to_owned(),
            traits: row.traits,
        }
    }

    /// Any other bank that speaks API Pix: Basic authentication with a form, and tolerant of 200
    /// and 201 alike. `base_url` includes the version, e.g. `https://pix.example.com/v2`.
    #[must_use]
    pub fn custom(base_url: &str, token_url: &str) -> Self {
        Self {
            name: "custom",
            base_url: base_url.to_owned(),
            patch_base_url: None,
            token_url: token_url.to_owned(),
            traits: banks::GENERIC,
        }
    }

    /// The same bank at other addresses, e.g. a proxy or a simulator that imitates it. The
    /// certificate requirement stays unless both addresses are loopback.
    #[must_use]
    pub fn at(mut self, base_url: &str, token_url: &str) -> Self {
        base_url.clone_into(&mut self.base_url);
        token_url.clone_into(&mut self.token_url);
        self.patch_base_url = None;
        self
    }

    /// The bank's name in settings and logs.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// Where API Pix lives, version included.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where tokens are asked for.
    #[must_use]
    pub fn token_url(&self) -> &str {
        &self.token_url
    }

    /// What the bank appends to the registered webhook address.
    #[must_use]
    pub fn callback_suffix(&self) -> &str {
        self.traits.callback_suffix
    }

    /// Whether the bank takes no call without a client certificate.
    #[must_use]
    pub fn identity_required(&self) -> bool {
        self.traits.identity_required
    }

    /// The security-weakening departures this bank offers.
    #[must_use]
    pub fn quirks(&self) -> &[Quirk] {
        self.traits.quirks
    }

    /// Names of the credential extras this bank needs.
    pub fn required_extras(&self) -> impl Iterator<Item = &'static str> {
        let fixed = (self.traits.token_style == TokenStyle::Fixed).then_some(FIXED_TOKEN);
        let parts = self.traits.parts.iter().filter(|part| part.value == PartValue::Extra);
        parts.map(|part| part.name).chain(fixed)
    }
}

/// The credential extra that holds a fixed token.
pub(crate) const FIXED_TOKEN: &str = "access_token";

#[cfg(test)]
mod tests;
