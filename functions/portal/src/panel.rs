//! What a payer can do about one instalment at this moment.
//!
//! Owns the choice between paying, waiting, asking and nothing to do. Does not own the status: that
//! is `Invoice::status`, the same on every surface. Invariant: a code is shown only while the bank
//! takes it and paying it is right, and never to who may only see.

use chrono::NaiveDate;
use quita_app::links::Scope;
use quita_core::chase::Hold;
use quita_core::invoice::{ChargeState, Instalment, Invoice, Lifecycle, Matched, Status};

/// The state of the payment card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panel<'a> {
    /// The bank holds the charge and takes it today.
    Payable {
        code: &'a str,
    },
    /// It could be paid, but not by this link: it is for seeing alone.
    ViewOnly,
    /// The bank was asked and has not answered yet.
    Pending,
    /// The bank refused the charge; the merchant has to act.
    Rejected,
    /// The last payable day is over.
    Expired,
    /// What was paid went back to the payer, or elsewhere. The code is spent; the merchant has to
    /// act.
    Refunded,
    /// The charge was taken out at the bank, mostly because a payment is on its way.
    Unavailable,
    /// Nothing is owed, and this is the last payment that stands.
    Paid(&'a Matched),
    /// Closed by rebates or credit notes alone.
    Credited,
    /// The merchant asks for it no longer.
    WrittenOff,
    /// The merchant cancelled; the code is being taken out at the bank.
    Canceling,
    Canceled,
}

impl<'a> Panel<'a> {
    pub(crate) fn of(invoice: &Invoice, instalment: &'a Instalment, today: NaiveDate) -> Self {
        if instalment.is_settled() {
            return match invoice.instalment_status(instalment, today) {
                Status::WrittenOff => Self::WrittenOff,
                _ => standing_payments(instalment).last().map_or(Self::Credited, Self::Paid),
            };
        }
        match invoice.lifecycle {
            Lifecycle::Canceling { .. } => return Self::Canceling,
            Lifecycle::Canceled { .. } => return Self::Canceled,
            Lifecycle::Active => {}
        }
        match instalment.hold() {
            Some(Hold::Refunded) => return Self::Refunded,
            // The bank has money for this very code; a person decides about it.
            Some(Hold::PaymentInDoubt) => return Self::Unavailable,
            None => {}
        }
        if today > instalment.charge().terms.last_payable_day(&invoice.calendar()) {
            return Self::Expired;
        }
        match &instalment.charge().state {
            ChargeState::Active { br_code, .. } => {
                if invoice.amount_due(instalment, today).payable {
                    Self::Payable { code: br_code.as_str() }
                } else {
                    Self::Unavailable
                }
            }
            ChargeState::Pending { .. } => Self::Pending,
            ChargeState::Rejected { .. } => Self::Rejected,
            ChargeState::Removing { .. } | ChargeState::Removed => Self::Unavailable,
        }
    }

    /// The same for a link that may let do less.
    pub(crate) fn within(self, scope: Scope) -> Self {
        match (scope, self) {
            (Scope::View, Self::Payable { .. }) => Self::ViewOnly,
            (Scope::View | Scope::Act, panel) => panel,
        }
    }

    /// Whether a part can be paid by the customer's own code: money would be credited at once.
    pub(crate) fn takes_part(self) -> bool {
        matches!(self, Self::Payable { .. } | Self::Expired)
    }

    /// Its name in the markup, for styles and for the script.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Payable { .. } => "payable",
            Self::ViewOnly => "view_only",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Refunded => "refunded",
            Self::Unavailable => "unavailable",
            Self::Paid(_) => "paid",
            Self::Credited => "credited",
            Self::WrittenOff => "written_off",
            Self::Canceling => "canceling",
            Self::Canceled => "canceled",
        }
    }

    /// Whether it can change by itself while the page is open.
    pub(crate) fn is_live(self) -> bool {
        match self {
            Self::Payable { .. }
            | Self::ViewOnly
            | Self::Pending
            | Self::Unavailable
            | Self::Canceling => true,
            Self::Rejected
            | Self::Expired
            | Self::Refunded
            | Self::Paid(_)
            | Self::Credited
            | Self::WrittenOff
            | Self::Canceled => false,
        }
    }

    /// Whether something is owed on the instalment.
    pub(crate) fn is_owed(self) -> bool {
        match self {
            Self::Payable { .. }
            | Self::ViewOnly
            | Self::Pending
            | Self::Rejected
            | Self::Expired
            | Self::Refunded
            | Self::Unavailable => true,
            Self::Paid(_)
            | Self::Credited
            | Self::WrittenOff
            | Self::Canceling
            | Self::Canceled => false,
        }
    }
}

/// The payments of the instalment of which something is still here, in the order they were credited.
pub(crate) fn standing_payments(instalment: &Instalment) -> impl Iterator<Item = &Matched> {
    instalment.payments.iter().filter(|payment| payment.kept().is_positive())
}
