//! Fears: a token that opens what it was not made for.

use super::*;

fn key(letter: char) -> SigningKey {
    SigningKey::new(&letter.to_string().repeat(32)).unwrap()
}

fn merchant() -> MerchantId {
    MerchantId::parse("mer_acme").unwrap()
}

fn api_key_id() -> ApiKeyId {
    ApiKeyId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap()
}

#[test]
fn a_token_names_something_else_than_it_was_made_for() {
    let session = SessionId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W90").unwrap();
    let person = PersonId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W91").unwrap();
    for mode in [Mode::Test, Mode::Live] {
        let minted = mint_api_key(&key('a'), mode, &merchant(), &api_key_id()).unwrap();
        assert!(minted.token.starts_with(prefix(mode)), "{mode:?}");
        assert!(minted.token.len() <= TOKEN_BYTES_MAX);
        assert_eq!(minted.sha256, hash(&minted.token));
        let expected = Named::ApiKey(merchant(), api_key_id());
        assert_eq!(named(&key('a'), &minted.token), Some(expected));
    }
    let minted = mint_session(&key('a'), &merchant(), &session, &person).unwrap();
    let expected = Named::Session(merchant(), session, person);
    assert_eq!(named(&key('a'), &minted.token), Some(expected));
}

#[test]
fn a_changed_or_foreign_token_passes() {
    let token = mint_api_key(&key('a'), Mode::Live, &merchant(), &api_key_id()).unwrap().token;
    assert_eq!(named(&key('b'), &token), None, "signed under another key");
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
        let changed = String::from_utf8(changed).unwrap();
        // The last character of a signature holds two bits that say nothing.
        if named(&key('a'), &changed).is_some() {
            assert_ne!(hash(&changed), hash(&token), "{changed}");
            assert_eq!(at, token.len() - 1, "{changed}");
        }
        assert_eq!(named(&key('a'), &token[..at]), None);
    }
    for odd in ["", ".", "qk_live_", "qs_a.b.c", "....", "qk_live_mer_acme.x.y.z"] {
        assert_eq!(named(&key('a'), odd), None, "{odd}");
    }
}

#[test]
fn two_tokens_of_one_key_are_the_same() {
    let mint = || mint_api_key(&key('a'), Mode::Test, &merchant(), &api_key_id()).unwrap();
    assert_ne!(mint().token, mint().token);
}
