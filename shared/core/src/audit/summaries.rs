//! The summaries of what this crate knows: what a person who asks "what changed?" wants to see.
//!
//! Counters of retries and the instants of the next try are left out: they are no change of anything
//! that somebody decided or that money did.

use chrono::{DateTime, Utc};

use super::{Audited, Summary};
use crate::access::{ApiKey, Permission, Person};
use crate::bank_import::BankImport;
use crate::care::{Care, Tier};
use crate::chase::{Hold, SegmentRule};
use crate::customer::{BillTo, Customer};
use crate::invoice::{Charge, ChargeState, Handling, Instalment, Invoice};
use crate::merchant::Merchant;
use crate::money::Money;
use crate::payment::Payment;

/// The invoice as a whole, and each instalment under `instalments.{number}`.
impl Audited for Invoice {
    fn summary(&self) -> Summary {
        let each = self.instalments.iter();
        each.fold(of_whole(self), |summary, instalment| {
            summary.nested(format_args!("instalments.{}", instalment.number), of_part(instalment))
        })
    }
}

impl Invoice {
    /// The invoice as a whole alone: what is told of a new one, whose instalments stand in the row's
    /// data.
    pub fn summary_of_whole(&self) -> Summary {
        of_whole(self)
    }
}

fn of_whole(invoice: &Invoice) -> Summary {
    let whole =
        Summary::new().with("status", invoice.state_name()).with("principal", invoice.receivable());
    of_handling(whole, &invoice.handling)
}

/// Without what was typed of people: a row is kept for good.
fn of_handling(summary: Summary, handling: &Handling) -> Summary {
    let promise = handling.promise.as_ref().map(|promise| {
        let state = format!("{:?}", promise.state).to_lowercase();
        format!("{} by {} {state}", promise.amount, promise.day)
    });
    let paused = handling.paused.as_ref().map(|pause| match pause.until {
        Some(day) => format!("until {day}"),
        None => "until resumed".to_owned(),
    });
    let asked = handling.asked.as_ref().map(|it| format!("{} {}", it.instalment, it.step));
    let tasks = (!handling.tasks.is_empty()).then_some(handling.tasks.len());
    summary
        .with_some("promise", promise)
        .with_some("disputed", handling.dispute.is_some().then_some(true))
        .with_some("paused", paused)
        .with_some("excluded", handling.excluded.is_some().then_some(true))
        .with_some("escalated_to", handling.escalation.as_ref().map(|it| it.to.as_str()))
        .personal("owner", handling.owner.as_ref().map(|it| it.as_str()))
        .with_some("send_asked", asked)
        .with_some("open_tasks", tasks)
}

fn of_part(instalment: &Instalment) -> Summary {
    let debt = &instalment.debt;
    let arrears = debt.arrears.map(|arrears| arrears.owed.total());
    Summary::new()
        .with("due_date", instalment.terms.due_date)
        .with("principal", debt.principal)
        .with_some("late_charges", arrears.filter(|owed| !owed.is_zero()))
        .with_some("written_off", positive(instalment.written_off))
        .with_some("hold", instalment.hold().map(of_hold))
        .with_some("our_number", instalment.our_number.as_ref())
        .with_some("flagged", instalment.chase.flagged.then_some(true))
        .with("charge", of_charge(instalment.charge()))
}

fn of_hold(hold: Hold) -> &'static str {
    match hold {
        Hold::Refunded => "refunded",
        Hold::PaymentInDoubt => "payment_in_doubt",
    }
}

fn of_charge(charge: &Charge) -> String {
    let state = match charge.state {
        ChargeState::Pending { .. } => "pending",
        ChargeState::Active { .. } => "active",
        ChargeState::Rejected { .. } => "rejected",
        ChargeState::Removing { .. } => "removing",
        ChargeState::Removed => "removed",
    };
    format!("{} {state}", charge.revision)
}

fn positive(amount: Money) -> Option<Money> {
    amount.is_positive().then_some(amount)
}

/// Where its money lies, and who is to look.
impl Audited for Payment {
    fn summary(&self) -> Summary {
        let attention = self.attention.as_ref();
        Summary::new()
            .with("status", self.status())
            .with_some("allocated", positive(self.allocated()))
            .with_some("on_account", positive(self.account_amount()))
            .with_some("going_back", positive(self.going_back()))
            .with_some("returned", positive(self.returned()))
            .with_some("unidentified", positive(self.unidentified()))
            .with_some("attention", attention.map(|it| it.reason.code()))
            .personal("payer", self.payer.as_ref().and_then(|it| it.name.as_ref()))
            .personal("assignee", attention.and_then(|it| it.assignee.as_ref()))
            .with_some("settled_on", self.settled_on)
    }
}

/// How it is reached, and what stands on its account.
impl Audited for Customer {
    fn summary(&self) -> Summary {
        let flag = self.flag.as_ref().map(|flag| flag.reason.code());
        of_care(of_party(&self.bill_to), &self.care)
            .with_some("on_account", positive(self.balance()))
            .with_some("carried", positive(self.carried.total()))
            .with_some("flag", flag)
    }
}

/// What people decided about it; when it was written to is no change of anything.
fn of_care(summary: Summary, care: &Care) -> Summary {
    let excluded = care.excluded.as_ref().map(|_| true);
    let paused = care
        .paused
        .as_ref()
        .map(|pause| pause.until.map_or("open".to_owned(), |day| day.to_string()));
    let consent = care.whatsapp.map(|consent| consent.given);
    let tier = (care.tier != Tier::Standard).then(|| care.tier.as_str());
    let summary = summary
        .with_some("tier", tier)
        .with_some("segment", care.segment_name())
        .with_some("excluded", excluded)
        .with_some("paused_until", paused)
        .with_some("whatsapp_consent", consent);
    let contacts = care.contacts.iter().enumerate();
    contacts.fold(summary, |summary, (nth, contact)| {
        summary
            .with(format!("contacts.{nth}.audience"), contact.audience.as_str())
            .personal(format!("contacts.{nth}.email"), contact.email.as_ref().map(|it| it.as_str()))
            .personal(format!("contacts.{nth}.phone"), contact.phone.as_ref().map(|it| it.as_str()))
    })
}

