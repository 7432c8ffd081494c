use proptest::prelude::*;

use super::*;

const ULID: &str = "01JD5X2B9QKZ3V7M8N4P6R0STW";

fn key(fill: char) -> SigningKey {
    SigningKey::new(&fill.to_string().repeat(32)).unwrap()
}

/// Keys in the order of the secret's lines.
fn keys(fills: &str) -> SigningKey {
    let lines: Vec<String> = fills.chars().map(|fill| fill.to_string().repeat(32)).collect();
    SigningKey::new(&lines.join("\n")).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn link() -> PageLink {
    PageLink {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        invoice: InvoiceId::from_ulid(ULID).unwrap(),
        scope: Scope::Act,
        expires_on: day("2027-05-31"),
        generation: 0,
    }
}

fn token(path: String) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_link_opens_what_it_names() {
    for scope in Scope::ALL {
        let link = PageLink { scope, generation: 7, ..link() };
        assert_eq!(key('a').open_page(&token(key('a').page_path(&link))), Some(link));
        assert_eq!(Scope::parse(scope.as_str()), Some(scope));
    }
    let merchant = link().merchant;
    let hook = token(key('a').hook_path(&merchant));
    assert_eq!(key('a').open_hook(&hook), Some(merchant));
}

#[test]
fn no_changed_foreign_or_shortened_link_opens_anything() {
    let page = token(key('a').page_path(&link()));
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
fn nobody_gives_himself_more_time_or_more_rights() {
    let view = PageLink { scope: Scope::View, ..link() };
    let (claims, signature) = (view.claims(), key('a').sign("page", &view.claims()));
    let open = |claims: &str| key('a').open_page(&format!("{claims}.{signature}"));
    assert_eq!(open(&claims), Some(view.clone()));
    for better in [
        PageLink { scope: Scope::Act, ..view.clone() },
        PageLink { expires_on: day("2999-12-31"), ..view.clone() },
        PageLink { generation: 1, ..view.clone() },
        PageLink { merchant: MerchantId::parse("mer_other").unwrap(), ..view.clone() },
    ] {
        assert_eq!(open(&better.claims()), None, "{better:?}");
    }
    // Another spelling of the same claims is no link, though we had signed it.
    for respelled in [claims.replace(".0", ".00"), format!("{claims}."), claims.replace(".v", ".V")]
    {
        let signed = format!("{respelled}.{}", key('a').sign("page", &respelled));
        assert_eq!(key('a').open_page(&signed), None, "{respelled}");
    }
    // The shape links had before they expired.
    let old = format!("mer_acme.{ULID}");
    assert_eq!(key('a').open_page(&format!("{old}.{}", key('a').sign("page", &old))), None);
}

#[test]
fn a_new_key_signs_while_the_links_of_the_old_one_still_open() {
    let (before, during, after) = (keys("a"), keys("ba"), keys("b"));
    let old = token(before.page_path(&link()));
    let new = token(during.page_path(&link()));
    assert_ne!(old, new);
    for (open, by, what) in [
        (true, &during, "the old link while both are in use"),
        (false, &after, "the old link once its key is gone"),
    ] {
        assert_eq!(by.open_page(&old).is_some(), open, "{what}");
        assert!(by.open_page(&new).is_some(), "{what}");
    }
    assert!(before.open_page(&new).is_none(), "a key that is not known yet");
}

#[test]
fn a_secret_that_is_no_key_is_refused_at_the_start() {
    let long = "k".repeat(32);
    let refused = |secret: &str| SigningKey::new(secret).is_err();
    assert!(refused("too short") && refused("") && refused("\n\n"));
    assert!(refused(&format!("{long}\nshort")), "one bad line is not passed over");
    assert!(refused(&vec![long.clone(); KEYS_MAX + 1].join("\n")));
    assert!(!refused(&format!("{long}\n\n  {long}  \n")));
}

#[test]
fn a_link_lives_until_the_last_day_of_its_sixth_month() {
    let check = |made: &str, until: &str| {
        assert_eq!(last_day_after(day(made), PAGE_MONTHS), day(until), "{made}");
    };
    check("2026-11-01", "2027-05-31");
    check("2026-11-30", "2027-05-31");
    check("2026-08-31", "2027-02-28");
    check("2027-08-31", "2028-02-29");
    check("2026-12-31", "2027-06-30");
    assert_eq!(last_day_after(NaiveDate::MAX, PAGE_MONTHS), NaiveDate::MAX);
}

proptest! {
    #[test]
    fn nothing_that_is_typed_opens_a_page(token in "[a-zA-Z0-9_.-]{0,120}") {
        prop_assert_eq!(key('a').open_page(&token), None);
    }

    #[test]
    fn a_link_is_read_back_as_it_was_written(
        generation in any::<u32>(), days in 0_i64..20_000, act in any::<bool>(),
    ) {
        let scope = if act { Scope::Act } else { Scope::View };
        let expires_on = day("2026-01-01") + chrono::TimeDelta::days(days);
        let link = PageLink { scope, generation, expires_on, ..link() };
        prop_assert_eq!(PageLink::parse(&link.claims()), Some(link));
    }
}
