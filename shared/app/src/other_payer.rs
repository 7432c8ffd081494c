//! Whether somebody else than the customer paid. The money is credited all the same: a debt may be
//! paid by a third party (Código Civil, articles 304 and 305); a person should see it, though.

use quita_core::document::TaxId;
use quita_core::invoice::Invoice;
use quita_core::payment::Payment;

/// Characters of a CNPJ that name the company; the others name its branch.
const CNPJ_ROOT_CHARS: usize = 8;

/// Whether the payer is another party than one of the customers whose invoices have the money.
/// `None` where nobody can tell: no payer was named, or no invoice is at hand.
pub(crate) fn differs<'a>(
    payment: &Payment,
    invoices: impl Iterator<Item = &'a Invoice>,
) -> Option<bool> {
    let payer = payment.payer.as_ref()?.document.as_ref()?;
    let mut parties = invoices.map(|invoice| &invoice.bill_to.document).peekable();
    parties.peek()?;
    Some(parties.any(|party| !same_party(payer, party)))
}

/// Branches of a company are one party.
pub(crate) fn same_party(one: &TaxId, other: &TaxId) -> bool {
    match (one, other) {
        (TaxId::Cnpj(one), TaxId::Cnpj(other)) => {
            one.as_str().get(..CNPJ_ROOT_CHARS) == other.as_str().get(..CNPJ_ROOT_CHARS)
        }
        (one, other) => one == other,
    }
}
