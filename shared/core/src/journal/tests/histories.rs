//! Any history of an invoice and its payments leaves books that equal the aggregates.

use chrono::Days;
use proptest::prelude::*;

use super::world::World;
use super::*;
use crate::debt::{LateShortfall, Settling};
use crate::invoice::{InvoiceDraft, Reduction};
use crate::payment::{self, Told};
use crate::terms_draft::{DatedDraft, DiscountDraft, TermsDraft};

/// One thing that happens. Shares are in thousandths of what there is.
#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    BankAnswers,
    /// A Pix for a charge, near to what is due or far from it, heard of some days later.
    Pix {
        instalment: u16,
        back: u16,
        kind: u8,
        by: i64,
        days: u64,
    },
    Cash(i64),
    Give {
        nth: usize,
        instalment: u16,
        share: i64,
    },
    GiveWhatIsOwed {
        nth: usize,
        instalment: u16,
    },
    Release {
        nth: usize,
        instalment: u16,
        share: i64,
    },
    PutOnAccount {
        nth: usize,
        share: i64,
    },
    TakeFromAccount {
        nth: usize,
        share: i64,
    },
    AskRefund {
        nth: usize,
        share: i64,
    },
    RefundTold {
        nth: usize,
        told: u8,
    },
    TakenBack {
        nth: usize,
        share: i64,
    },
    Settle {
        nth: usize,
    },
    Reduce {
        instalment: u16,
        share: i64,
        is_rebate: bool,
    },
    WriteOff {
        instalment: u16,
    },
    Extend {
        instalment: u16,
        days: u64,
    },
    Reissue {
        instalment: u16,
    },
    Cancel,
}

fn any_step() -> impl Strategy<Value = Step> {
    let instalment = || 1_u16..=2;
    let nth = || 0_usize..6;
    let share = || prop_oneof![1_i64..=1_000, Just(1_000_i64)];
    let days = prop_oneof![3 => Just(0_u64), 1 => 0_u64..20];
    prop_oneof![
        4 => (0_u64..20).prop_map(Step::Wait),
        4 => Just(Step::BankAnswers),
        6 => (instalment(), 0_u16..3, 0_u8..3, -80_000_i64..80_000, days).prop_map(
            |(instalment, back, kind, by, days)| Step::Pix { instalment, back, kind, by, days }
        ),
        1 => (1_i64..80_000).prop_map(Step::Cash),
        3 => (nth(), instalment(), share())
            .prop_map(|(nth, instalment, share)| Step::Give { nth, instalment, share }),
        1 => (nth(), instalment())
            .prop_map(|(nth, instalment)| Step::GiveWhatIsOwed { nth, instalment }),
        2 => (nth(), instalment(), share())
            .prop_map(|(nth, instalment, share)| Step::Release { nth, instalment, share }),
        1 => (nth(), share()).prop_map(|(nth, share)| Step::PutOnAccount { nth, share }),
        1 => (nth(), share()).prop_map(|(nth, share)| Step::TakeFromAccount { nth, share }),
        2 => (nth(), share()).prop_map(|(nth, share)| Step::AskRefund { nth, share }),
        3 => (nth(), 0_u8..3).prop_map(|(nth, told)| Step::RefundTold { nth, told }),
        1 => (nth(), share()).prop_map(|(nth, share)| Step::TakenBack { nth, share }),
        1 => nth().prop_map(|nth| Step::Settle { nth }),
        1 => (instalment(), share(), any::<bool>()).prop_map(|(instalment, share, is_rebate)| {
            Step::Reduce { instalment, share, is_rebate }
        }),
        1 => instalment().prop_map(|instalment| Step::WriteOff { instalment }),
        1 => (instalment(), 0_u64..60)
            .prop_map(|(instalment, days)| Step::Extend { instalment, days }),
        3 => instalment().prop_map(|instalment| Step::Reissue { instalment }),
        1 => Just(Step::Cancel),
    ]
}

