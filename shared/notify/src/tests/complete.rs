//! Every payable message can be paid from, and nothing it says contradicts its facts.

use super::fixtures::*;
use crate::*;

/// As the template engine escapes text in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('/', "&#x2f;")
}

#[test]
fn f11_every_payable_message_shows_amount_due_date_qr_code_and_link() {
    for kind in payable_kinds() {
        for locale in LOCALES {
            for facts in [typical(kind), sparse(kind)] {
                let email = render_email(kind, locale, &facts).unwrap();
                let amount = facts.payment.amount();
                let total = format::money(amount.total, locale);
                let due = format::date(amount.adjusted_due, locale);
                let shown = [total.as_str(), &due, CODE, PAGE, REPLY_TO, "Papéis do Norte"];
                let case = format!("{kind} {}", locale.as_str());
                for part in shown {
                    assert!(email.text.contains(part), "{case}: text lacks {part}");
                    assert!(email.html.contains(&escaped(part)), "{case}: html lacks {part}");
                }
                let chat = render_chat(kind, locale, &facts).unwrap();
                for part in shown {
                    assert!(chat.text.contains(part), "{case}: chat lacks {part}");
                }
                let [qr] = &email.inline[..] else { panic!("{case}: one picture") };
                assert!(email.html.contains(&format!("\"cid:{}\"", qr.content_id)), "{case}: qr");
                assert_eq!(qr.bytes, facts.payment.qr().bytes(), "{case}");
            }
        }
    }
}

#[test]
fn f11_a_payable_message_is_as_complete_on_every_other_channel() {
    for kind in payable_kinds() {
        for locale in LOCALES {
            for facts in [typical(kind), sparse(kind)] {
                let amount = facts.payment.amount();
                let total = format::money(amount.total, locale);
                let due = format::date(amount.adjusted_due, locale);
                let case = format!("{kind} {}", locale.as_str());
                let sms = render_sms(kind, locale, &facts, &phone()).unwrap().text;
                for part in [total.as_str(), &due, PAGE, REPLY_TO, "Papéis do Norte"] {
                    assert!(sms.contains(part), "{case}: sms lacks {part}: {sms}");
                }
                let message = render_whatsapp(kind, locale, &facts, &phone(), &pix_key()).unwrap();
                let letter = render_letter(kind, locale, &facts, &postal_address()).unwrap();
                let all = [total.as_str(), &due, CODE, PAGE, REPLY_TO, "Papéis do Norte"];
                for part in all {
                    assert!(message.text.contains(part), "{case}: whatsapp lacks {part}");
                    assert!(letter.text.contains(part), "{case}: letter lacks {part}");
                }
                let picture = message.header_image.unwrap();
                assert_eq!(picture.bytes, facts.payment.qr().bytes(), "{case}");
                let order = message.order.unwrap();
                assert_eq!((order.code.as_str(), order.total), (CODE, amount.total), "{case}");
            }
        }
    }
}

#[test]
fn a_demand_offers_three_ways_out_and_says_how_on_every_channel() {
    let facts = typical(MessageKind::Demand);
    let check = |locale, words: [&str; 3]| {
        let kind = MessageKind::Demand;
        let sms = render_sms(kind, locale, &facts, &phone()).unwrap().text;
        let whatsapp = render_whatsapp(kind, locale, &facts, &phone(), &pix_key()).unwrap().text;
        let letter = render_letter(kind, locale, &facts, &postal_address()).unwrap().text;
        let email = render_email(kind, locale, &facts).unwrap();
        let chat = render_chat(kind, locale, &facts).unwrap().text;
        for text in [sms, whatsapp, letter, email.text, email.html, chat] {
            for word in words {
                assert!(text.to_lowercase().contains(word), "{word}: {text}");
            }
            assert!(text.contains(REPLY_TO) && text.contains("Yk3vQ0pXW1m2nB7c"), "{text}");
        }
    };
    check(Locale::PtBr, ["total", "pagar uma parte", "propor outro acordo"]);
    check(Locale::En, ["pay in full", "pay a part", "propose another arrangement"]);
}

