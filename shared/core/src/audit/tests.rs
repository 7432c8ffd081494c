use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::ids::MerchantId;

fn merchant() -> MerchantId {
    MerchantId::parse("mer_acme").unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 123_456_789).unwrap()
}

fn entry(aggregate: &str, seq: u64) -> Entry {
    let sha256 = Digest::of(format!("{aggregate} {seq}").as_bytes());
    Entry { aggregate: aggregate.to_owned(), seq, sha256 }
}

/// A chain of `count` blocks with two rows each.
fn chain(count: u64) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for nth in 1..=count {
        let entries = vec![entry("inv_a", nth), entry("inv_b", nth)];
        let at = now() + TimeDelta::seconds(nth as i64);
        let next = Block::after(blocks.last(), &merchant(), entries, at);
        blocks.push(next);
    }
    blocks
}

fn faults(blocks: &[Block]) -> Vec<String> {
    check_links(None, blocks).iter().map(ToString::to_string).collect()
}

// ---- Changes -------------------------------------------------------------------------------------

#[track_caller]
fn check_changes(before: Summary, after: Summary, expected: &[(&str, Option<&str>, Option<&str>)]) {
    let changes = Changes::between(&before, &after);
    assert_eq!(changes.iter().collect::<Vec<_>>(), expected);
    assert_eq!(changes.is_empty(), expected.is_empty());
}

#[test]
fn a_field_that_changed_came_or_went_is_not_told() {
    let new = Summary::new;
    check_changes(new(), new(), &[]);
    check_changes(new().with("a", 1), new().with("a", 1), &[]);
    check_changes(new().with("a", 1), new().with("a", 2), &[("a", Some("1"), Some("2"))]);
    check_changes(new(), new().with("a", 2), &[("a", None, Some("2"))]);
    check_changes(new().with("a", 1), new(), &[("a", Some("1"), None)]);
    check_changes(new().with_some("a", None::<u8>), new().with("b", ""), &[("b", None, Some(""))]);
}

#[test]
fn a_name_or_an_address_is_kept_for_good() {
    let before = Summary::new()
        .personal("name", Some("João da Silva"))
        .personal("email", Some("joao.silva@example.com"))
        .personal("phone", Some("+5511987654321"))
        .personal("same", Some("x"));
    let after = Summary::new()
        .personal("name", Some("Maria Souza"))
        .personal("email", Some("maria@other.example"))
        .personal("phone", None::<&str>)
        .personal("same", Some("x"));
    let masked = Some("***");
    check_changes(
        before,
        after,
        &[
            ("email", Some("***@example.com"), Some("***@other.example")),
            ("name", masked, masked),
            ("phone", masked, None),
        ],
    );
}

