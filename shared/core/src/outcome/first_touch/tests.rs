use proptest::prelude::*;

use super::*;
use crate::sample::{ULID, at};

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@acme.example")).unwrap()
}

/// The nth of a few tasks.
fn task(nth: u8) -> TaskId {
    let ulid = format!("{}{}", &ULID[..25], char::from(b'0' + nth % 8));
    TaskId::from_ulid(&ulid).unwrap()
}

fn fact(hour: i64, by: Option<&str>, what: Work) -> WorkFact {
    let at = at("2026-12-01 08:00") + TimeDelta::hours(hour);
    WorkFact { at, by: by.map(email), what }
}

fn came(hour: i64, nth: u8, owner: Option<&str>) -> WorkFact {
    fact(hour, None, Work::TaskCame { task: task(nth), owner: owner.map(email) })
}

fn given(hour: i64, owner: Option<&str>) -> WorkFact {
    fact(hour, None, Work::InvoiceCame { owner: owner.map(email) })
}

fn done(hour: i64, by: Option<&str>, nth: u8) -> WorkFact {
    fact(hour, by, Work::TaskDone { task: task(nth) })
}

fn said(hour: i64, by: Option<&str>) -> WorkFact {
    fact(hour, by, Work::Said)
}

/// Hours, by others and waiting of one owner, with everything still there.
fn check(facts: &[WorkFact], owner: &str, hours: &[i64], by_others: u32, waiting: u32) {
    let told = first_touches(facts, at("2027-01-01 00:00"), |_| true);
    let told = told.get(&email(owner)).cloned().unwrap_or_default();
    let after: Vec<i64> = told.after.iter().map(TimeDelta::num_hours).collect();
    assert_eq!((after.as_slice(), told.by_others, told.waiting), (hours, by_others, waiting));
}

#[test]
fn a_deed_of_somebody_else_or_of_a_program_counts_as_the_owners() {
    let open = came(0, 1, Some("ana"));
    check(&[open.clone(), said(1, Some("rui")), said(2, None)], "ana", &[], 0, 1);
    check(&[open.clone(), said(1, Some("rui"))], "rui", &[], 0, 0);
    check(&[open.clone(), done(3, Some("rui"), 1)], "ana", &[], 1, 0);
    check(&[open.clone(), done(3, None, 1)], "ana", &[], 1, 0);
    check(&[open, done(3, Some("ana"), 1)], "ana", &[3], 0, 0);
}

#[test]
fn a_second_deed_counts_as_a_first_one() {
    let facts =
        [came(0, 1, Some("ana")), said(2, Some("ana")), said(5, Some("ana")), done(9, None, 1)];
    check(&facts, "ana", &[2], 0, 0);
}

#[test]
fn a_word_about_the_invoice_leaves_a_task_of_it_untouched_or_a_done_task_touches_another() {
    let both = [came(0, 1, Some("ana")), came(1, 2, Some("ana")), given(2, Some("ana"))];
    let with = |fact: WorkFact| [&both[..], &[fact]].concat();
    check(&with(said(4, Some("ana"))), "ana", &[4, 3, 2], 0, 0);
    // The other task is another thing to do; the invoice as a whole is what it is about.
    check(&with(done(4, Some("ana"), 1)), "ana", &[4, 2], 0, 1);
}

#[test]
fn who_it_was_taken_from_is_blamed_or_who_got_it_late_waits_from_the_beginning() {
    let facts = [came(0, 1, Some("ana")), came(10, 1, Some("rui")), said(12, Some("rui"))];
    check(&facts, "ana", &[], 0, 0);
    check(&facts, "rui", &[2], 0, 0);
    // Given again to who has it, it does not begin anew.
    let again = [given(0, Some("ana")), given(10, Some("ana")), said(12, Some("ana"))];
    check(&again, "ana", &[12], 0, 0);
    let nobody = [given(0, Some("ana")), given(1, None), said(2, Some("ana"))];
    check(&nobody, "ana", &[], 0, 0);
    check(&[came(0, 1, None), said(2, Some("ana"))], "ana", &[], 0, 0);
}

#[test]
fn work_of_a_later_time_is_counted_and_what_is_over_waits() {
    let facts = [came(0, 1, Some("ana")), came(30, 2, Some("ana")), said(40, Some("ana"))];
    let until = at("2026-12-02 08:00");
    let told = first_touches(&facts, until, |_| true);
    assert_eq!(told[&email("ana")].after, [TimeDelta::hours(40)]);
    let untouched = [came(0, 1, Some("ana")), given(0, Some("ana"))];
    let told = first_touches(&untouched, until, |task| task.is_none());
    assert_eq!(told[&email("ana")].waiting, 1);
    assert_eq!(first_touches(&untouched, until, |_| false), BTreeMap::new());
}

fn any_person() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![Just(None), Just(Some("ana")), Just(Some("rui"))]
}

fn any_fact() -> impl Strategy<Value = WorkFact> {
    (0..4_u8, any_person(), 0..3_u8).prop_map(|(kind, who, nth)| match kind {
        0 => came(0, nth, who),
        1 => given(0, who),
        2 => done(0, who, nth),
        _ => said(0, who),
    })
}

proptest! {
    #[test]
    fn work_is_lost_counted_twice_or_touched_before_it_came(
        facts in prop::collection::vec(any_fact(), 0..40),
    ) {
        let mut facts = facts;
        for (hour, fact) in facts.iter_mut().enumerate() {
            fact.at += TimeDelta::hours(i64::try_from(hour).unwrap());
        }
        let came = |fact: &&WorkFact| match &fact.what {
            Work::TaskCame { owner, .. } | Work::InvoiceCame { owner } => owner.is_some(),
            Work::TaskDone { .. } | Work::Said => false,
        };
        let told = first_touches(&facts, at("2027-01-01 00:00"), |_| true);
        let ended = |told: &Touched| told.after.len() + (told.by_others + told.waiting) as usize;
        prop_assert!(told.values().map(ended).sum::<usize>() <= facts.iter().filter(came).count());
        for (owner, told) in &told {
            prop_assert!(told.after.iter().all(|after| *after > TimeDelta::zero()));
            let deeds = facts.iter().filter(|fact| fact.by.as_ref() == Some(owner)).count();
            prop_assert!(told.after.is_empty() || deeds > 0);
        }
    }
}