#[test]
fn g6_every_message_says_how_to_ask_on_every_channel() {
    each_kind(|kind, locale, facts| {
        let sms = render_sms(kind, locale, facts, &phone()).unwrap().text;
        let whatsapp = render_whatsapp(kind, locale, facts, &phone(), &pix_key()).unwrap().text;
        let letter = render_letter(kind, locale, facts, &postal_address()).unwrap().text;
        let chat = render_chat(kind, locale, facts).unwrap().text;
        let email = render_email(kind, locale, facts).unwrap();
        assert_eq!(email.reply_to.address.as_str(), REPLY_TO);
        for text in [sms, whatsapp, letter, chat, email.text] {
            let asks = ["Dúvidas", "Duvidas", "Questions"].iter().any(|word| text.contains(word));
            assert!(asks && text.contains(REPLY_TO) && text.contains(PAGE), "{kind}: {text}");
        }
    });
}

#[test]
fn g5_every_part_of_the_amount_is_explained_and_zero_parts_are_not_shown() {
    let late = render_email(
        MessageKind::ThreeDaysLate,
        Locale::PtBr,
        &typical(MessageKind::ThreeDaysLate),
    );
    let late = late.unwrap().text;
    for row in ["Valor original: R$ 12.480,00", "Multa por atraso: R$ 249,60", "Juros de mora: R$ "]
    {
        assert!(late.contains(row), "{row}");
    }
    assert!(!late.contains("Abatimento") && !late.contains("- R$"));
    let early = typical(MessageKind::ChargeIssued);
    let early = render_email(MessageKind::ChargeIssued, Locale::PtBr, &early).unwrap().text;
    assert!(early.contains("Desconto por antecipação: - R$ 374,40"));
    assert!(early.contains("Total: R$ 12.105,60"));
}

#[test]
fn p13_agreed_terms_are_visible_before_they_apply() {
    let email =
        render_email(MessageKind::ChargeIssued, Locale::PtBr, &typical(MessageKind::ChargeIssued));
    let html = email.unwrap().html;
    for term in [
        "2% do valor",
        "1% ao mês, por dia corrido de atraso",
        "R$ 124,80 até 07&#x2f;12&#x2f;2026",
    ] {
        assert!(html.contains(term), "{term}");
    }
}

#[test]
fn every_optional_part_can_be_absent() {
    for kind in payable_kinds() {
        for locale in LOCALES {
            let email = render_email(kind, locale, &sparse(kind)).unwrap();
            for body in [&email.text, &email.html] {
                assert!(!body.contains("None") && !body.contains("none<"), "{kind}");
            }
        }
    }
}

#[test]
fn a_subject_or_a_preview_never_discloses_a_debt() {
    const TELLING: [&str; 14] = [
        "atras",
        "vencid",
        "venceu",
        "débito",
        "dívida",
        "inadimpl",
        "pendên",
        "em aberto",
        "overdue",
        "late",
        "debt",
        "unpaid",
        "past due",
        "outstanding",
    ];
    each_email(|kind, locale, email| {
        let preview = email.html.split("opacity:0").nth(1).unwrap().split("</div>").next().unwrap();
        let sms = match kind.is_payable() {
            true => render_sms(kind, locale, &typical(kind), &phone()),
            false => render_sms(kind, locale, &receipt(), &phone()),
        };
        // A locked phone shows an SMS as it shows a subject.
        for line in [email.subject.as_str(), preview, &sms.unwrap().text] {
            for word in TELLING {
                let said = line.to_lowercase().replace("updated", "").contains(word);
                assert!(!said, "{kind} {}: {line} says {word}", locale.as_str());
            }
        }
    });
}

