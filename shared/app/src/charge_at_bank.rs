//! What the bank holds of a charge, asked before somebody relies on it, and a new charge where the
//! bank let go of one by itself.
//!
//! Whatever was paid comes along with the answer and is taken in at once.

use quita_core::ids::{InvoiceId, MerchantId};
use quita_core::invoice::{Command, Invoice, decide};
use quita_pix::error::PixError;
use quita_pix::wire::Pix;
use quita_table::Commit;
use quita_table::store::ItemRef;

use crate::apply;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::take_payment::{self, Taken};

/// Why a charge is issued anew that the bank took out.
pub(crate) const REMOVED: &str = "the bank no longer holds the charge";

/// What the bank holds of a charge.
pub(crate) enum AtBank {
    Unpaid,
    Paid {
        /// Every Pix that paid it.
        pix: Vec<Pix>,
        /// How many of them brought something that was not known.
        news: u64,
    },
    /// The bank took it out by itself; its code leads nowhere.
    Removed,
}

/// Asks the bank whether the charge was paid meanwhile, and takes the Pix in if so; `None` when the
/// bank does not know the charge.
pub(crate) async fn at_bank(
    deps: &Deps,
    invoice: &Invoice,
    number: u16,
) -> Result<Option<AtBank>, Unknown> {
    let Some(instalment) = invoice.instalment(number) else { return Ok(Some(AtBank::Unpaid)) };
    let bank = deps.banks.of(&invoice.merchant, deps.secrets.as_ref(), deps.clock.now()).await?;
    let charge = match bank.get_cobv(&instalment.charge().txid).await {
        Ok(charge) => charge,
        Err(PixError::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut news = 0;
    for pix in &charge.pix {
        let taken = take_payment::take_confirmed(deps, &invoice.merchant, pix).await?;
        news += u64::from(taken != Taken::Known);
    }
    Ok(Some(if !charge.pix.is_empty() {
        AtBank::Paid { pix: charge.pix, news }
    } else if charge.status.is_removed() {
        AtBank::Removed
    } else {
        AtBank::Unpaid
    }))
}

/// As [`at_bank`], for a charge the bank has to know.
///
/// # Errors
/// Also when it does not: that is a wrong account or environment rather than a lost charge, so
/// nothing is sent and nothing is given up.
pub(crate) async fn held(deps: &Deps, invoice: &Invoice, number: u16) -> Result<AtBank, Unknown> {
    let answer = at_bank(deps, invoice, number).await?;
    answer.ok_or_else(|| PixError::NotFound.into())
}

/// Asks for a new charge by itself; its event wakes `issue_charge`, and the payer is told anew.
pub(crate) async fn reissue(
    deps: &Deps,
    invoice: Invoice,
    instalment: u16,
    reason: &str,
    actor: &str,
) -> Result<Invoice, Unknown> {
    let now = deps.clock.now();
    let reason = reason.to_owned();
    let events = decide(&invoice, Command::Reissue { instalment, reason }, now)
        .map_err(|refusal| Unknown::new("re-issuing a charge", refusal))?;
    let commit = Commit::new(&invoice.merchant);
    let rule = deps.rule_of(&invoice).await?;
    let (commit, after) = apply::apply(commit, invoice, &rule, &events, actor, now);
    deps.store.commit(commit).await?;
    Ok(after)
}

/// The invoice as it is now.
pub(crate) async fn reload(
    deps: &Deps,
    merchant: &MerchantId,
    invoice: &InvoiceId,
) -> Result<Invoice, Unknown> {
    let mut found = deps.store.read(merchant, &[ItemRef::Invoice(invoice.clone())]).await?;
    found
        .take_invoice(invoice)
        .ok_or_else(|| Unknown::new("reading the invoice again", "it is gone"))
}
