//! Laws of counting, and of debts under any order of payments, returns and reductions.

use chrono::Days;
use proptest::prelude::*;

use super::*;

/// Any amount due, small ones more often: there every centavo of rounding shows.
fn any_due() -> impl Strategy<Value = AmountDue> {
    let amount = || prop_oneof![0_i64..=4, 0_i64..=100_000];
    let original = prop_oneof![1_i64..=6, 1_i64..=100_000];
    (original, amount(), amount(), amount(), amount()).prop_map(
        |(original, rebate, discount, interest, fine)| {
            let rebate = rebate.min(original);
            let discount = discount.min(original - rebate);
            let [original, rebate, discount, interest, fine] =
                [original, rebate, discount, interest, fine].map(Money::from_centavos);
            let total = original - rebate - discount + interest + fine;
            let blank = due(&Debt::agreed(&usual()), &usual(), "2026-12-20");
            AmountDue { original, rebate, discount, interest, fine, total, ..blank }
        },
    )
}

fn any_settling() -> impl Strategy<Value = Settling> {
    let tolerance = prop_oneof![Just(0_i64), 0_i64..=500, 0_i64..=20_000];
    (tolerance, prop::sample::select(LateShortfall::ALL.to_vec())).prop_map(
        |(tolerance, late_shortfall)| Settling {
            tolerance: Money::from_centavos(tolerance),
            late_shortfall,
        },
    )
}

/// An amount at, near or far from `total`.
fn near(total: Money, kind: u8, by: i64) -> Money {
    let centavos = match kind {
        0 => total.centavos() + by % 12,
        1 => total.centavos() * (by % 1_000).abs() / 1_000,
        _ => by.abs(),
    };
    Money::from_centavos(centavos.max(1))
}

fn parts(split: &Split) -> [Money; 10] {
    let Split { fine, interest, principal, discount, rebate, forgiven, waived, carried } = *split;
    [
        fine,
        interest,
        principal,
        discount,
        rebate,
        forgiven,
        waived.fine,
        waived.interest,
        carried.fine,
        carried.interest,
    ]
}

/// One thing that happens to a debt, after some days.
#[derive(Debug, Clone)]
enum Step {
    /// Pays near to what is due; `ago` days before it is heard of.
    Pay { kind: u8, by: i64, ago: u64 },
    /// Takes back a share of a credit.
    Release { nth: usize, thousandths: i64 },
    /// Takes a share of the principal off.
    Reduce { thousandths: i64 },
}

fn any_steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let pay = (0_u8..3, -60_000_i64..60_000, prop_oneof![3 => Just(0_u64), 1 => 0_u64..30]);
    let step = prop_oneof![
        4 => pay.prop_map(|(kind, by, ago)| Step::Pay { kind, by, ago }),
        2 => (0_usize..8, 1_i64..=1_000)
            .prop_map(|(nth, thousandths)| Step::Release { nth, thousandths }),
        1 => (1_i64..400).prop_map(|thousandths| Step::Reduce { thousandths }),
    ];
    prop::collection::vec((0_u64..15, step), 1..14)
}

fn any_notation() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "m2 2.00 j3 1.00",
        "m1 50.00 j1 1.00 a1 100.00",
        "m2 10.00 j7 3.33 a2 7.77",
        "m2 2.00 j2 0.10 d1 2026-12-05:50.00,2026-12-08:20.00",
        "j4 12.00 d2 2026-12-05:5.55 a2 1.23",
        "m1 3.33 j5 0.07 d3 1.11",
        "m2 2.00 d6 0.10",
    ])
}

/// A debt with what became of it so far.
struct Story {
    agreed: Terms,
    debt: Debt,
    /// How each payment was counted, and what went back of it since.
    credits: Vec<(Split, Money)>,
    reduced: Money,
    back: Money,
}

impl Story {
    fn on(&self, on: NaiveDate) -> AmountDue {
        due(&self.debt, &self.agreed, &on.to_string())
    }

    fn step(&mut self, step: &Step, today: NaiveDate, settling: &Settling) {
        match step {
            Step::Pay { kind, by, ago } => {
                let due = self.on(today - Days::new(*ago));
                if self.debt.is_settled() || !due.total.is_positive() {
                    return;
                }
                let counted = count(near(due.total, *kind, *by), &due, settling);
                self.debt = self.debt.after(&due, &counted);
                assert_eq!(self.debt.is_settled(), counted.closes, "{counted:?}");
                self.credits.push((counted.split, Money::ZERO));
            }
            Step::Release { nth, thousandths } => {
                let due = self.on(today);
                let count = self.credits.len().max(1);
                let Some((split, released)) = self.credits.get_mut(nth % count) else { return };
                let kept = split.received() - *released;
                let amount = Money::from_centavos((kept.centavos() * thousandths + 999) / 1_000);
                let back = split.taken_back(*released, amount);
                assert_eq!(back.received(), amount);
                *released += amount;
                self.back += back.off_principal();
                self.debt = self.debt.restored(&due, &back);
            }
            Step::Reduce { thousandths } => {
                let due = self.on(today);
                let net = due.original - due.rebate;
                let amount = Money::from_centavos(net.centavos() * thousandths / 1_000);
                if !amount.is_positive() {
                    return;
                }
                self.debt = self.debt.less(&due, amount).unwrap();
                self.reduced += amount + due.rebate;
            }
        }
    }

