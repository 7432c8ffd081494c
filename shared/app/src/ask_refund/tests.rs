use super::*;

fn id(given: Option<&str>, key: &str) -> Result<String, usize> {
    let mut faults = Vec::new();
    refund_id(given, key, &mut faults).ok_or(faults.len())
}

#[test]
fn a_derived_id_is_the_same_for_the_same_key_and_the_bank_takes_it() {
    let keys = ["a", "A", "order-2041", "!~", &"k".repeat(64)];
    let ids: Vec<String> = keys.iter().map(|key| id(None, key).unwrap()).collect();
    for (nth, derived) in ids.iter().enumerate() {
        assert_eq!(id(None, keys[nth]), Ok(derived.clone()));
        assert!(derived.len() <= REFUND_ID_CHARS_MAX);
        assert!(derived.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{derived}");
        assert!(!ids[..nth].contains(derived), "{derived} names two refunds");
    }
}

#[test]
fn an_id_the_bank_would_refuse_is_refused_here() {
    assert_eq!(id(Some("Refund1"), "k"), Ok("Refund1".to_owned()));
    assert!(id(Some(&"a".repeat(35)), "k").is_ok());
    for wrong in ["", "a b", "refund-1", "ação", &"a".repeat(36)] {
        assert_eq!(id(Some(wrong), "k"), Err(1), "{wrong}");
    }
}
