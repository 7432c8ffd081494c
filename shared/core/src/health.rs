//! How a customer stands: whether it pays early, on time or late, keeps its word and is in dispute;
//! one word for it with the reasons, and what a person would do next.
//!
//! Owns what counts as early and late, the thresholds, what weighs how much, and the advice. Does
//! not own which invoices are looked at, nor the conditions of segments ([`crate::chase`]).
//!
//! Invariants: the word is that of the heaviest reason, and never stands without one; one thing
//! more against a customer never makes the word better; the order of the invoices does not matter.

mod facts;
mod words;

pub use facts::{Days, Debt, HealthFacts, LastPayment};

/// Days of a quarter: thirteen weeks, so that each holds as many of every weekday.
pub const QUARTER_DAYS: i64 = 91;
/// Fewer closed invoices say nothing of how a customer pays.
pub const PAID_MIN: u32 = 3;
/// Fewer invoices in either quarter make no trend.
pub const TREND_INVOICES_MIN: u32 = 2;
/// Days by which the averages of two quarters differ, at least, where one is slower than the other.
pub const TREND_DAYS: i64 = 5;
/// Calendar days after which what is overdue is overdue long.
pub const LONG_OVERDUE_DAYS: u32 = 30;
/// Share of invoices paid late, in percent, from which a customer is often late.
pub const OFTEN_LATE_PERCENT: u64 = 20;
/// The same from which it mostly is.
pub const MOSTLY_LATE_PERCENT: u64 = 50;
/// Broken promises that are a habit, where they are more than the kept ones.
pub const BROKEN_PROMISES: u32 = 2;
/// Days before the adjusted due date, on average, from which longer terms are worth an offer.
pub const EARLY_DAYS: i64 = 5;

/// The one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Too little is known, and nothing speaks against it.
    Unknown,
    Good,
    Watch,
    Poor,
}

/// Something that speaks for or against a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    LongOverdue,
    WrittenOff,
    PromisesBroken,
    MostlyLate,
    MoneyTakenBack,
    Overdue,
    Disputed,
    PromiseBroken,
    OftenLate,
    Slower,
    FewPaid,
    PaysEarly,
    PaysOnTime,
    Faster,
    KeepsPromises,
}

impl Reason {
    /// What the word is where nothing heavier is known.
    pub fn weight(self) -> Health {
        match self {
            Self::LongOverdue | Self::WrittenOff | Self::PromisesBroken | Self::MostlyLate => {
                Health::Poor
            }
            Self::MoneyTakenBack
            | Self::Overdue
            | Self::Disputed
            | Self::PromiseBroken
            | Self::OftenLate
            | Self::Slower => Health::Watch,
            Self::PaysEarly | Self::PaysOnTime => Health::Good,
            Self::FewPaid | Self::Faster | Self::KeepsPromises => Health::Unknown,
        }
    }
}

/// The last quarter against the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Too few invoices in either.
    Unknown,
    Faster,
    Steady,
    Slower,
}

/// What a person would do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    SettleDispute,
    FindOutWhyTakenBack,
    AgreeHowToPay,
    AskForNewDay,
    AskWhenItComes,
    CheckBeforeCredit,
    AskWhatChanged,
    FitTheDueDate,
    OfferLongerTerms,
    LearnMore,
    GoOn,
}

/// What the facts come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub health: Health,
    /// The heaviest first; at least one.
    pub reasons: Vec<Reason>,
    pub trend: Trend,
    pub advice: Advice,
}

/// Judges what is known of a customer.
pub fn judge(facts: &HealthFacts) -> Judgement {
    let trend = trend(facts);
    let reasons = reasons(facts, trend);
    let health = reasons.iter().map(|reason| reason.weight()).max().unwrap_or(Health::Unknown);
    let advice = advice(facts, health, &reasons);
    Judgement { health, reasons, trend, advice }
}

/// The averages are compared without rounding either.
fn trend(facts: &HealthFacts) -> Trend {
    let (last, before) = (facts.last_quarter, facts.quarter_before);
    if last.count.min(before.count) < TREND_INVOICES_MIN {
        return Trend::Unknown;
    }
    let (n, m) = (i128::from(last.count), i128::from(before.count));
    let longer = i128::from(last.sum) * m - i128::from(before.sum) * n;
    let least = i128::from(TREND_DAYS) * n * m;
    if longer >= least {
        Trend::Slower
    } else if longer <= -least {
        Trend::Faster
    } else {
        Trend::Steady
    }
}

fn reasons(facts: &HealthFacts, trend: Trend) -> Vec<Reason> {
    let paid = facts.paid.count;
    let known = paid >= PAID_MIN;
    let late_from =
        |percent: u64| known && u64::from(facts.late) * 100 >= u64::from(paid) * percent;
    let (mostly_late, often_late) = (late_from(MOSTLY_LATE_PERCENT), late_from(OFTEN_LATE_PERCENT));
    let long = facts.oldest_overdue_days() > LONG_OVERDUE_DAYS;
    let (kept, broken) = (facts.promises_kept, facts.promises_broken);
    let habit = broken >= BROKEN_PROMISES && broken > kept;
    let early = known && facts.early == paid;
    let all = [
        (long, Reason::LongOverdue),
        (facts.written_off > 0, Reason::WrittenOff),
        (habit, Reason::PromisesBroken),
        (mostly_late, Reason::MostlyLate),
        (facts.money_taken_back, Reason::MoneyTakenBack),
        (facts.overdue > 0 && !long, Reason::Overdue),
        (facts.disputes_open > 0, Reason::Disputed),
        (broken > 0 && !habit, Reason::PromiseBroken),
        (often_late && !mostly_late, Reason::OftenLate),
        (trend == Trend::Slower, Reason::Slower),
        (!known, Reason::FewPaid),
        (early, Reason::PaysEarly),
        (known && !early && !often_late, Reason::PaysOnTime),
        (trend == Trend::Faster, Reason::Faster),
        (kept > 0 && broken == 0, Reason::KeepsPromises),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect()
}

/// The first of what a person would do: what hinders the money first, then what may, then chances.
fn advice(facts: &HealthFacts, health: Health, reasons: &[Reason]) -> Advice {
    let any = |of: &[Reason]| reasons.iter().any(|reason| of.contains(reason));
    let average = facts.paid.average().unwrap_or_default();
    let all = [
        (any(&[Reason::Disputed]), Advice::SettleDispute),
        (any(&[Reason::MoneyTakenBack]), Advice::FindOutWhyTakenBack),
        (any(&[Reason::LongOverdue]), Advice::AgreeHowToPay),
        (facts.overdue > 0 && facts.promises_broken > 0, Advice::AskForNewDay),
        (facts.overdue > 0, Advice::AskWhenItComes),
        (any(&[Reason::WrittenOff, Reason::PromisesBroken]), Advice::CheckBeforeCredit),
        (any(&[Reason::Slower]), Advice::AskWhatChanged),
        (any(&[Reason::MostlyLate, Reason::OftenLate]), Advice::FitTheDueDate),
        (
            health == Health::Good && any(&[Reason::PaysEarly]) && average <= -EARLY_DAYS,
            Advice::OfferLongerTerms,
        ),
        (health == Health::Unknown, Advice::LearnMore),
    ];
    all.into_iter().find(|(holds, _)| *holds).map_or(Advice::GoOn, |(_, advice)| advice)
}

#[cfg(test)]
mod tests;
