use super::FileAccount;

fn account(bank: &str, branch: &str, number: &str) -> FileAccount {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    FileAccount { bank: given(bank), branch: given(branch), number: number.to_owned() }
}

fn check(a: &FileAccount, b: &FileAccount, expect: bool) {
    assert_eq!(a.is(b), expect, "{a:?} {b:?}");
    assert_eq!(b.is(a), expect, "{b:?} {a:?}");
}

#[test]
fn another_spelling_is_another_account() {
    let ours = account("001", "1234-5", "98765-X");
    check(&ours, &ours, true);
    check(&ours, &account("1", "012345", "0098765x"), true);
    check(&ours, &account("", "", "98.765-X"), true);
    check(&ours, &account("", "1234-5", "98765-X"), true);
}

#[test]
fn another_account_passes_for_ours() {
    let ours = account("001", "1234-5", "98765-X");
    check(&ours, &account("341", "1234-5", "98765-X"), false);
    check(&ours, &account("001", "1234-6", "98765-X"), false);
    check(&ours, &account("001", "1234-5", "98765-0"), false);
    check(&ours, &account("001", "1234-5", "198765-X"), false);
    // Nothing is not an account, not even the same one.
    check(&account("", "", "-"), &account("", "", "000"), false);
}
