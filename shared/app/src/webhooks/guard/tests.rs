//! Fear: an address that somebody typed, and that makes us ask ourselves.

use super::*;

fn check_address(text: &str, public: bool) {
    assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
}

#[test]
fn an_inner_address_is_taken_for_a_public_one() {
    for inner in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
    ] {
        check_address(inner, false);
    }
    for outer in [
        "1.1.1.1",
        "9.255.255.255",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
    ] {
        check_address(outer, true);
    }
    for outer in ["169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.0.1"] {
        check_address(outer, true);
    }
    for outer in ["198.17.255.255", "198.20.0.0", "223.255.255.255", "200.160.2.3"] {
        check_address(outer, true);
    }
}

#[test]
fn an_inner_address_hides_in_an_ipv6_one() {
    for inner in [
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        // NAT64, also of a local prefix.
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "100::1",
        // Teredo, ORCHID, documentation.
        "2001::1",
        "2001:20::1",
        "2001:db8::1",
        "3fff::1",
        // 6to4 of 127.0.0.1 and of 10.0.0.1.
        "2002:7f00:1::",
        "2002:a00:1::1",
        "5f00::1",
        // Unique local: the metadata of AWS by IPv6.
        "fd00:ec2::254",
        "fc00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        check_address(inner, false);
    }
    for outer in ["2606:4700:4700::1111", "2001:4860:4860::8888", "2804:14c::1", "2a00:1450::1"] {
        check_address(outer, true);
    }
}

fn check(reach: Reach, url: &str, expected: Option<Refused>) {
    assert_eq!(reach.check(url).err(), expected, "{url}");
}

#[test]
fn an_address_that_is_typed_cleverly_leads_inside() {
    use Refused::{Credentials, Fragment, Inner, NotAUrl, NotAscii, NotHttps, Port};
    let check = |url: &str, expected| check(Reach::Internet, url, expected);
    check("https://hooks.example.com/quita?x=1", None);
    check("https://hooks.example.com.:8443/", None);
    check("https://xn--caf-dma.example.com/", None);
    check("http://hooks.example.com/", Some(NotHttps));
    check("ftp://hooks.example.com/", Some(NotAUrl));
    check("file:///etc/passwd", Some(NotAUrl));
    check("gopher://hooks.example.com", Some(NotAUrl));
    check("hooks.example.com", Some(NotAUrl));
    check("", Some(NotAUrl));
    check("https://café.example.com/", Some(NotAscii));
    check("https://①②⑦.⓪.⓪.①/", Some(NotAscii));
    check("https://hooks.example.com/avisos/cobrança", None);
    check(&format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX)), Some(NotAUrl));
    check("https://me:pw@hooks.example.com/", Some(Credentials));
    check("https://hooks.example.com@127.0.0.1/", Some(Credentials));
    check("https://hooks.example.com/#top", Some(Fragment));
    for inner in [
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://a.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://ip-10-0-0-1.ec2.internal/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        // A bare address is refused, a public one too.
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
    ] {
        check(inner, Some(Inner));
    }
    for port in [22, 25, 80, 1023] {
        check(&format!("https://hooks.example.com:{port}/"), Some(Port));
    }
    check("https://hooks.example.com:1024/", None);
}

#[test]
fn the_switch_for_one_machine_opens_the_network_around_it() {
    use Refused::{Inner, NotHttps};
    let check = |url: &str, expected| check(Reach::ThisMachine, url, expected);
    check("http://127.0.0.1:8080/hook", None);
    check("http://[::1]:8080/hook", None);
    check("http://localhost:8080/hook", None);
    check("https://hooks.example.com/", None);
    check("http://hooks.example.com/", Some(NotHttps));
    check("http://10.0.0.1/", Some(NotHttps));
    check("https://10.0.0.1/", Some(Inner));
    check("http://169.254.169.254/", Some(NotHttps));
    let lets = |reach: Reach, address: &str| reach.lets(address.parse().unwrap());
    assert!(lets(Reach::ThisMachine, "127.0.0.1") && lets(Reach::ThisMachine, "::1"));
    assert!(!lets(Reach::ThisMachine, "10.0.0.1"));
    assert!(!lets(Reach::Internet, "127.0.0.1") && !lets(Reach::Internet, "::1"));
}
