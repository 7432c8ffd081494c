//! Fear: a schedule that AWS refuses, or that nobody meant, which no lint of templates finds.

use std::ops::RangeInclusive;

use quita_edge::trigger::Trigger;
use serde_json::{Value, json};

use super::{functions, triggers};
use crate::files::{template, text};

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A schedule as EventBridge Scheduler reads it. Source: EventBridge Scheduler user guide,
/// "Schedule types in EventBridge Scheduler".
#[derive(Debug, PartialEq, Eq)]
enum Schedule {
    /// Every so many minutes.
    Rate(u32),
    Cron,
}

/// A field of a cron expression: its numbers, their names, and the letters it may use beside.
struct Field {
    range: RangeInclusive<u32>,
    names: &'static [&'static str],
    /// Number of the first name.
    first: u32,
    is_day_of_month: bool,
    is_day_of_week: bool,
}

impl Field {
    const fn plain(range: RangeInclusive<u32>) -> Self {
        Self { range, names: &[], first: 0, is_day_of_month: false, is_day_of_week: false }
    }

    fn number(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| *name == text);
        let named = named.and_then(|place| u32::try_from(place).ok()).map(|nth| nth + self.first);
        let plain = || text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?;
        named.or_else(plain).filter(|number| self.range.contains(number))
    }

    /// One of the parts that commas set apart.
    fn takes(&self, part: &str) -> bool {
        if part == "*" || (part == "?" && (self.is_day_of_month || self.is_day_of_week)) {
            return true;
        }
        if self.is_day_of_month && (part == "L" || part == "LW") {
            return true;
        }
        if self.is_day_of_month && part.strip_suffix('W').is_some_and(|day| self.is_number(day)) {
            return true;
        }
        if self.is_day_of_week {
            let last = part == "L" || part.strip_suffix('L').is_some_and(|day| self.is_number(day));
            let nth = part.split_once('#').is_some_and(|(day, nth)| {
                self.is_number(day) && matches!(nth, "1" | "2" | "3" | "4" | "5")
            });
            if last || nth {
                return true;
            }
        }
        let (span, step) = part.split_once('/').map_or((part, None), |(a, b)| (a, Some(b)));
        let step_is_one = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
        let is_span = match span.split_once('-') {
            Some((from, until)) => self.number(from).zip(self.number(until)).is_some(),
            None => (span == "*" && step.is_some()) || self.is_number(span),
        };
        step_is_one && is_span
    }

    fn is_number(&self, text: &str) -> bool {
        self.number(text).is_some()
    }
}

/// Reads an expression; `None` for what EventBridge refuses.
fn schedule(expression: &str) -> Option<Schedule> {
    let inner = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inner("rate") {
        return rate_minutes(rate).map(Schedule::Rate);
    }
    is_cron(inner("cron")?).then_some(Schedule::Cron)
}

fn rate_minutes(rate: &str) -> Option<u32> {
    let (count, unit) = rate.split_once(' ')?;
    let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    if (unit == singular) != (count == 1) {
        return None;
    }
    let minutes = match singular {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    count.checked_mul(minutes)
}

/// Six fields: minutes, hours, day of month, month, day of week, year. One of the two days is `?`.
fn is_cron(text: &str) -> bool {
    let named = |range, names, first| Field { names, first, ..Field::plain(range) };
    let fields = [
        Field::plain(0..=59),
        Field::plain(0..=23),
        Field { is_day_of_month: true, ..Field::plain(1..=31) },
        named(1..=12, &MONTHS, 1),
        Field { is_day_of_week: true, ..named(1..=7, &DAYS, 1) },
        Field::plain(1970..=2199),
    ];
    let parts: Vec<&str> = text.split(' ').collect();
    let whole = parts.len() == fields.len()
        && parts.iter().zip(&fields).all(|(part, field)| part.split(',').all(|p| field.takes(p)));
    whole && (parts[2] == "?") != (parts[4] == "?")
}

#[test]
fn a_schedule_that_aws_refuses_passes_since_no_lint_reads_it() {
    let check = |expression, expected| assert_eq!(schedule(expression), expected, "{expression}");
    check("rate(1 minute)", Some(Schedule::Rate(1)));
    check("rate(2 hours)", Some(Schedule::Rate(120)));
    check("rate(7 days)", Some(Schedule::Rate(7 * 24 * 60)));
    for good in [
        "cron(0 10 * * ? *)",
        "cron(15 12 ? * MON-FRI *)",
        "cron(0/15 8-17 ? * 2,4 2026-2030)",
        "cron(0 0 L * ? *)",
        "cron(0 9 15W JAN,JUL ? *)",
        "cron(0 9 ? * 6#3 *)",
        "cron(0 9 ? * 6L *)",
    ] {
        check(good, Some(Schedule::Cron));
    }
    for bad in [
        "rate(5 minute)",
        "rate(1 minutes)",
        "rate(0 minutes)",
        "rate(1 week)",
        "rate(-1 minutes)",
        "rate(5 minutes",
        "every minute",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 0 * ? *)",
        "cron(0 10 * 13 ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * 6#6 *)",
        "cron(0 10 * * ?)",
        "cron(0/0 10 * * ? *)",
        "cron(a 10 * * ? *)",
        "cron(+5 10 * * ? *)",
    ] {
        check(bad, None);
    }
}

#[test]
fn the_minute_does_not_start_the_sweep_or_something_else_does() {
    let template = template();
    let functions = functions(&template);
    let rules = functions.values().flat_map(|(_, function)| triggers(function, "Schedule"));
    assert_eq!(rules.count(), 0, "schedules are of EventBridge Scheduler");
    let minutes: Vec<(&String, &Value)> = functions
        .iter()
        .flat_map(|(folder, (_, function))| {
            triggers(function, "ScheduleV2").map(move |minute| (folder, minute))
        })
        .collect();
    let [(folder, minute)] = minutes.as_slice() else { panic!("one schedule: {minutes:?}") };
    assert_eq!(*folder, "sweep_reminders");
    assert_eq!(schedule(text(&minute["ScheduleExpression"])), Some(Schedule::Rate(1)));
    assert_eq!(minute["FlexibleTimeWindow"], json!({ "Mode": "OFF" }));
    assert_eq!(minute["RetryPolicy"]["MaximumRetryAttempts"], 1);
    assert_eq!(minute["RetryPolicy"]["MaximumEventAgeInSeconds"], 60);
    let input = serde_json::from_str(text(&minute["Input"])).unwrap();
    assert!(matches!(Trigger::parse(input), Ok(Trigger::Schedule)));
}
