use super::*;

fn key(fill: char) -> SigningKey {
    SigningKey::new(&fill.to_string().repeat(32)).unwrap()
}

fn ids() -> (MerchantId, InvoiceId) {
    let invoice = InvoiceId::from_ulid("01JD5X2B9QKZ3V7M8N4P6R0STW").unwrap();
    (MerchantId::parse("mer_acme").unwrap(), invoice)
}

fn token(path: String) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_link_opens_what_it_names() {
    let (merchant, invoice) = ids();
    let page = token(key('a').page_path(&merchant, &invoice));
    assert_eq!(key('a').open_page(&page), Some((merchant.clone(), invoice)));
    let hook = token(key('a').hook_path(&merchant));
    assert_eq!(key('a').open_hook(&hook), Some(merchant));
}

#[test]
fn no_changed_foreign_or_shortened_link_opens_anything() {
    let (merchant, invoice) = ids();
    let page = token(key('a').page_path(&merchant, &invoice));
    for at in 0..page.len() {
        let mut bytes = page.clone().into_bytes();
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        // The last character carries bits that base64 drops; any other change must be seen.
        let changed = String::from_utf8(bytes).unwrap();
        if at + 1 < page.len() {
            assert_eq!(key('a').open_page(&changed), None, "{changed}");
        }
        assert_eq!(key('a').open_page(&page[..at]), None);
    }
    assert_eq!(key('b').open_page(&page), None, "signed with another key");
    assert_eq!(key('a').open_hook(&page), None, "another purpose");
    assert_eq!(key('a').open_page(&"x".repeat(10_000)), None);
}

#[test]
fn a_short_secret_is_refused_at_the_start() {
    assert!(SigningKey::new("too short").is_err());
}
