//! What shows only when a rule runs: steps that can never come about, and steps after the last one.
//!
//! The rule is run on invoices that could be, by the decision that chases them, and a step has to
//! come about for one of them. So a window that is closed whenever a step could go out, hours that
//! always slide onto another step, and gaps that are longer than the way between two steps are
//! found without a rule of their own.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

use crate::calendar::BankCalendar;
use crate::care::{Care, Segment};
use crate::chase::{
    ChaseState, Conditions, CustomerFacts, Decision, Dropped, Facts, InstalmentIs, Place, Rule,
    Step, StepFate, StepOutcome, decide, explain,
};
use crate::invoice::Handling;
use crate::money::Money;
use crate::violation::Violation;
use crate::zone::{self, SAO_PAULO};

/// Days from the opening of an invoice to its due date that are tried: more than any step lies
/// before the due date, or after the issue, down to invoices that are due at once.
const LEADS: [u64; 4] = [400, 70, 20, 3];
/// Runs that are made at most. What was not shown to be out of reach by then is let through.
const RUNS_MAX: usize = 400;
/// Decisions of one run; each step is decided once, and waited for a few times.
const DECISIONS_MAX: usize = 300;
/// Hour of the day at which the invoices are opened.
const OPENED_AT: NaiveTime = NaiveTime::from_hms_opt(10, 0, 0).expect("10:00 is a time");
/// A Monday whose week and whose neighbours have no national holiday.
const WEEK: NaiveDate = NaiveDate::from_ymd_opt(2027, 8, 16).expect("it is a date");
/// First due date by which the order of steps is looked at; a year of them has every holiday.
const YEAR: NaiveDate = NaiveDate::from_ymd_opt(2027, 1, 4).expect("it is a date");
const DAYS_A_YEAR: usize = 365;
/// Longer than any rule.
const PAYABLE_DAYS: u64 = 800;
/// An amount where no step asks for one.
const AMOUNT: Money = Money::from_centavos(100_000);
const CENTAVO: Money = Money::from_centavos(1);

/// The faults of a rule that is right in every other way. `paths` are those of its steps.
pub(super) fn faults(rule: &Rule, paths: &[String]) -> Vec<Violation> {
    let late = after_the_last(rule);
    if let Some((nth, last)) = late {
        let reason = format!("`{last}` ends the chase before; let the last step by time end it");
        return vec![Violation::new(format!("{}.when", paths[nth]), reason)];
    }
    let reached = reached(rule);
    let unreached = reached.iter().enumerate().filter_map(|(nth, reached)| {
        let reason = match reached {
            Reached::Acts | Reached::Untold => return None,
            Reached::Never(why) => why.clone(),
        };
        Some(Violation::new(format!("{}.when", paths[nth]), reason))
    });
    unreached.collect()
}

/// A step that can fall due after the one that ends the chase, and the name of that one.
fn after_the_last(rule: &Rule) -> Option<(usize, String)> {
    let last = rule.steps.iter().position(|step| step.ends_chase())?;
    // Some invoice meets any condition.
    let for_all = |step: &Step| Step { only: Conditions::default(), ..step.clone() };
    let rule = &Rule { steps: rule.steps.iter().map(for_all).collect(), ..rule.clone() };
    let calendar = BankCalendar::default();
    let days = YEAR.iter_days().take(DAYS_A_YEAR).filter(|day| calendar.is_business_day(*day));
    for due in days {
        let world = World { due, ..World::plain(LEADS[0]) };
        let (state, care, handling) = (ChaseState::default(), Care::default(), Handling::default());
        let facts = Facts { customer: None, ..world.facts(&state, &care, &handling, &calendar) };
        let fates = explain(&facts, rule, world.opened_at());
        let mut planned = fates.iter().filter(|(_, fate)| matches!(fate, StepFate::Planned(_)));
        let Some((step, _)) = planned.next_back() else { continue };
        if step.id != rule.steps[last].id {
            let nth = rule.steps.iter().position(|known| known.id == step.id)?;
            return Some((nth, rule.steps[last].id.clone()));
        }
    }
    None
}

