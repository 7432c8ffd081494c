//! One invoice, its payments and the books, played together the way a use case writes them.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};

use super::*;
use crate::invoice::{ChargeState, Credit, Event, Status, credit};
use crate::payment;

pub(super) struct World {
    pub invoice: Invoice,
    pub payments: Vec<Payment>,
    pub now: DateTime<Utc>,
    balances: BTreeMap<Account, Money>,
    events: u64,
}

impl World {
    pub fn open(invoice: Invoice, opened: &Event, now: DateTime<Utc>) -> Self {
        let balances = BTreeMap::new();
        let mut world = Self { invoice, payments: Vec::new(), now, balances, events: 1 };
        world.book(&of_invoice(opened));
        world
    }

    fn book(&mut self, postings: &[Posting]) {
        let sum: Money = postings.iter().map(|posting| posting.amount).sum();
        assert_eq!(sum, Money::ZERO, "{postings:?}");
        for posting in postings {
            *self.balances.entry(posting.account).or_default() += posting.amount;
        }
    }

    fn balance(&self, account: Account) -> Money {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    pub fn apply(&mut self, events: &[Event]) {
        for event in events {
            self.book(&of_invoice(event));
            self.invoice = crate::invoice::evolve(self.invoice.clone(), event, self.now);
            self.events += 1;
        }
    }

    fn apply_to(&mut self, nth: usize, events: &[payment::Event]) {
        for event in events {
            let before = self.payments[nth].clone();
            let after = payment::evolve(before.clone(), event, self.now);
            let postings = of_payment(event, &before);
            assert_eq!(postings, of_payment(event, &after), "{event:?}");
            self.book(&postings);
            self.payments[nth] = after;
        }
    }

    /// Asks the invoice; a refusal changes nothing.
    pub fn ask(&mut self, command: Command<'_>) {
        if let Ok(events) = decide(&self.invoice, command, self.now) {
            self.apply(&events);
        }
    }

    /// Asks a payment, and takes off the instalments what it gave up there.
    pub fn ask_payment(&mut self, nth: usize, command: payment::Command) {
        let Ok(events) = payment::decide(&self.payments[nth], command, self.now) else { return };
        for event in &events {
            let payment::Event::Released { instalment, amount, .. } = event else { continue };
            let command = Command::Release {
                instalment: *instalment,
                payment: self.payments[nth].id.clone(),
                amount: *amount,
                reason: "given back".into(),
            };
            let released = decide(&self.invoice, command, self.now);
            self.apply(&released.expect("the instalment has what the payment says"));
        }
        self.apply_to(nth, &events);
    }

    /// A Pix for one of the charges arrives, paid `days` ago.
    pub fn pix(&mut self, (instalment, revision): (u16, u16), amount: Money, days: u64) {
        let nth = self.payments.len();
        let paid_at = self.now - Days::new(days);
        let id = pix_id(paid_at, u32::try_from(nth).unwrap());
        self.payments.push(reported(id.clone(), amount, paid_at));
        let source = Source::Receipt;
        let pix = Received {
            instalment,
            revision: Some(revision),
            payment: &id,
            amount,
            paid_at,
            source,
        };
        match credit(&self.invoice, &pix, self.now) {
            Credit::Matched { events, excess } if excess.is_zero() => {
                let in_full = Some((self.invoice.id.clone(), instalment));
                self.must(nth, payment::Command::Receive { in_full });
                self.apply(&events);
            }
            Credit::Matched { events, excess } => {
                self.must(nth, payment::Command::Receive { in_full: None });
                let (invoice, amount) = (self.invoice.id.clone(), amount - excess);
                self.must(nth, payment::Command::Allocate { invoice, instalment, amount });
                self.apply(&events);
                let customer = self.invoice.customer.clone();
                self.must(nth, payment::Command::PutOnAccount { customer, amount: excess });
            }
            Credit::Park(reason, events) => {
                self.must(nth, payment::Command::Receive { in_full: None });
                self.must(nth, payment::Command::Park { reason });
                self.apply(&events);
            }
            Credit::AlreadyCredited => panic!("a new Pix was credited before"),
        }
        let again = credit(&self.invoice, &pix, self.now);
        assert!(matches!(again, Credit::AlreadyCredited | Credit::Park(..)), "{again:?}");
    }

    /// Money that is not a Pix and that nothing identifies.
    pub fn cash(&mut self, amount: Money) {
        let nth = self.payments.len();
        let id = PaymentId::of_fingerprint(u128::try_from(nth).unwrap());
        self.payments.push(reported(id, amount, self.now));
        self.must(nth, payment::Command::Receive { in_full: None });
        self.must(nth, payment::Command::Park { reason: ParkReason::Unidentified });
    }

    /// A step of a payment alone that cannot be refused.
    fn must(&mut self, nth: usize, command: payment::Command) {
        let events = payment::decide(&self.payments[nth], command, self.now).unwrap();
        self.apply_to(nth, &events);
    }

    /// A person gives money of a payment to an instalment.
    pub fn give(&mut self, nth: usize, instalment: u16, amount: Money) {
        let known = &self.payments[nth];
        let given = Received {
            instalment,
            revision: None,
            payment: &known.id,
            amount,
            paid_at: known.paid_at,
            source: Source::Unidentified,
        };
        let Ok(credited) = allocate(&self.invoice, &given, self.now) else { return };
        let invoice = self.invoice.id.clone();
        let command = payment::Command::Allocate { invoice, instalment, amount };
        let Ok(moved) = payment::decide(known, command, self.now) else { return };
        self.apply_to(nth, &moved);
        self.apply(&credited);
    }

    /// The bank answers for every charge it has to be asked about.
    pub fn bank_answers(&mut self) {
        for number in 1..=u16::try_from(self.invoice.instalments.len()).unwrap() {
            for charge in self.invoice.instalment(number).unwrap().charges.clone() {
                let (instalment, revision) = (number, charge.revision);
                let (location, br_code) = ("bank.example/qr/1".into(), "0002".into());
                match charge.state {
                    ChargeState::Pending { .. } => {
                        self.ask(Command::RecordIssued { instalment, revision, location, br_code })
                    }
                    ChargeState::Removing { .. } => {
                        self.ask(Command::RecordRemoval { instalment, revision });
                    }
                    ChargeState::Active { .. }
                    | ChargeState::Rejected { .. }
                    | ChargeState::Removed => {}
                }
            }
        }
    }

    pub fn check(&self) {
        self.check_books();
        self.check_credits();
        self.check_charges();
        let today = self.invoice.civil_date(self.now);
        assert_eq!(self.invoice.version, self.events, "the version counts the events");
        assert!(self.invoice.outstanding(today) >= Money::ZERO);
        let status = self.invoice.status(today);
        let closed = [Status::Paid, Status::Credited, Status::WrittenOff].contains(&status);
        assert_eq!(closed, self.invoice.is_active() && self.invoice.is_settled());
        let rule = crate::chase::Rule::shipped();
        let work = self.invoice.next_work(&rule, self.now);
        let canceling = self.invoice.state_name() == "canceling";
        assert!(!canceling || work.is_some(), "a cancellation nobody ends");
    }

    fn check_books(&self) {
        let sum = |of: fn(&Payment) -> Money| -> Money { self.payments.iter().map(of).sum() };
        let trial: Money = self.balances.values().sum();
        assert_eq!(trial, Money::ZERO);
        assert_eq!(self.balance(Account::Receivables), self.invoice.receivable());
        assert_eq!(-self.balance(Account::Unidentified), sum(Payment::unidentified));
        assert_eq!(-self.balance(Account::Unapplied), sum(Payment::account_amount));
        assert_eq!(-self.balance(Account::Refunds), sum(Payment::going_back));
        let there = sum(|it| it.amount) - sum(Payment::returned);
        assert_eq!(self.balance(Account::Clearing) + self.balance(Account::Bank), there);
        let shown = |it: &&Payment| it.settled_on.is_some();
        let shown: Money =
            self.payments.iter().filter(shown).map(|it| it.amount - it.returned()).sum();
        assert_eq!(self.balance(Account::Bank), shown);
    }

    /// Invoice and payments tell the same of each credit.
    fn check_credits(&self) {
        for instalment in &self.invoice.instalments {
            let Debt { principal, arrears, .. } = &instalment.debt;
            let owed = arrears.map(|arrears| arrears.owed).unwrap_or_default();
            assert!(*principal >= Money::ZERO && instalment.written_off >= Money::ZERO);
            assert!(owed.fine >= Money::ZERO && owed.interest >= Money::ZERO);
            let parts = instalment.principal();
            assert!(parts.credited >= Money::ZERO && parts.received >= Money::ZERO, "{parts:?}");
            for matched in &instalment.payments {
                assert_eq!(matched.split.received(), matched.amount);
                assert!(matched.amount.is_positive() && matched.kept() >= Money::ZERO);
            }
            for payment in &self.payments {
                let of_it = instalment.payments.iter().filter(|it| it.payment == payment.id);
                let kept: Money = of_it.map(crate::invoice::Matched::kept).sum();
                assert_eq!(payment.allocated_to(&self.invoice.id, instalment.number), kept);
            }
        }
    }

    /// The bank is asked for what is owed, today and later, unless a person has to re-issue it.
    fn check_charges(&self) {
        let today = self.invoice.civil_date(self.now);
        let calendar = self.invoice.calendar();
        for instalment in &self.invoice.instalments {
            if !self.invoice.is_active() || instalment.is_settled() || instalment.hold().is_some() {
                continue;
            }
            let charge = instalment.charge();
            assert_eq!(charge.of_debt, instalment.debt.changes, "an old charge is asked for");
            for ahead in [0, 1, 9, 40] {
                let on = today + Days::new(ahead);
                let asked = charge.terms.amount_due(on, &calendar, &self.invoice.issuing.policy);
                assert_eq!(asked.total, self.invoice.outstanding_of(instalment, on), "{ahead}");
            }
        }
    }
}
