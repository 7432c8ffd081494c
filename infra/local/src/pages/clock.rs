//! `/_local/clock`: moves time, and says what falls due next and what the last move sent.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::Response;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use quita_app::ports::Clock;
use quita_core::message::Channel;
use quita_core::work::WorkKind;
use quita_core::zone::{SAO_PAULO, civil_date, instant_at};
use quita_table::keys::WorkSubject;
use quita_table::store::{ItemRef, WorkEntry};
use serde::{Deserialize, Serialize};

use super::{done, format, page};
use crate::app::App;
use crate::travel;

const HERE: &str = "/_local/clock";
/// Things due next that are shown.
const AHEAD_MAX: usize = 15;
/// Messages of the last move that are shown.
const SENT_MAX: usize = 60;
/// The hour a date is moved to: when messages may go out.
const DAY_STARTS: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("09:00 is a time");

#[derive(Serialize)]
struct Page {
    today: String,
    last: String,
    ahead: Vec<Ahead>,
    moved: Option<Moved>,
}

#[derive(Serialize)]
struct Ahead {
    at: String,
    what: &'static str,
    invoice: String,
    customer: String,
}

#[derive(Serialize)]
struct Moved {
    from: String,
    to: String,
    sweeps: usize,
    sent: Vec<Sent>,
    hidden: usize,
}

#[derive(Serialize)]
struct Sent {
    number: u64,
    at: String,
    is_chat: bool,
    subject: String,
}

pub async fn show(State(app): State<Arc<App>>) -> Response {
    let now = app.clock.now();
    let last = now + TimeDelta::days(travel::DAYS_MAX - 1);
    let work = travel::work_ahead(&app.machine, last, AHEAD_MAX).await.unwrap_or_default();
    let mut ahead = Vec::with_capacity(work.len());
    for entry in &work {
        ahead.push(describe(&app, entry).await);
    }
    let day = |at| civil_date(at, SAO_PAULO).to_string();
    let content = Page { today: day(now), last: day(last), ahead, moved: moved(&app) };
    page(&app, "clock.html", "clock", content)
}

async fn describe(app: &App, entry: &WorkEntry) -> Ahead {
    let what = match entry.kind {
        WorkKind::Charge => "charge at the bank",
        WorkKind::Receipt => "receipt",
        WorkKind::Reminder => "step of the reminders",
        WorkKind::Confirm => "question to the bank about a payment",
        WorkKind::Reconcile => "comparison with the bank's list",
        WorkKind::Import => "lines of a bank file",
        WorkKind::Deliver => "an event for a webhook",
        WorkKind::Handling => "a promise or tasks to look at",
        WorkKind::Daily => "segments to find anew, or the digest",
    };
    let (invoice, customer) = match &entry.subject {
        WorkSubject::Invoice(id) => {
            let refs = [ItemRef::Invoice(id.clone())];
            let found = app.machine.deps().store.read(&entry.merchant, &refs).await;
            match found.ok().and_then(|mut found| found.take_invoice(id)) {
                Some(invoice) => (invoice.number, invoice.bill_to.name),
                None => (id.to_string(), String::new()),
            }
        }
        WorkSubject::Payment(id) => (id.to_string(), String::new()),
        WorkSubject::Reconciliation => ("all payments".to_owned(), String::new()),
        WorkSubject::Import(id) => (id.to_string(), String::new()),
        WorkSubject::Delivery(_, id) => (id.to_string(), String::new()),
        WorkSubject::Daily => ("all customers".to_owned(), String::new()),
    };
    Ahead { at: format::moment(entry.due_at), what, invoice, customer }
}

fn moved(app: &App) -> Option<Moved> {
    let moved = app.moved()?;
    let messages = app.mailbox.after(moved.after_message);
    let on_the_way = messages.iter().filter(|message| message.at <= moved.to);
    let mut sent: Vec<Sent> = on_the_way
        .map(|message| {
            let is_chat = message.content.channel() == Channel::Chat;
            let subject = message.content.title();
            let at = format::moment(message.at);
            Sent { number: message.number, at, is_chat, subject: subject.to_owned() }
        })
        .collect();
    let hidden = sent.len().saturating_sub(SENT_MAX);
    sent.truncate(SENT_MAX);
    Some(Moved {
        from: format::moment(moved.from),
        to: format::moment(moved.to),
        sweeps: moved.sweeps,
        sent,
        hidden,
    })
}

/// Where to: so many hours or days on, or a date.
#[derive(Deserialize)]
pub struct Asked {
    hours: Option<u16>,
    days: Option<u16>,
    date: Option<NaiveDate>,
}

pub async fn act(State(app): State<Arc<App>>, Form(asked): Form<Asked>) -> Response {
    let now = app.clock.now();
    let Some(to) = destination(&asked, now) else {
        return done(&app, "Give a number of hours or days, or a date.", HERE);
    };
    match app.travel(to).await {
        Ok(()) => done(&app, format!("It is now {}.", format::moment(app.clock.now())), HERE),
        Err(error) => done(&app, format!("Time did not get there: {error}."), HERE),
    }
}

/// Days end at 09:00 of the day, so that what that day sends is sent.
fn destination(asked: &Asked, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let morning = |day: NaiveDate| instant_at(day, DAY_STARTS, SAO_PAULO);
    match asked {
        Asked { hours: Some(hours), .. } => Some(now + TimeDelta::hours(i64::from(*hours))),
        Asked { days: Some(days), .. } => {
            let day = civil_date(now, SAO_PAULO).checked_add_days(Days::new(u64::from(*days)))?;
            Some(morning(day).max(now))
        }
        Asked { date: Some(date), .. } if *date == civil_date(now, SAO_PAULO) => {
            Some(morning(*date).max(now))
        }
        Asked { date: Some(date), .. } => Some(morning(*date)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_on_is_the_next_morning_and_never_in_the_past() {
        #[track_caller]
        fn check(now: &str, asked: Asked, expected: &str) {
            let found = destination(&asked, now.parse().unwrap());
            assert_eq!(found, Some(expected.parse().unwrap()), "{now}");
        }
        let days = |days| Asked { hours: None, days: Some(days), date: None };
        let hours = |hours| Asked { hours: Some(hours), days: None, date: None };
        let date = |date: &str| Asked { hours: None, days: None, date: date.parse().ok() };
        check("2026-03-02T15:00:00Z", days(1), "2026-03-03T12:00:00Z");
        // 23:30 in São Paulo is already the next day in UTC.
        check("2026-03-03T02:30:00Z", days(1), "2026-03-03T12:00:00Z");
        check("2026-03-02T15:00:00Z", hours(5), "2026-03-02T20:00:00Z");
        check("2026-03-02T15:00:00Z", date("2026-03-02"), "2026-03-02T15:00:00Z");
        check("2026-03-02T15:00:00Z", date("2026-04-01"), "2026-04-01T12:00:00Z");
        let nothing = Asked { hours: None, days: None, date: None };
        assert_eq!(destination(&nothing, "2026-03-02T15:00:00Z".parse().unwrap()), None);
    }
}
