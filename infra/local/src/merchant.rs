//! The one merchant of a local run: its settings, and its callback at the bank.

use chrono::{DateTime, Utc};
use quita_app::access::api_keys;
use quita_app::credentials;
use quita_app::idempotency::Request;
use quita_app::onboarding::register_callback;
use quita_app::{Deps, Unknown};
use quita_core::access::{ApiKey, OPERATOR, Permission};
use quita_core::contact::Email;
use quita_core::customer::Locale;
use quita_core::document::TaxId;
use quita_core::ids::{ApiKeyId, MerchantId};
use quita_core::merchant::{
    BankConnection, Channels, Merchant, Mode, NewMerchant, SenderDomain, Setup, SmsSender,
    WhatsAppSender,
};
use quita_core::pix_key::PixKey;
use quita_core::reconciliation::Reconciliation;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};

/// Its id.
pub const MERCHANT: &str = "mer_demo";
/// The id of its key.
const API_KEY: &str = "key_0000000000000000000DEMKEY0";
/// The profile its bank is talked to by.
const CUSTOM_BANK: &str = "custom";
/// Domain of its messages.
const DOMAIN: &str = "acme.example.com";
/// Its CNPJ: the number usual in examples.
const DOCUMENT: &str = "11222333000181";

/// The id of the one merchant.
pub fn id() -> MerchantId {
    MerchantId::parse(MERCHANT).expect("the constant is an id")
}

/// The id of the key that a local run prints.
pub fn api_key_id() -> ApiKeyId {
    ApiKeyId::parse(API_KEY).expect("the constant is an id")
}

/// Writes the row of a run's key when it is absent: it may do everything.
pub async fn ensure_api_key(deps: &Deps, token: &str) -> Result<(), Unknown> {
    let key = ApiKey {
        merchant: id(),
        id: api_key_id(),
        version: 1,
        name: "cargo run".to_owned(),
        sha256: credentials::hash(token),
        permissions: Permission::ALL.into(),
        created_at: deps.clock.now(),
        created_by: OPERATOR.to_owned(),
        expires_at: None,
        replaced_by: None,
        revoked_at: None,
    };
    let commit = api_keys::with_new_key(Commit::new(&id()), &key, OPERATOR);
    match deps.store.commit(commit).await {
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Every channel there is: whatever is sent ends in the mailbox.
fn channels() -> Channels {
    let number = "106540352242922".to_owned();
    Channels {
        whatsapp: Some(WhatsAppSender { phone_number_id: number, templates: Default::default() }),
        sms: Some(SmsSender { origination: "ACME".to_owned() }),
    }
}

/// The merchant as it starts out: created, and set up at the bank of this run.
pub fn demo(pix_key: PixKey, chat_webhook: String, now: DateTime<Utc>) -> Merchant {
    let address = |text| Some(Email::parse(text).expect("the constant is an address"));
    let created = Merchant::starting(NewMerchant {
        merchant: id(),
        name: "ACME Serviços Ltda".to_owned(),
        document: TaxId::parse(DOCUMENT).expect("the constant is a CNPJ"),
        city: "São Paulo".to_owned(),
        mode: Mode::Test,
        locale: Locale::PtBr,
    });
    let bank = BankConnection {
        bank: CUSTOM_BANK.to_owned(),
        sandbox: true,
        connected_at: now,
        certificate_expires_at: None,
    };
    let sender = SenderDomain { domain: DOMAIN.to_owned(), verified_at: Some(now) };
    Merchant {
        pix_key: Some(pix_key),
        from: address("cobranca@acme.example.com"),
        reply_to: address("financeiro@acme.example.com"),
        chat_webhook: Some(chat_webhook.into()),
        brand_colour: Some("#0F766E".to_owned()),
        brand: Default::default(),
        channels: channels(),
        setup: Setup { bank: Some(bank), sender: Some(sender), ..Setup::default() },
        ..created
    }
}

/// Writes the merchant when it is absent, and what a new run changes of it: the key charges are
/// created on, and the chat, whose address holds the port.
pub async fn ensure(deps: &Deps, wanted: Merchant) -> Result<(), Unknown> {
    let refs = [ItemRef::Merchant, ItemRef::Reconciliation];
    let mut found = deps.store.read(&wanted.merchant, &refs).await?;
    let reconciled = found.take_reconciliation().is_some();
    let mut commit = Commit::new(&wanted.merchant);
    if !reconciled {
        let starting = Reconciliation::starting(wanted.merchant.clone(), deps.clock.now());
        let daily = quita_app::daily::starting(&wanted.merchant, deps.clock.as_ref());
        commit = commit.reconciliation(&starting, Expected::New).record(&daily, Expected::New);
    }
    match found.take_merchant() {
        None => commit = commit.merchant(&wanted, Expected::New),
        Some(known)
            if known.pix_key == wanted.pix_key && known.chat_webhook == wanted.chat_webhook => {}
        Some(known) => {
            let version = known.version;
            let Merchant { pix_key, chat_webhook, .. } = wanted;
            let changed = Merchant { version: version + 1, pix_key, chat_webhook, ..known };
            commit = commit.merchant(&changed, Expected::Version(version));
        }
    }
    if commit.items_len() == 0 {
        return Ok(());
    }
    Ok(deps.store.commit(commit).await?)
}

/// Tells the bank where to call back, by the same step as any other merchant does.
pub async fn register_callback(deps: &Deps) -> Result<(), Unknown> {
    let merchant = id();
    // Each run has its own port, so each registers anew.
    let key = deps.ids.ulid(deps.clock.now());
    let request = Request::new("register_callback", &key, "", b"", OPERATOR);
    match register_callback::register_callback(deps, &merchant, &request).await? {
        Ok(_) => Ok(()),
        Err(refused) => Err(Unknown::new("registering the callback", format!("{refused:?}"))),
    }
}
