//! What the rule says of one instalment, and of the other debts that one message can tell of.
//!
//! Owns the one way from facts to [`chase::decide`] with the customer in view: the sweep, its dry
//! run and the API's next action take it. Pure: nothing is read here and nothing is sent.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use quita_core::chase::{self, CustomerFacts, Decision, Rule, Step, Way, When, Why};
use quita_core::customer::Customer;
use quita_core::ids::InvoiceId;
use quita_core::invoice::Invoice;
use quita_core::message::{LedgerKey, Message, MessageState};
use quita_notify::GROUP_MAX;

use crate::deliver::LEASE;

/// An invoice with the rule it is under.
#[derive(Clone)]
pub(crate) struct Ruled {
    pub invoice: Invoice,
    pub rule: Arc<Rule>,
}

/// A step that is to be done now for one instalment.
#[derive(Clone)]
pub(crate) struct Deed {
    pub number: u16,
    pub step: Step,
    /// Lower steps that count as done with it.
    pub covers: Vec<Step>,
    pub kind: DeedKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeedKind {
    Message,
    /// Nobody is written to.
    Task,
    /// The rule has run out.
    Escalate,
    /// The message is left out for good.
    Skip(Why),
}

/// What happens to one instalment now, or why nothing does.
#[derive(Clone)]
pub(crate) enum Verdict {
    Do(Box<Deed>),
    Wait { step: String, until: DateTime<Utc>, why: Why },
    Silent { why: Why },
}

/// One debt that a message tells of.
#[derive(Clone)]
pub(crate) struct Debt {
    pub of: Ruled,
    pub deed: Deed,
}

impl Debt {
    /// Key of its row on a channel.
    pub(crate) fn key(&self, channel: quita_core::message::Channel) -> LedgerKey {
        key_of(&self.of.invoice, self.deed.number, &self.deed.step, channel)
    }
}

/// Key of the row of a step's message: it shows the current charge.
pub(crate) fn key_of(
    invoice: &Invoice,
    number: u16,
    step: &Step,
    channel: quita_core::message::Channel,
) -> LedgerKey {
    let revision = invoice.instalment(number).map_or(0, |it| it.charge().revision);
    LedgerKey { instalment: number, step: step.id.clone(), channel, revision }
}

/// Decides one instalment. Without the customer the answer is no later than with it.
pub(crate) fn verdict(
    of: &Ruled,
    number: u16,
    customer: Option<&Customer>,
    now: DateTime<Utc>,
) -> Verdict {
    let calendar = of.invoice.calendar();
    let Some(instalment) = of.invoice.instalment(number) else {
        return Verdict::Silent { why: Why::Settled };
    };
    let mut facts = of.invoice.chase_facts(instalment, &calendar, now);
    facts.customer = customer.map(customer_facts);
    let deed = |step: &Step, covers: Vec<&Step>, kind| {
        let covers = covers.into_iter().cloned().collect();
        Verdict::Do(Box::new(Deed { number, step: step.clone(), covers, kind }))
    };
    match chase::decide(&facts, &of.rule, now) {
        Decision::Send { step, covers } => deed(step, covers, DeedKind::Message),
        Decision::Task { step, covers } => deed(step, covers, DeedKind::Task),
        Decision::Escalate { step, covers } => deed(step, covers, DeedKind::Escalate),
        Decision::Skip { step, covers, why } => deed(step, covers, DeedKind::Skip(why)),
        Decision::Wait { step, until, why } => Verdict::Wait { step: step.id.clone(), until, why },
        Decision::Silent { why } => Verdict::Silent { why },
    }
}

/// What the decision takes from the customer.
pub(crate) fn customer_facts(customer: &Customer) -> CustomerFacts<'_> {
    CustomerFacts { care: &customer.care, credit: customer.balance() }
}

/// The rows of messages about a customer that were read.
pub(crate) type Rows = BTreeMap<(InvoiceId, LedgerKey), Message>;