    fn check(&self, today: NaiveDate) {
        let zero = Money::ZERO;
        let off: Money = self.credits.iter().map(|(split, _)| split.off_principal()).sum();
        let left = self.agreed.original - off - self.reduced + self.back;
        assert_eq!(self.debt.principal, left);
        assert!(left >= zero, "principal {left}");
        let owed = self.debt.arrears.map(|arrears| arrears.owed).unwrap_or_default();
        assert!(owed.fine >= zero && owed.interest >= zero, "{owed:?}");
        for ahead in [0, 1, 40] {
            let due = self.on(today + Days::new(ahead));
            let sum = due.original - due.rebate - due.discount + due.interest + due.fine;
            assert_eq!(due.total, sum);
            assert!([due.rebate, due.discount, due.interest, due.fine].iter().all(|p| *p >= zero));
            assert!(due.calendar_days_late > 0 || (due.fine + due.interest).is_zero(), "{due:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_centavo_is_lost_or_made_up(
        due in any_due(),
        settling in any_settling(),
        kind in 0_u8..3,
        by in -200_000_i64..200_000,
    ) {
        let amount = near(due.total, kind, by);
        let Counted { split, excess, closes } = count(amount, &due, &settling);
        prop_assert_eq!(split.received() + excess, amount);
        prop_assert!(!excess.is_positive() || closes);
        prop_assert!(excess >= Money::ZERO && parts(&split).iter().all(|part| *part >= Money::ZERO));
        let late = split.waived.total() + split.carried.total();
        if closes {
            prop_assert_eq!(split.off_principal(), due.original);
            prop_assert!(due.total - amount <= settling.tolerance.max(due.fine + due.interest)
                || (due.total - amount).centavos() <= 4);
        } else {
            prop_assert!(amount < due.total);
            prop_assert_eq!(split.discount + split.forgiven + late, Money::ZERO);
            prop_assert_eq!(split.rebate, due.rebate);
            prop_assert!(split.fine == due.fine || (split.interest + split.principal).is_zero());
            prop_assert!(split.interest == due.interest || split.principal.is_zero());
            prop_assert!(split.off_principal() < due.original || split.principal.is_zero());
        }
        prop_assert!(split.forgiven <= settling.tolerance);
        if settling.late_shortfall == LateShortfall::Keep {
            prop_assert!(split.forgiven + late <= settling.tolerance.min(TOLERANCE_MAX));
            prop_assert!(split.forgiven + late < amount);
        }
        if settling.late_shortfall != LateShortfall::Carry {
            prop_assert!(split.carried.is_zero());
        }
    }

    #[test]
    fn what_goes_back_in_any_pieces_is_all_of_it_once(
        due in any_due(),
        settling in any_settling(),
        cuts in prop::collection::vec(0_i64..=1_000, 0..5),
    ) {
        let split = count(due.total.max(Money::CENTAVO), &due, &settling).split;
        let all = split.received();
        let at = |cut: &i64| Money::from_centavos(all.centavos() * cut / 1_000);
        let mut ends: Vec<Money> = cuts.iter().map(at).chain([Money::ZERO, all]).collect();
        ends.sort();
        let mut sum = [Money::ZERO; 10];
        for pair in ends.windows(2) {
            let back = split.taken_back(pair[0], pair[1] - pair[0]);
            prop_assert_eq!(back.received(), pair[1] - pair[0]);
            for (total, part) in sum.iter_mut().zip(parts(&back)) {
                prop_assert!(part >= Money::ZERO);
                *total += part;
            }
        }
        let given = Split { rebate: Money::ZERO, carried: LateCharges::default(), ..split };
        if all.is_positive() {
            prop_assert_eq!(sum, parts(&given));
        }
    }

    #[test]
    fn any_order_of_payments_returns_and_reductions_keeps_the_books_of_a_debt(
        notation in any_notation(),
        settling in any_settling(),
        steps in any_steps(),
    ) {
        let agreed = terms("1000.00", "2026-12-10", notation);
        let mut story = Story {
            debt: Debt::agreed(&agreed),
            agreed,
            credits: Vec::new(),
            reduced: Money::ZERO,
            back: Money::ZERO,
        };
        let mut today = day("2026-12-01");
        for (days, step) in &steps {
            today = today + Days::new(*days);
            story.step(step, today, &settling);
            story.check(today);
        }
        for nth in 0..story.credits.len() {
            story.step(&Step::Release { nth, thousandths: 1_000 }, today, &settling);
            story.check(today);
        }
        let rebates: Money = story.credits.iter().map(|(split, _)| split.rebate).sum();
        let whole = story.agreed.original - story.reduced;
        prop_assert_eq!(story.debt.principal + rebates, whole);
    }
}
