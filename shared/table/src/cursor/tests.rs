use super::*;

const INVOICE: &str = "inv_00000000000000000000000001";
const E2E: &str = "E1234567820260921100000000000001";

#[test]
fn a_cursor_survives_its_text_form() {
    let cursor = Cursor::after(&format!("2026-12-10#{INVOICE}"));
    let text = cursor.to_string();
    assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
    assert_eq!(Cursor::parse(&text), Ok(cursor));
}

#[test]
fn text_that_is_no_cursor_is_refused() {
    let long = "A".repeat(CURSOR_CHARS_MAX + 1);
    for text in ["", "=", "a b", "_", "gA", &long] {
        assert_eq!(Cursor::parse(text), Err(BadCursor), "{text}");
    }
}

/// Each sort key belongs to one place only, so a cursor cannot be carried to another list.
#[test]
fn a_sort_key_belongs_to_one_place() {
    let keys = [
        (Place::Invoice, format!("2026-12-10#{INVOICE}")),
        (Place::Customer, "cus_00000000000000000000000001".to_owned()),
        (Place::ParkedPayment, format!("2026-12-10T03:00:00Z#{E2E}")),
        (Place::Row, format!("2026-12-10T03:00:00Z#{E2E}#00000007")),
        (Place::Import, "imp_00000000000000000000000001".to_owned()),
        (Place::Undelivered, format!("2026-12-10T03:00:00Z#{INVOICE}#001#d_3#email#2")),
        (Place::Event, "E#00000007".to_owned()),
        (Place::Work, format!("2026-12-10T03:00:00Z#reminder#mer_a#{INVOICE}")),
    ];
    for (own, sk) in &keys {
        for (place, _) in &keys {
            assert_eq!(place.holds(sk), place == own, "{sk} in {place:?}");
        }
    }
    assert!(keys.iter().map(|(place, _)| *place).eq(PLACES));
}

const PLACES: [Place; 8] = [
    Place::Invoice,
    Place::Customer,
    Place::ParkedPayment,
    Place::Row,
    Place::Import,
    Place::Undelivered,
    Place::Event,
    Place::Work,
];

/// Every aggregate may book something.
#[test]
fn a_journal_cursor_stands_after_any_aggregate() {
    for id in [
        INVOICE,
        E2E,
        "pay_00000000000000000000000001",
        "imp_00000000000000000000000001",
        "reconciliation",
        "0123456789abcdef0123456789abcdef",
    ] {
        let sk = format!("2026-12-10T03:00:00Z#{id}#00000001");
        let cursor = Cursor::after(&sk);
        let read = Cursor::parse(&cursor.to_string()).unwrap();
        assert_eq!(read.sort_key(Place::Row), Ok(sk.as_str()));
    }
}

#[test]
fn a_malformed_sort_key_belongs_nowhere() {
    for sk in [
        "",
        "#",
        "E#7",
        "E#+0000007",
        "2026-13-10#inv_00000000000000000000000001",
        "2026-12-10#inv_1",
        "+2026-12-1#inv_00000000000000000000000001",
        "2026-12-10T03:00:00+00:00#E1234567820260921100000000000001",
        "2026-12-10T03:00:00Z#reminder#a#inv_00000000000000000000000001",
        "2026-12-10T03:00:00Z#inv_00000000000000000000000001#7",
        "2026-12-10T03:00:00Z#inv_00000000000000000000000001#+0000007",
        "2026-12-10T03:00:00Z#~#00000007",
        "2026-12-10#inv_00000000000000000000000001#00000007",
        "imp_1",
    ] {
        for place in PLACES {
            assert!(!place.holds(sk), "{sk} in {place:?}");
        }
    }
}
