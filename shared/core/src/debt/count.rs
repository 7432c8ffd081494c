//! Counting one payment against what is due.
//!
//! Owns the order of the parts, what closes a debt without all of the money, and what is taken back
//! when money goes back. Does not own what is left afterwards ([`super::Debt`]).

use serde::{Deserialize, Serialize};

use super::{LateCharges, LateShortfall, Settling, TOLERANCE_MAX};
use crate::money::Money;
use crate::terms::AmountDue;

/// Rounding of percentages is not standardised between banks: each computed component may differ
/// by this much from ours, and what the bank charged wins.
const COMPONENT_TOLERANCE: Money = Money::CENTAVO;

/// How one payment was counted. `received` parts are money; the others close what money did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    pub fine: Money,
    pub interest: Money,
    pub principal: Money,
    /// Given for paying early.
    pub discount: Money,
    /// The agreed rebate, counted with the first payment.
    pub rebate: Money,
    /// Short within the merchant's tolerance.
    pub forgiven: Money,
    /// Late charges that were given up.
    pub waived: LateCharges,
    /// Late charges that go onto the customer's next invoice.
    pub carried: LateCharges,
}

impl Split {
    /// The money in it.
    pub fn received(&self) -> Money {
        self.fine + self.interest + self.principal
    }

    /// What it takes off the principal.
    pub fn off_principal(&self) -> Money {
        self.principal + self.discount + self.rebate + self.forgiven
    }

    /// What is taken back when `amount` of the money goes back after `before` already did: the
    /// principal first, then interest, then the late fee. When nothing is left, the discount and
    /// what was forgiven or waived are taken back too: they were given for paying.
    pub fn taken_back(&self, before: Money, amount: Money) -> Self {
        let (all, earlier) = (self.first_of(before + amount), self.first_of(before));
        Self {
            fine: all.fine - earlier.fine,
            interest: all.interest - earlier.interest,
            principal: all.principal - earlier.principal,
            discount: all.discount - earlier.discount,
            forgiven: all.forgiven - earlier.forgiven,
            waived: LateCharges {
                fine: all.waived.fine - earlier.waived.fine,
                interest: all.waived.interest - earlier.waived.interest,
            },
            ..Self::default()
        }
    }

    fn first_of(&self, amount: Money) -> Self {
        let principal = amount.min(self.principal);
        let interest = (amount - principal).min(self.interest);
        let fine = (amount - principal - interest).min(self.fine);
        let whole = amount == self.received() && amount.is_positive();
        Self {
            fine,
            interest,
            principal,
            discount: if whole { self.discount } else { Money::ZERO },
            forgiven: if whole { self.forgiven } else { Money::ZERO },
            waived: if whole { self.waived } else { LateCharges::default() },
            ..Self::default()
        }
    }
}

/// A payment counted against a debt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub split: Split,
    /// More than was due: it belongs to the customer.
    pub excess: Money,
    /// Whether nothing is left.
    pub closes: bool,
}

/// Counts `amount` against what is due.
pub fn count(amount: Money, due: &AmountDue, settling: &Settling) -> Counted {
    let gap = amount - due.total;
    if gap.centavos().abs() <= rounding_tolerance(due, gap).centavos() {
        return Counted { split: in_full(due, gap), excess: Money::ZERO, closes: true };
    }
    if gap.is_positive() {
        return Counted { split: in_full(due, Money::ZERO), excess: gap, closes: true };
    }
    let missing = -gap;
    let late = LateCharges { fine: due.fine, interest: due.interest };
    if missing <= settling.tolerance.min(TOLERANCE_MAX) && missing < amount {
        return closing(tolerated(amount, due));
    }
    if missing <= late.total() {
        match settling.late_shortfall {
            LateShortfall::Keep => {}
            LateShortfall::Waive => {
                return closing(without_late(amount, due, |split| &mut split.waived));
            }
            LateShortfall::Carry => {
                return closing(without_late(amount, due, |split| &mut split.carried));
            }
        }
    }
    Counted { split: in_part(amount, due), excess: Money::ZERO, closes: false }
}

fn closing(split: Split) -> Counted {
    Counted { split, excess: Money::ZERO, closes: true }
}

/// Everything that is due; `gap` is what the bank's rounding made of it.
fn in_full(due: &AmountDue, gap: Money) -> Split {
    let mut split = Split {
        fine: due.fine,
        interest: due.interest,
        discount: due.discount,
        rebate: due.rebate,
        ..Split::default()
    };
    // The bank rounded one or more components by a centavo each.
    let mut left = gap;
    for (part, sign) in [
        (&mut split.interest, 1),
        (&mut split.fine, 1),
        (&mut split.discount, -1),
        (&mut split.rebate, -1),
    ] {
        if !part.is_zero() && !left.is_zero() {
            let step = Money::from_centavos(left.centavos().signum());
            *part += Money::from_centavos(step.centavos() * sign);
            left -= step;
        }
    }
    split.principal = due.original - split.discount - split.rebate;
    split
}

/// Short within the tolerance: what is missing is forgiven, of the principal first.
fn tolerated(amount: Money, due: &AmountDue) -> Split {
    let mut split = in_full(due, Money::ZERO);
    let missing = due.total - amount;
    split.forgiven = missing.min(split.principal);
    split.principal -= split.forgiven;
    let rest = missing - split.forgiven;
    split.waived.interest = rest.min(split.interest);
    split.interest -= split.waived.interest;
    split.waived.fine = rest - split.waived.interest;
    split.fine -= split.waived.fine;
    split
}

/// The principal in full, the late fee and interest as far as it goes.
fn without_late(
    amount: Money,
    due: &AmountDue,
    given_up: impl FnOnce(&mut Split) -> &mut LateCharges,
) -> Split {
    let mut split = in_full(due, Money::ZERO);
    let left = amount - split.principal;
    split.fine = left.min(due.fine);
    split.interest = left - split.fine;
    let (fine, interest) = (due.fine - split.fine, due.interest - split.interest);
    *given_up(&mut split) = LateCharges { fine, interest };
    split
}

fn in_part(amount: Money, due: &AmountDue) -> Split {
    let fine = amount.min(due.fine);
    let interest = (amount - fine).min(due.interest);
    let principal = amount - fine - interest;
    Split { fine, interest, principal, rebate: due.rebate, ..Split::default() }
}

/// How far the bank's rounding may take a payment from `due`, towards `gap`.
fn rounding_tolerance(due: &AmountDue, gap: Money) -> Money {
    let of = |parts: [Money; 2]| -> Money {
        parts.iter().filter(|part| !part.is_zero()).map(|_| COMPONENT_TOLERANCE).sum()
    };
    let taken_off = of([due.discount, due.rebate]);
    // No more is taken off the principal than there is.
    let net = due.original - due.discount - due.rebate;
    let taken_off = if gap.is_positive() { taken_off } else { taken_off.min(net) };
    of([due.interest, due.fine]) + taken_off
}