/// Whether a step comes about.
#[derive(Clone)]
enum Reached {
    Acts,
    /// Not for any invoice that was tried, and why not for the last of them.
    Never(String),
    /// The runs were over before.
    Untold,
}

fn reached(rule: &Rule) -> Vec<Reached> {
    let mut reached = vec![Reached::Untold; rule.steps.len()];
    let mut runs = 0;
    for nth in 0..rule.steps.len() {
        let mut why = None;
        for world in worlds(rule, &rule.steps[nth].only) {
            if matches!(reached[nth], Reached::Acts) || runs >= RUNS_MAX {
                break;
            }
            runs += 1;
            let run = run(rule, &world);
            for (step, reached) in rule.steps.iter().zip(&mut reached) {
                if run.acted.contains(&step.id.as_str()) {
                    *reached = Reached::Acts;
                }
            }
            // What keeps it from an invoice that is there in time says most.
            why = why.or_else(|| run.why_not(&rule.steps[nth].id));
        }
        if !matches!(reached[nth], Reached::Acts) && runs < RUNS_MAX {
            let why =
                why.unwrap_or_else(|| "no invoice meets its conditions at that time".to_owned());
            reached[nth] = Reached::Never(format!("it can never come about: {why}"));
        }
    }
    reached
}

/// An invoice that could be.
#[derive(Clone)]
struct World {
    due: NaiveDate,
    lead: u64,
    segment: Option<String>,
    amount: Money,
    place: Place,
}

/// Invoices for which conditions hold, the most usual first.
fn worlds(rule: &Rule, only: &Conditions) -> Vec<World> {
    let segments: Vec<Option<String>> = match only.segments.as_slice() {
        [] => vec![None],
        names => names.iter().cloned().map(Some).collect(),
    };
    let all = || rule.steps.iter().map(|step| &step.only);
    let bounds = all().flat_map(|only| {
        let below = only.amount_from.map(|from| from - CENTAVO);
        let above = only.amount_to.map(|to| to + CENTAVO);
        [only.amount_from, only.amount_to, below, above].into_iter().flatten()
    });
    let within = |amount: &Money| {
        amount.is_positive()
            && only.amount_from.is_none_or(|from| *amount >= from)
            && only.amount_to.is_none_or(|to| *amount <= to)
    };
    let amounts: Vec<Money> = std::iter::once(AMOUNT).chain(bounds).filter(within).collect();
    let of = |number, count| Place { number, count };
    let places = [of(1, 1), of(1, 3), of(2, 3), of(3, 3)];
    let asked = usize::from(all().any(|only| only.instalment.is_some())) * 3 + 1;
    let fits = |place: &&Place| match only.instalment {
        None => true,
        Some(InstalmentIs::First) => place.number == 1,
        Some(InstalmentIs::Last) => place.number == place.count,
    };
    let places: Vec<Place> = places[..asked].iter().filter(fits).copied().collect();
    let mut worlds = Vec::new();
    for segment in &segments {
        for amount in &amounts {
            for place in &places {
                for lead in LEADS {
                    for weekday in 0..5 {
                        let due = WEEK + Days::new(weekday);
                        let (segment, amount, place) = (segment.clone(), *amount, *place);
                        worlds.push(World { due, lead, segment, amount, place });
                    }
                }
            }
        }
    }
    worlds
}

impl World {
    fn plain(lead: u64) -> Self {
        let place = Place { number: 1, count: 1 };
        Self { due: WEEK, lead, segment: None, amount: AMOUNT, place }
    }

