//! A page of the bank's list of Pix.
//!
//! One batch read says which of them are known; only what brings something new is taken in, the same
//! way as from a callback. A bank may list Pix of several keys: those that are not the merchant's and
//! name nothing of his are left alone.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use quita_core::ids::PaymentId;
use quita_core::pix_key::PixKey;
use quita_core::reconciliation::{Listing, Passed, Skew, Step, Tally, skew_of};
use quita_pix::callback::Malformed;
use quita_pix::client::{PixFilter, Window};
use quita_pix::error::PixError;
use quita_pix::wire::Pix;
use quita_table::store::{ItemRef, READ_ITEMS_MAX};

use super::{Failures, Place, Taken};
use crate::error::Unknown;
use crate::take_payment::{self, is_known, named_by};

/// Which Pix are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Settled,
    WithRefund,
}

/// Takes in the present page of a walk.
pub(super) async fn take(at: &Place<'_>, listing: &Listing, list: List) -> Result<Taken, Unknown> {
    let window = Window { from: listing.from, until: listing.until };
    let mut filter = PixFilter::settled_within(window);
    filter.has_refund = (list == List::WithRefund).then_some(true);
    let page = match at.bank.pix_page(&filter, listing.page).await {
        Ok(page) => page,
        Err(PixError::WindowTooLarge { .. }) if listing.can_shrink() => {
            return Ok(Taken::step(Step::TooLarge));
        }
        Err(error) => return Err(error.into()),
    };
    let mut failures = Failures::of(at.state);
    let now = at.deps.clock.now();
    let (mut pixs, malformed) = (page.listed.items, page.listed.malformed);
    let found = (pixs.len() + malformed.len()) as u64;
    let passed = read_again(at, malformed, &mut pixs).await;
    let mut healed = 0;
    for some in pixs.chunks(READ_ITEMS_MAX) {
        for pix in news(at, some, now).await? {
            let outcome = take_payment::take_confirmed(at.deps, &at.state.merchant, pix).await;
            let taken = failures.check(pix.end_to_end_id.as_str(), outcome)?;
            healed += u64::from(taken.is_some_and(|taken| taken != take_payment::Taken::Known));
        }
    }
    // A refund comes days after its Pix and says nothing of the clock.
    let skew = if list == List::Settled { first_skew(at, &pixs, now) } else { None };
    let step = Step::Listed { next: page.next };
    let tally = Tally { found, healed, ..Tally::default() };
    Ok(Taken { step, tally, passed: failures.passed.into_iter().chain(passed).collect(), skew })
}

/// A Pix that cannot be read in the list is asked for by itself, once; what cannot be read then
/// either is passed over.
async fn read_again(at: &Place<'_>, malformed: Vec<Malformed>, pixs: &mut Vec<Pix>) -> Vec<Passed> {
    let mut passed = Vec::new();
    for Malformed { index, end_to_end_id, reason } in malformed {
        let id = end_to_end_id.as_ref().map(|id| id.as_str().to_owned());
        let what = Passed { index: Some(index), id, reason: reason.to_owned() };
        let again = end_to_end_id.filter(|_| !at.state.was_told(&what));
        match again {
            Some(id) => match at.bank.get_pix(&id).await {
                Ok(pix) => pixs.push(pix),
                Err(_) => passed.push(what),
            },
            None => passed.push(what),
        }
    }
    passed
}

/// Which of the Pix bring something new: one batch read, and one more where a Pix came to another key
/// under a txid that may be ours.
async fn news<'a>(
    at: &Place<'_>,
    pixs: &'a [Pix],
    now: DateTime<Utc>,
) -> Result<Vec<&'a Pix>, Unknown> {
    let id = |pix: &Pix| PaymentId::from(pix.end_to_end_id.clone());
    let store = &at.deps.store;
    let refs: Vec<ItemRef> = pixs.iter().map(|pix| ItemRef::Payment(id(pix))).collect();
    let mut found = store.read(&at.state.merchant, &refs).await?;
    let payments: BTreeMap<PaymentId, _> =
        pixs.iter().filter_map(|pix| Some((id(pix), found.take_payment(&id(pix))?))).collect();
    let (mut news, mut strange) = (Vec::new(), Vec::new());
    for pix in pixs {
        match payments.get(&id(pix)) {
            Some(known) if is_known(known, pix, now) => {}
            Some(_) => news.push(pix),
            None if is_own(at, pix) => news.push(pix),
            None => strange.extend(named_by(pix).map(|named| (named, pix))),
        }
    }
    if strange.is_empty() {
        return Ok(news);
    }
    let refs: Vec<ItemRef> = strange.iter().map(|(named, _)| named.clone()).collect();
    let mut found = store.read(&at.state.merchant, &refs).await?;
    let mut ours = Vec::new();
    for named in refs {
        let is_there = match &named {
            ItemRef::Invoice(id) => found.take_invoice(id).is_some(),
            ItemRef::Customer(id) => found.take_customer(id).is_some(),
            _ => false,
        };
        if is_there {
            ours.push(named);
        }
    }
    news.extend(strange.into_iter().filter(|(named, _)| ours.contains(named)).map(|(_, pix)| pix));
    Ok(news)
}

/// Whether a Pix came to the merchant's key. A bank that does not say lists those of the account.
fn is_own(at: &Place<'_>, pix: &Pix) -> bool {
    let own_key = at.settings.pix_key.as_ref().map(PixKey::as_str);
    pix.chave.as_ref().is_none_or(|key| Some(key.as_str()) == own_key)
}

/// The first Pix that shows a clock to be off.
pub(super) fn first_skew(at: &Place<'_>, pixs: &[Pix], now: DateTime<Utc>) -> Option<Skew> {
    let own = pixs.iter().filter(|pix| is_own(at, pix));
    own.filter_map(|pix| skew_of(&pix.end_to_end_id, pix.horario, now)).next()
}
