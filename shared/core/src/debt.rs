//! What is left of a debt after payments, rebates and returns, and how money is counted against it.
//!
//! Owns: the order in which a payment is counted, what happens to what is missing, and the debt that
//! remains. Does not own: which instalment a payment is for ([`crate::invoice`]), or where the money
//! lies ([`crate::payment`]).
//! Invariants: every centavo received is in exactly one part of a [`Split`] or in the excess; the
//! principal never grows but by money that went back; interest runs on the principal alone.
//!
//! A payment is counted first to the late fee, then to interest, then to the principal (Código Civil,
//! article 354: interest before capital). The discount for paying early is given by the payment that
//! closes the debt in time.

mod count;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::BankCalendar;
use crate::money::{Money, Rounding};
use crate::terms::{AmountDue, Discount, Fine, Interest, InterestRate, Policy, Terms};

pub use count::{Counted, Split, count};

/// Most a merchant may forgive of a payment that is short: R$ 100.00.
pub const TOLERANCE_MAX: Money = Money::from_centavos(10_000);

/// The merchant's choices for payments that are short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// A payment that is short by no more than this closes the debt all the same.
    pub tolerance: Money,
    pub late_shortfall: LateShortfall,
}

/// Nothing is forgiven, and what is missing stays due.
impl Default for Settling {
    fn default() -> Self {
        Self { tolerance: Money::ZERO, late_shortfall: LateShortfall::Keep }
    }
}

/// What becomes of late fee and interest when a late payment covers the principal but not them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LateShortfall {
    /// The rest stays due and is chased.
    Keep,
    /// The debt is closed and the rest forgiven.
    Waive,
    /// The debt is closed and the rest goes onto the customer's next invoice.
    Carry,
}

impl LateShortfall {
    pub const ALL: [Self; 3] = [Self::Keep, Self::Waive, Self::Carry];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Waive => "waive",
            Self::Carry => "carry",
        }
    }
}

/// Late fee and interest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateCharges {
    pub fine: Money,
    pub interest: Money,
}

impl LateCharges {
    pub fn total(self) -> Money {
        self.fine + self.interest
    }

    pub fn is_zero(&self) -> bool {
        self.fine.is_zero() && self.interest.is_zero()
    }
}

impl std::ops::AddAssign for LateCharges {
    fn add_assign(&mut self, other: Self) {
        self.fine += other.fine;
        self.interest += other.interest;
    }
}

/// What is left of a debt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    /// What is left of the principal.
    pub principal: Money,
    /// Whether the agreed rebate has been taken off the principal. Before that it is part of the
    /// terms.
    pub net: bool,
    /// Late fee and interest that came together up to a day and were not paid.
    pub arrears: Option<Arrears>,
    /// Times the debt was changed by money or by a person. A charge of an earlier state asks for
    /// another amount.
    pub changes: u16,
}

/// Late charges as of a day. Those of later days are added by the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrears {
    pub on: NaiveDate,
    pub owed: LateCharges,
}

/// Under which calendar and policy a debt is reckoned.
#[derive(Debug, Clone, Copy)]
pub struct Reckoning<'a> {
    pub calendar: &'a BankCalendar,
    pub policy: &'a Policy,
}

impl Debt {
    /// The whole debt, as agreed.
    pub fn agreed(terms: &Terms) -> Self {
        Self { principal: terms.original, net: false, arrears: None, changes: 0 }
    }

    /// Whether nothing is left.
    pub fn is_settled(&self) -> bool {
        self.principal.is_zero() && self.arrears.is_none_or(|arrears| arrears.owed.is_zero())
    }

    /// The terms of what is left: a fixed late fee (Código Civil, article 413) and amounts a day
    /// shrink with the principal, and a fixed discount that would reach what is left is gone.
    pub fn terms(&self, agreed: &Terms, policy: &Policy) -> Terms {
        if self.principal == agreed.original && !self.net {
            return agreed.clone();
        }
        if self.principal.is_zero() {
            let original = Money::ZERO;
            let (fine, interest, rebate, discount) = (None, None, None, None);
            return Terms { original, fine, interest, rebate, discount, ..agreed.clone() };
        }
        let whole = agreed.net(policy);
        Terms {
            original: self.principal,
            rebate: if self.net { None } else { agreed.rebate.clone() },
            fine: agreed.fine.as_ref().and_then(|it| self.fine(it, whole, policy.rounding)),
            interest: agreed
                .interest
                .as_ref()
                .and_then(|it| self.interest(it, whole, policy.rounding)),
            discount: agreed.discount.as_ref().and_then(|it| self.discount(it, whole)),
            ..agreed.clone()
        }
    }

    fn fine(&self, fine: &Fine, whole: Money, rounding: Rounding) -> Option<Fine> {
        match fine {
            Fine::Fixed(amount) => {
                let amount = self.share_of(*amount, whole, rounding);
                amount.is_positive().then_some(Fine::Fixed(amount))
            }
            Fine::Percent(_) => Some(fine.clone()),
        }
    }

    fn interest(&self, interest: &Interest, whole: Money, rounding: Rounding) -> Option<Interest> {
        match interest.rate {
            InterestRate::AmountPerDay(amount) => {
                let amount = self.share_of(amount, whole, rounding);
                let rate = InterestRate::AmountPerDay(amount);
                amount.is_positive().then_some(Interest { basis: interest.basis, rate })
            }
            InterestRate::PercentPerDay(_)
            | InterestRate::PercentPerMonth(_)
            | InterestRate::PercentPerYear(_) => Some(interest.clone()),
        }
    }

