//! The receipt of a payment: one e-mail, which asks for nothing and so waits for nothing.

use quita_core::invoice::{Instalment, Invoice};
use quita_core::merchant::Merchant;
use quita_core::message::{Channel, LedgerKey};
use quita_table::Commit;

use super::record::{Fact, Outcome};
use super::tell::Row;
use super::verdict::Ruled;
use crate::deliver::{
    Claim, Envelope, Payload, Posted, Resolved, conflicts, post, resolve, rows_found, sent_text,
};
use crate::deps::Deps;
use crate::error::Unknown;
use crate::facts::{self, Unsayable};
use crate::templates::{self, Wording};

/// Step name of a receipt in the message ledger; its revision is the ordinal of the payment.
pub(crate) const RECEIPT: &str = "receipt";

/// How it went.
pub(crate) enum Receipted {
    Over(Box<Outcome>),
    /// Not before then: someone is at it, or the provider takes nothing.
    Later(chrono::DateTime<chrono::Utc>),
}

/// The receipt that is owed first among the instalments that were not passed over.
pub(crate) fn owed(invoice: &Invoice, passed: &[u16]) -> Option<(u16, u16)> {
    let open = invoice.instalments.iter().filter(|it| !passed.contains(&it.number));
    let owed = |it: &Instalment| Some((it.number, it.receipt_owed()?.ordinal));
    open.into_iter().find_map(owed)
}

/// Sends a receipt once.
pub(crate) async fn send(
    deps: &Deps,
    settings: &Merchant,
    of: &Ruled,
    (number, ordinal): (u16, u16),
) -> Result<Receipted, Unknown> {
    let now = deps.clock.now();
    let invoice = &of.invoice;
    let key = LedgerKey {
        instalment: number,
        step: RECEIPT.to_owned(),
        channel: Channel::Email,
        revision: ordinal,
    };
    let merchant = &invoice.merchant;
    let locale = invoice.bill_to.locale;
    let wording = templates::for_step(deps, merchant, RECEIPT, Channel::Email, locale).await?;
    let envelope = Envelope {
        channel: Channel::Email,
        payload: payload(deps, settings, invoice, &wording, &key),
        template: wording.source(),
    };
    let over = |message, state| {
        let fact = Fact::Receipt { of: Box::new(of.clone()), number, ordinal };
        let rows = vec![Row { message, state }];
        Ok(Receipted::Over(Box::new(Outcome { fact, rows })))
    };
    let mut old = None;
    // The row may be there already; of two that find it given back, one claims it.
    for _ in 0..2 {
        let at = (merchant, &invoice.id);
        let claim = Claim::new(deps, at, key.clone(), old.as_ref(), None, now);
        let text = sent_text(&claim.row, &envelope, None, now);
        let commit = claim.write(Commit::new(merchant));
        let commit = text.iter().fold(commit, Commit::sent_text);
        if let Some(in_the_way) = conflicts(deps.store.commit(commit).await)? {
            let Some(there) = rows_found(in_the_way).next() else { break };
            match resolve(deps, there, now).await? {
                Resolved::Busy(until) => return Ok(Receipted::Later(until)),
                Resolved::Ended { row, state } => return over(row, state),
                Resolved::NotSent(row) => old = Some(row),
            }
            continue;
        }
        return match post(deps, settings, &envelope.payload, claim.row.attempts).await {
            Posted::Ended(state) => over(claim.row, Some(state)),
            Posted::Unknown(error) => Err(error),
            Posted::NotNow { state, again_at } => {
                let row = Row { message: claim.row, state: Some(state) };
                let commit = row.write(Commit::new(merchant));
                deps.store.commit(commit).await?;
                row.count();
                Ok(Receipted::Later(again_at))
            }
        };
    }
    Ok(Receipted::Later(now + crate::deliver::LEASE))
}

fn payload(
    deps: &Deps,
    settings: &Merchant,
    invoice: &Invoice,
    wording: &Wording,
    key: &LedgerKey,
) -> Result<Payload, Unsayable> {
    let now = deps.clock.now();
    let instalment = invoice.instalment(key.instalment);
    let instalment = instalment.ok_or_else(|| Unsayable::new("the instalment is gone"))?;
    let payment = instalment.payments.iter().find(|known| known.ordinal == key.revision);
    let payment = payment.ok_or_else(|| Unsayable::new("the payment is gone"))?;
    let facts = facts::receipt(settings, invoice, instalment, payment, key, &deps.config, now)?;
    let email = wording.email(&facts).map_err(Unsayable::new)?;
    Ok(Payload::Email(Box::new(email)))
}
