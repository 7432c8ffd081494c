//! A charge of one centavo that shows that charges can be made: created, looked at, removed.
//!
//! It is a real charge at the bank, due tomorrow, and the merchant is its payer. It belongs to no
//! invoice: its txid has no form that leads to one, so if somebody pays it, the centavo waits for a
//! person as any money whose txid is unknown. It stands until it is removed by a second call or by
//! the next test charge, or ends by itself on the day after it is due.

use chrono::{DateTime, Days, NaiveDate, Utc};
use quita_core::ids::{MerchantId, Txid};
use quita_core::merchant::{Merchant, Setup, TestCharge};
use quita_core::money::Money;
use quita_core::terms::Terms;
use quita_core::zone::civil_date;
use quita_pix::brcode::{self, BrCode, MerchantAccount, ParseMode};
use quita_pix::client::PspClient;
use quita_pix::error::PixError;
use quita_pix::qr;
use quita_pix::terms::charge_request;
use quita_pix::wire::{CobVGerada, Devedor};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    Refused, Step, TEST_CHARGE_MADE, TEST_CHARGE_REMOVED, load, not_connected, refused_by_bank,
    told_before, write,
};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{Answer, Request};

/// What it is for: the least a charge can be. Source: API Pix 2.9.0, `valor.original`.
const AMOUNT: Money = Money::from_centavos(1);
/// Days until it is due.
const DUE_IN: Days = Days::new(1);
/// What its txid begins with. With the 26 characters after it the txid has 35, which is the form of
/// no charge and no customer of ours.
const TXID_PREFIX: &str = "QUITATEST";
/// Characters after the prefix.
const TXID_TAIL: usize = 26;
/// What the payer's app shows.
const SHOWN: &str = "Cobrança de teste: não pague";

const CREATED: u16 = 201;
const OK: u16 = 200;

/// The charge, outside.
#[derive(Serialize)]
struct TestChargeView<'a> {
    txid: &'a Txid,
    amount: String,
    due_date: NaiveDate,
    status: &'static str,
    pix_copia_e_cola: &'a str,
    /// The picture itself.
    qr_svg: String,
    what_to_do: &'static str,
}

#[derive(Serialize)]
struct RemovedView<'a> {
    txid: &'a Txid,
    status: &'static str,
}

