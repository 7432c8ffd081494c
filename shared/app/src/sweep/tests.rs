use quita_core::ids::InvoiceId;
use quita_core::work::WorkKind;

use super::*;

fn now() -> DateTime<Utc> {
    "2026-12-10T12:00:00Z".parse().unwrap()
}

fn entry(merchant: &str, nth: usize) -> WorkEntry {
    WorkEntry {
        merchant: MerchantId::parse(merchant).unwrap(),
        subject: WorkSubject::Invoice(InvoiceId::from_ulid(&format!("{nth:026}")).unwrap()),
        due_at: now(),
        kind: WorkKind::Reminder,
    }
}

fn merchants(entries: &[WorkEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.merchant.as_str()).collect()
}

#[test]
fn many_of_one_merchant_stand_before_the_few_of_another() {
    let entries = [entry("mer_a", 1), entry("mer_a", 2), entry("mer_a", 3), entry("mer_b", 4)];
    let turns = in_turns(entries.to_vec());
    assert_eq!(merchants(&turns), ["mer_a", "mer_b", "mer_a", "mer_a"]);
}

#[test]
fn a_merchant_gets_more_than_its_share_of_a_pass() {
    let mut scan = Scan::new(0, now(), None);
    scan.next = None;
    let mut found = Vec::new();
    let many: Vec<WorkEntry> = (0..SHARE + 20).map(|nth| entry("mer_a", nth)).collect();
    scan.take(Place(None), many.clone(), &mut found);
    assert_eq!(found.len(), SHARE);
    // The next page begins behind all of it, and the next pass with the first that was left out.
    let Some(Place(Some(past))) = &scan.next else { panic!("nothing was jumped over") };
    assert_eq!(Some(past), many[0].past_merchant().as_ref());
    let Some(Place(Some(before))) = &scan.left_out else { panic!("nothing was left out") };
    assert_eq!(*before, many[SHARE - 1].cursor());
    scan.take(Place(None), vec![entry("mer_b", 7)], &mut found);
    assert_eq!(found.len(), SHARE + 1);
}

#[test]
fn what_stays_due_is_worked_on_again_in_the_same_walk() {
    let mut scan = Scan::new(0, now(), None);
    let mut found = Vec::new();
    scan.take(Place(None), vec![entry("mer_a", 1)], &mut found);
    scan.shares.clear();
    scan.take(Place(None), vec![entry("mer_a", 1), entry("mer_a", 2)], &mut found);
    assert_eq!(found.len(), 2);
}