#[test]
fn a_day_late_is_counted_from_the_facts_not_from_the_name_of_the_message() {
    // The day after falls on a Saturday evening, so the message goes out on Monday.
    let facts = payable(full_terms(), "2026-12-14");
    let email = render_email(MessageKind::OneDayLate, Locale::PtBr, &facts).unwrap();
    assert!(email.text.contains("que venceu em 10/12/2026, há 4 dias."), "{}", email.text);
    assert!(!email.text.contains("ontem"));
}

#[test]
fn a_due_date_moved_by_the_bank_calendar_is_explained() {
    let due = |facts: PayableFacts, locale| {
        render_email(MessageKind::ChargeIssued, locale, &facts).unwrap().text
    };
    let holiday_pt = due(holiday("2026-12-20"), Locale::PtBr);
    assert!(holiday_pt.contains("Vencimento: 28/12/2026\n25/12/2026 é feriado bancário;"));
    let saturday_en = due(instalment("2026-12-01"), Locale::En);
    assert!(
        saturday_en.contains("12 Dec 2026 is a Saturday, so the due date moved to 14 Dec 2026.")
    );
    let plain = due(payable(bare_terms(), "2026-12-01"), Locale::PtBr);
    assert!(!plain.contains("passou para"));
}

#[test]
fn consequences_are_named_only_in_the_last_reminder_and_as_possible() {
    each_email(|kind, locale, email| {
        let named = email.text.contains("protesto") || email.text.contains("protesting");
        assert_eq!(named, kind == MessageKind::FifteenDaysLate, "{kind} {}", locale.as_str());
        let agency = ["empresa especializada", "collection agency"];
        let agency = agency.iter().any(|word| email.text.contains(word));
        assert_eq!(agency, kind == MessageKind::Demand, "{kind} {}", locale.as_str());
    });
}

#[test]
fn a_promise_of_growing_interest_needs_agreed_interest() {
    let facts = payable(bare_terms(), "2026-12-13");
    let email = render_email(MessageKind::ThreeDaysLate, Locale::PtBr, &facts).unwrap();
    assert!(!email.text.contains("juros") && !email.text.contains("encargos"), "{}", email.text);
}

#[test]
fn a_payer_sees_until_when_the_pix_can_be_paid_and_which_order_it_belongs_to() {
    let facts = typical(MessageKind::ChargeIssued);
    let email = render_email(MessageKind::ChargeIssued, Locale::PtBr, &facts).unwrap();
    let chat = render_chat(MessageKind::ChargeIssued, Locale::PtBr, &facts).unwrap();
    for text in [&email.text, &chat.text] {
        // 30 days after 10 December is a Saturday, so the bank takes it until Monday.
        assert!(text.contains("11/01/2027") && text.contains("4500018832"), "{text}");
    }
}

#[test]
fn instalments_are_mentioned_only_when_there_are_several() {
    let one = render_email(MessageKind::DueToday, Locale::PtBr, &typical(MessageKind::DueToday));
    assert!(!one.unwrap().text.to_lowercase().contains("parcela"));
    let kind = MessageKind::DueInFiveDays;
    let several = render_email(kind, Locale::PtBr, &typical(kind)).unwrap();
    assert!(several.subject.contains("parcela 2 de 3") && several.text.contains("Parcela: 2 de 3"));
}

#[test]
fn a_logo_is_shown_when_there_is_one_and_no_remote_picture_otherwise() {
    let mut facts = typical(MessageKind::DueToday);
    let html = |facts: &PayableFacts| {
        render_email(MessageKind::DueToday, Locale::PtBr, facts).unwrap().html
    };
    assert_eq!(html(&facts).matches("<img").count(), 1, "the qr code alone");
    facts.merchant.logo = Some(WebLink::parse("https://cdn.exemplo.com.br/logo.png").unwrap());
    assert!(html(&facts).contains("src=\"https:&#x2f;&#x2f;cdn.exemplo.com.br&#x2f;logo.png\""));
}
