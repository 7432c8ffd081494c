//! The names of the judgement outside, and what each says to a person.

use super::{Advice, Health, Reason, Trend};

impl Health {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Good => "good",
            Self::Watch => "watch",
            Self::Poor => "poor",
        }
    }
}

impl Trend {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Faster => "faster",
            Self::Steady => "steady",
            Self::Slower => "slower",
        }
    }
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LongOverdue => "long_overdue",
            Self::WrittenOff => "written_off",
            Self::PromisesBroken => "promises_broken",
            Self::MostlyLate => "mostly_late",
            Self::MoneyTakenBack => "money_taken_back",
            Self::Overdue => "overdue",
            Self::Disputed => "disputed",
            Self::PromiseBroken => "promise_broken",
            Self::OftenLate => "often_late",
            Self::Slower => "slower",
            Self::FewPaid => "few_paid",
            Self::PaysEarly => "pays_early",
            Self::PaysOnTime => "pays_on_time",
            Self::Faster => "faster",
            Self::KeepsPromises => "keeps_promises",
        }
    }

    /// The reason in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::LongOverdue => "Something has been overdue for more than 30 days.",
            Self::WrittenOff => "Something it owed was written off.",
            Self::PromisesBroken => "It breaks more promises than it keeps.",
            Self::MostlyLate => "At least half of its invoices were paid late.",
            Self::MoneyTakenBack => "Money it had paid was taken back by the bank.",
            Self::Overdue => "Something is overdue.",
            Self::Disputed => "It disputes an invoice.",
            Self::PromiseBroken => "It broke a promise.",
            Self::OftenLate => "At least a fifth of its invoices were paid late.",
            Self::Slower => "It pays later than a quarter ago.",
            Self::FewPaid => "Fewer than 3 of its invoices were paid so far.",
            Self::PaysEarly => "It pays every invoice before its due date.",
            Self::PaysOnTime => "It pays on time.",
            Self::Faster => "It pays sooner than a quarter ago.",
            Self::KeepsPromises => "It kept every promise.",
        }
    }
}

impl Advice {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SettleDispute => "settle_dispute",
            Self::FindOutWhyTakenBack => "find_out_why_taken_back",
            Self::AgreeHowToPay => "agree_how_to_pay",
            Self::AskForNewDay => "ask_for_new_day",
            Self::AskWhenItComes => "ask_when_it_comes",
            Self::CheckBeforeCredit => "check_before_credit",
            Self::AskWhatChanged => "ask_what_changed",
            Self::FitTheDueDate => "fit_the_due_date",
            Self::OfferLongerTerms => "offer_longer_terms",
            Self::LearnMore => "learn_more",
            Self::GoOn => "go_on",
        }
    }

    /// The advice in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::SettleDispute => "Settle the dispute first: until then nothing of it is paid.",
            Self::FindOutWhyTakenBack => "Find out why the bank took the money back.",
            Self::AgreeHowToPay => "Call and agree how it is paid: by when, or in which parts.",
            Self::AskForNewDay => "Call about the broken promise and ask for a new day.",
            Self::AskWhenItComes => "Ask when the payment comes.",
            Self::CheckBeforeCredit => "Look twice before giving more credit.",
            Self::AskWhatChanged => "Ask what changed since the last quarter.",
            Self::FitTheDueDate => "Ask on which days it pays, and agree due dates that fit.",
            Self::OfferLongerTerms => "It always pays early: a candidate for longer terms.",
            Self::LearnMore => "Too little is known yet: go on as usual.",
            Self::GoOn => "Nothing to do: go on as usual.",
        }
    }
}
