//! What time alone brings a merchant in every world: segments by its conditions, and a digest.

use std::collections::BTreeMap;

use chrono::{NaiveTime, Timelike};
use quita_core::chase::{SegmentFacts, segment_for};
use quita_core::daily::{DIGEST_FROM, DIGEST_UNTIL};
use quita_core::ids::CustomerId;
use quita_core::zone::{SAO_PAULO, civil_date, instant_at};
use quita_table::store::ItemRef;
use serde_json::json;

use super::books::Books;
use super::player::Player;
use crate::daily::{TAG, add_person, begin, set_segments, stored};

/// Hour of the morning to which a world at rest lives once more.
const MORNING_HOUR: u32 = 9;

impl Player {
    /// Conditions that time and money decide, and people who get the digest.
    pub async fn days_of_this_world(&self) {
        let segments = json!({ "segments": [
            { "segment": "late", "when": { "overdue_from": 1 } },
            { "segment": "busy", "when": { "open_from": 2 } },
        ] });
        set_segments(&self.world, segments).await;
        for (name, role) in [("Ana", "finance"), ("Bia", "admin"), ("Caio", "csm")] {
            add_person(&self.world, name, role).await;
        }
        begin(&self.world, self.world.now()).await;
    }

    /// The next morning, on which nothing happens but what time brings.
    pub fn next_morning(&self) {
        let tomorrow = self.today().succ_opt().unwrap();
        let hour = NaiveTime::from_hms_opt(MORNING_HOUR, 0, 0).unwrap();
        self.world.clock.set(instant_at(tomorrow, hour, SAO_PAULO)).unwrap();
        self.note("the next morning");
    }
}

/// Everything that is wrong with segments and digests of a world whose last morning has passed.
pub async fn all(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = digests(player);
    let daily = stored(&player.world).await;
    if daily.next_at <= player.world.now() || daily.segments_on != Some(player.today()) {
        wrongs.push(format!("the day was not done: {daily:?}"));
    }
    let left = daily.digest.is_some_and(|it| !it.left.is_empty() || it.sending.is_some());
    if left || daily.walk.is_some() {
        wrongs.push("a digest or a walk is left".to_owned());
    }
    wrongs.extend(segments(player, books).await);
    wrongs
}

/// Only in the morning of a day of business; that none comes twice is seen by its tag.
fn digests(player: &Player) -> Vec<String> {
    let calendar = quita_core::calendar::BankCalendar::default();
    let mut wrongs = Vec::new();
    for message in player.world.mailbox.messages() {
        let Some(tag) = message.tag().filter(|tag| tag.starts_with(TAG)) else { continue };
        let day = civil_date(message.at, SAO_PAULO);
        let seconds = i64::from(message.at.with_timezone(&SAO_PAULO).num_seconds_from_midnight());
        let in_time = (DIGEST_FROM.num_seconds()..DIGEST_UNTIL.num_seconds()).contains(&seconds);
        if !in_time || !calendar.is_business_day(day) || !tag.contains(&day.to_string()) {
            wrongs.push(format!("{tag} came at {}", message.at));
        }
        if message.content.recipient().contains("caio") {
            wrongs.push(format!("{tag} went to somebody who looks after no money"));
        }
    }
    wrongs
}

/// Every customer is where the conditions put it, as of today.
async fn segments(player: &Player, books: &Books) -> Vec<String> {
    let merchant = Player::merchant();
    let store = &player.world.machine.deps().store;
    let mut found = store.read(&merchant, &[ItemRef::Merchant]).await.unwrap();
    let rules = found.take_merchant().unwrap().segments;
    let mut facts: BTreeMap<&CustomerId, SegmentFacts> = BTreeMap::new();
    for invoice in books.invoices.values() {
        facts.entry(&invoice.customer).or_default().add(invoice, player.today());
    }
    let mut wrongs = Vec::new();
    for customer in books.customers.values() {
        let facts = facts.get(&customer.id).copied().unwrap_or_default();
        let expected = segment_for(&rules, &facts);
        if customer.care.segment_name() != expected {
            let known = &customer.care.segment;
            wrongs.push(format!("{} is in {known:?}, not {expected:?}: {facts:?}", customer.id));
        }
    }
    wrongs
}