    /// On a working day, since the first message goes out then and rests what follows.
    fn opened_at(&self) -> DateTime<Utc> {
        let mut day = self.due - Days::new(self.lead);
        while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            day = day - Days::new(1);
        }
        zone::instant_at(day, OPENED_AT, SAO_PAULO)
    }

    fn facts<'a>(
        &self,
        state: &'a ChaseState,
        care: &'a Care,
        handling: &'a Handling,
        calendar: &'a BankCalendar,
    ) -> Facts<'a> {
        Facts {
            opened_at: self.opened_at(),
            issued_at: Some(self.opened_at()),
            adjusted_due: self.due,
            last_payable: self.due + Days::new(PAYABLE_DAYS),
            is_first_charge: true,
            amount: self.amount,
            principal: self.amount,
            place: self.place,
            last_paid_at: None,
            settled: false,
            canceled: false,
            hold: None,
            handling,
            state,
            // Nobody is held out: at most half are.
            draw: 99,
            calendar,
            zone: SAO_PAULO,
            customer_zone: SAO_PAULO,
            customer: Some(CustomerFacts { care, credit: Money::ZERO }),
        }
    }
}

/// What became of each step of one invoice that is never paid.
struct Run<'a> {
    acted: Vec<&'a str>,
    /// What went out in its place.
    covered: Vec<(&'a str, &'a str)>,
    dropped: Vec<(&'a str, Dropped)>,
}

impl Run<'_> {
    fn why_not(&self, id: &str) -> Option<String> {
        let covered = self.covered.iter().find(|(step, _)| *step == id);
        if let Some((_, by)) = covered {
            return Some(format!(
                "by its first free hour `{by}` is due as well, and only the later one goes out; \
                 let more time than the minimum gap lie between them"
            ));
        }
        let (_, why) = self.dropped.iter().find(|(step, _)| *step == id)?;
        Some(match why {
            Dropped::AnnouncesThePast => {
                "no message may go out between its time and the due date; let it fall earlier, or \
                 open the window longer"
                    .to_owned()
            }
            Dropped::BeforeItsTime => "it falls before the invoice is there".to_owned(),
            Dropped::NoLongerPayable => "the charge can no longer be paid by then".to_owned(),
            Dropped::NotForThis => "no invoice meets its conditions at that time".to_owned(),
        })
    }
}

fn run<'a>(rule: &'a Rule, world: &World) -> Run<'a> {
    let calendar = BankCalendar::default();
    let segment = world.segment.clone().map(|name| Segment { name, by_hand: true });
    let mut care = Care { segment, ..Care::default() };
    let handling = Handling::default();
    let mut state = ChaseState::default();
    let mut now = world.opened_at();
    let mut run = Run { acted: Vec::new(), covered: Vec::new(), dropped: Vec::new() };
    for _ in 0..DECISIONS_MAX {
        let facts = world.facts(&state, &care, &handling, &calendar);
        let decision = decide(&facts, rule, now);
        let fates = explain(&facts, rule, now);
        run.dropped.extend(fates.iter().filter_map(|(step, fate)| match fate {
            StepFate::Dropped(why) => Some((step.id.as_str(), *why)),
            StepFate::Done(_) | StepFate::Planned(_) => None,
        }));
        let (step, covers, is_sent) = match decision {
            Decision::Wait { until, .. } => {
                now = until.max(now + TimeDelta::seconds(1));
                continue;
            }
            Decision::Silent { .. } => break,
            Decision::Send { step, covers } => (step, covers, true),
            Decision::Task { step, covers }
            | Decision::Escalate { step, covers }
            | Decision::Skip { step, covers, .. } => (step, covers, false),
        };
        run.acted.push(&step.id);
        run.covered.extend(covers.iter().map(|it| (it.id.as_str(), step.id.as_str())));
        let covered = covers.iter().map(|it| (it.id.clone(), StepOutcome::Covered));
        state.done.extend(covered);
        state.done.insert(step.id.clone(), StepOutcome::Sent);
        if is_sent {
            state.last_touch_at = Some(now);
            care.touch(now);
        }
        if step.ends_chase() {
            break;
        }
    }
    run
}
