//! The digest of an item, for the audit chain.
//!
//! Owns the one form of an item that its digest is taken of. Invariant: an item has the same digest
//! in a stream image and in a read; two items that differ anywhere have different ones.

use quita_core::audit::Digest;
use serde_dynamo::AttributeValue;

use crate::dynamo::Item;

/// The SHA-256 of an item, whole: each value with its type and its length, maps in the order of
/// their names.
pub fn digest(item: &Item) -> Digest {
    let mut bytes = Vec::new();
    put_map(&mut bytes, item.iter());
    Digest::of(&bytes)
}

fn put(bytes: &mut Vec<u8>, value: &AttributeValue) {
    match value {
        AttributeValue::S(text) => put_text(bytes, b'S', text.as_bytes()),
        AttributeValue::N(number) => put_text(bytes, b'N', number.as_bytes()),
        AttributeValue::B(binary) => put_text(bytes, b'B', binary),
        AttributeValue::Bool(true) => bytes.push(b'T'),
        AttributeValue::Bool(false) => bytes.push(b'F'),
        AttributeValue::Null(_) => bytes.push(b'0'),
        AttributeValue::M(map) => put_map(bytes, map.iter()),
        AttributeValue::L(list) => {
            put_count(bytes, b'L', list.len());
            list.iter().for_each(|value| put(bytes, value));
        }
        AttributeValue::Ss(set) => put_set(bytes, b's', set.iter().map(String::as_bytes)),
        AttributeValue::Ns(set) => put_set(bytes, b'n', set.iter().map(String::as_bytes)),
        AttributeValue::Bs(set) => put_set(bytes, b'b', set.iter().map(Vec::as_slice)),
    }
}

fn put_map<'a>(
    bytes: &mut Vec<u8>,
    map: impl ExactSizeIterator<Item = (&'a String, &'a AttributeValue)>,
) {
    put_count(bytes, b'M', map.len());
    let mut sorted: Vec<_> = map.collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in sorted {
        put_text(bytes, b'S', name.as_bytes());
        put(bytes, value);
    }
}

fn put_set<'a>(bytes: &mut Vec<u8>, tag: u8, set: impl Iterator<Item = &'a [u8]>) {
    let mut sorted: Vec<&[u8]> = set.collect();
    sorted.sort_unstable();
    put_count(bytes, tag, sorted.len());
    sorted.into_iter().for_each(|value| put_text(bytes, tag, value));
}

fn put_text(bytes: &mut Vec<u8>, tag: u8, text: &[u8]) {
    put_count(bytes, tag, text.len());
    bytes.extend_from_slice(text);
}

fn put_count(bytes: &mut Vec<u8>, tag: u8, count: usize) {
    bytes.push(tag);
    // A usize is at most 64 bits on every machine this runs on.
    bytes.extend_from_slice(&(count as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    fn item(fields: &[(&str, AttributeValue)]) -> Item {
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn the_digest_of_stored_rows_moves_with_a_release() {
        let nested =
            AttributeValue::M(HashMap::from([("k".to_owned(), AttributeValue::Null(true))]));
        let known = item(&[
            ("pk", text("M#mer_acme")),
            ("seq", AttributeValue::N("7".to_owned())),
            ("data", nested),
            ("list", AttributeValue::L(vec![AttributeValue::Bool(true), text("")])),
        ]);
        let expected = "8e45ba5cb74186c5075e03b0c75af7ff6efdc6189618d5627484960a45754d2e";
        assert_eq!(digest(&known).to_string(), expected);
    }

    #[test]
    fn two_items_that_differ_somewhere_have_one_digest() {
        let number = |n: &str| AttributeValue::N(n.to_owned());
        let list = |values: &[AttributeValue]| AttributeValue::L(values.to_vec());
        let items = [
            item(&[]),
            item(&[("a", text("1"))]),
            item(&[("a", number("1"))]),
            item(&[("b", text("1"))]),
            item(&[("a", text("1")), ("b", text("2"))]),
            item(&[("a", text("2")), ("b", text("1"))]),
            item(&[("a", list(&[text("1"), text("2")]))]),
            item(&[("a", list(&[text("2"), text("1")]))]),
            item(&[("a", list(&[text("12")]))]),
            item(&[("a", list(&[list(&[text("1")]), text("2")]))]),
            item(&[("a", AttributeValue::Ss(vec!["1".to_owned(), "2".to_owned()]))]),
            item(&[("a", AttributeValue::Bool(true))]),
            item(&[("a", AttributeValue::Bool(false))]),
            item(&[("a", AttributeValue::Null(true))]),
            item(&[("a", text(""))]),
            item(&[("a", AttributeValue::B(b"1".to_vec()))]),
        ];
        let mut digests: Vec<_> = items.iter().map(digest).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), items.len());
    }

    #[test]
    fn the_order_in_which_a_set_came_tells_items_apart() {
        let set = |values: &[&str]| {
            let values = values.iter().map(|it| (*it).to_owned()).collect();
            item(&[("a", AttributeValue::Ss(values))])
        };
        assert_eq!(digest(&set(&["1", "2"])), digest(&set(&["2", "1"])));
    }
}
