//! A customer's own Pix code: static, on the merchant's key, paid as often as one likes. What comes
//! by it pays the customer's oldest debts first (see [`crate::take_payment`]).

use quita_core::ids::{CustomerId, MerchantId, Txid};
use quita_core::merchant::{Lack, Merchant};
use quita_core::money::Money;
use quita_core::violation::Violation;
use quita_pix::brcode::BrCode;
use quita_table::store::ItemRef;
use serde::Serialize;

use crate::deps::Deps;
use crate::error::Unknown;
use crate::payment_drafts::parse_positive;

/// The code.
#[derive(Serialize)]
pub struct CustomerCode {
    customer_id: String,
    txid: String,
    /// What the payer's app fills in; `None` lets the payer type it.
    amount: Option<String>,
    pix_copia_e_cola: String,
    qr_svg: String,
    qr_png: String,
}

impl CustomerCode {
    /// The text that a picture of it draws.
    pub fn text(&self) -> &str {
        &self.pix_copia_e_cola
    }
}

/// Why there is no code.
#[derive(Debug)]
pub enum Refused {
    NotFound,
    Invalid(Vec<Violation>),
    /// The merchant has no key to be paid on yet.
    NotSetUp(Lack),
}

pub async fn customer_code(
    deps: &Deps,
    merchant: &MerchantId,
    customer: &str,
    amount: Option<&str>,
) -> Result<Result<CustomerCode, Refused>, Unknown> {
    let Ok(id) = CustomerId::parse(customer) else { return Ok(Err(Refused::NotFound)) };
    let mut faults = Vec::new();
    let parse = |raw| parse_positive("amount", raw, &mut faults);
    let amount: Option<Money> = amount.and_then(parse);
    if !faults.is_empty() {
        return Ok(Err(Refused::Invalid(faults)));
    }
    let refs = [ItemRef::Merchant, ItemRef::Customer(id.clone())];
    let mut found = deps.store.read(merchant, &refs).await?;
    let settings = found
        .take_merchant()
        .ok_or_else(|| Unknown::new("loading the merchant", "the merchant is not set up"))?;
    if found.take_customer(&id).is_none() {
        return Ok(Err(Refused::NotFound));
    }
    let txid = Txid::for_customer(&id);
    let text = match code_text(&settings, &txid, amount)? {
        Ok(text) => text,
        Err(lack) => return Ok(Err(Refused::NotSetUp(lack))),
    };
    let query = amount.map(|amount| format!("?amount={amount}")).unwrap_or_default();
    let picture = |format: &str| {
        let origin = &deps.config.public_url;
        format!("{origin}/v1/customers/{id}/pix_code/qr.{format}{query}")
    };
    Ok(Ok(CustomerCode {
        customer_id: id.to_string(),
        txid: txid.as_str().to_owned(),
        amount: amount.map(|amount| amount.to_string()),
        qr_svg: picture("svg"),
        qr_png: picture("png"),
        pix_copia_e_cola: text,
    }))
}

/// A customer's own code without an amount: the payer types one.
pub fn open_code(settings: &Merchant, customer: &CustomerId) -> Result<String, Unknown> {
    let text = code_text(settings, &Txid::for_customer(customer), None)?;
    text.map_err(|lack| Unknown::new("writing a Pix code", lack))
}

fn code_text(
    settings: &Merchant,
    txid: &Txid,
    amount: Option<Money>,
) -> Result<Result<String, Lack>, Unknown> {
    let key = match settings.collecting_key() {
        Ok(key) => key.as_str(),
        Err(lack) => return Ok(Err(lack)),
    };
    let code = BrCode {
        amount,
        txid: Some(txid.as_str()),
        ..BrCode::static_key(key, &settings.name, &settings.city)
    };
    Ok(Ok(code.encode().map_err(|error| Unknown::new("writing a Pix code", error))?))
}