/// Creates a charge and checks what the bank made of it.
pub async fn make_test_charge(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    if let Some(told) = told_before(deps, merchant, request).await? {
        return Ok(told);
    }
    let settings = load(deps, merchant).await?;
    let Ok(key) = settings.collecting_key() else { return Ok(Err(not_connected())) };
    let bank = deps.banks.of(merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
    if let Some(TestCharge { txid, removed_at: None, .. }) = &settings.setup.test_charge
        && let Err(refused) = remove(&bank, txid).await
    {
        return Ok(Err(refused));
    }
    // Of the request, so that a repeat asks the bank for the charge it may hold already.
    let txid = txid_of(merchant, &request.key)?;
    let terms = terms(civil_date(deps.clock.now(), settings.issuing.zone));
    let asked = charge_request(&terms, key, payer(&settings), Some(SHOWN));
    let charge = match bank.ensure_cobv(&txid, &asked).await {
        Ok(charge) => charge,
        Err(error) => return Ok(Err(refused_by_bank("creating the test charge", &error))),
    };
    let code = match code_of(&settings, &charge) {
        Ok(code) => code,
        Err(why) => {
            return Ok(Err(Refused::Conflict(format!("the bank made a charge, but {why}"))));
        }
    };
    let picture = qr::svg(&code).map_err(|error| Unknown::new("drawing a code", error))?;
    write(deps, merchant, request, CREATED, |before, now| {
        if before.pix_key.as_ref() != Some(key) {
            let why = "the bank connection was changed meanwhile; do it again";
            return Ok(Err(Refused::Conflict(why.to_owned())));
        }
        made(before, (&txid, &terms), (&code, &picture), now).map(Ok)
    })
    .await
}

/// The step that remembers a charge.
fn made(
    before: &Merchant,
    (txid, terms): (&Txid, &Terms),
    (code, picture): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Step, Unknown> {
    let view = TestChargeView {
        txid,
        amount: AMOUNT.to_string(),
        due_date: terms.due_date,
        status: "active",
        pix_copia_e_cola: code,
        qr_svg: picture.to_owned(),
        what_to_do: "scan it with a bank's app to see who is paid, do not pay it, then remove it \
                     with POST /v1/bank_connection/test_charge/remove",
    };
    let test_charge = Some(TestCharge { txid: txid.clone(), at: now, removed_at: None });
    let setup = Setup { test_charge, ..before.setup.clone() };
    let after = Merchant { setup, ..before.clone() };
    let data = json!({ "txid": txid, "amount": AMOUNT.to_string(), "due_date": terms.due_date });
    Step::new(after, TEST_CHARGE_MADE, data, &view)
}

/// Removes the charge at the bank. Removing one that is gone is a success.
pub async fn remove_test_charge(
    deps: &Deps,
    merchant: &MerchantId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    if let Some(told) = told_before(deps, merchant, request).await? {
        return Ok(told);
    }
    let settings = load(deps, merchant).await?;
    let Some(known) = settings.setup.test_charge else {
        let why = "there is no test charge; make one with POST /v1/bank_connection/test_charge";
        return Ok(Err(Refused::Conflict(why.to_owned())));
    };
    let bank = deps.banks.of(merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
    if let Err(refused) = remove(&bank, &known.txid).await {
        return Ok(Err(refused));
    }
    write(deps, merchant, request, OK, |before, now| {
        let mut after = before.clone();
        if let Some(charge) = &mut after.setup.test_charge
            && charge.txid == known.txid
        {
            charge.removed_at = charge.removed_at.or(Some(now));
        }
        let view = RemovedView { txid: &known.txid, status: "removed" };
        let data = json!({ "txid": known.txid });
        Ok(Ok(Step::new(after, TEST_CHARGE_REMOVED, data, &view)?))
    })
    .await
}

async fn remove(bank: &PspClient, txid: &Txid) -> Result<(), Refused> {
    match bank.remove_cobv(txid).await {
        // Refused: it was paid, or is removed already. Either way it asks for nothing any more.
        Ok(_) | Err(PixError::NotFound | PixError::Refused(_)) => Ok(()),
        Err(error) => Err(refused_by_bank("removing the test charge", &error)),
    }
}

/// The merchant owes itself.
fn payer(merchant: &Merchant) -> Devedor {
    Devedor::new(&merchant.document, &merchant.name)
}

fn terms(today: NaiveDate) -> Terms {
    Terms {
        original: AMOUNT,
        due_date: today.checked_add_days(DUE_IN).unwrap_or(today),
        validity_days: 0,
        fine: None,
        interest: None,
        rebate: None,
        discount: None,
    }
}

/// The txid of a request.
fn txid_of(merchant: &MerchantId, key: &str) -> Result<Txid, Unknown> {
    let mut hash = Sha256::new();
    hash.update(merchant.as_str());
    hash.update([0]);
    hash.update(key);
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02X}")).collect();
    let txid = format!("{TXID_PREFIX}{}", &hex[..TXID_TAIL]);
    Txid::parse(&txid).map_err(|error| Unknown::new("making a txid", error))
}

/// The code a payer would scan, once it reads as a code of this very charge.
fn code_of(merchant: &Merchant, charge: &CobVGerada) -> Result<String, String> {
    let location = charge.location().ok_or("gave no location for it")?;
    let location = location.as_str().trim_start_matches("https://");
    let code = match &charge.pix_copia_e_cola {
        Some(given) => given.as_str().to_owned(),
        None => BrCode::dynamic(
            location,
            &brcode::merchant_name(&merchant.name),
            &brcode::merchant_city(&merchant.city),
        )
        .encode()
        .map_err(|fault| format!("no BR Code can be made of it: {fault}"))?,
    };
    let parsed = brcode::parse(&code, ParseMode::Lenient)
        .map_err(|fault| format!("its BR Code does not read: {fault}"))?;
    match parsed.code.account {
        MerchantAccount::Dynamic { location: own } if own == location => Ok(code),
        _ => Err("its BR Code leads to another charge".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_charge_looks_like_a_charge_of_an_invoice() {
        let merchant = MerchantId::parse("mer_acme").unwrap();
        let txid = txid_of(&merchant, "key-1").unwrap();
        assert!(txid.is_charge_length(), "{txid}");
        assert_eq!((txid.charge_ref(), txid.customer_ref()), (None, None));
        assert_eq!(txid, txid_of(&merchant, "key-1").unwrap(), "a repeat asks for the same one");
        assert_ne!(txid, txid_of(&merchant, "key-2").unwrap());
        let other = MerchantId::parse("mer_other").unwrap();
        assert_ne!(txid, txid_of(&other, "key-1").unwrap());
    }
}