/// The customer without what the message of these rows did to it: whether that message may go out
/// is decided as if it had not been claimed.
pub(crate) fn without_own_touch(customer: &Customer, rows: &[Message]) -> Customer {
    let mut customer = customer.clone();
    let touches = &customer.care.touches;
    let own = |row: &Message| match &row.state {
        MessageState::Claimed { until } => Some(*until - LEASE),
        MessageState::Released { .. } => None,
        state => {
            let at = settled_at(state);
            touches.iter().rfind(|touch| (at - LEASE..=at).contains(*touch)).copied()
        }
    };
    let own: BTreeSet<DateTime<Utc>> = rows.iter().filter_map(own).collect();
    own.into_iter().for_each(|at| forget_touch(&mut customer, at));
    customer
}

/// Takes one touch at that instant back: another message may have touched the customer just then.
pub(crate) fn forget_touch(customer: &mut Customer, at: DateTime<Utc>) {
    let touches = &mut customer.care.touches;
    if let Some(nth) = touches.iter().position(|touch| *touch == at) {
        touches.remove(nth);
    }
}

fn settled_at(state: &MessageState) -> DateTime<Utc> {
    match state {
        MessageState::Claimed { until } => *until,
        MessageState::Released { at, .. }
        | MessageState::Sent { at, .. }
        | MessageState::Delivered { at }
        | MessageState::Read { at }
        | MessageState::Bounced { at, .. }
        | MessageState::Complained { at }
        | MessageState::Failed { at, .. } => *at,
    }
}

/// Whether a message can tell of other debts too: a first message answers to a purchase, and a
/// letter has one slip.
pub(crate) fn may_be_shared(step: &Step) -> bool {
    step.is_message() && step.when != When::OnIssue && !step.ways.contains(&Way::Letter)
}

/// The debts that go out in one message with `lead`, which is one of them: those of the customer
/// that are due now for the same people. The firmest comes first, of equals the one due longest; at
/// most [`GROUP_MAX`].
pub(crate) fn together(
    lead: &Debt,
    siblings: &[Ruled],
    customer: &Customer,
    is_free: impl Fn(&Debt) -> bool,
    now: DateTime<Utc>,
) -> Vec<Debt> {
    if !may_be_shared(&lead.deed.step) {
        return vec![lead.clone()];
    }
    let own = (&lead.of.invoice.id, lead.deed.number);
    let mut debts = vec![lead.clone()];
    for of in std::iter::once(&lead.of).chain(siblings) {
        for instalment in &of.invoice.instalments {
            if (&of.invoice.id, instalment.number) == own {
                continue;
            }
            let Verdict::Do(deed) = verdict(of, instalment.number, Some(customer), now) else {
                continue;
            };
            let debt = Debt { of: of.clone(), deed: *deed };
            if joins(lead, &debt) && is_free(&debt) {
                debts.push(debt);
            }
        }
    }
    debts.sort_by_cached_key(|debt| {
        let (invoice, deed) = (&debt.of.invoice, &debt.deed);
        let due = invoice.instalment(deed.number).map(|it| it.terms.due_date);
        (Reverse(tone(&deed.step)), due, invoice.id.clone(), deed.number)
    });
    debts.truncate(GROUP_MAX);
    debts
}

fn tone(step: &Step) -> Option<chase::Tone> {
    step.how.as_ref().map(|how| how.tone)
}

fn joins(lead: &Debt, other: &Debt) -> bool {
    let audience = |debt: &Debt| debt.deed.step.how.as_ref().map(|how| how.audience);
    let party = |debt: &Debt| debt.of.invoice.bill_to.clone();
    other.deed.kind == DeedKind::Message
        && may_be_shared(&other.deed.step)
        && audience(lead) == audience(other)
        && lead.of.invoice.handling.owner == other.of.invoice.handling.owner
        // Each invoice keeps the party it was issued to, and one message has one set of recipients.
        && party(lead) == party(other)
}
