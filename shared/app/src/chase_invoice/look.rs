//! What is read beside an invoice before its step is decided for good: the customer, the rows of
//! the messages in question, and the customer's other debts.
//!
//! One round: the customer and the rows by one read, the other invoices beside it where a message
//! may tell of them too.

use std::ops::RangeInclusive;

use chrono::{DateTime, Days, NaiveDate, Utc};
use quita_core::chase::{Rule, Step, Unit, When};
use quita_core::customer::Customer;
use quita_core::message::Message;
use quita_table::store::ItemRef;

use super::verdict::{
    Deed, DeedKind, Rows, Ruled, Verdict, key_of, may_be_shared, verdict, without_own_touch,
};
use crate::deps::Deps;
use crate::error::Unknown;

/// Days beyond those of the rule that other debts are looked for: what an outage may last.
const DAYS_AROUND: u64 = 60;

/// What was read.
pub(crate) struct Look {
    pub customer: Customer,
    pub rows: Rows,
    pub siblings: Vec<Ruled>,
}

/// What is decided of one instalment with everything in view.
pub(crate) struct Decided {
    pub verdict: Verdict,
    /// Rows of that very message that stand already: an attempt at it was not recorded.
    pub rows: Vec<Message>,
    /// The customer as if that attempt had not been.
    pub customer: Customer,
}

/// The steps that are due without the customer in view. What is not due so is not due with it.
pub(crate) fn due(of: &Ruled, over: &[u16], now: DateTime<Utc>) -> Vec<Deed> {
    let open = of.invoice.instalments.iter().filter(|it| !over.contains(&it.number));
    let deed = |number| match verdict(of, number, None, now) {
        Verdict::Do(deed) => Some(*deed),
        Verdict::Wait { .. } | Verdict::Silent { .. } => None,
    };
    open.filter_map(|it| deed(it.number)).collect()
}

/// Reads what has to be known to decide the steps that are due.
pub(crate) async fn look(
    deps: &Deps,
    of: &Ruled,
    due: &[Deed],
    now: DateTime<Utc>,
) -> Result<Look, Unknown> {
    let invoice = &of.invoice;
    let mut refs = vec![ItemRef::Customer(invoice.customer.clone())];
    refs.extend(due.iter().flat_map(|deed| refs_of(of, deed.number, &deed.step)));
    let shared = |deed: &Deed| deed.kind == DeedKind::Message && may_be_shared(&deed.step);
    let read = async { Ok(deps.store.read(&invoice.merchant, &refs).await?) };
    let others = siblings(deps, of, due.iter().any(shared), now);
    let (mut found, siblings) = futures::future::try_join(read, others).await?;
    let customer = found.take_customer(&invoice.customer);
    let customer = customer.ok_or_else(|| Unknown::new("reading the customer", "it is gone"))?;
    let mut rows = Rows::new();
    for item in refs {
        if let ItemRef::Message(id, key) = item
            && let Some(row) = found.take_message(&id, &key)
        {
            rows.insert((id, key), row);
        }
    }
    Ok(Look { customer, rows, siblings })
}

fn refs_of(of: &Ruled, number: u16, step: &Step) -> Vec<ItemRef> {
    let id = &of.invoice.id;
    let channels = step.channels();
    let row = |channel| ItemRef::Message(id.clone(), key_of(&of.invoice, number, step, channel));
    channels.map(row).collect()
}

/// The customer's other invoices around the days the rule speaks of, each with its own rule.
async fn siblings(
    deps: &Deps,
    of: &Ruled,
    wanted: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Ruled>, Unknown> {
    if !wanted {
        return Ok(Vec::new());
    }
    let invoice = &of.invoice;
    let today = invoice.civil_date(now);
    let days = days_of(&of.rule, today);
    let mut siblings = Vec::new();
    for other in deps.store.other_invoices_due(invoice, days).await? {
        if other.is_active() && !other.is_settled() {
            let rule = deps.rule_of(&other).await?;
            siblings.push(Ruled { invoice: other, rule });
        }
    }
    Ok(siblings)
}

/// First and last due date of debts that a step of the rule can be due for today.
fn days_of(rule: &Rule, today: NaiveDate) -> RangeInclusive<NaiveDate> {
    let days = |step: &Step| match step.when {
        When::OnIssue => 0,
        When::Issue { offset, unit } | When::Due { offset, unit } => match unit {
            Unit::Hours => i64::from(offset) / 24,
            Unit::Days => i64::from(offset),
            // Two weekend days and a holiday a week.
            Unit::BusinessDays => i64::from(offset) * 2,
        },
    };
    let furthest = |sign: i64| rule.steps.iter().map(|step| days(step) * sign).max().unwrap_or(0);
    let span = |days: i64| Days::new(days.max(0).unsigned_abs() + DAYS_AROUND);
    let from = today.checked_sub_days(span(furthest(1))).unwrap_or(NaiveDate::MIN);
    let to = today.checked_add_days(span(furthest(-1))).unwrap_or(NaiveDate::MAX);
    from..=to
}

impl Look {
    /// Decides one instalment with the customer in view. Where an attempt at its message stands
    /// that was not recorded, as if that had not been: it is finished before anything else is
    /// waited for.
    pub(crate) async fn decide(
        &mut self,
        deps: &Deps,
        of: &Ruled,
        deed: &Deed,
        now: DateTime<Utc>,
    ) -> Result<Decided, Unknown> {
        let first = verdict(of, deed.number, Some(&self.customer), now);
        let named = match &first {
            Verdict::Do(deed) => Some(deed.step.clone()),
            Verdict::Wait { step, .. } => of.rule.step(step).cloned(),
            Verdict::Silent { .. } => None,
        };
        let step = named.unwrap_or_else(|| deed.step.clone());
        if step.id != deed.step.id {
            // Only the customer could tell that it is another one.
            self.read_rows(deps, of, deed.number, &step).await?;
        }
        let keys = step.channels().map(|way| key_of(&of.invoice, deed.number, &step, way));
        let known = |key| self.rows.get(&(of.invoice.id.clone(), key));
        let rows: Vec<Message> = keys.filter_map(known).cloned().collect();
        if rows.is_empty() {
            let customer = self.customer.clone();
            return Ok(Decided { verdict: first, rows, customer });
        }
        let customer = without_own_touch(&self.customer, &rows);
        let verdict = verdict(of, deed.number, Some(&customer), now);
        let same = matches!(&verdict, Verdict::Do(deed) if deed.step.id == step.id);
        Ok(match same {
            true => Decided { verdict, rows, customer },
            // Its time is over; what stands of it stays.
            false => {
                let customer = self.customer.clone();
                let verdict = super::verdict::verdict(of, deed.number, Some(&customer), now);
                Decided { verdict, rows: Vec::new(), customer }
            }
        })
    }

    async fn read_rows(
        &mut self,
        deps: &Deps,
        of: &Ruled,
        number: u16,
        step: &Step,
    ) -> Result<(), Unknown> {
        let refs = refs_of(of, number, step);
        if refs.is_empty() {
            return Ok(());
        }
        let mut found = deps.store.read(&of.invoice.merchant, &refs).await?;
        for item in refs {
            if let ItemRef::Message(id, key) = item
                && let Some(row) = found.take_message(&id, &key)
            {
                self.rows.insert((id, key), row);
            }
        }
        Ok(())
    }
}