fn of_party(party: &BillTo) -> Summary {
    let emails = party.emails.iter().enumerate();
    let address = party
        .address
        .as_ref()
        .map(|it| format!("{}, {}, {}, {}", it.street, it.city, it.state, it.postal_code.as_str()));
    let summary = Summary::new()
        .personal("name", Some(&party.name))
        .personal("document", Some(party.document.as_str()))
        .personal("phone", party.phone.as_ref().map(|it| it.as_str()))
        .personal("chat_webhook", party.chat_webhook.as_ref().map(|it| it.as_str()))
        .personal("address", address)
        .personal("account_owner", party.account_owner.as_ref().map(|it| it.as_str()))
        .with("locale", party.locale.as_str());
    emails.fold(summary, |summary, (nth, email)| {
        summary.personal(format!("emails.{nth}"), Some(email.as_str()))
    })
}

/// All settings. The merchant's own name and place are not personal; its addresses are masked, and
/// so is its document, which may be a person's.
impl Audited for Merchant {
    fn summary(&self) -> Summary {
        let issuing = &self.issuing;
        Summary::new()
            .with("name", &self.name)
            .personal("document", Some(self.document.as_str()))
            .with("city", &self.city)
            .with("mode", self.mode)
            .personal("pix_key", self.pix_key.as_ref().map(|it| it.as_str()))
            .personal("from", self.from.as_ref().map(|it| it.as_str()))
            .personal("reply_to", self.reply_to.as_ref().map(|it| it.as_str()))
            .personal("chat_webhook", self.chat_webhook.as_ref().map(|it| it.as_str()))
            .with_some("brand_colour", self.brand_colour.as_ref())
            .with_some("logo_url", self.brand.logo.as_ref())
            .personal("sender_name", self.brand.sender_name.as_ref())
            .personal("signature", self.brand.signature.as_ref())
            .with("locale", self.locale.as_str())
            .with("zone", issuing.zone.name())
            .with("policy.rounding", format_args!("{:?}", issuing.policy.rounding))
            .with("policy.fine_trigger", format_args!("{:?}", issuing.policy.fine_trigger))
            .with("policy.interest_from", format_args!("{:?}", issuing.policy.interest_from))
            .with("extra_holidays", list(&issuing.extra_holidays))
            .with("payment_tolerance", issuing.settling.tolerance)
            .with("late_shortfall", issuing.settling.late_shortfall.as_str())
            .with_some("rule", issuing.rule.as_ref().map(|it| it.as_str()))
            .with("rule_version", issuing.rule_version)
            .with_some("segments", of_segments(self))
            .with_some("daily_digest", (!self.daily_digest).then_some(false))
            .with_some("bank", self.setup.bank.as_ref().map(|it| &it.bank))
            .with_some("bank_sandbox", self.setup.bank.as_ref().map(|it| it.sandbox))
            .with_some("bank_connected_at", self.setup.bank.as_ref().map(|it| it.connected_at))
            .with_some("certificate_expires_at", certificate_end(self))
            .with_some("callback_at", self.setup.callback_at)
            .with_some("test_charge", self.setup.test_charge.as_ref().map(|it| &it.txid))
            .with_some("test_charge_removed_at", test_charge_end(self))
            .with_some("sender_domain", self.setup.sender.as_ref().map(|it| &it.domain))
            .with_some("sender_verified_at", sender_verified(self))
    }
}

/// Each segment with the rule it has of its own.
fn of_segments(merchant: &Merchant) -> Option<String> {
    let of = |it: &SegmentRule| match &it.rule {
        Some(rule) => format!("{} {} {}", it.segment, rule.name.as_str(), rule.version),
        None => it.segment.clone(),
    };
    (!merchant.segments.is_empty()).then(|| list(merchant.segments.iter().map(of)))
}

fn certificate_end(merchant: &Merchant) -> Option<DateTime<Utc>> {
    merchant.setup.bank.as_ref()?.certificate_expires_at
}

fn test_charge_end(merchant: &Merchant) -> Option<DateTime<Utc>> {
    merchant.setup.test_charge.as_ref()?.removed_at
}

fn sender_verified(merchant: &Merchant) -> Option<DateTime<Utc>> {
    merchant.setup.sender.as_ref()?.verified_at
}

/// What it opens, and for how long. Its last use is no change of it.
impl Audited for ApiKey {
    fn summary(&self) -> Summary {
        Summary::new()
            .with("name", &self.name)
            .with("permissions", list(self.permissions.iter().map(|it: &Permission| it.as_str())))
            .with_some("expires_at", self.expires_at)
            .with_some("replaced_by", self.replaced_by.as_ref())
            .with_some("revoked_at", self.revoked_at)
    }
}

/// What the person may do.
impl Audited for Person {
    fn summary(&self) -> Summary {
        Summary::new()
            .personal("name", Some(&self.name))
            .personal("email", Some(self.email.as_str()))
            .with("role", self.role.as_str())
            .with_some("removed_at", self.removed_at)
    }
}

/// How far it is.
impl Audited for BankImport {
    fn summary(&self) -> Summary {
        Summary::new().with("status", self.state.as_str()).with("done", self.done)
    }
}

fn list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(", ")
}
