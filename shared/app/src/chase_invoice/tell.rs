//! One message about one or more debts, on every channel of its step: claimed together, sent, and
//! given back where nobody takes it now.
//!
//! The claim writes every row, the exact texts and the customer's touch in one transaction, under
//! the customer's version: two sweeps at two invoices of a customer send one message, and caps and
//! gap are exact. Does not own what is recorded afterwards ([`super::record`]).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use quita_core::chase::Audience;
use quita_core::customer::Customer;
use quita_core::ids::{CustomerId, MerchantId};
use quita_core::merchant::Merchant;
use quita_core::message::{Channel, Lead, Message, MessageState, Source};
use quita_table::store::ItemRef;
use quita_table::{Commit, Expected};

use super::say;
use super::verdict::{Debt, Rows, forget_touch};
use super::walk::Walk;
use crate::deliver::{
    Claim, Envelope, Posted, conflicts, count, failed, post, rows_found, sent_text,
};
use crate::deps::Deps;
use crate::error::Unknown;

/// Times rows are settled anew because someone else wrote first.
const CONFLICTS_MAX: usize = 5;
/// Name that texts show for the rule every merchant starts with.
const SHIPPED_RULE: &str = "shipped";

/// A row of the ledger and how its message went; `None` where that is written already.
pub(crate) struct Row {
    pub message: Message,
    pub state: Option<MessageState>,
}

impl Row {
    /// Whether the message left for sure.
    pub(crate) fn went_out(&self) -> bool {
        self.state.as_ref().unwrap_or(&self.message.state).went_out()
    }

    /// Adds the row as it stands afterwards.
    pub(crate) fn write(&self, commit: Commit) -> Commit {
        match &self.state {
            None => commit,
            Some(state) => {
                let after = self.message.settle(state.clone());
                commit.message(&after, Expected::Version(self.message.version))
            }
        }
    }

    pub(crate) fn count(&self) {
        self.state.iter().for_each(count);
    }

    /// Takes the row as it is now, if this is it.
    pub(crate) fn refresh(&mut self, fresh: &[Message]) {
        let is_this =
            |row: &&Message| row.invoice == self.message.invoice && row.key == self.message.key;
        if let Some(row) = fresh.iter().find(is_this) {
            self.message = row.clone();
        }
    }
}

/// What a message needs to be told.
pub(crate) struct Telling<'a> {
    pub settings: &'a Merchant,
    /// As it was read.
    pub customer: &'a Customer,
    /// The first leads.
    pub debts: &'a [Debt],
    /// Rows that stand where new ones would, and were given back.
    pub old: &'a Rows,
    /// Channels on which the message has failed for good.
    pub ended: &'a [Channel],
    /// Touches of attempts that did not go out.
    pub forget: &'a BTreeSet<DateTime<Utc>>,
}

/// How it went.
pub(crate) enum Told {
    /// Over: the rows of each debt, in order.
    Ended(Vec<Vec<Row>>),
    /// There is nobody to write to on any channel.
    Unreachable,
    /// Nothing was sent; not before then.
    Later(DateTime<Utc>),
    /// Someone else wrote first: these rows stand in the way.
    Contended(Vec<Message>),
}