    fn discount(&self, discount: &Discount, whole: Money) -> Option<Discount> {
        match discount {
            Discount::FixedUntil(steps) => {
                let fits = |step: &&(NaiveDate, Money)| step.1 < self.principal;
                let steps: Vec<_> = steps.iter().filter(fits).copied().collect();
                (!steps.is_empty()).then_some(Discount::FixedUntil(steps))
            }
            Discount::AmountPerDay { basis, amount } => {
                let amount = self.share_of(*amount, whole, Rounding::Down);
                amount.is_positive().then_some(Discount::AmountPerDay { basis: *basis, amount })
            }
            Discount::PercentUntil(_) | Discount::PercentPerDay { .. } => Some(discount.clone()),
        }
    }

    /// `amount` in the proportion of what is left to what was agreed, `whole`.
    fn share_of(&self, amount: Money, whole: Money, rounding: Rounding) -> Money {
        if self.principal >= whole {
            return amount;
        }
        let product = i128::from(amount.centavos()) * i128::from(self.principal.centavos());
        let whole = i128::from(whole.centavos()).max(1);
        let share = i64::try_from(rounding.divide(product, whole)).unwrap_or(i64::MAX);
        Money::from_centavos(share)
    }

    /// What is owed on a day, with its breakdown.
    pub fn amount_due(&self, agreed: &Terms, on: NaiveDate, by: Reckoning<'_>) -> AmountDue {
        let terms = self.terms(agreed, by.policy);
        let due = terms.amount_due(on, by.calendar, by.policy);
        // On a day on time nothing is late, whatever came together later.
        let is_late = |_: &Arrears| due.calendar_days_late > 0 || self.principal.is_zero();
        let Some(arrears) = self.arrears.filter(is_late) else { return due };
        // What the terms add since the day of the arrears; before it, what they had added less.
        let then = terms.amount_due(arrears.on, by.calendar, by.policy);
        let fine = (arrears.owed.fine + due.fine - then.fine).max(Money::ZERO);
        let interest = (arrears.owed.interest + due.interest - then.interest).max(Money::ZERO);
        let total = due.total - due.fine - due.interest + fine + interest;
        let in_time = on <= terms.last_payable_day(by.calendar);
        let payable = in_time && total.is_positive() && total <= Money::MAX_API_PIX;
        AmountDue { fine, interest, total, payable, ..due }
    }

    /// What is left once a payment was counted against what was due.
    pub fn after(&self, due: &AmountDue, counted: &Counted) -> Self {
        if counted.closes { self.closed() } else { self.less_part(due, &counted.split) }
    }

    /// What is left once `split` took off a part of what was due.
    ///
    /// A part of an earlier day than that of the arrears leaves their day: late charges up to it were
    /// counted already, and are not counted anew.
    fn less_part(&self, due: &AmountDue, split: &Split) -> Self {
        let later = self.arrears.filter(|arrears| due.on < arrears.on);
        let dated =
            Arrears { on: due.on, owed: LateCharges { fine: due.fine, interest: due.interest } };
        let Arrears { on, owed } = later.unwrap_or(dated);
        let Split { waived, carried, .. } = split;
        let rest = |owed: Money, paid: Money, waived: Money, carried: Money| {
            (owed - paid - waived - carried).max(Money::ZERO)
        };
        let owed = LateCharges {
            fine: rest(owed.fine, split.fine, waived.fine, carried.fine),
            interest: rest(owed.interest, split.interest, waived.interest, carried.interest),
        };
        let principal = due.original - split.off_principal();
        let late = later.is_some() || due.calendar_days_late > 0;
        let is_left = principal.is_positive() || !owed.is_zero();
        Self {
            principal,
            net: true,
            arrears: (late && is_left).then_some(Arrears { on, owed }),
            changes: self.changes + 1,
        }
    }

    /// The debt with its agreed rebate taken off and `amount` less principal, as of `due`. `None`
    /// when that is more than is left.
    pub fn less(&self, due: &AmountDue, amount: Money) -> Option<Self> {
        let left = due.original - due.rebate;
        let split = Split { principal: amount, rebate: due.rebate, ..Split::default() };
        (amount <= left).then(|| self.less_part(due, &split))
    }

    /// The debt closed, whatever is left of it.
    pub fn closed(&self) -> Self {
        Self { principal: Money::ZERO, net: true, arrears: None, changes: self.changes + 1 }
    }

    /// The debt after money went back: what it had paid is owed again, and interest runs on it from
    /// that day on. Where a later due date was agreed meanwhile, nothing is late.
    pub fn restored(&self, due: &AmountDue, back: &Split) -> Self {
        let owed = LateCharges {
            fine: due.fine + back.fine + back.waived.fine,
            interest: due.interest + back.interest + back.waived.interest,
        };
        let is_late = due.calendar_days_late > 0;
        Self {
            principal: self.principal + back.off_principal(),
            net: self.net,
            arrears: is_late.then_some(Arrears { on: due.on, owed }),
            changes: self.changes + 1,
        }
    }
}

#[cfg(test)]
mod tests;