#[test]
fn a_debug_line_shows_a_name() {
    let summary = Summary::new().personal("name", Some("João"));
    assert_eq!(format!("{summary:?}"), r#"{"name"}"#);
}

#[test]
fn a_row_grows_with_the_number_of_instalments() {
    let many = (0..100).fold(Summary::new(), |all, nth| all.with(format!("f{nth:03}"), nth));
    let changes = Changes::between(&Summary::new(), &many);
    assert_eq!(changes.iter().count(), FIELDS_MAX + 1);
    let left_out = (100 - FIELDS_MAX).to_string();
    assert_eq!(changes.iter().last(), Some(("more_fields", None, Some(left_out.as_str()))));
    let long = Summary::new().with("text", "é".repeat(VALUE_CHARS_MAX + 1));
    let changes = Changes::between(&Summary::new(), &long);
    let (_, _, text) = changes.iter().next().unwrap();
    assert_eq!(text.unwrap().chars().count(), VALUE_CHARS_MAX + 1);
    assert!(text.unwrap().ends_with('…'));
}

#[test]
fn changes_are_stored_in_a_form_that_does_not_read_back() {
    let (before, after) = (Summary::new().with("a", 1), Summary::new().with("a", 2).with("b", 3));
    let changes = Changes::between(&before, &after).under("x");
    let text = serde_json::to_string(&changes).unwrap();
    assert_eq!(text, r#"{"x.a":["1","2"],"x.b":[null,"3"]}"#);
    assert_eq!(serde_json::from_str::<Changes>(&text).unwrap(), changes);
}

// ---- Blocks --------------------------------------------------------------------------------------

#[test]
fn the_hash_of_stored_blocks_moves_with_a_release() {
    let blocks = chain(2);
    assert_eq!(blocks[0].prev, Digest::ZERO);
    assert_eq!(blocks[1].prev, blocks[0].hash);
    assert_eq!(blocks[0].at.timestamp_subsec_nanos(), 123_000_000);
    // Reckoned by sha256sum over the lines that `Block::reckoned` describes.
    let expected = "f5b888ae2e64c319fdb09473d49796d01080cf1c12c8eb0c80d7908849d24f13";
    assert_eq!(blocks[0].hash.to_string(), expected);
}

#[test]
fn a_block_made_by_a_slow_clock_is_older_than_the_one_before() {
    let head = chain(1).pop().unwrap();
    let slow = now() - TimeDelta::hours(1);
    let next = Block::after(Some(&head), &merchant(), vec![entry("inv_a", 9)], slow);
    assert_eq!(next.at, head.at);
}

#[test]
fn a_text_that_only_looks_like_a_digest_is_one() {
    let digest = Digest::of(b"x");
    assert_eq!(Digest::parse(&digest.to_string()), Ok(digest));
    let good = digest.to_string();
    for bad in ["", &good[1..], &format!("{good}0"), &good.to_uppercase(), &good.replace('2', "g")]
    {
        assert_eq!(Digest::parse(bad), Err(NotADigest), "{bad}");
    }
}

#[test]
fn a_change_of_a_chain_goes_unseen() {
    assert_eq!(faults(&[]), [""; 0]);
    assert_eq!(faults(&chain(5)), [""; 0]);
    type Tamper = fn(&mut Vec<Block>);
    let check = |tamper: Tamper, expected: &[&str]| {
        let mut blocks = chain(5);
        tamper(&mut blocks);
        assert_eq!(faults(&blocks), expected);
    };
    check(|it| drop(it.remove(0)), &["block_missing block 1"]);
    check(|it| drop(it.remove(2)), &["block_missing block 3"]);
    check(|it| it[2].entries.swap(0, 1), &["block_altered block 3"]);
    check(|it| drop(it[2].entries.pop()), &["block_altered block 3"]);
    check(|it| it[2].entries.push(entry("inv_c", 1)), &["block_altered block 3"]);
    check(|it| it[2].entries[0].seq += 1, &["block_altered block 3"]);
    check(
        |it| it[2].merchant = MerchantId::parse("mer_other").unwrap(),
        &["block_altered block 3"],
    );
    check(|it| it[2].at += TimeDelta::milliseconds(1), &["block_altered block 3"]);
    // Who hashes the block again is betrayed by the next one.
    let rehash: Tamper = |it| {
        it[2].entries.pop();
        it[2].hash = it[2].reckoned();
    };
    check(rehash, &["link_broken block 4"]);
    check(|it| it[2].hash = Digest::ZERO, &["block_altered block 3", "link_broken block 4"]);
    let backwards: Tamper = |it| {
        it[4].at = now() - TimeDelta::days(1);
        it[4].hash = it[4].reckoned();
    };
    check(backwards, &["time_reversed block 5"]);
    let swapped: Tamper = |it| {
        let (third, fourth) = (it[2].nth, it[3].nth);
        it.swap(2, 3);
        (it[2].nth, it[3].nth) = (third, fourth);
    };
    let all = ["block_altered block 3", "link_broken block 3", "block_altered block 4"];
    check(
        swapped,
        &[
            all[0],
            all[1],
            all[2],
            "link_broken block 4",
            "time_reversed block 4",
            "link_broken block 5",
        ],
    );
    // A number out of the world makes one fault and not as many as it is large.
    check(
        |it| it[4].nth = u64::MAX - 1,
        &["block_missing block 5", "block_altered block 18446744073709551614"],
    );
}

proptest! {
    #[test]
    fn a_chain_read_in_pieces_has_faults_that_it_has_not_as_a_whole(
        count in 1_u64..20, cut in 0_usize..20,
    ) {
        let blocks = chain(count);
        let (first, rest) = blocks.split_at(cut.min(blocks.len()));
        prop_assert_eq!(check_links(None, first), []);
        prop_assert_eq!(check_links(first.last(), rest), []);
    }
}

// ---- Trail ---------------------------------------------------------------------------------------

fn history(aggregate: &str, last: u64, others: &[u64]) -> History {
    let others = others.iter().map(|seq| Other { seq: *seq, at: now() }).collect();
    History { aggregate: aggregate.to_owned(), last, others }
}

/// What is found in pages, the check ending `later` after the rows were written.
#[track_caller]
fn check_trail(pages: &[Vec<History>], later: TimeDelta, expected: &[&str]) {
    let mut trail = Trail::default();
    let mut found: Vec<Fault> = pages.iter().flat_map(|page| trail.take(now(), page)).collect();
    found.extend(trail.end(now() + later));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_row_in_no_block_goes_unseen() {
    let hour = TimeDelta::hours(1);
    // Pages that fit: 1, 2 | 3 | 5, where nothing tells of a fourth.
    let fits = [
        vec![history("inv_a", 2, &[3])],
        vec![history("inv_a", 3, &[2, 5])],
        vec![history("inv_a", 5, &[3])],
    ];
    check_trail(&fits, hour, &[]);
    // The row after the last page's.
    check_trail(&fits[..1], hour, &["row_unlisted inv_a row 3"]);
    check_trail(&fits[..1], TimeDelta::minutes(10), &[]);
    // One between pages, one within a page, one before the first.
    let between = [vec![history("inv_a", 2, &[3])], vec![history("inv_a", 5, &[4])]];
    check_trail(&between, hour, &["row_unlisted inv_a row 4"]);
    check_trail(&[vec![history("inv_a", 5, &[3])]], hour, &["row_unlisted inv_a row 3"]);
    check_trail(&[vec![history("inv_a", 2, &[1])]], hour, &["row_unlisted inv_a row 1"]);
}

#[test]
fn a_batch_that_came_twice_is_a_fault() {
    // Rows 1 to 6, then 5 once more with 7: the page does not name 6, and an earlier one did.
    let pages = [vec![history("inv_a", 6, &[])], vec![history("inv_a", 7, &[4, 6])]];
    check_trail(&pages, TimeDelta::hours(1), &[]);
    // 6 once more alone says nothing new of what comes after it.
    let pages = [
        vec![history("inv_a", 6, &[7])],
        vec![history("inv_a", 7, &[6])],
        vec![history("inv_a", 6, &[5, 7])],
    ];
    check_trail(&pages, TimeDelta::hours(1), &[]);
}

#[test]
fn rows_from_before_the_chain_are_faults() {
    let old = now() - TimeDelta::hours(25);
    let mut trail = Trail::default();
    let others = vec![Other { seq: 1, at: old }, Other { seq: 2, at: now() }];
    let page = [History { aggregate: "inv_a".to_owned(), last: 3, others }];
    let found = trail.take(now(), &page);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["row_unlisted inv_a row 2"]);
}