fn any_terms() -> impl Strategy<Value = TermsDraft> {
    let usual = draft().terms;
    let dated = |date: &str, value: &str| DatedDraft { date: date.into(), value: value.into() };
    let early = DiscountDraft {
        kind: "percent_until".into(),
        until: vec![dated("2026-12-05", "5.00"), dated("2026-12-08", "2.50")],
        ..DiscountDraft::default()
    };
    prop::sample::select(vec![
        TermsDraft::default(),
        usual.clone(),
        TermsDraft { rebate: value("amount", "77.77"), ..usual.clone() },
        TermsDraft {
            late_fee: value("amount", "33.33"),
            interest: value("amount_per_day", "0.37"),
            rebate: value("percent", "3.33"),
            ..usual.clone()
        },
        TermsDraft { discount: Some(early), ..usual },
    ])
}

fn any_settling() -> impl Strategy<Value = Settling> {
    let tolerance = prop_oneof![Just(0_i64), 0_i64..1_000];
    (tolerance, prop::sample::select(LateShortfall::ALL.to_vec())).prop_map(
        |(tolerance, late_shortfall)| Settling { tolerance: cents(tolerance), late_shortfall },
    )
}

/// A share of an amount, rounded up, so that all of it is all.
fn share_of(amount: Money, share: i64) -> Money {
    cents((amount.centavos() * share + 999) / 1_000)
}

fn play(world: &mut World, step: &Step) {
    let today = world.invoice.civil_date(world.now);
    let count = world.payments.len();
    let known = |nth: usize| (count > 0).then(|| nth % count);
    match step.clone() {
        Step::Wait(days) => world.now = world.now + Days::new(days),
        Step::BankAnswers => world.bank_answers(),
        Step::Pix { instalment, back, kind, by, days } => {
            let owing = world.invoice.instalment(instalment).unwrap();
            let revision = owing.charge().revision.saturating_sub(back);
            let charge = &owing.charges[usize::from(revision)];
            let due = world.invoice.amount_due_by(owing, charge, today - Days::new(days));
            let amount = match kind {
                0 => due.total + cents(by % 7),
                1 => share_of(due.total, by.abs() % 1_000),
                _ => cents(by.abs()),
            };
            if amount.is_positive() {
                world.pix((instalment, revision), amount, days);
            }
        }
        Step::Cash(amount) => world.cash(cents(amount)),
        Step::Give { nth, instalment, share } => {
            let Some(nth) = known(nth) else { return };
            let free = world.payments[nth].unidentified() + world.payments[nth].account_amount();
            world.give(nth, instalment, share_of(free, share));
        }
        Step::GiveWhatIsOwed { nth, instalment } => {
            let Some(nth) = known(nth) else { return };
            let owing = world.invoice.instalment(instalment).unwrap();
            let paid_on = world.invoice.civil_date(world.payments[nth].paid_at);
            let owed = world.invoice.outstanding_of(owing, paid_on);
            world.give(nth, instalment, owed);
        }
        Step::Release { nth, instalment, share } => {
            let Some(nth) = known(nth) else { return };
            let invoice = world.invoice.id.clone();
            let there = world.payments[nth].allocated_to(&invoice, instalment);
            let amount = share_of(there, share);
            world.ask_payment(nth, payment::Command::Release { invoice, instalment, amount });
        }
        of_payment => play_payment(world, &of_payment, known),
    }
}

