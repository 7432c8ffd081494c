use super::*;

#[test]
fn every_row_is_https_and_distinct() {
    let mut seen = std::collections::BTreeSet::new();
    for bank in Bank::ALL {
        assert_eq!(Bank::parse(bank.as_str()), Some(bank));
        for environment in [Environment::Production, Environment::Test] {
            let profile = BankProfile::of(bank, environment);
            for url in [profile.base_url(), profile.token_url()] {
                assert!(url.starts_with("https://") && !url.ends_with('/'), "{url}");
            }
            assert!(seen.insert(profile.base_url().to_owned()), "{} twice", profile.base_url());
            assert_eq!(profile.callback_suffix(), "/pix");
        }
        assert!(
            BankProfile::of(bank, Environment::Production).identity_required(),
            "{bank:?} takes real money without mutual TLS"
        );
    }
    assert_eq!(Bank::parse("nubank"), None);
}

#[test]
fn a_bank_says_which_extras_it_needs() {
    for (bank, environment, extras) in [
        (Bank::BancoDoBrasil, Environment::Production, vec!["gw-dev-app-key"]),
        (Bank::Sicoob, Environment::Test, vec!["access_token"]),
        (Bank::Itau, Environment::Test, vec![]),
        (Bank::Efi, Environment::Production, vec![]),
    ] {
        let profile = BankProfile::of(bank, environment);
        assert_eq!(profile.required_extras().collect::<Vec<_>>(), extras, "{bank:?}");
    }
}
