//! Fears: an address that is taken out of use under another spelling than it is written to.

use super::*;

#[test]
fn an_address_is_suppressed_under_a_spelling_nobody_asks_for() {
    for (told, ours) in [
        ("ANA@X.example", "ana@x.example"),
        ("5511987654321", "+5511987654321"),
        ("+5511987654321", "+5511987654321"),
        ("not an address", "not an address"),
    ] {
        assert_eq!(canonical(&Hidden::new(told)), ours);
    }
}

#[test]
fn a_phone_answers_under_another_digest_than_it_was_written_to() {
    let digest = phone_hash(&Hidden::new("5511987654321"));
    assert_eq!(digest, phone_hash(&Hidden::new("+55 11 98765-4321")));
    assert_ne!(digest, phone_hash(&Hidden::new("5511987654320")));
}
