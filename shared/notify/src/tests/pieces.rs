//! The small parts: links, colours, codes, formats, words.

use chrono::{TimeZone, Utc};
use quita_core::money::Money;
use quita_core::terms::{DayBasis, Discount, Fine, Interest, InterestRate, Terms};

use super::fixtures::*;
use crate::*;

#[test]
fn only_links_that_a_payer_may_follow_are_links() {
    let check = |text: &str, ok| assert_eq!(WebLink::parse(text).is_ok(), ok, "{text}");
    check("https://pague.exemplo.com.br/p/abc?x=1&y=2", true);
    check("http://127.0.0.1:8080/p/abc", true);
    check("http://localhost/p/abc", true);
    check("http://[::1]:8080/p/abc", true);
    check("http://pague.exemplo.com.br/p/abc", false);
    check("http://localhost.exemplo.com.br/p", false);
    check("http://localhost:80@exemplo.com.br/p", false);
    check("https://banco.com.br@exemplo.com.br/p", false);
    check("https:///p", false);
    check("javascript:alert(1)", false);
    check("javascript://x", false);
    check("data:text/html,x", false);
    check("https://exemplo.com.br/a b", false);
    check("https://exemplo.com.br/|x>", false);
    check("https://exemplo.com.br/\"onclick=", false);
    check(&format!("https://exemplo.com.br/{}", "a".repeat(2048)), false);
}

#[test]
fn only_a_png_is_a_qr_picture() {
    assert!(QrPicture::png(b"<svg/>".to_vec()).is_err());
    assert!(QrPicture::png(b"\x89PNG\r\n\x1a\n".to_vec()).is_err());
    assert!(QrPicture::png(include_bytes!("qr.png").to_vec()).is_ok());
}

#[test]
fn a_code_is_one_line_and_bounded() {
    let check = |text: &str, ok| assert_eq!(PixCode::parse(text).is_ok(), ok, "{text:?}");
    check(CODE, true);
    check("", false);
    check("   ", false);
    check("0002\n01", false);
    check(&"0".repeat(512), true);
    check(&"0".repeat(513), false);
}

#[test]
fn debug_shows_neither_code_nor_payer_link() {
    let facts = payable(bare_terms(), "2026-12-10");
    let email = render_email(MessageKind::DueToday, Locale::PtBr, &facts).unwrap();
    let chat = render_chat(MessageKind::DueToday, Locale::PtBr, &facts).unwrap();
    for shown in [format!("{facts:?}"), format!("{email:?}"), format!("{chat:?}")] {
        assert!(!shown.contains("00020126") && !shown.contains("/p/Yk3v"), "{shown}");
    }
}

