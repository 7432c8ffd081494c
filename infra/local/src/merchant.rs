//! The one merchant of a local run: its settings, and its callback at the bank.

use quita_app::reconcile_payments::callback_url;
use quita_app::{Deps, Unknown};
use quita_core::contact::Email;
use quita_core::customer::Locale;
use quita_core::document::TaxId;
use quita_core::ids::MerchantId;
use quita_core::merchant::{Issuing, Merchant};
use quita_core::pix_key::PixKey;
use quita_core::reconciliation::Reconciliation;
use quita_pix::client::WebhookAuth;
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};

/// Its id.
pub const MERCHANT: &str = "mer_demo";
/// Its CNPJ: the number usual in examples.
const DOCUMENT: &str = "11222333000181";

/// The id of the one merchant.
pub fn id() -> MerchantId {
    MerchantId::parse(MERCHANT).expect("the constant is an id")
}

/// The merchant as it starts out.
pub fn demo(pix_key: PixKey, chat_webhook: String) -> Merchant {
    let address = |text| Email::parse(text).expect("the constant is an address");
    Merchant {
        merchant: id(),
        version: 1,
        name: "ACME Serviços Ltda".to_owned(),
        document: TaxId::parse(DOCUMENT).expect("the constant is a CNPJ"),
        city: "São Paulo".to_owned(),
        pix_key,
        from: address("cobranca@acme.example.com"),
        reply_to: address("financeiro@acme.example.com"),
        chat_webhook: Some(chat_webhook),
        brand_colour: Some("#0F766E".to_owned()),
        locale: Locale::PtBr,
        issuing: Issuing::default(),
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
        commit = commit.reconciliation(&starting, Expected::New);
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

/// Tells the bank where to call back: `PUT /webhook/{chave}`.
pub async fn register_callback(deps: &Deps, pix_key: &PixKey) -> Result<(), Unknown> {
    let merchant = id();
    let url = callback_url(&deps.config, &merchant)?;
    let bank = deps.banks.of(&merchant, deps.secrets.as_ref()).await?;
    Ok(bank.put_webhook(pix_key, &url, WebhookAuth::MutualTls).await?)
}