impl Telling<'_> {
    /// Claims and sends.
    ///
    /// # Errors When a provider's answer is not known. The claim stays in place; its lease decides
    /// when it is looked at again.
    pub(crate) async fn tell(&self, deps: &Deps, walk: &Walk) -> Result<Told, Unknown> {
        let Some(lead) = self.debts.first() else { return Ok(Told::Unreachable) };
        let now = deps.clock.now();
        let merchant = &self.settings.merchant;
        let mut reached = say::reached(self.settings, self.customer, lead);
        reached.retain(|(channel, _)| !self.ended.contains(channel));
        if reached.is_empty() {
            return Ok(Told::Unreachable);
        }
        let stopped = |(channel, _): &(Channel, _)| walk.stopped(merchant, *channel, now);
        if let Some(until) = reached.iter().filter_map(stopped).max() {
            return Ok(Told::Later(until));
        }
        let parties = (self.settings, self.customer);
        let envelopes = say::envelopes(deps, parties, self.debts, reached, now).await?;
        let (commit, claimed) = self.claim(deps, envelopes, now);
        if let Some(in_the_way) = conflicts(deps.store.commit(commit).await)? {
            return Ok(Told::Contended(rows_found(in_the_way).collect()));
        }
        self.send(deps, walk, claimed, now).await
    }

    /// Every row, the texts and the touch.
    fn claim(
        &self,
        deps: &Deps,
        envelopes: Vec<Envelope>,
        now: DateTime<Utc>,
    ) -> (Commit, Vec<(Envelope, Vec<Message>)>) {
        let merchant = &self.settings.merchant;
        let mut commit = Commit::new(merchant);
        let mut claimed = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            let mut rows: Vec<Message> = Vec::with_capacity(self.debts.len());
            for debt in self.debts {
                let id = &debt.of.invoice.id;
                let key = debt.key(envelope.channel);
                let old = self.old.get(&(id.clone(), key.clone()));
                let lead = rows.first().map(|row| Lead { tag: row.tag(), attempt: row.attempts });
                let claim = Claim::new(deps, (merchant, id), key, old, lead, now);
                commit = claim.write(commit);
                rows.push(claim.row);
            }
            let text = rows
                .first()
                .and_then(|row| sent_text(row, &envelope, self.debts.first().map(rule_of), now));
            commit = text.iter().fold(commit, Commit::sent_text);
            claimed.push((envelope, rows));
        }
        if self.touches() {
            let customer = self.customer;
            let mut after = customer.clone();
            after.version += 1;
            self.forget.iter().for_each(|at| forget_touch(&mut after, *at));
            after.care.touch(now);
            commit = commit.customer(&after, Expected::Version(customer.version));
        }
        (commit, claimed)
    }

    /// Whether the customer is written to: what goes to the merchant's own people is no touch.
    fn touches(&self) -> bool {
        let how = self.debts.first().and_then(|lead| lead.deed.step.how.as_ref());
        how.is_some_and(|how| how.audience != Audience::Owner)
    }

    async fn send(
        &self,
        deps: &Deps,
        walk: &Walk,
        claimed: Vec<(Envelope, Vec<Message>)>,
        touched_at: DateTime<Utc>,
    ) -> Result<Told, Unknown> {
        let merchant = &self.settings.merchant;
        let mut rows: Vec<Row> = Vec::new();
        let mut waiting: Vec<(Vec<Message>, MessageState)> = Vec::new();
        let (mut again_at, mut unknown) = (None, None);
        for (envelope, claims) in claimed {
            let attempts = claims.first().map_or(1, |row| row.attempts);
            match post(deps, self.settings, &envelope.payload, attempts).await {
                Posted::Ended(state) => rows.extend(settled(claims, state)),
                Posted::NotNow { state, again_at: at } => {
                    walk.stop(merchant, envelope.channel, at);
                    again_at = again_at.max(Some(at));
                    waiting.push((claims, state));
                }
                Posted::Unknown(error) => unknown = Some(error),
            }
        }
        let out = rows.iter().any(Row::went_out);
        if let Some(error) = unknown {
            // What is known is written; the rest is resolved by evidence.
            rows.extend(waiting.into_iter().flat_map(|(claims, state)| settled(claims, state)));
            settle(deps, merchant, rows, None).await?;
            return Err(error);
        }
        if let Some(at) = again_at.filter(|_| !out) {
            rows.extend(waiting.into_iter().flat_map(|(claims, state)| settled(claims, state)));
            let touch = self.touches().then_some((&self.customer.id, touched_at));
            settle(deps, merchant, rows, touch).await?;
            return Ok(Told::Later(at));
        }
        for (claims, state) in waiting {
            let reason = match &state {
                MessageState::Released { reason, .. } => reason.as_str(),
                _ => "",
            };
            let reason = format!("another channel took it, and this one does not now: {reason}");
            rows.extend(settled(claims, failed(&reason, deps.clock.now())));
        }
        let of = |debt: &Debt, row: &Row| {
            row.message.invoice == debt.of.invoice.id
                && row.message.key.instalment == debt.deed.number
        };
        let mut each = Vec::with_capacity(self.debts.len());
        for debt in self.debts {
            let (own, others) = rows.into_iter().partition(|row| of(debt, row));
            each.push(own);
            rows = others;
        }
        Ok(Told::Ended(each))
    }
}

/// Claims that all went the same way.
pub(crate) fn settled(claims: Vec<Message>, state: MessageState) -> impl Iterator<Item = Row> {
    claims.into_iter().map(move |message| Row { message, state: Some(state.clone()) })
}

/// The rule a debt is under, as texts name it.
fn rule_of(debt: &Debt) -> Source {
    let issuing = &debt.of.invoice.issuing;
    let name = issuing.rule.as_ref().map_or(SHIPPED_RULE, |name| name.as_str());
    Source { name: name.to_owned(), version: issuing.rule_version }
}

/// Writes how messages went that are not recorded with their invoices; a message that was given
/// back did not touch the customer either.
async fn settle(
    deps: &Deps,
    merchant: &MerchantId,
    mut rows: Vec<Row>,
    touch: Option<(&CustomerId, DateTime<Utc>)>,
) -> Result<(), Unknown> {
    if rows.is_empty() {
        return Ok(());
    }
    for _ in 0..CONFLICTS_MAX {
        let mut commit = rows.iter().fold(Commit::new(merchant), |commit, row| row.write(commit));
        if let Some((id, at)) = touch {
            let refs = [ItemRef::Customer(id.clone())];
            let customer = deps.store.read(merchant, &refs).await?.take_customer(id);
            if let Some(mut customer) = customer.filter(|it| it.care.touches.contains(&at)) {
                let before = customer.version;
                customer.version += 1;
                forget_touch(&mut customer, at);
                commit = commit.customer(&customer, Expected::Version(before));
            }
        }
        match conflicts(deps.store.commit(commit).await)? {
            None => {
                rows.iter().for_each(Row::count);
                return Ok(());
            }
            Some(in_the_way) => {
                let fresh: Vec<Message> = rows_found(in_the_way).collect();
                rows.iter_mut().for_each(|row| row.refresh(&fresh));
            }
        }
    }
    Err(Unknown::new("settling a message", "others kept writing first"))
}
