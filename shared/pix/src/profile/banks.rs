//! The table of banks.
//!
//! Sources, unless a row says otherwise: each bank's public developer documentation and the PSP
//! drivers of the ACBr project (`ACBrPIXPSP*.pas`), read in November 2026. Addresses move: an
//! operator may override them with `BankProfile::at`.

use super::{
    Bank, CALLBACK_SUFFIX, COLLECTION_SCOPES, Environment, ExtraPart, PartValue, Place, Quirk, Row,
    TokenStyle, Traits,
};

/// PUT and POST create, as the specification has it.
const ONLY_201: &[u16] = &[201];
/// Banks that answer 200 to a creation or 201 to a revision.
const EITHER: &[u16] = &[200, 201];
/// PATCH answers 200, as the specification has it.
const ONLY_200: &[u16] = &[200];
/// For banks whose token call takes no scope.
const NO_SCOPES: &[&str] = &[];

/// API Pix as written, tolerant in the two codes banks confuse.
pub(super) const GENERIC: Traits = Traits {
    token_style: TokenStyle::BasicForm,
    scopes: COLLECTION_SCOPES,
    parts: &[],
    created: EITHER,
    revised: EITHER,
    identity_required: false,
    callback_suffix: CALLBACK_SUFFIX,
    quirks: &[],
    get_may_be_list: false,
};

/// API Pix as written, with mutual TLS.
const STRICT: Traits =
    Traits { created: ONLY_201, revised: ONLY_200, identity_required: true, ..GENERIC };

const EFI: Traits = Traits {
    token_style: TokenStyle::BasicJson,
    scopes: NO_SCOPES,
    quirks: &[Quirk::WebhookWithoutMtls],
    ..STRICT
};

const ITAU: Traits = Traits {
    token_style: TokenStyle::FormSecret,
    scopes: NO_SCOPES,
    parts: &[ExtraPart {
        place: Place::Header,
        name: "x-correlationID",
        value: PartValue::FreshId,
    }],
    ..STRICT
};

/// The sandbox takes no certificate and wants the token in a second header.
const ITAU_TEST: Traits = Traits {
    token_style: TokenStyle::JsonSecret,
    identity_required: false,
    parts: &[
        ExtraPart { place: Place::Header, name: "x-correlationID", value: PartValue::FreshId },
        ExtraPart { place: Place::Header, name: "x-sandbox-token", value: PartValue::AccessToken },
    ],
    ..ITAU
};

const BANCO_DO_BRASIL: Traits = Traits {
    parts: &[ExtraPart { place: Place::Query, name: "gw-dev-app-key", value: PartValue::Extra }],
    created: EITHER,
    revised: EITHER,
    ..STRICT
};

const BRADESCO: Traits = Traits { created: EITHER, ..STRICT };

const SANTANDER: Traits =
    Traits { token_style: TokenStyle::QueryGrant, scopes: NO_SCOPES, created: EITHER, ..STRICT };

const SICOOB: Traits = Traits {
    token_style: TokenStyle::FormIdOnly,
    parts: &[ExtraPart { place: Place::Header, name: "client_id", value: PartValue::ClientId }],
    ..STRICT
};

/// Sicredi answers 200 to the creation of a refund.
const SICREDI: Traits = Traits { created: EITHER, ..STRICT };

const INTER: Traits = Traits { token_style: TokenStyle::FormSecret, ..STRICT };

/// The row of `bank` in `environment`.
pub(super) fn row(bank: Bank, environment: Environment) -> Row {
    match environment {
        Environment::Production => production(bank),
        Environment::Test => test(bank),
    }
}

fn production(bank: Bank) -> Row {
    match bank {
        Bank::Efi => plain(
            "https://pix.api.efipay.com.br/v2",
            "https://pix.api.efipay.com.br/oauth/token",
            EFI,
        ),
        Bank::Itau => plain(
            "https://secure.api.itau/pix_recebimentos/v2",
            "https://sts.itau.com.br/as/token.oauth2",
            ITAU,
        ),
        Bank::BancoDoBrasil => plain(
            "https://api.bb.com.br/pix/v2",
            "https://oauth.bb.com.br/oauth/token",
            BANCO_DO_BRASIL,
        ),
        Bank::Bradesco => plain(
            "https://qrpix.bradesco.com.br/v2",
            "https://qrpix.bradesco.com.br/auth/server/oauth/token",
            BRADESCO,
        ),
        Bank::Santander => Row {
            base_url: "https://trust-pix.santander.com.br/api/v1",
            patch_base_url: Some("https://trust-pix.santander.com.br/api/v2"),
            token_url: "https://trust-pix.santander.com.br/oauth/token",
            traits: SANTANDER,
        },
        Bank::Sicoob => plain(
            "https://api.sicoob.com.br/pix/api/v2",
            "https://auth.sicoob.com.br/auth/realms/cooperado/protocol/openid-connect/token",
            SICOOB,
        ),
        Bank::Sicredi => plain(
            "https://api-pix.sicredi.com.br/api/v2",
            "https://api-pix.sicredi.com.br/oauth/token",
            SICREDI,
        ),
        Bank::Inter => plain(
            "https://cdpj.partners.bancointer.com.br/pix/v2",
            "https://cdpj.partners.bancointer.com.br/oauth/v2/token",
            INTER,
        ),
    }
}

fn test(bank: Bank) -> Row {
    match bank {
        Bank::Efi => plain(
            "https://pix-h.api.efipay.com.br/v2",
            "https://pix-h.api.efipay.com.br/oauth/token",
            EFI,
        ),
        Bank::Itau => plain(
            "https://devportal.itau.com.br/sandboxapi/pix_recebimentos_ext_v2/v2",
            "https://devportal.itau.com.br/api/jwt",
            ITAU_TEST,
        ),
        // Only production asks for the certificate.
        Bank::BancoDoBrasil => plain(
            "https://api.hm.bb.com.br/pix/v2",
            "https://oauth.hm.bb.com.br/oauth/token",
            Traits { identity_required: false, ..BANCO_DO_BRASIL },
        ),
        Bank::Bradesco => plain(
            "https://qrpix-h.bradesco.com.br/v2",
            "https://qrpix-h.bradesco.com.br/auth/server/oauth/token",
            BRADESCO,
        ),
        Bank::Santander => Row {
            base_url: "https://trust-pix-h.santander.com.br/api/v1",
            patch_base_url: Some("https://trust-pix-h.santander.com.br/api/v2"),
            token_url: "https://trust-pix-h.santander.com.br/oauth/token",
            traits: Traits { get_may_be_list: true, ..SANTANDER },
        },
        // The sandbox hands out one fixed token and takes no certificate.
        Bank::Sicoob => plain(
            "https://sandbox.sicoob.com.br/sicoob/sandbox/pix/api/v2",
            "https://auth.sicoob.com.br/auth/realms/cooperado/protocol/openid-connect/token",
            Traits { token_style: TokenStyle::Fixed, identity_required: false, ..SICOOB },
        ),
        Bank::Sicredi => plain(
            "https://api-pix-h.sicredi.com.br/api/v2",
            "https://api-pix-h.sicredi.com.br/oauth/token",
            SICREDI,
        ),
        Bank::Inter => plain(
            "https://cdpj-sandbox.partners.uatinter.co/pix/v2",
            "https://cdpj-sandbox.partners.uatinter.co/oauth/v2/token",
            INTER,
        ),
    }
}

const fn plain(base_url: &'static str, token_url: &'static str, traits: Traits) -> Row {
    Row { base_url, patch_base_url: None, token_url, traits }
}
