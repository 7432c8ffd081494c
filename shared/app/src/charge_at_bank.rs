//! What the bank holds of a charge, asked before somebody relies on it, and a new charge where the
//! bank let go of one by itself.
//!
//! Whatever was paid comes along with the answer and is taken in at once.

use quita_core::ids::{InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::{Command, Instalment, Invoice, Received, Source, decide, doubt};
use quita_core::payment::Payment;
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
/// Why a charge is issued anew that was paid with money that is not counted for it.
const SPENT: &str = "the Pix that had paid the charge was given another place";

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
///
/// A Pix that was in nobody's name when a person decided about it, such as one of a bank statement,
/// may turn out to have paid this charge. What is then still owed is asked for by a new one, by
/// `actor`.
pub(crate) async fn at_bank(
    deps: &Deps,
    invoice: &Invoice,
    number: u16,
    actor: &str,
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
    if !charge.pix.is_empty() && news == 0 {
        replace_spent(deps, invoice, number, &charge.pix, actor).await?;
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
pub(crate) async fn held(
    deps: &Deps,
    invoice: &Invoice,
    number: u16,
    actor: &str,
) -> Result<AtBank, Unknown> {
    let answer = at_bank(deps, invoice, number, actor).await?;
    answer.ok_or_else(|| PixError::NotFound.into())
}

/// Where `asked` still owes what the bank holds for paid by known `pix`: a new charge asks for it, or
/// the chase rests while a person has to decide about one of them.
async fn replace_spent(
    deps: &Deps,
    asked: &Invoice,
    number: u16,
    pix: &[Pix],
    actor: &str,
) -> Result<(), Unknown> {
    let invoice = reload(deps, &asked.merchant, &asked.id).await?;
    let charge_of = |invoice: &Invoice| Some(invoice.instalment(number)?.charge().revision);
    let revision = charge_of(&invoice);
    let owes = |it: &Instalment| !it.is_settled() && it.hold().is_none();
    let is_spent = revision == charge_of(asked) && invoice.instalment(number).is_some_and(owes);
    if !is_spent || !invoice.is_active() {
        return Ok(());
    }
    let ids = pix.iter().map(|pix| PaymentId::from(pix.end_to_end_id.clone()));
    let refs: Vec<ItemRef> = ids.map(ItemRef::Payment).collect();
    let mut found = deps.store.read(&asked.merchant, &refs).await?;
    let payments = refs.iter().filter_map(|it| match it {
        ItemRef::Payment(id) => found.take_payment(id),
        _ => None,
    });
    let waits = |payment: Payment| Some((payment.attention.as_ref()?.reason, payment));
    let Some((reason, payment)) = payments.filter_map(waits).next() else {
        reissue(deps, invoice, number, SPENT, actor).await?;
        return Ok(());
    };
    let received = Received {
        instalment: number,
        revision,
        payment: &payment.id,
        amount: payment.amount,
        paid_at: payment.paid_at,
        source: Source::Unidentified,
    };
    let events = doubt(&invoice, &received, reason);
    let rule = deps.rule_of(&invoice).await?;
    let commit = Commit::new(&asked.merchant);
    let (commit, _) = apply::apply(commit, invoice, &rule, &events, actor, deps.clock.now());
    deps.store.commit(commit).await?;
    Ok(())
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
