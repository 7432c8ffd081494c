//! How the agreed principal of an instalment came to what is left of it.
//!
//! Owns the explanation of a rest: every part of it is read from the credits and the debt as they
//! stand. Does not own the counting itself ([`crate::debt`]).
//! Invariant: the parts that were taken off and what is left add up to what was agreed.

use super::{Instalment, Invoice, Matched};
use crate::debt::{LateCharges, Split, count};
use crate::money::Money;

/// The agreed principal, by what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    pub agreed: Money,
    /// Late charges of earlier invoices that are part of what was agreed.
    pub carried_in: Money,
    /// Paid with money that is still here.
    pub received: Money,
    /// Given for paying early.
    pub discount: Money,
    /// Short within the merchant's tolerance.
    pub forgiven: Money,
    /// Rebates, as agreed or granted later, and credit notes.
    pub credited: Money,
    pub written_off: Money,
    pub left: Money,
}

impl Instalment {
    /// What became of the agreed principal.
    pub fn principal(&self) -> Principal {
        let kept = || self.payments.iter().map(Matched::kept_split);
        let sum = |part: fn(&Split) -> Money| kept().map(|split| part(&split)).sum::<Money>();
        let received = sum(|split| split.principal);
        let discount = sum(|split| split.discount);
        let forgiven = sum(|split| split.forgiven);
        let (agreed, left) = (self.terms.original, self.debt.principal);
        // What neither money nor the parts above took off, the merchant did.
        let credited = agreed - left - received - discount - forgiven - self.written_off;
        Principal {
            agreed,
            carried_in: self.carried_in.total(),
            received,
            discount,
            forgiven,
            credited,
            written_off: self.written_off,
            left,
        }
    }
}

impl Matched {
    /// How the part of it is counted that is still here.
    pub fn kept_split(&self) -> Split {
        let back = self.split.taken_back(Money::ZERO, self.released);
        let rest = |all: LateCharges, gone: LateCharges| LateCharges {
            fine: all.fine - gone.fine,
            interest: all.interest - gone.interest,
        };
        Split {
            fine: self.split.fine - back.fine,
            interest: self.split.interest - back.interest,
            principal: self.split.principal - back.principal,
            discount: self.split.discount - back.discount,
            rebate: self.split.rebate - back.rebate,
            forgiven: self.split.forgiven - back.forgiven,
            waived: rest(self.split.waived, back.waived),
            carried: rest(self.split.carried, back.carried),
        }
    }
}

impl Invoice {
    /// Whether a credit paid all that was due, rather than a part of it.
    pub fn closed_by(&self, payment: &Matched) -> bool {
        count(payment.amount, &payment.due, &self.issuing.settling).closes
    }
}