#[test]
fn text_on_a_brand_colour_stays_readable() {
    let check = |colour: &str, text| {
        assert_eq!(BrandColour::parse(colour).unwrap().text_css(), text, "{colour}");
    };
    check("#000000", "#ffffff");
    check("#0B5FA5", "#ffffff");
    check("#FFD400", "#000000");
    check("#FF6600", "#000000");
    check("#ffffff", "#000000");
    for bad in ["", "#fff", "0B5FA5", "#0B5FA", "#0B5FG5", "#0B5FA5;", "#áB5FA"] {
        assert!(BrandColour::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn money_days_and_rates_are_spelt_as_each_reader_expects() {
    let amount = Money::from_centavos(123_456);
    assert_eq!(format::money(amount, Locale::PtBr), "R$ 1.234,56");
    assert_eq!(format::money(amount, Locale::En), "R$ 1,234.56");
    assert_eq!(format::date(day("2026-12-10"), Locale::PtBr), "10/12/2026");
    assert_eq!(format::date(day("2026-12-01"), Locale::En), "1 Dec 2026");
    assert_eq!(format::date(day("2026-03-05"), Locale::PtBr), "05/03/2026");
    let check = |rate, pt, en| {
        assert_eq!(format::percent(percent(rate), Locale::PtBr), pt);
        assert_eq!(format::percent(percent(rate), Locale::En), en);
    };
    check("2.00", "2%", "2%");
    check("0.33", "0,33%", "0.33%");
    check("10.50", "10,5%", "10.5%");
    check("100.00", "100%", "100%");
    assert_eq!(format::days(1, Locale::PtBr), "1 dia");
    assert_eq!(format::days(0, Locale::En), "0 days");
}

#[test]
fn trap_25_an_instant_is_shown_in_brasilia_time() {
    let at = Utc.with_ymd_and_hms(2026, 3, 11, 1, 30, 0).unwrap();
    assert_eq!(format::date_time(at, Locale::PtBr), "10/03/2026 às 22:30:00");
    assert_eq!(format::date_time(at, Locale::En), "10 Mar 2026 at 22:30:00");
}

#[test]
fn relative_days_read_well_at_every_distance() {
    let check = |due: &str, pt: &str, en: &str| {
        let today = day("2026-12-10");
        assert_eq!(wording::relative_day(day(due), today, Locale::PtBr), pt);
        assert_eq!(wording::relative_day(day(due), today, Locale::En), en);
    };
    check("2026-12-10", "hoje, 10/12/2026", "today, 10 Dec 2026");
    check("2026-12-11", "amanhã, 11/12/2026", "tomorrow, 11 Dec 2026");
    check("2026-12-09", "ontem, 09/12/2026", "yesterday, 9 Dec 2026");
    check("2026-12-15", "em 15/12/2026, daqui a 5 dias", "on 15 Dec 2026, in 5 days");
    check("2026-12-03", "em 03/12/2026, há 7 dias", "on 3 Dec 2026, 7 days ago");
}

#[test]
fn every_modality_of_the_terms_has_words() {
    let ten = Money::from_centavos(1_000);
    let rate = percent("0.50");
    let steps = vec![(day("2026-12-01"), rate), (day("2026-12-05"), percent("0.25"))];
    let check = |terms: Terms, pt: &str, en: &str| {
        let words = |locale| {
            let amount =
                terms.amount_due(day("2026-11-23"), &Default::default(), &Default::default());
            let rows = wording::terms(&terms, &amount, locale);
            rows.iter().map(|row| row.value.clone()).collect::<Vec<_>>().join(" | ")
        };
        assert_eq!((words(Locale::PtBr).as_str(), words(Locale::En).as_str()), (pt, en));
    };
    let fine = |fine| Terms { fine: Some(fine), ..bare_terms() };
    let interest = |basis, rate| Terms { interest: Some(Interest { basis, rate }), ..bare_terms() };
    let discount = |discount| Terms { discount: Some(discount), ..bare_terms() };
    use DayBasis::{Business, Calendar};
    check(bare_terms(), "", "");
    check(fine(Fine::Fixed(ten)), "R$ 10,00", "R$ 10.00");
    check(fine(Fine::Percent(rate)), "0,5% do valor", "0.5% of the amount");
    check(
        interest(Calendar, InterestRate::AmountPerDay(ten)),
        "R$ 10,00 por dia corrido de atraso",
        "R$ 10.00 per calendar day late",
    );
    check(
        interest(Business, InterestRate::PercentPerDay(rate)),
        "0,5% por dia útil de atraso",
        "0.5% per business day late",
    );
    check(
        interest(Calendar, InterestRate::PercentPerMonth(rate)),
        "0,5% ao mês, por dia corrido de atraso",
        "0.5% per month, accrued per calendar day late",
    );
    check(
        interest(Business, InterestRate::PercentPerYear(rate)),
        "0,5% ao ano, por dia útil de atraso",
        "0.5% per year, accrued per business day late",
    );
    check(
        discount(Discount::FixedUntil(vec![(day("2026-12-01"), ten)])),
        "R$ 10,00 até 01/12/2026",
        "R$ 10.00 until 1 Dec 2026",
    );
    check(
        discount(Discount::PercentUntil(steps)),
        "0,5% até 01/12/2026; 0,25% até 05/12/2026",
        "0.5% until 1 Dec 2026; 0.25% until 5 Dec 2026",
    );
    check(
        discount(Discount::AmountPerDay { basis: Calendar, amount: ten }),
        "R$ 10,00 por dia corrido de antecipação",
        "R$ 10.00 per calendar day early",
    );
    check(
        discount(Discount::PercentPerDay { basis: Business, percent: rate }),
        "0,5% por dia útil de antecipação",
        "0.5% per business day early",
    );
}

#[test]
fn a_missed_discount_is_not_held_out_any_more() {
    let check = |on: &str, expect: Option<&str>| {
        let amount = full_terms().amount_due(day(on), &Default::default(), &Default::default());
        let rows = wording::terms(&full_terms(), &amount, Locale::PtBr);
        let shown = rows.iter().find(|row| row.label == "Desconto por antecipação");
        assert_eq!(shown.map(|row| row.value.as_str()), expect, "{on}");
    };
    check("2026-12-01", Some("R$ 374,40 até 01/12/2026; R$ 124,80 até 07/12/2026"));
    check("2026-12-02", Some("R$ 124,80 até 07/12/2026"));
    check("2026-12-08", None);
    check("2026-12-11", None);
}

#[test]
fn a_name_that_ends_in_an_abbreviation_gets_no_second_full_stop() {
    let mut facts = sparse(MessageKind::DueToday);
    facts.customer_name = "Moinho Azul S.A.".to_owned();
    facts.merchant.name = "Papéis do Norte S.A.".to_owned();
    let email = render_email(MessageKind::DueToday, Locale::PtBr, &facts).unwrap();
    assert!(email.text.contains("Olá, Moinho Azul S.A.\n"), "{}", email.text);
    assert!(email.text.contains("quem recebe é Papéis do Norte S.A.\n"));
}

#[test]
fn stored_names_of_messages_do_not_change() {
    for kind in MessageKind::ALL {
        let json = serde_json::to_string(&kind).unwrap();
        assert_eq!(json, format!("\"{kind}\""));
        assert_eq!(serde_json::from_str::<MessageKind>(&json).unwrap(), kind);
        assert_eq!(MessageKind::parse(kind.as_str()), Some(kind));
    }
    let names: Vec<_> = MessageKind::ALL.into_iter().map(MessageKind::as_str).collect();
    insta::assert_snapshot!("stored_names", names.join("\n"));
}