fn play_payment(world: &mut World, step: &Step, known: impl Fn(usize) -> Option<usize>) {
    use payment::Command;
    let (nth, command) = match *step {
        Step::PutOnAccount { nth, share } => {
            let Some(nth) = known(nth) else { return };
            let amount = share_of(world.payments[nth].unidentified(), share);
            (nth, Command::PutOnAccount { customer: world.invoice.customer.clone(), amount })
        }
        Step::TakeFromAccount { nth, share } => {
            let Some(nth) = known(nth) else { return };
            let amount = share_of(world.payments[nth].account_amount(), share);
            (nth, Command::TakeFromAccount { amount })
        }
        Step::AskRefund { nth, share } => {
            let Some(nth) = known(nth) else { return };
            let amount = share_of(world.payments[nth].refundable(), share);
            let id = format!("r{}", world.payments[nth].refunds.len());
            (nth, Command::AskRefund { id, amount, reason: "wrong item".into() })
        }
        Step::RefundTold { nth, told } => {
            let Some(nth) = known(nth) else { return };
            let open = world.payments[nth].refunds.iter().find(|it| !it.state.is_final());
            let Some(refund) = open else { return };
            let told = match told {
                0 => Told::Processing { next_look_at: world.now },
                1 => Told::Failed { why: "NAO_REALIZADO".into() },
                _ => Told::Returned { origin: RefundOrigin::Merchant },
            };
            (nth, Command::RecordRefund { id: refund.id.clone(), amount: refund.amount, told })
        }
        Step::TakenBack { nth, share } => {
            let Some(nth) = known(nth) else { return };
            let amount = share_of(world.payments[nth].amount, share);
            let id = format!("med{}", world.payments[nth].refunds.len());
            let told = Told::Returned { origin: RefundOrigin::Dispute };
            (nth, Command::RecordRefund { id, amount, told })
        }
        Step::Settle { nth } => {
            let Some(nth) = known(nth) else { return };
            (nth, Command::Settle { on: world.now.date_naive() })
        }
        _ => return play_invoice(world, step),
    };
    world.ask_payment(nth, command);
}

fn play_invoice(world: &mut World, step: &Step) {
    let reason = "agreed".to_owned();
    match *step {
        Step::Reduce { instalment, share, is_rebate } => {
            let owing = world.invoice.instalment(instalment).unwrap();
            let due = world.invoice.amount_due(owing, world.invoice.civil_date(world.now));
            let amount = share_of(due.original - due.rebate, share);
            let note = || Reduction::CreditNote("NC-7".into());
            let kind = if is_rebate { Reduction::Rebate } else { note() };
            world.ask(Command::Reduce { instalment, kind, amount, reason });
        }
        Step::WriteOff { instalment } => world.ask(Command::WriteOff { instalment, reason }),
        Step::Extend { instalment, days } => {
            let due_date = world.invoice.civil_date(world.now) + Days::new(days);
            world.ask(Command::ExtendDueDate { instalment, due_date, reason });
        }
        Step::Reissue { instalment } => world.ask(Command::Reissue { instalment, reason }),
        Step::Cancel => world.ask(Command::Cancel { reason }),
        _ => unreachable!("{step:?} is not of the invoice"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_books_equal_the_invoice_and_its_payments_after_any_history(
        terms in any_terms(),
        settling in any_settling(),
        steps in prop::collection::vec(any_step(), 1..40),
    ) {
        let mut merchant = merchant();
        merchant.issuing.settling = settling;
        let draft = InvoiceDraft { terms, ..monthly(2) };
        let now = at("2026-11-23 10:00");
        let id = crate::ids::InvoiceId::from_ulid(ULID).unwrap();
        let checked = draft.check(&merchant, now).unwrap();
        let (invoice, events) = checked.open(id, &merchant, &customer(), now);
        let mut world = World::open(invoice, &events[0], now);
        world.check();
        for step in &steps {
            play(&mut world, step);
            world.check();
        }
        // Whatever happened, all of the money can be taken off again, and the debt stands as agreed.
        for nth in 0..world.payments.len() {
            for instalment in [1, 2] {
                play(&mut world, &Step::Release { nth, instalment, share: 1_000 });
            }
        }
        world.check();
        prop_assert!(world.invoice.instalments.iter().all(|it| it.received().is_zero()));
    }
}
